package cli

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// console is stderr. It keeps other text from running into a progress bar: the
// bar goes away when something is written, and is back with its next drawing.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	width int // of what the bar has on the screen, in characters
}

// Write clears the bar and writes.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	return c.w.Write(p)
}

func (c *console) clear() {
	if c.width == 0 {
		return
	}
	// A bar that cannot be cleared is not worth an error; the text that follows
	// meets the same stream and reports its own.
	_, _ = io.WriteString(c.w, "\r"+strings.Repeat(" ", c.width)+"\r")
	c.width = 0
}

// barWriter is where a progress bar draws. It is no *os.File, because the bar
// would then sync the file with every drawing.
type barWriter struct{ c *console }

func (b barWriter) Write(p []byte) (int, error) {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	b.c.width = max(b.c.width, utf8.RuneCount(bytes.Trim(p, "\r")))
	return b.c.w.Write(p)
}

// clear takes the bar off the screen.
func (b barWriter) clear() {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	b.c.clear()
}
