package diff

import (
	"fmt"
	"math/rand"
	"testing"
)

// bigEstate has n subscribers on both sides, a hundred to a customer. Every
// spread-th of them differs; 0 = none does.
func bigEstate(t reporter, n, spread int) *estate {
	e := newEstate()
	for i := range n {
		customer := fmt.Sprintf("customer-%06d", i/100)
		if i%100 == 0 {
			mustAdd(t, e.have.Of(Customer), Cells{ColID: customer, ColExternalID: customer, ColStatus: StatusProvisioned, ColPackages: "webex_calling;webex_voice"})
			mustAdd(t, e.want.Of(Customer), Cells{ColExternalID: customer, ColPackages: "webex_calling;webex_voice"})
		}
		live := Cells{ColID: fmt.Sprintf("subscriber-%d", i), ColCustomerExternalID: customer, ColEmail: fmt.Sprintf("person.%d@customer.example", i), ColPackage: "webex_calling", ColStatus: StatusProvisioned}
		want := Cells{ColCustomerExternalID: customer, ColEmail: fmt.Sprintf("Person.%d@customer.example", i), ColPackage: "webex_calling", ColFirstName: "Anna", ColLastName: "Arndt", ColExtension: fmt.Sprint(i)}
		if spread > 0 && i%spread == 0 {
			switch i / spread % 3 {
			case 0:
				want[ColPackage] = "webex_voice"
			case 1:
				want[ColEnsure] = EnsureAbsent
			case 2:
				live[ColEmail] = "other." + live[ColEmail]
			}
		}
		mustAdd(t, e.have.Of(Subscriber), live)
		mustAdd(t, e.want.Of(Subscriber), want)
	}
	return e
}

// dropIndexes makes the next plan pay for its indexes again.
func (e *estate) dropIndexes() {
	for _, k := range Kinds() {
		e.want.Of(k).index, e.have.Of(k).index = nil, nil
	}
}

// TestUnchangedRowsCostNoMemory: twice the rows take as many allocations, as
// long as nothing differs.
func TestUnchangedRowsCostNoMemory(t *testing.T) {
	allocs := func(subscribers int) float64 {
		e := bigEstate(t, subscribers, 0)
		// One customer, so that nothing but rows is counted.
		for _, k := range Kinds() {
			keep := func(r Row) bool { return r.Key().Customer == "customer-000000" || k == Subscriber }
			e.want.Tables[k], e.have.Tables[k] = e.want.Of(k).Filter(keep), e.have.Of(k).Filter(keep)
		}
		e.oneCustomer(t)
		if p := e.plan(t); !p.Empty() || p.Unchanged[Subscriber] != subscribers {
			t.Fatalf("%d changes, %d unchanged", len(p.Changes), p.Unchanged[Subscriber])
		}
		return testing.AllocsPerRun(2, func() {
			e.dropIndexes()
			Compute(e.want, e.have, e.opt)
		})
	}
	if few, many := allocs(2_000), allocs(20_000); many > few+20 {
		t.Errorf("%.0f allocations for 2,000 rows, %.0f for 20,000", few, many)
	}
}

// oneCustomer puts all subscribers under the first customer.
func (e *estate) oneCustomer(t reporter) {
	for _, table := range []*Table{e.want.Of(Subscriber), e.have.Of(Subscriber)} {
		moved := NewTable(Subscriber)
		for i := range table.Len() {
			cells := Cells{}
			for _, rule := range SpecOf(Subscriber).Rules {
				cells[rule.Column] = table.Row(i).Get(rule.Column)
			}
			cells[ColCustomerExternalID] = "customer-000000"
			mustAdd(t, moved, cells)
		}
		*table = *moved
	}
}

// BenchmarkCompute plans with 2 % differences. The readers of both sides make the
// indexes, so they are not part of it; "shuffled" has the two sides in different
// orders, which costs a look-up far away for each row.
func BenchmarkCompute(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		e := bigEstate(b, n, 50)
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) { benchmarkCompute(b, e) })
		shuffled := NewTable(Subscriber)
		copyRows(b, e.have.Of(Subscriber), shuffled, rand.New(rand.NewSource(1)).Perm)
		e.have.Tables[Subscriber] = shuffled
		b.Run(fmt.Sprintf("%d-shuffled", n), func(b *testing.B) { benchmarkCompute(b, e) })
	}
}

func benchmarkCompute(b *testing.B, e *estate) {
	Compute(e.want, e.have, e.opt)
	b.ReportAllocs()
	for b.Loop() {
		Compute(e.want, e.have, e.opt)
	}
}

func BenchmarkIndex(b *testing.B) {
	e := bigEstate(b, 1_000_000, 0)
	for b.Loop() {
		e.dropIndexes()
		e.want.Of(Subscriber).IndexBy(ColEmail)
	}
}
