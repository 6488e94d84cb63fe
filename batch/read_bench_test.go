package batch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// writeSubscribers makes an input of n subscribers of about 100 bytes each.
func writeSubscribers(tb testing.TB, n int) string {
	var b bytes.Buffer
	b.WriteString("ensure,customer_external_id,email,package,first_name,last_name,primary_phone_number,extension,location_id,note\n")
	for i := range n {
		fmt.Fprintf(&b, "present,customer-%05d,user.number.%07d@customer-%05d.example.com,webex_calling,Anna,Miller,+1240%07d,%04d,,\n", i/100, i, i/100, i, i%100)
	}
	data := bytes.ReplaceAll(b.Bytes(), []byte(",note\n"), []byte(",_note\n"))
	path := filepath.Join(tb.TempDir(), "subscribers.csv")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func BenchmarkReadDesired(b *testing.B) {
	const rows = 100_000
	path := writeSubscribers(b, rows)
	b.ReportAllocs()
	for b.Loop() {
		d, problems, err := ReadDesired([]string{path}, ReadOptions{ExpectRows: rows})
		if err != nil || len(problems) > 0 || d.Files[0].SHA256 == "" {
			b.Fatal(err, problems)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
