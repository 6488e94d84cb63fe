package billing

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// endless gives one byte for ever, as /dev/zero does.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// What is no text file is refused while it is read, whoever reads it.
func TestNoTextFile(t *testing.T) {
	for name, tt := range map[string]struct {
		head, says string
		rest       io.Reader
	}{
		"zeros":                   {"", "line 1 has a NUL byte", endless(0)},
		"a NUL in a cell":         {"a,b\nc,d\n\"e\n\x00\",f\n", "line 4 has a NUL byte", strings.NewReader("")},
		"UTF-16 without a mark":   {"a\x00,\x00b\x00\n\x00", "line 1 has a NUL byte", strings.NewReader("")},
		"one line without end":    {"", "line 1 has more than 1048576 bytes", endless('x')},
		"one cell without end":    {"a,b\nc,d\n", "line 3 has more than 1048576 bytes", endless('x')},
		"UTF-16 without line end": {"\xff\xfe", "line 1 has more than 1048576 bytes", endless('x')},
	} {
		for kind, read := range map[string]func(io.Reader) error{
			"invoice": func(r io.Reader) error { _, err := ReadInvoice(r, "f.csv", nil); return err },
			"usage":   func(r io.Reader) error { _, err := ReadUsage(r, "f.csv", UsageOptions{}); return err },
			"prices":  func(r io.Reader) error { _, err := ReadPrices(r, "f.csv"); return err },
		} {
			head := tt.head
			if kind != "invoice" && strings.HasPrefix(head, "a,b\n") {
				head = "SKU,QUANTITY" + head[3:]
			}
			if kind == "invoice" && strings.HasPrefix(head, "a,b\n") || kind == "prices" && strings.HasPrefix(head, "SKU") {
				continue // the header is refused before the rest is read
			}
			if err := read(io.MultiReader(strings.NewReader(head), tt.rest)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s as %s: %v, want %q", name, kind, err, tt.says)
			}
		}
	}
}

// The guard changes nothing of a text file, however it comes in.
func TestGuardLetsTextPass(t *testing.T) {
	line := strings.Repeat("x", longestLine-1) + "\n"
	for _, text := range []string{"", "a,b\n", line + line, "\xfe\xff\x00a\x00\n"} {
		for name, cut := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "with its end": iotest.DataErrReader} {
			got, err := io.ReadAll(&guard{r: cut(strings.NewReader(text))})
			if err != nil || !bytes.Equal(got, []byte(text)) {
				t.Errorf("%s: %d of %d bytes, %v", name, len(got), len(text), err)
			}
		}
	}
}
