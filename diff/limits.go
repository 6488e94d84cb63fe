package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// limitPrefix leads the names of the columns that cap the seats of a package.
const limitPrefix = "limit_"

// limitColumns are the columns that cap the seats of a package, with its name.
// The vendor's specification knows limits of these eight packages.
var limitColumns = func() map[Column]string {
	columns := map[Column]string{}
	for c, name := range columnNames {
		if pkg, ok := strings.CutPrefix(name, limitPrefix); ok {
			columns[Column(c)] = pkg
		}
	}
	return columns
}()

// LimitedPackage names the package whose seats a column caps, "" for other columns.
func (c Column) LimitedPackage() string { return limitColumns[c] }

// limitsSent are the limits of a row, which travel along with any request that
// names packages.
func limitsSent(r Row) []FieldChange {
	return sentFields(r, func(rule Rule) bool { return rule.Sent == SentAlong })
}

// strayLimits names the limits of packages that the customer will not have.
func strayLimits(r Row, final []string) []lack {
	var lacks []lack
	for _, f := range limitsSent(r) {
		if pkg := f.Column.LimitedPackage(); !slices.Contains(final, pkg) {
			lacks = append(lacks, lack{f.Column, "a limit of a package that the customer will not have", "leave the cell blank, or add " + pkg + " to packages"})
		}
	}
	return lacks
}

// noteLimits points at customers that will have more subscribers on a package than
// their rows allow. The API refuses the ones above, and which those are is chance.
func (p *planner) noteLimits() {
	for _, s := range p.sorted {
		if !s.hasWant || s.goes {
			continue
		}
		for _, f := range limitsSent(s.want) {
			pkg := f.Column.LimitedPackage()
			limit, err := strconv.Atoi(f.After)
			if seats := s.seatsAfter(pkg); err == nil && seats > limit {
				at := s.want.Position()
				p.plan.Notes = append(p.plan.Notes, Note{FileName: p.want.FileName(at), Line: at.Line, Text: fmt.Sprintf(
					"customer %s would have %d subscribers on %s, and its row allows %d; the API refuses those above the limit", s.externalID, seats, pkg, limit)})
			}
		}
	}
}
