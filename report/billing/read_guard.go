package billing

import (
	"bytes"
	"fmt"
	"io"
)

// longestLine is how many bytes a line may have. No report comes near it; what has
// no line ends is not CSV, and would be held in memory as one cell.
const longestLine = 1 << 20

// guard lets the bytes of a text file pass. What no text file has is an error,
// before it is taken for cells.
type guard struct {
	r     io.Reader
	wide  bool // UTF-16, where every other byte may be NUL
	begun bool
	lines int // that have ended
	open  int // bytes of the line that has not
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if n == 0 {
		return n, err
	}
	if wrong := g.check(p[:n]); wrong != nil {
		return 0, wrong
	}
	return n, err
}

func (g *guard) check(p []byte) error {
	if !g.begun {
		g.begun = true
		g.wide = g.wide || bytes.HasPrefix(p, []byte("\xff\xfe")) || bytes.HasPrefix(p, []byte("\xfe\xff"))
	}
	if at := bytes.IndexByte(p, 0); at >= 0 && !g.wide {
		return fmt.Errorf("line %d has a NUL byte; is it a CSV file? save it as CSV UTF-8", g.lines+bytes.Count(p[:at], []byte{'\n'})+1)
	}
	last := bytes.LastIndexByte(p, '\n')
	if last < 0 {
		g.open += len(p)
	} else {
		g.lines += bytes.Count(p, []byte{'\n'})
		g.open = len(p) - last - 1
	}
	if g.open > longestLine {
		return fmt.Errorf("line %d has more than %d bytes; is it a CSV file?", g.lines+1, longestLine)
	}
	return nil
}
