package billing

import (
	"bytes"
	"fmt"
	"testing"
)

// largeUsage is a report of a million users of 5,000 customers.
func largeUsage(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("PARTNER_NAME,CUSTOMER_NAME,CUSTOMER_EXTERNAL_ID,USER_EMAIL,SERVICE_NAME,SKU,BILLING_START_DATE,BILLING_END_DATE,QUANTITY\n")
	for i := range rows {
		fmt.Fprintf(&b, "Nordlys,Customer %[1]d,C-%[1]d,user%[2]d@customer%[1]d.example,webex_calling,A-WX-CALL,2026-04-01,2026-04-30,%[3]d\n", i%5000, i, 1+i%30)
	}
	return b.Bytes()
}

// BenchmarkReconcile reads a million rows of usage and compares them with an
// invoice of 5,000 lines.
func BenchmarkReconcile(b *testing.B) {
	file := largeUsage(1_000_000)
	var lines []Line
	for i := range 5000 {
		lines = append(lines, line(fmt.Sprint(i), Party{ExternalID: fmt.Sprintf("C-%d", i)}, "webex_calling", "3000", "725.00"))
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		usage, err := ReadUsage(bytes.NewReader(file), "usage.csv", UsageOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Reconcile(Input{Lines: lines, Reports: []Report{*usage}, Prices: priceList("USD"), Options: DefaultOptions()}); err != nil {
			b.Fatal(err)
		}
	}
}
