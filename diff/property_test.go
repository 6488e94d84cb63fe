package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model draws a live estate and an input for it. Names are few, so that rows and
// objects meet; everything live is provisioned, and every e-mail address is live
// and wanted at most once.
type model struct {
	*estate
	t       *rapid.T
	numbers map[string][]holding // what live subscribers hold, by id
	free    []string             // extensions that rows give up, per customer "customer/extension"
	next    int                  // the next extension that nobody has
}

var (
	modelCustomers = []string{"a", "b", "c", "d"}
	modelPeople    = []string{"p1@x.example", "p2@x.example", "p3@x.example", "p4@x.example", "p5@x.example", "p6@x.example"}
	modelPackages  = []string{"webex_calling", "webex_meetings", "webex_suite", "webex_voice"}
)

func drawModel(t *rapid.T) *model {
	m := &model{estate: newEstate(), t: t, numbers: map[string][]holding{}, next: 100}
	m.opt = Options{SkipInvalid: true, Prune: rapid.Bool().Draw(t, "prune")}
	packages := map[string][]string{}
	for _, c := range modelCustomers {
		if rapid.Bool().Draw(t, c+" is live") {
			packages[c] = m.drawPackages(c + " has")
			m.have1("customer " + c + " org_id=ORG" + c + " packages=" + JoinPackages(packages[c]))
		}
	}
	live := m.drawLive(packages)
	m.drawCustomerRows()
	m.drawSubscriberRows(live)
	return m
}

func (m *model) have1(line string) {
	if err := m.addHave(line); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) want1(line string) {
	if err := m.addWant(line); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(m.t, label)
}

func (m *model) drawPackages(label string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(modelPackages), 1, 3, rapid.ID[string]).Draw(m.t, label)
}

// drawLive places people under live customers; each holds an extension.
func (m *model) drawLive(packages map[string][]string) map[string]string {
	live := map[string]string{}
	for _, person := range modelPeople {
		c := m.pick(person+" is under", append([]string{""}, modelCustomers...)...)
		if packages[c] == nil {
			continue
		}
		live[person] = c
		m.have1(fmt.Sprintf("subscriber %s/%s package=%s", c, person, m.pick(person+" has", packages[c]...)))
		m.next++
		m.numbers[c+"/"+person] = []holding{{ColExtension, Scope{Wholesale, c}, fmt.Sprint(m.next)}}
	}
	return live
}

func (m *model) drawCustomerRows() {
	for _, c := range modelCustomers {
		switch m.pick(c+" row", "none", "present", "present", "absent", "renamed", "invalid") {
		case "present":
			m.want1("customer " + c + " packages=" + JoinPackages(m.drawPackages(c+" wants")) + " city=" + m.pick(c+" city", "Berlin", "Bonn") + " +new +location")
		case "absent":
			m.want1("customer " + c + " ensure=absent")
		case "renamed":
			m.want1("customer new-" + c + " org_id=ORG" + c + " packages=" + JoinPackages(m.drawPackages(c+" wants")) + " +new +location")
		case "invalid":
			m.want1("customer " + c + " packages=" + JoinPackages(m.drawPackages(c+" wants")))
		}
	}
}

func (m *model) drawSubscriberRows(live map[string]string) {
	targets := []string{"nobody"}
	for _, c := range modelCustomers {
		targets = append(targets, c, "new-"+c)
	}
	for _, person := range modelPeople {
		here := live[person]
		switch m.pick(person+" row", "none", "present", "present", "absent", "move", "both") {
		case "present":
			if here == "" {
				here = m.pick(person+" goes to", targets...)
			}
			m.wantPresent(here, person)
		case "absent":
			m.wantAbsent(here, person)
		case "move":
			m.wantPresent(m.pick(person+" goes to", targets...), person)
		case "both":
			to := m.pick(person+" goes to", targets...)
			if to == here {
				continue
			}
			// The removal is taken back where the other half cannot be done, so
			// its extension is not promised to anybody.
			if here != "" {
				m.want1(fmt.Sprintf("subscriber %s/%s ensure=absent", here, person))
			}
			m.wantPresent(to, person)
		}
	}
}

// wantAbsent frees the extension for another row, if the row names it.
func (m *model) wantAbsent(customer, person string) {
	if customer == "" {
		return
	}
	line := fmt.Sprintf("subscriber %s/%s ensure=absent", customer, person)
	if held := m.numbers[customer+"/"+person]; held != nil && rapid.Bool().Draw(m.t, person+" names the extension") {
		line += " extension=" + held[0].value
		m.free = append(m.free, customer+"/"+held[0].value)
	}
	m.want1(line)
}

func (m *model) wantPresent(customer, person string) {
	m.next++
	extension := fmt.Sprint(m.next)
	for i, f := range m.free {
		if f[:len(f)-len(extension)] == customer+"/" && rapid.Bool().Draw(m.t, person+" takes a freed extension") {
			extension = f[len(customer)+1:]
			m.free = slices.Delete(m.free, i, i+1)
			break
		}
	}
	m.want1(fmt.Sprintf("subscriber %s/%s package=%s extension=%s", customer, person, m.pick(person+" wants", modelPackages...), extension))
}

