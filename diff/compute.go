package diff

import (
	"cmp"
	"slices"
	"strings"
)

// Options shape a plan.
type Options struct {
	// Prune removes live subscribers that no row names, of the customers that
	// the input covers.
	Prune bool `json:"prune,omitempty"`
	// HardDelete removes for good the person behind each subscriber that is removed.
	HardDelete bool `json:"hard_delete,omitempty"`
	// DeleteWorkspaces removes the workspaces of customers that are removed.
	DeleteWorkspaces bool `json:"delete_workspaces,omitempty"`
	// DeleteOrganizations removes the organizations of enterprises whose rows say
	// ensure=absent.
	DeleteOrganizations bool `json:"delete_organizations,omitempty"`
	// ResendWorkspaces sends what workspace rows say to the workspaces that they
	// name by workspace_id, although it cannot be compared.
	ResendWorkspaces bool `json:"resend_workspaces,omitempty"`
	// SkipInvalid turns an input error that only the live state shows into a
	// held row, so that the other rows can go on.
	SkipInvalid bool `json:"skip_invalid,omitempty"`
	// SendLimits sends the limits of customers although nothing else differs: the
	// API does not return them, so a changed one cannot be seen.
	SendLimits bool `json:"send_limits,omitempty"`
	// Deep compares names, numbers and locations of wholesale subscribers, which
	// the live rows must have for that: the provisioning API does not return them.
	Deep bool `json:"deep,omitempty"`
	// Only and Customer say which rows count; see [Options.Select].
	Only     Kind   `json:"only,omitempty"`
	Customer string `json:"customer,omitempty"`
}

// Select returns the part of the input that Only and Customer leave. Rows left
// out are no part of the run: nothing is decided about them.
func (o Options) Select(d *Desired) *Desired {
	if o.Only == 0 && o.Customer == "" {
		return d
	}
	out := &Desired{Files: d.Files, Rejected: d.Rejected}
	for _, k := range Kinds() {
		out.Tables[k] = d.Of(k).Filter(func(r Row) bool {
			return (o.Only == 0 || o.Only == k) && (o.Customer == "" || o.Customer == r.Key().Customer)
		})
	}
	return out
}

// Compute decides what has to change for the live state to become the desired
// one. Same input, same plan: the order of rows and of objects has no say. The
// input must have passed [CheckWholeFile].
//
// The steps: customers first, because they decide which packages there are;
// then subscribers against their customers; then what pruning removes; then
// what must wait for what.
func Compute(want *Desired, have *Live, o Options) *Plan {
	p := newPlanner(want, have, o)
	p.matchCustomers()
	p.countLive()
	for i := range want.Of(Customer).Len() {
		p.customer(i)
	}
	p.subscribers()
	p.workspaces()
	p.prune()
	p.settleMoves()
	p.sortStates()
	p.openEnterprises()
	p.settleCustomers()
	p.tearDown()
	p.connect()
	p.noteRenames()
	p.noteUncompared()
	p.noteUnread()
	p.noteSites()
	p.noteLimits()
	p.noteEnterpriseSites()
	p.finish()
	return p.plan
}

// planner is one computation under way.
type planner struct {
	want *Desired
	have *Live
	opt  Options
	plan *Plan

	states map[Scope]*customerState
	sorted []*customerState // by offer and external id, once every state is known
	last   *customerState   // rows of one customer mostly stand together
	named  [kindEnd][]bool  // live objects that a row speaks of; of customers see claims
	going  [kindEnd][]bool  // live objects whose removal is planned
	spoken [kindEnd][]bool  // live objects for whose sake a row is held
	expect int              // where the next subscriber is live, if both sides stand in the same order
	joins  [kindEnd][]bool  // rows whose provision is planned; not of customers
	// matches are the live customers that each customer row may mean, and claims
	// the number of rows that may mean each live customer.
	matches [][]Row
	claims  []int
	// renamed maps the live external id of a customer to the one that its row
	// gives it, where the two were matched by organization.
	renamed    map[string]string
	rejected   map[string]bool         // external ids of customer rows that were set aside
	settled    [kindEnd]int            // rows that are already so
	uncompared [kindEnd][columnEnd]int // live objects whose row fills a column that cannot be compared
	unread     map[unread]int          // rows that fill columns of people who could not be read
	anyCase    map[string][]Row        // live BroadWorks subscribers by user id in lower case; see otherCase
	sites      map[string]newSites     // opened without a time zone of their own, by the zone they get
}

