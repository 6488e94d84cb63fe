package billing

import (
	"io"
	"strings"
	"unicode/utf8"
)

// columns is a table for people whose figures stand under each other, units and
// decimal points too. A text/tabwriter aligns all columns to one side.
type columns struct {
	right string // a > for each column that is aligned to the right
	rows  [][]string
}

func (c *columns) row(cells ...string) { c.rows = append(c.rows, cells) }

func (c *columns) write(w io.Writer) error {
	const gap = 2
	var width []int
	for _, row := range c.rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range c.rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(strings.Repeat(" ", gap))
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i < len(c.right) && c.right[i] == '>' {
				line.WriteString(pad + cell)
				continue
			}
			line.WriteString(cell + pad)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