func (m *model) world() *world {
	w := newWorld(m.have)
	for id, held := range m.numbers {
		w.numbers[id] = held
	}
	return w
}

// TestPlanReachesWhatIsWanted: carried out in any order that stages and
// dependencies allow, no step of a plan is refused, every row that was not held
// is as wanted, what no row names is as it was, and a second plan is empty.
func TestPlanReachesWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		p := m.plan(t)
		w := m.world()
		pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "next") }
		if err := w.run(p, pick); err != nil {
			t.Fatalf("%v\n%s", err, planText(p, m.have))
		}
		after := &estate{want: m.want, have: w.live(), opt: m.opt}
		checkWanted(t, m, p, after.have)
		if !p.mayPrune() {
			checkUntouched(t, m, after.have)
		}
		if again := after.plan(t); !again.Empty() {
			t.Fatalf("the first plan:\n%sand then another one:\n%s", planText(p, m.have), planText(again, after.have))
		}
	})
}

func (p *Plan) mayPrune() bool { return p.Deletes.Pruned > 0 }

func checkWanted(t *rapid.T, m *model, p *Plan, after *Live) {
	held := map[Position]bool{}
	for _, h := range p.Held {
		held[h.At] = true
	}
	for _, k := range Kinds() {
		for i := range m.want.Of(k).Len() {
			r := m.want.Of(k).Row(i)
			if held[r.Position()] {
				continue
			}
			live, found := findByKey(after.Of(k), r.Key())
			if found == r.Absent() {
				t.Fatalf("%s: found %v, absent %v\n%s", r.Key(), found, r.Absent(), planText(p, m.have))
			}
			for _, rule := range SpecOf(k).Rules {
				if v, set := r.Value(rule.Column); found && set && rule.Compared && rule.Column != ColOrgID && v != live.Get(rule.Column) {
					t.Fatalf("%s: %s is %q, not %q\n%s", r.Key(), rule.Column, live.Get(rule.Column), v, planText(p, m.have))
				}
			}
		}
	}
}

func findByKey(t *Table, k Key) (Row, bool) {
	for i := range t.Len() {
		if t.Row(i).Key() == k {
			return t.Row(i), true
		}
	}
	return Row{}, false
}

// checkUntouched looks at live subscribers whose address stands in no row.
func checkUntouched(t *rapid.T, m *model, after *Live) {
	wanted := m.want.Of(Subscriber).IndexBy(ColEmail)
	for i := range m.have.Of(Subscriber).Len() {
		before := m.have.Of(Subscriber).Row(i)
		if _, named := wanted.First(before.Get(ColEmail)); named {
			continue
		}
		now, ok := after.Of(Subscriber).IndexBy(ColID).First(before.Get(ColID))
		if !ok || now.Get(ColPackage) != before.Get(ColPackage) {
			t.Fatalf("%s is named by no row and was touched", before.Key())
		}
	}
}

// TestOrderOfRowsMeansNothing: shuffled rows and objects give the same plan, but
// for the lines.
func TestOrderOfRowsMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		other := m.reordered(t, rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Perm)
		if diff := cmp.Diff(withoutLines(m.plan(t)), withoutLines(other.plan(t))); diff != "" {
			t.Fatalf("(-in order +shuffled):\n%s", diff)
		}
		first, _ := json.Marshal(m.plan(t))
		second, _ := json.Marshal(m.plan(t))
		if !bytes.Equal(first, second) {
			t.Fatalf("the same input gave two plans:\n%s\n%s", first, second)
		}
	})
}

// reordered is the same estate with its rows and objects in another order, given
// as places among n; wanted rows stand on other lines then.
func (e *estate) reordered(t reporter, order func(n int) []int) *estate {
	t.Helper()
	other := newEstate()
	other.want.Files, other.want.Rejected, other.have.Proven, other.opt = e.want.Files, e.want.Rejected, e.have.Proven, e.opt
	other.have.Locations, other.have.Unread = e.have.Locations, e.have.Unread
	for _, k := range AllKinds() {
		copyRows(t, e.want.Of(k), other.want.Of(k), order)
		copyRows(t, e.have.Of(k), other.have.Of(k), order)
	}
	return other
}

func copyRows(t reporter, from, to *Table, order func(n int) []int) {
	t.Helper()
	for n, i := range order(from.Len()) {
		cells := Cells{}
		for _, rule := range SpecOf(from.Kind()).Rules {
			cells[rule.Column] = from.Row(i).Get(rule.Column)
		}
		at := from.Row(i).Position()
		if at.Line > 0 {
			at.Line = uint32(1000*int(from.Kind()) + n)
		}
		if err := to.Add(at, cells); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func withoutLines(p *Plan) *Plan {
	for i := range p.Changes {
		p.Changes[i].At, p.Changes[i].Line = Position{}, 0
	}
	for i := range p.Held {
		p.Held[i].At, p.Held[i].Line = Position{}, 0
	}
	for i := range p.Notes {
		p.Notes[i].Line = 0
	}
	for i := range p.Drift {
		p.Drift[i].Line = 0
	}
	return p
}