func newPlanner(want *Desired, have *Live, o Options) *planner {
	p := &planner{
		want: want, have: have, opt: o,
		plan:     &Plan{Unchanged: map[Kind]int{}, LeftAlone: map[Kind]int{}},
		states:   map[Scope]*customerState{},
		matches:  make([][]Row, want.Of(Customer).Len()),
		claims:   make([]int, have.Of(Customer).Len()),
		renamed:  map[string]string{},
		rejected: map[string]bool{},
		unread:   map[unread]int{},
		sites:    map[string]newSites{},
	}
	for _, k := range Kinds() {
		p.named[k] = make([]bool, have.Of(k).Len())
		p.going[k] = make([]bool, have.Of(k).Len())
		p.spoken[k] = make([]bool, have.Of(k).Len())
		p.joins[k] = make([]bool, want.Of(k).Len())
	}
	for _, r := range want.Rejected {
		if r.Kind == Customer {
			p.rejected[r.Key] = true
		}
	}
	return p
}

// at fills the parts of a change that say which row is behind it.
func (p *planner) at(c Change, r Row) Change {
	c.At = r.Position()
	c.FileName, c.Line = p.want.FileName(c.At), c.At.Line
	return c
}

// hold keeps a row from being carried out, for a reason. A live subscriber that
// the reason speaks of is not pruned.
func (p *planner) hold(r Row, o Outcome, reason, advice string, live ...Row) {
	h := Held{Kind: r.Kind(), Key: r.Key(), At: r.Position(), Outcome: o, Reason: reason, Advice: advice, SubPartner: p.want.SubPartnerOf(r)}
	h.FileName, h.Line = p.want.FileName(h.At), h.At.Line
	for _, l := range live {
		if id := l.Get(ColID); id != "" {
			h.LiveIDs = append(h.LiveIDs, id)
		}
		p.spoken[l.Kind()][l.Index()] = true
	}
	slices.Sort(h.LiveIDs)
	p.plan.Held = append(p.plan.Held, h)
}

// lack is one thing that a row is missing or has wrong, seen from the live state.
type lack struct {
	column     Column
	text, hint string
}

// refuse turns down a row for input errors that only the live state could show:
// each is a problem of its own, or together they are why the row is set aside.
func (p *planner) refuse(r Row, lacks ...lack) {
	if p.opt.SkipInvalid {
		var reasons, hints []string
		for _, l := range lacks {
			reasons = append(reasons, l.column.String()+": "+l.text)
			if l.hint != "" && !slices.Contains(hints, l.hint) {
				hints = append(hints, l.hint)
			}
		}
		p.hold(r, RejectedRow, strings.Join(reasons, "; "), strings.Join(hints, "; "))
		return
	}
	at := r.Position()
	for _, l := range lacks {
		q := Problem{File: p.want.FileName(at), Line: int(at.Line), Column: l.column.String(), Value: r.Get(l.column), Text: l.text, Hint: l.hint}
		if q.File != "" {
			q.Field = p.want.Files[at.File].Columns[l.column]
		}
		p.plan.Problems = append(p.plan.Problems, q)
	}
}

func (p *planner) unchanged(k Kind) { p.settled[k]++ }

// finish gathers the changes of all customers in the plan's order, and counts.
func (p *planner) finish() {
	for _, s := range p.sorted {
		p.plan.Changes = s.appendChanges(p.plan.Changes)
	}
	slices.SortFunc(p.plan.Held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Kind.Offer(), b.Kind.Offer()), strings.Compare(a.Key.Customer, b.Key.Customer), cmp.Compare(a.Kind, b.Kind), a.Key.Compare(b.Key),
			cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.Line, b.Line))
	})
	p.sortDrift()
	p.want.SortProblems(p.plan.Problems)
	slices.SortFunc(p.plan.Notes, func(a, b Note) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.FileName, b.FileName), cmp.Compare(a.Line, b.Line))
	})
	for _, k := range Kinds() {
		alone := countZero(p.named[k])
		if k == Customer {
			alone = countZero(p.claims)
		}
		if alone > 0 {
			p.plan.LeftAlone[k] = alone
		}
		if p.settled[k] > 0 {
			p.plan.Unchanged[k] = p.settled[k]
		}
	}
	p.plan.Effect = billingEffect(p.sorted)
	p.countDeletes()
}

func countZero[T comparable](list []T) int {
	n := 0
	var zero T
	for _, v := range list {
		if v == zero {
			n++
		}
	}
	return n
}

// changeID names a change by what it does to what, so that the same change has
// the same id in every plan.
func changeID(k Kind, key Key, verb string) string {
	id := k.String() + "/" + idEscaper.Replace(key.Customer)
	if own := key.Own(); own != "" {
		id += "/" + idEscaper.Replace(own)
	}
	return id + "/" + verb
}

var idEscaper = strings.NewReplacer("%", "%25", "/", "%2F")
