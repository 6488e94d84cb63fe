package batch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// Bounds of what a listing may cost.
const (
	pageSize = 100 // objects a page, the API's cap
	// lookUpAlone is how many new subscribers are looked up one by one under
	// other customers, where listing the whole estate would cost more.
	lookUpAlone = 50
	// listingShare is how many new subscribers are worth one page of listing: a
	// large run may spend 3 % of its calls on finding out who is elsewhere.
	listingShare = 33
	// provingPasses is how often a listing is repeated until two passes agree.
	provingPasses = 3
)

// ListOptions say what a listing is for.
type ListOptions struct {
	// Prune asks for proof that no subscriber was missed: passes over the list
	// until two in a row show the same ids, three at most.
	Prune bool
	// HardDelete asks for the people whom rows want gone and who have no
	// subscription any more, DeleteWorkspaces for the workspaces of customers that
	// rows want gone.
	HardDelete, DeleteWorkspaces bool
	// SubPartner is the sub-partner that the client acts for, "" for none.
	SubPartner string
	// Locations asks for the locations of customers where rows that will send one
	// name it.
	Locations bool
	DeepOptions
}

// listPart reads what a plan for rows of one sub-partner needs: by customer where
// that costs fewer calls than the whole estate.
func listPart(ctx context.Context, api *webex.Client, want *diff.Desired, o ListOptions) (*lister, error) {
	l := newLister(api)
	named := namedCustomers(want)
	if err := l.customersOf(ctx, want, named); err != nil {
		return nil, err
	}
	read := func() (map[string]webex.Subscriber, error) { return l.subscribersOf(ctx, want, named) }
	if err := l.subscribers(read, o.Prune); err != nil {
		return nil, err
	}
	if o.Deep || o.Locations {
		l.visits = l.visitsFor(want, named, o)
	}
	return l, nil
}

// ListAllOptions say what of the estate to list as a whole.
type ListAllOptions struct {
	Offers []diff.Offer
	// Customer is the external id of a customer, or the sp_enterprise_id of an
	// enterprise, where that alone is asked for.
	Customer string
	DeepOptions
}

// ListAll reads the whole estate of some offers, or all that belongs to one
// customer.
func ListAll(ctx context.Context, api *webex.Client, o ListAllOptions) (live *diff.Live, err error) {
	live = diff.NewLive()
	for _, offer := range o.Offers {
		switch {
		case offer == diff.BroadWorks:
			err = listAllBroadWorks(ctx, api, live, o.Customer)
		case o.Customer != "":
			want := diff.NewDesired()
			if err = want.Of(diff.Customer).Add(diff.Position{}, diff.Cells{diff.ColExternalID: o.Customer}); err == nil {
				live, err = listAllWholesale(ctx, o.DeepOptions, func() (*lister, error) { return listPart(ctx, api, want, ListOptions{}) })
			}
		default:
			live, err = listAllWholesale(ctx, o.DeepOptions, func() (*lister, error) { return listEstate(ctx, api) })
		}
		if err != nil {
			return nil, err
		}
	}
	return live, nil
}

// listAllWholesale reads what list finds, and the people behind it.
func listAllWholesale(ctx context.Context, o DeepOptions, list func() (*lister, error)) (*diff.Live, error) {
	l, err := list()
	if err != nil {
		return nil, err
	}
	if o.Deep {
		l.visits = l.visitAll()
	}
	if err := deepen(ctx, []*lister{l}, o); err != nil {
		return nil, err
	}
	return l.live()
}

func listEstate(ctx context.Context, api *webex.Client) (*lister, error) {
	l := newLister(api)
	if err := l.allCustomers(ctx); err != nil {
		return nil, err
	}
	read := func() (map[string]webex.Subscriber, error) { return l.page(ctx, webex.SubscriberFilter{}) }
	if err := l.subscribers(read, false); err != nil {
		return nil, err
	}
	l.whole[diff.Subscriber] = true
	return l, nil
}

// lister gathers one listing.
type lister struct {
	api       *webex.Client
	customers map[string]webex.Customer // by id
	owners    map[string]string         // external ids of customers by idKey
	found     map[string]webex.Subscriber
	proven    bool
	whole     map[diff.Kind]bool
	atLeast   map[diff.Kind]int // where the estate was found to be larger than what is listed
	visits    []*visit          // to organizations, for what the wholesale API does not return
}

