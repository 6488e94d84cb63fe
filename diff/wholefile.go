package diff

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// CheckWholeFile finds what no single row shows: keys that stand twice, a person
// under two customers, numbers and extensions that two people would share, and
// subscribers whose customer row contradicts them. A collision of two rows is one
// problem; it is placed at the later row and names the earlier one.
func CheckWholeFile(d *Desired) []Problem {
	customers, subscribers := d.Of(Customer), d.Of(Subscriber)
	w := &wholeFile{d: d}
	w.checkCustomers(customers)
	if d.Of(BroadWorksSubscriber).Len() > 0 {
		subscribers.IndexBy(ColEmail) // two of the checks below look into it
	}
	// Each of the others takes a while for a big file, and none needs another.
	checks := []func(*wholeFile){
		func(w *wholeFile) { w.checkPeople(subscribers) },
		func(w *wholeFile) { w.checkPhones(subscribers) },
		func(w *wholeFile) { w.checkExtensions(subscribers) },
		func(w *wholeFile) { w.checkAgainstCustomers(subscribers, customers) },
		func(w *wholeFile) {
			w.checkBroadWorks(d.Of(BroadWorksSubscriber), d.Of(BroadWorksWorkspace), d.Of(BroadWorksEnterprise))
		},
	}
	parts := make([]wholeFile, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		parts[i].d = d
		group.Go(func() { check(&parts[i]) })
	}
	group.Wait()
	for _, part := range parts {
		w.problems = append(w.problems, part.problems...)
	}
	d.SortProblems(w.problems)
	return w.problems
}

// SortProblems puts problems into the order of the input: file, line, field.
func (d *Desired) SortProblems(problems []Problem) {
	order := make(map[string]int, len(d.Files))
	for i, f := range d.Files {
		order[f.Name] = i
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field))
	})
}

type wholeFile struct {
	d        *Desired
	problems []Problem
}

// found places a problem at one cell of a row.
func (w *wholeFile) found(r Row, c Column, text, hint string) *Problem {
	at := r.Position()
	p := Problem{File: w.d.FileName(at), Line: int(at.Line), Column: c.String(), Value: r.Get(c), Text: text, Hint: hint}
	if p.File != "" {
		p.Field = w.d.Files[at.File].Columns[c]
	}
	w.problems = append(w.problems, p)
	return &w.problems[len(w.problems)-1]
}

func (w *wholeFile) place(r Row) string {
	return fmt.Sprintf("%s:%d", w.d.FileName(r.Position()), r.Position().Line)
}

func (w *wholeFile) checkCustomers(t *Table) {
	byID, byOrg := t.IndexBy(ColExternalID), t.IndexBy(ColOrgID)
	anyCase := newFirsts(t, ColExternalID)
	anyCase.text = func(r Row, c Column) string { return strings.ToLower(r.Get(c)) }
	for i := range t.Len() {
		r := t.Row(i)
		id := r.Get(ColExternalID)
		if first, ok := byID.First(id); ok && first.i < i {
			w.found(r, ColExternalID, fmt.Sprintf("the customer %q stands in %s already", id, w.place(first)), "delete one of the two rows").Other = first.Position()
		} else if first, seen := anyCase.add(r); seen {
			w.found(r, ColExternalID, fmt.Sprintf("differs from %q in %s only in case", first.Get(ColExternalID), w.place(first)), "write one customer's id in one way").Other = first.Position()
		}
		if first, ok := byOrg.First(r.Get(ColOrgID)); ok && first.i < i && first.Get(ColExternalID) != id {
			w.found(r, ColOrgID, fmt.Sprintf("the organization belongs to customer %q in %s already", first.Get(ColExternalID), w.place(first)), "an organization is one customer").Other = first.Position()
		}
	}
}

// checkPeople looks at each person's rows. Two rows under two customers are a
// move when one of them is absent, so of three rows two always collide and the
// search ends after a few steps.
func (w *wholeFile) checkPeople(t *Table) {
	byEmail := t.IndexBy(ColEmail)
	for i := range t.Len() {
		if byEmail.alone(i) {
			continue
		}
		r := t.Row(i)
		for first := range byEmail.All(r.Get(ColEmail)) {
			if first.i >= i || w.samePerson(first, r) {
				break
			}
		}
	}
}

func (w *wholeFile) samePerson(first, r Row) (collide bool) {
	customer := first.Get(ColCustomerExternalID)
	switch {
	case customer == "" || r.Get(ColCustomerExternalID) == "":
		return false // said about that row already
	case customer == r.Get(ColCustomerExternalID):
		w.found(r, ColEmail, fmt.Sprintf("the subscriber %q stands in %s already", r.Key(), w.place(first)), "delete one of the two rows").Other = first.Position()
		return true
	case first.Absent() == r.Absent():
		w.found(r, ColEmail, fmt.Sprintf("the same person is under customer %q in %s", customer, w.place(first)),
			"a person is under one customer; for a move mark the row of the old customer ensure=absent").Other = first.Position()
		return true
	}
	return false
}

// checkPhones finds numbers that two people would share.
func (w *wholeFile) checkPhones(t *Table) {
	newFirsts(t, ColPhone).addAll(takesNumbers, func(first, r Row) {
		if first.Key() != r.Key() {
			w.found(r, ColPhone, fmt.Sprintf("%q in %s has the same number", first.Key(), w.place(first)), "a number has one owner").Other = first.Position()
		}
	})
}

