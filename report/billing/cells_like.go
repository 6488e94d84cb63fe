package billing

import "slices"

// cellIndex finds the cells of a comparison by what cells of all levels have in
// common.
type cellIndex map[cellKey][]*cell // by customer, package and user alone; in order

func newCellIndex(cells []*cell) cellIndex {
	x := make(cellIndex)
	for _, c := range cells {
		x.add(c)
	}
	return x
}

// add puts a cell in its place in the order.
func (x cellIndex) add(c *cell) {
	key := cellKey{customer: c.customer, pkg: c.pkg, user: c.user}
	at, _ := slices.BinarySearchFunc(x[key], c, compareCells)
	x[key] = slices.Insert(x[key], at, c)
}

// like finds the first cell that a cell of another level is in, nil where there is
// none. A cell of the comparison is in itself.
func (x cellIndex) like(o *cell) *cell {
	if slices.Contains(x[cellKey{customer: o.customer, pkg: o.pkg, user: o.user}], o) {
		return o
	}
	var first *cell
	for _, customer := range []*customer{o.customer, nil} {
		for _, user := range []string{o.user, ""} {
			for _, c := range x[cellKey{customer: customer, pkg: o.pkg, user: user}] {
				if c.ownSKU != o.ownSKU && c.ownSKU != "" && o.ownSKU != "" {
					continue
				}
				if first == nil || compareCells(c, first) < 0 {
					first = c
				}
				break // the others of the list come later
			}
		}
	}
	return first
}
