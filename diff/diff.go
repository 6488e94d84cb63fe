// Package diff holds the vocabulary of wholesync and its one decision: given
// what a provider wants and what the API shows, what has to change?
//
// It is pure. Nothing here reads a file, asks the clock, prints or waits, so a
// plan depends on its inputs alone: the same rows and the same listing give the
// same plan, byte for byte, whatever the order in which they arrived.
//
// The way through the package is the way of a row: the column table ([SpecOf])
// says what each cell means, [Parse] brings a cell to its canonical form,
// [Desired] and [Live] hold the two sides, [Compute] makes the [Plan], and
// [Plan.Check] holds it against the guards.
package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind is a kind of object that a row can describe. The zero Kind is none.
type Kind uint8

// The kinds, in the order in which plans and counts show them.
const (
	Customer Kind = iota + 1
	Subscriber
	BroadWorksEnterprise
	BroadWorksSubscriber
	BroadWorksWorkspace
	// The others have no rows of their own: they go along with what rows remove.
	Person
	Workspace
	BroadWorksPerson
	Organization
	kindEnd
)

const rowKinds = int(BroadWorksWorkspace)

// KindCount is the length of an array that has a place for every kind.
const KindCount = int(kindEnd)

// Kinds lists the kinds that rows can be of, in display order.
func Kinds() []Kind { return AllKinds()[:rowKinds:rowKinds] }

// AllKinds lists every kind in display order, those without rows last.
func AllKinds() []Kind {
	all := make([]Kind, kindEnd-1)
	for i := range all {
		all[i] = Kind(i + 1)
	}
	return all
}

// HasRows reports whether rows of the input can be of the kind.
func (k Kind) HasRows() bool { return k > 0 && int(k) <= rowKinds }

var kindNames = [kindEnd]string{
	Customer: "customer", Subscriber: "subscriber",
	BroadWorksEnterprise: "broadworks_enterprise", BroadWorksSubscriber: "broadworks_subscriber", BroadWorksWorkspace: "broadworks_workspace",
	Person: "person", Workspace: "workspace", BroadWorksPerson: "broadworks_person", Organization: "broadworks_organization",
}

