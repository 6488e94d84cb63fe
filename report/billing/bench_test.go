package billing

import (
	"bytes"
	"fmt"
	"testing"
)

// largeUsage is a report of a million users of 5,000 customers, scattered.
func largeUsage(rows int) []byte {
	var b bytes.Buffer
	b.WriteString(usageHeader[:len(usageHeader)-1] + ",USER_EMAIL\n")
	for i := range rows {
		fmt.Fprintf(&b, "Nordlys,9d1e1c52-0a5b-4a3e-8d59-6f0b6d1f4c11,,,Customer %[1]d,52cf576d-60a8-407a-b22c-%012[1]x,C-%[1]d,Sub23452345,webex_calling,A-WX-CALL,%[3]d,,user%[2]d@customer%[1]d.example\n", i%5000, i, 1+i%30)
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
