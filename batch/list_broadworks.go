package batch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// largeEnterprises is how many enterprises are worth the pages of a listing of
// all of them; a page has a thousand.
const largeEnterprises = 10

// broadWorksLister gathers one listing of BroadWorks.
type broadWorksLister struct {
	api         *webex.Client
	access      time.Duration // that of [ListOptions]
	enterprises map[string]webex.BroadWorksEnterprise
	subscribers map[string]webex.BroadWorksSubscriber
	workspaces  map[string]diff.Cells
	proven      bool
	whole       bool
	atLeast     int // subscribers, where not all were listed
}

// listBroadWorks adds what the BroadWorks rows of the input need. Where it has
// none it asks nothing.
func listBroadWorks(ctx context.Context, api *webex.Client, want *diff.Desired, live *diff.Live, o ListOptions) error {
	enterprises := enterprisesOf(want, diff.BroadWorksEnterprise, diff.BroadWorksSubscriber, diff.BroadWorksWorkspace)
	if len(enterprises) == 0 {
		return nil
	}
	l := &broadWorksLister{api: api, access: o.access(), workspaces: map[string]diff.Cells{}}
	if err := l.listEnterprises(ctx, enterprises); err != nil {
		return fmt.Errorf("listing enterprises: %w", err)
	}
	// An enterprise row alone says nothing about subscribers, but one that wants the
	// enterprise gone does: it goes only when it is empty.
	named := peopledEnterprises(want)
	read := func() (map[string]webex.BroadWorksSubscriber, error) { return l.subscribersOf(ctx, want, named) }
	if err := l.listSubscribers(read, o.Prune); err != nil {
		return err
	}
	if err := l.listWorkspaces(ctx, enterprisesOf(want, diff.BroadWorksWorkspace)); err != nil {
		return fmt.Errorf("listing workspaces: %w", err)
	}
	return l.add(live)
}

// listAllBroadWorks adds all enterprises and subscribers, or one enterprise with
// its subscribers. Workspaces are left out: the API does not tell whose BroadWorks
// user they are.
func listAllBroadWorks(ctx context.Context, api *webex.Client, live *diff.Live, enterprise string) error {
	l := &broadWorksLister{api: api, whole: enterprise == ""}
	var named []string
	if enterprise != "" {
		named = []string{enterprise}
	}
	if err := l.listEnterprises(ctx, named); err != nil {
		return fmt.Errorf("listing enterprises: %w", err)
	}
	read := func() (map[string]webex.BroadWorksSubscriber, error) {
		return l.page(ctx, webex.BroadWorksSubscriberFilter{SPEnterpriseID: enterprise})
	}
	if err := l.listSubscribers(read, false); err != nil {
		return err
	}
	return l.add(live)
}