// checkExtensions does the same for extensions, which are those of a location.
func (w *wholeFile) checkExtensions(t *Table) {
	at := newFirsts(t, ColExtension, ColCustomerExternalID, ColLocationID)
	if slices.ContainsFunc(w.d.Files, func(f File) bool { return f.Columns[ColLocationName] > 0 }) {
		at.columns, at.text = append(at.columns, ColLocationName), placeText
	}
	at.addAll(takesNumbers, func(first, r Row) {
		if first.Key() != r.Key() {
			w.found(r, ColExtension, fmt.Sprintf("%q in %s has the same extension at the same location", first.Key(), w.place(first)), "an extension has one owner").Other = first.Position()
		}
	})
}

// placeText is a cell as it counts for where an extension is: names of locations
// mean the same in any case.
func placeText(r Row, c Column) string {
	if c == ColLocationName {
		return strings.ToLower(r.Get(c))
	}
	return r.Get(c)
}

// takesNumbers keeps absent rows out: a number that one row gives up may be
// taken by another.
func takesNumbers(r Row) bool { return !r.Absent() && r.Get(ColCustomerExternalID) != "" }

func (w *wholeFile) checkAgainstCustomers(t, customers *Table) {
	if customers.Len() == 0 {
		return
	}
	byID := customers.IndexBy(ColExternalID)
	var customer Row
	var id string // of the customer: its subscribers mostly stand together
	var ok bool
	for i := range t.Len() {
		r := t.Row(i)
		if next := r.Get(ColCustomerExternalID); next != id {
			id = next
			customer, ok = byID.First(id)
		}
		if !ok || r.Absent() {
			continue
		}
		if customer.Absent() {
			w.found(r, ColCustomerExternalID, fmt.Sprintf("the customer is ensure=absent in %s and this subscriber is not", w.place(customer)), "mark the subscriber ensure=absent too")
			continue
		}
		has, wants := customer.Get(ColPackages), r.Get(ColPackage)
		if has != "" && wants != "" && !holds(has, wants) {
			w.found(r, ColPackage, fmt.Sprintf("the customer will not have this package: %s says %q", w.place(customer), has), "add it to the customer's packages")
		}
	}
}

// holds reports whether a canonical package cell names a package.
func holds(cell, name string) bool {
	for part := range strings.SplitSeq(cell, ";") {
		if part == name {
			return true
		}
	}
	return false
}

// firsts remembers the first row of each value that one or more columns have
// together. Unlike an [Index] it takes rows one by one, so that rows that do not
// count stay out and a search never walks past them. A slot holds the row and
// half of the hash, so the text of another row is only fetched from afar when it
// is almost certainly the same.
type firsts struct {
	t       *Table
	columns []Column // rows with a blank in the first of them are not looked at
	text    func(Row, Column) string
	seed    maphash.Seed
	slots   []uint64 // hash in the upper half, row plus one in the lower; at most half full
}

func newFirsts(t *Table, columns ...Column) *firsts {
	size := 2
	for size < 2*t.Len() {
		size *= 2
	}
	return &firsts{t: t, columns: columns, text: Row.Get, seed: maphash.MakeSeed(), slots: make([]uint64, size)}
}

// add enters a row, or returns the earlier row that has its values.
func (f *firsts) add(r Row) (first Row, seen bool) {
	if r.Get(f.columns[0]) == "" {
		return Row{}, false
	}
	return f.enter(r, f.hash(r))
}

// addAll adds the rows of the table that count, and passes on those that have the
// values of an earlier one. Like [Index.fill] it makes some hashes first.
func (f *firsts) addAll(counts func(Row) bool, again func(first, r Row)) {
	var rows [256]Row
	var hashes [256]uint64
	for i := 0; i < f.t.Len(); {
		n := 0
		for ; n < len(rows) && i < f.t.Len(); i++ {
			if r := f.t.Row(i); r.Get(f.columns[0]) != "" && counts(r) {
				rows[n], hashes[n] = r, f.hash(r)
				n++
			}
		}
		for k, r := range rows[:n] {
			if first, seen := f.enter(r, hashes[k]); seen {
				again(first, r)
			}
		}
	}
}

func (f *firsts) hash(r Row) uint64 {
	hash := uint64(0)
	for _, c := range f.columns {
		hash = hash*31 + maphash.String(f.seed, f.text(r, c))
	}
	return hash
}

func (f *firsts) enter(r Row, hash uint64) (first Row, seen bool) {
	const rowBits = 1<<32 - 1
	for n := hash; ; n++ {
		slot := &f.slots[n&uint64(len(f.slots)-1)]
		if *slot == 0 {
			*slot = hash&^rowBits | uint64(r.i+1)
			return Row{}, false
		}
		if *slot&^rowBits != hash&^rowBits {
			continue
		}
		if first := f.t.Row(int(*slot&rowBits) - 1); f.same(first, r) {
			return first, true
		}
	}
}

func (f *firsts) same(a, b Row) bool {
	for _, c := range f.columns {
		if f.text(a, c) != f.text(b, c) {
			return false
		}
	}
	return true
}