// String gives the word used in the column "kind".
func (k Kind) String() string {
	if k > 0 && k < kindEnd {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of [Kind.String] for the kinds that rows can be of.
func ParseKind(s string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.String() == s {
			return k, true
		}
	}
	return 0, false
}

// KindWords lists the words of the column "kind" for a sentence.
func KindWords() string {
	words := make([]string, 0, kindEnd)
	for _, k := range Kinds() {
		words = append(words, k.String())
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// MarshalText writes the word of [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the word of [Kind.String].
func (k *Kind) UnmarshalText(b []byte) error {
	i := slices.Index(kindNames[:], string(b))
	if i <= 0 {
		return fmt.Errorf("unknown kind %q", b)
	}
	*k = Kind(i)
	return nil
}

// Position is where a row stands. Line is the physical line of its first
// character, counted from 1; the zero Position means "not from a file".
type Position struct {
	File uint16 // index into [Desired.Files]
	Line uint32
}

// File is one input file as it was read.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the bytes as read, lower-case hex
	// Columns gives the 1-based field number of each column present, so that a
	// problem found later can still name its place.
	Columns map[Column]int `json:"-"`
}

// Desired is everything the input files ask for, already in canonical form.
type Desired struct {
	Files  []File
	Tables [kindEnd]*Table
	// Rejected rows stay out of the tables and never reach the API; they are
	// kept so that each input row has its line in the results.
	Rejected []Rejected

	spellings map[string]string // see spelling
}

// Rejected is an invalid input row that was set aside (--skip-invalid).
type Rejected struct {
	At      Position `json:"-"`
	File    string   `json:"file"`
	Line    uint32   `json:"line"`
	Kind    Kind     `json:"kind,omitempty"`
	Key     string   `json:"key"` // as far as it could be read
	Problem string   `json:"problem"`
}

// NewDesired returns an empty input.
func NewDesired() *Desired { return &Desired{Tables: newTables(NewInputTable)} }

// Of returns the rows of a kind.
func (d *Desired) Of(k Kind) *Table { return d.Tables[k] }

// Len is the number of rows, of all kinds together.
func (d *Desired) Len() int {
	n := 0
	for _, k := range Kinds() {
		n += d.Of(k).Len()
	}
	return n
}

// FileName gives the name of the file a position points into.
func (d *Desired) FileName(p Position) string {
	if p.Line == 0 || int(p.File) >= len(d.Files) {
		return ""
	}
	return d.Files[p.File].Name
}

// Live is the state that the API (or a snapshot) shows, in canonical form.
type Live struct {
	Tables [kindEnd]*Table
	// Proven says, per kind, that two listings in a row held the same ids.
	// Without it nothing is ever pruned.
	Proven [kindEnd]bool
	// Whole says, per kind, that the whole estate was listed and not only the
	// customers that the input names.
	Whole [kindEnd]bool
	// AtLeast says, per kind, how many objects the estate is known to have where
	// not all of them were listed.
	AtLeast [kindEnd]int
	// SubPartners gives the state of each sub-partner by organization id; nil where
	// nobody asked. SubPartner is the one that the run as a whole acts for.
	SubPartners map[string]string
	SubPartner  string
	// Locations are those of customers, by live external id, as far as somebody
	// asked for them.
	Locations map[string]Locations
	// Unread says, by live id, why a subscriber's person could not be read: what is
	// blank of it is not known. It means something to [Options.Deep] alone.
	Unread map[string]string
}

// NewLive returns an empty estate.
func NewLive() *Live {
	return &Live{Tables: newTables(NewTable), Locations: map[string]Locations{}, Unread: map[string]string{}}
}

// Of returns the objects of a kind.
func (l *Live) Of(k Kind) *Table { return l.Tables[k] }

func newTables(make func(Kind) *Table) (t [kindEnd]*Table) {
	for _, k := range AllKinds() {
		t[k] = make(k)
	}
	return t
}

// Key names an object the way people do: a customer by its external id, a
// subscriber by customer and e-mail address, what is of BroadWorks by enterprise
// and user id. Which columns it is made of is said by [Spec.Keys].
type Key struct {
	Customer string `json:"customer"` // external id, or sp_enterprise_id of BroadWorks
	Email    string `json:"email,omitempty"`
	UserID   string `json:"user_id,omitempty"`
}

// Own is the part of the key that tells the objects of one customer apart, ""
// where the customer itself is meant.
func (k Key) Own() string { return cmp.Or(k.Email, k.UserID) }

// String is the key on one line, "customer" or "customer/own part".
func (k Key) String() string {
	if own := k.Own(); own != "" {
		return k.Customer + "/" + own
	}
	return k.Customer
}

// Compare sorts keys: by customer, then by what tells its objects apart.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Customer, o.Customer), strings.Compare(k.Email, o.Email), strings.Compare(k.UserID, o.UserID))
}

// Problem is something wrong with the input, placed where a person can mend it.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // physical line, from 1; 0 = the file as a whole
	Field   int    `json:"field,omitempty"`  // field number, from 1; 0 = the row as a whole
	Column  string `json:"column,omitempty"` // as the header spells it
	Value   string `json:"value,omitempty"`  // as the cell has it
	Text    string `json:"problem"`
	Hint    string `json:"hint,omitempty"`
	Warning bool   `json:"warning,omitempty"` // said, but does not stop the run
	// Other is the earlier row that this one collides with; zero where the row is
	// wrong by itself.
	Other Position `json:"-"`
}

// String is the one form in which a problem is shown:
// FILE:LINE:COL column "NAME" value "VALUE": problem; hint. Parts that a
// problem does not have are left out.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
		if p.Field > 0 {
			s += fmt.Sprintf(":%d", p.Field)
		}
	}
	switch {
	case p.Column != "":
		s += fmt.Sprintf(" column %q value %s:", p.Column, quoteShort(p.Value))
	default:
		s += ":"
	}
	if p.Warning {
		s += " warning:"
	}
	s += " " + p.Text
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

const shownRunes = 80

// quoteShort quotes with %q, so that no control character reaches a terminal,
// and cuts what no one would read.
func quoteShort(v string) string {
	n := 0
	for i := range v {
		if n == shownRunes {
			return fmt.Sprintf("%+q...", v[:i])
		}
		n++
	}
	return fmt.Sprintf("%q", v)
}
