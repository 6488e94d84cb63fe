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