func newLister(api *webex.Client) *lister {
	return &lister{api: api, customers: map[string]webex.Customer{}, owners: map[string]string{}, whole: map[diff.Kind]bool{}, atLeast: map[diff.Kind]int{}}
}

// namedCustomers are the external ids that the wholesale rows speak of, sorted.
func namedCustomers(want *diff.Desired) []string {
	ids := map[string]bool{}
	for _, k := range diff.Kinds() {
		if k.Offer() != diff.Wholesale {
			continue
		}
		t := want.Of(k)
		for i := range t.Len() {
			ids[t.Row(i).Key().Customer] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// customersOf reads the named customers: one by one, or by listing the estate
// where that takes no more pages than there are names. One small request tells.
func (l *lister) customersOf(ctx context.Context, want *diff.Desired, named []string) error {
	large := true
	if len(named) > 1 {
		var err error
		if large, err = l.api.HasCustomersAt(ctx, len(named)*pageSize); err != nil {
			return fmt.Errorf("listing customers: %w", err)
		}
	}
	if !large {
		return l.allCustomers(ctx)
	}
	if len(named) > 1 {
		l.atLeast[diff.Customer] = len(named)*pageSize + 1
	}
	var filters []webex.CustomerFilter
	for _, id := range named {
		filters = append(filters, webex.CustomerFilter{ExternalID: id})
	}
	for i := range want.Of(diff.Customer).Len() {
		if org := want.Of(diff.Customer).Row(i).Get(diff.ColOrgID); org != "" {
			filters = append(filters, webex.CustomerFilter{OrgID: org})
		}
	}
	return l.customersBy(ctx, filters)
}

func (l *lister) customersBy(ctx context.Context, filters []webex.CustomerFilter) error {
	var mu sync.Mutex
	return side(ctx, filters, func(ctx context.Context, f webex.CustomerFilter) error {
		for c, err := range l.api.ListCustomers(ctx, f) {
			if err != nil {
				return fmt.Errorf("listing customers: %w", err)
			}
			// A server that ignores a filter answers with strangers.
			if f.ExternalID != "" && canonical(diff.Customer, diff.ColExternalID, c.ExternalID) != f.ExternalID || f.OrgID != "" && !diff.SameID(c.OrgID, f.OrgID) {
				continue
			}
			mu.Lock()
			l.keep(c)
			mu.Unlock()
		}
		return nil
	})
}

func (l *lister) allCustomers(ctx context.Context) error {
	for c, err := range l.api.ListCustomers(ctx, webex.CustomerFilter{}) {
		if err != nil {
			return fmt.Errorf("listing customers: %w", err)
		}
		l.keep(c)
	}
	l.whole[diff.Customer] = true
	return nil
}

func (l *lister) keep(c webex.Customer) {
	l.customers[c.ID] = c
	l.owners[diff.IDKey(c.ID)] = c.ExternalID
}

// side runs a function over items side by side; the client bounds the requests.
func side[T any](ctx context.Context, items []T, f func(context.Context, T) error) error {
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for _, item := range items {
		if groupCtx.Err() != nil {
			break
		}
		g.Go(func() error { return f(groupCtx, item) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err() // else items that were left out would count as done
}

// sideInPlace is side where each call fills in its own item.
func sideInPlace[T any](ctx context.Context, items []T, f func(context.Context, *T) error) error {
	places := make([]*T, len(items))
	for i := range items {
		places[i] = &items[i]
	}
	return side(ctx, places, f)
}

func (l *lister) subscribers(read func() (map[string]webex.Subscriber, error), prove bool) error {
	var err error
	if l.found, l.proven, err = readProven(read, prove); err != nil {
		return fmt.Errorf("listing subscribers: %w", err)
	}
	return nil
}

// readProven reads a list, and where a proof is asked for goes on until two passes
// show the same ids. Proven is whether they did.
func readProven[T any](read func() (map[string]T, error), prove bool) (found map[string]T, proven bool, err error) {
	for pass := range provingPasses {
		before := found
		if found, err = read(); err != nil {
			return nil, false, err
		}
		proven = pass > 0 && maps.EqualFunc(before, found, func(T, T) bool { return true })
		if !prove || proven {
			break
		}
	}
	return found, proven, nil
}

// subscribersOf reads the subscribers of the named customers, and as far as the
// calls are worth it those who are to be provisioned but live elsewhere.
func (l *lister) subscribersOf(ctx context.Context, want *diff.Desired, named []string) (map[string]webex.Subscriber, error) {
	rows := want.Of(diff.Subscriber).Len()
	here := l.named(want, named)
	if rows == 0 && len(here) == 0 {
		return map[string]webex.Subscriber{}, nil
	}
	pages := max(len(here), rows/listingShare, 1)
	large, err := l.api.HasSubscribersAt(ctx, pages*pageSize)
	if err != nil {
		return nil, err
	}
	if !large {
		l.whole[diff.Subscriber] = true
		return l.page(ctx, webex.SubscriberFilter{})
	}
	l.atLeast[diff.Subscriber] = pages*pageSize + 1
	found, err := l.byCustomer(ctx, here)
	if err != nil {
		return nil, err
	}
	return found, l.elsewhere(ctx, want, found)
}

// named are the listed customers that the input speaks of, by external id or by
// organization.
func (l *lister) named(want *diff.Desired, ids []string) []webex.Customer {
	byOrg := want.Of(diff.Customer).IndexBy(diff.ColOrgID)
	var out []webex.Customer
	for _, c := range l.customers {
		_, byID := slices.BinarySearch(ids, canonical(diff.Customer, diff.ColExternalID, c.ExternalID))
		if _, ok := byOrg.First(c.OrgID); byID || ok {
			out = append(out, c)
		}
	}
	return out
}

func (l *lister) page(ctx context.Context, f webex.SubscriberFilter) (map[string]webex.Subscriber, error) {
	found := map[string]webex.Subscriber{}
	for s, err := range l.api.ListSubscribers(ctx, f) {
		if err != nil {
			return nil, err
		}
		if s.ExternalCustomerID == "" {
			s.ExternalCustomerID = l.owners[diff.IDKey(s.CustomerID)]
		}
		found[s.ID] = s
	}
	return found, nil
}

func (l *lister) byCustomer(ctx context.Context, customers []webex.Customer) (map[string]webex.Subscriber, error) {
	var mu sync.Mutex
	found := map[string]webex.Subscriber{}
	err := side(ctx, customers, func(ctx context.Context, c webex.Customer) error {
		list, err := l.page(ctx, webex.SubscriberFilter{CustomerID: c.ID})
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(found, list)
		return err
	})
	return found, err
}

// elsewhere looks up, one by one, subscribers that were not found under their
// customer, where there are few. Where there are many the API itself refuses
// those that are elsewhere (codes 2002, 2017), and nothing is lost.
func (l *lister) elsewhere(ctx context.Context, want *diff.Desired, found map[string]webex.Subscriber) error {
	known := map[diff.Key]bool{}
	for _, s := range found {
		customer := canonical(diff.Subscriber, diff.ColCustomerExternalID, s.ExternalCustomerID)
		known[diff.Key{Customer: customer, Email: diff.FoldEmail(s.Email)}] = true
	}
	var missing []string
	t := want.Of(diff.Subscriber)
	for i := range t.Len() {
		if r := t.Row(i); !r.Absent() && !known[r.Key()] {
			missing = append(missing, r.Get(diff.ColEmail))
		}
		if len(missing) > lookUpAlone {
			return nil
		}
	}
	var mu sync.Mutex
	return side(ctx, missing, func(ctx context.Context, email string) error {
		list, err := l.page(ctx, webex.SubscriberFilter{Email: email})
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(found, list)
		return err
	})
}

// live puts the listing into the words of package diff, in the order of ids, so
// that the order of answers cannot be seen in a plan.
func (l *lister) live() (*diff.Live, error) {
	live := diff.NewLive()
	people := l.seen(live)
	for _, id := range slices.Sorted(maps.Keys(l.customers)) {
		if err := live.Of(diff.Customer).Add(diff.Position{}, customerCells(l.customers[id])); err != nil {
			return nil, fmt.Errorf("listing customers: customer %q: %w", id, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.found)) {
		cells := subscriberCells(l.found[id])
		maps.Copy(cells, people[id])
		if err := live.Of(diff.Subscriber).Add(diff.Position{}, cells); err != nil {
			return nil, fmt.Errorf("listing subscribers: subscriber %q: %w", id, err)
		}
	}
	live.Proven[diff.Subscriber] = l.proven
	for k, whole := range l.whole {
		live.Whole[k] = whole
	}
	for k, n := range l.atLeast {
		live.AtLeast[k] = n
	}
	return live, nil
}