// enterprisesOf are the enterprises that rows of some kinds speak of, sorted.
func enterprisesOf(want *diff.Desired, kinds ...diff.Kind) []string {
	ids := map[string]bool{}
	for _, k := range kinds {
		t := want.Of(k)
		for i := range t.Len() {
			ids[t.Row(i).Key().Customer] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// peopledEnterprises are the enterprises whose subscribers a plan has to know, sorted.
func peopledEnterprises(want *diff.Desired) []string {
	named := enterprisesOf(want, diff.BroadWorksSubscriber)
	rows := want.Of(diff.BroadWorksEnterprise)
	for i := range rows.Len() {
		if r := rows.Row(i); r.Absent() {
			named = append(named, r.Key().Customer)
		}
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// listEnterprises reads the enterprises: by id where they are few, else all.
func (l *broadWorksLister) listEnterprises(ctx context.Context, named []string) error {
	l.enterprises = map[string]webex.BroadWorksEnterprise{}
	if named == nil || len(named) > largeEnterprises {
		for e, err := range l.api.ListBroadWorksEnterprises(ctx, webex.BroadWorksEnterpriseFilter{}) {
			if err != nil {
				return err
			}
			l.enterprises[e.ID] = e
		}
		return nil
	}
	var mu sync.Mutex
	return side(ctx, named, func(ctx context.Context, id string) error {
		found, err := enterprisesNamed(ctx, l.api, id)
		mu.Lock()
		defer mu.Unlock()
		for _, e := range found {
			l.enterprises[e.ID] = e
		}
		return err
	})
}

func (l *broadWorksLister) listSubscribers(read func() (map[string]webex.BroadWorksSubscriber, error), prove bool) error {
	var err error
	if l.subscribers, l.proven, err = readProven(read, prove); err != nil {
		return fmt.Errorf("listing BroadWorks subscribers: %w", err)
	}
	return nil
}

// subscribersOf reads all subscribers where they are few. Else it reads those of the
// named enterprises, and, one by one where they are few, those whose user id or
// address is to be provisioned and may be live elsewhere. Where they are many the
// API itself refuses them (codes 2009, 2010), and nothing is lost.
func (l *broadWorksLister) subscribersOf(ctx context.Context, want *diff.Desired, named []string) (map[string]webex.BroadWorksSubscriber, error) {
	if len(named) == 0 {
		return map[string]webex.BroadWorksSubscriber{}, nil
	}
	found, err := l.allWithin(ctx, max(len(named)/2, 1)*pageSize)
	if l.whole || err != nil {
		return found, err
	}
	clear(found)
	var filters []webex.BroadWorksSubscriberFilter
	for _, id := range named {
		filters = append(filters, webex.BroadWorksSubscriberFilter{SPEnterpriseID: id})
	}
	if err := l.pages(ctx, filters, found); err != nil {
		return nil, err
	}
	return found, l.pages(ctx, l.elsewhere(want, found), found)
}

// allWithin reads all subscribers and gives up where there are more than a number.
// The API has no way to ask how many there are; a look at some pages of half the
// number of enterprises costs less than it may save.
func (l *broadWorksLister) allWithin(ctx context.Context, most int) (map[string]webex.BroadWorksSubscriber, error) {
	found := map[string]webex.BroadWorksSubscriber{}
	l.whole = false
	for s, err := range l.api.ListBroadWorksSubscribers(ctx, webex.BroadWorksSubscriberFilter{}) {
		if err != nil {
			return nil, err
		}
		found[s.ID] = s
		if len(found) > most {
			l.atLeast = len(found)
			return found, nil
		}
	}
	l.whole = true
	return found, nil
}

// elsewhere are the look-ups of subscribers that were not found in their
// enterprise; none where they are many.
func (l *broadWorksLister) elsewhere(want *diff.Desired, found map[string]webex.BroadWorksSubscriber) []webex.BroadWorksSubscriberFilter {
	known := map[diff.Key]bool{}
	for _, s := range found {
		cells := broadWorksSubscriberCells(s)
		known[diff.Key{Customer: cells[diff.ColSPEnterpriseID], UserID: cells[diff.ColUserID]}] = true
	}
	var filters []webex.BroadWorksSubscriberFilter
	t := want.Of(diff.BroadWorksSubscriber)
	for i := range t.Len() {
		r := t.Row(i)
		if r.Absent() || known[r.Key()] {
			continue
		}
		filters = append(filters, webex.BroadWorksSubscriberFilter{UserID: r.Get(diff.ColUserID)})
		if email := r.Get(diff.ColEmail); email != "" {
			filters = append(filters, webex.BroadWorksSubscriberFilter{Email: email})
		}
		if len(filters) > 2*lookUpAlone {
			return nil
		}
	}
	return filters
}

// pages reads lists side by side and adds them to what was found.
func (l *broadWorksLister) pages(ctx context.Context, filters []webex.BroadWorksSubscriberFilter, found map[string]webex.BroadWorksSubscriber) error {
	var mu sync.Mutex
	return side(ctx, filters, func(ctx context.Context, f webex.BroadWorksSubscriberFilter) error {
		list, err := l.page(ctx, f)
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(found, list)
		return err
	})
}

func (l *broadWorksLister) page(ctx context.Context, f webex.BroadWorksSubscriberFilter) (map[string]webex.BroadWorksSubscriber, error) {
	found := map[string]webex.BroadWorksSubscriber{}
	for s, err := range l.api.ListBroadWorksSubscribers(ctx, f) {
		if err != nil {
			return nil, err
		}
		found[s.ID] = s
	}
	return found, nil
}

// listWorkspaces reads the workspaces of the organizations of enterprises.
func (l *broadWorksLister) listWorkspaces(ctx context.Context, named []string) error {
	var of []webex.BroadWorksEnterprise
	for _, e := range l.enterprises {
		id := canonical(diff.BroadWorksEnterprise, diff.ColSPEnterpriseID, e.SPEnterpriseID)
		if _, is := slices.BinarySearch(named, id); is && e.OrgID != "" {
			of = append(of, e)
		}
	}
	var mu sync.Mutex
	return side(ctx, of, func(ctx context.Context, e webex.BroadWorksEnterprise) error {
		list, err := workspacesOf(ctx, l.api, e.OrgID, l.access)
		mu.Lock()
		defer mu.Unlock()
		for _, w := range list {
			l.workspaces[w.ID] = broadWorksWorkspaceCells(canonical(diff.BroadWorksEnterprise, diff.ColSPEnterpriseID, e.SPEnterpriseID), w)
		}
		return err
	})
}

// add puts the listing into the words of package diff, in the order of ids.
func (l *broadWorksLister) add(live *diff.Live) error {
	cells := map[diff.Kind]map[string]diff.Cells{diff.BroadWorksEnterprise: {}, diff.BroadWorksSubscriber: {}, diff.BroadWorksWorkspace: l.workspaces}
	for id, e := range l.enterprises {
		cells[diff.BroadWorksEnterprise][id] = enterpriseCells(e)
	}
	for id, s := range l.subscribers {
		cells[diff.BroadWorksSubscriber][id] = broadWorksSubscriberCells(s)
	}
	for _, k := range diff.Kinds() {
		for _, id := range slices.Sorted(maps.Keys(cells[k])) {
			if err := live.Of(k).Add(diff.Position{}, cells[k][id]); err != nil {
				return fmt.Errorf("listing %ss: %q: %w", k, id, err)
			}
		}
	}
	live.Proven[diff.BroadWorksSubscriber] = l.proven
	live.Whole[diff.BroadWorksSubscriber], live.AtLeast[diff.BroadWorksSubscriber] = l.whole, l.atLeast
	return nil
}
