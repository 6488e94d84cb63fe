package batch

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// smallBuffer is the least that works, so that short inputs go beyond it.
const smallBuffer = 4096

// readLikeCSV holds the reader against encoding/csv, of which it is a faster way.
func readLikeCSV(t *testing.T, content string) {
	t.Helper()
	in := newCSVReader(bufio.NewReaderSize(strings.NewReader(content), smallBuffer))
	std := csv.NewReader(strings.NewReader(content))
	for {
		record, err := std.Read()
		line := 0
		if len(record) > 0 {
			line, _ = std.FieldPos(0)
		}
		want := told(record, line, std.InputOffset(), err)
		record, inErr := in.Read()
		if got := told(record, in.line, in.Offset(), inErr); got != want {
			t.Fatalf("got  %.300s\nwant %.300s", got, want)
		}
		if err == io.EOF {
			return
		}
	}
}

// told is everything that a reader says about one record.
func told(record []string, line int, offset int64, err error) string {
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Sprintf("%q until %d: %d..%d:%d %v", record, offset, pe.StartLine, pe.Line, pe.Column, pe.Err)
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q until %d: %d", record, offset, line)
}

func TestCSVReaderBeyondItsBuffer(t *testing.T) {
	long := strings.Repeat("a,b\n", smallBuffer/4)
	wide := strings.Repeat("x", smallBuffer)
	for name, content := range map[string]string{
		"quoted record at the edge": long[:len(long)-2] + "\n\"1\n\",2\n" + long,
		"quoted record beyond it":   long + "1,\"2\n2\"\n" + long + "3,4",
		"wide line":                 "a,b\n" + wide + ",\n1,2\n",
		"record of many lines":      "a,b\n\"" + strings.Repeat("x\n", smallBuffer) + "\",\n1,2\n\n\"3\n\",4\n5\n",
		"quote never closed":        long + "\"" + wide + "\n" + wide,
		"blank lines":               long + strings.Repeat("\n", smallBuffer) + "1,2\n3\n",
	} {
		t.Run(name, func(t *testing.T) { readLikeCSV(t, content) })
	}
}

func FuzzCSVReader(f *testing.F) {
	for _, content := range []string{
		"", "\n", "a", "a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n\n1,2\n\r\n\n3,4", "a,b\n,\n", "a\n,\n\r\nb\n",
		"a,b\n\"1\n\n1\",2\n3,4\n\"5\r\n5\",6\n7,8\n", "a,b\n1,x\"y\n3,4\n", "a,b\n1,\"x\"y\n3,4\n", "a,b\n1\n\"2\n2\"\n3,4,5\n6,7\n", "a,b\n1,\"2\n3,4\n5,6\n",
		"a,b\n1,2\r\r\n3,4\r", "\xff,b\n\xff\xfe,2\n", "a,b\n1\r,2\n\"3\",4\n",
	} {
		f.Add(content)
	}
	f.Fuzz(readLikeCSV)
}

// TestProblemsOutliveTheBuffer: the cells of a row are not copied, and the file
// goes on long after its first problems.
func TestProblemsOutliveTheBuffer(t *testing.T) {
	t.Chdir(t.TempDir())
	const rows = 4 * bufSize / 64
	var text strings.Builder
	text.WriteString("kind,external_id,packages,address_line1,country,customer_external_id,email,package\n")
	for i := range rows {
		fmt.Fprintf(&text, "customer,customer-%d,no_package_%d,Main Street,US,,,\n", i, i)
		fmt.Fprintf(&text, "subscriber,,,,,customer-%d,person.%d@x.example,nothing_%d\n", i, i, i)
	}
	write(t, "in.csv", text.String())
	d, problems, err := ReadDesired([]string{"in.csv"}, ReadOptions{SkipInvalid: true})
	if err != nil || len(problems) != 3*rows || len(d.Rejected) != 2*rows {
		t.Fatalf("%d problems, %d rows rejected, %v", len(problems), len(d.Rejected), err)
	}
	for i := range rows {
		for k, want := range []string{fmt.Sprintf("no_package_%d", i), "US", fmt.Sprintf("nothing_%d", i)} {
			if got := problems[3*i+k].Value; got != want {
				t.Fatalf("value %q, want %q", got, want)
			}
		}
		for k, want := range []string{fmt.Sprintf("customer-%d", i), fmt.Sprintf("customer-%d/person.%d@x.example", i, i)} {
			if got := d.Rejected[2*i+k].Key; got != want {
				t.Fatalf("key %q, want %q", got, want)
			}
		}
	}
	_, problems, err = ReadSnapshot("in.csv")
	if err != nil || len(problems) != 2*rows {
		t.Fatalf("%d problems of the snapshot, %v", len(problems), err)
	}
	for i := range rows {
		if got, want := problems[2*i].Value, fmt.Sprintf("no_package_%d", i); got != want {
			t.Fatalf("value %q of the snapshot, want %q", got, want)
		}
	}
}
