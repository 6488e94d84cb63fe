package batch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// Verdict is what the API says beforehand about one provision of a plan.
type Verdict struct {
	Change *diff.Change
	Word   VerdictWord
	Notes  []PrecheckNote // every info code of the answer, in its order
	// Code, Title, Field, Advice and TrackingID are those of a refusal, as in a
	// [Result]. Description is the API's text, or ours where nothing was asked or
	// nothing can be told.
	Code        int
	Title       string
	Field       string
	Description string
	Advice      string
	TrackingID  string
	// Unanswered says that the API gave no answer, so asking again may tell more.
	Unanswered bool
	// Asked says that the API was asked at all.
	Asked bool
}

// VerdictWord is a verdict in one word.
type VerdictWord string

// The verdicts, in the order of reports.
const (
	VerdictOK      VerdictWord = "ok"
	VerdictNoted   VerdictWord = "ok_with_notes" // with side conditions, which the notes name
	VerdictRefused VerdictWord = "refused"
	VerdictUnknown VerdictWord = "unknown" // no answer, or none that holds when the row's turn comes
)

// PrecheckNote is one info code, explained.
type PrecheckNote struct {
	Code    int
	Meaning string
	Advice  string
	Consent bool // the person has to agree before the provision is done
}

// NeedsConsent reports whether the provision would wait for the person.
func (v *Verdict) NeedsConsent() bool {
	for _, n := range v.Notes {
		if n.Consent {
			return true
		}
	}
	return false
}

// Codes of the API that precheck looks at.
const (
	infoAccepted       = 100 // taken as it is
	codePhoneTaken     = 2573
	codeExtensionTaken = 2574
)

// Precheck asks the API about every provision of a plan before anything is
// sent, side by side, and returns the verdicts in the order of the plan.
// Changes that are not to be made any more (skip, by id) are not asked about.
// It changes nothing. A row without an answer is a verdict; an error means that
// the API cannot be asked at all (the token is refused), or that ctx ended.
func Precheck(ctx context.Context, api *webex.Client, plan *diff.Plan, live *diff.Live, skip map[string]string) ([]Verdict, error) {
	p := newPrechecker(api, plan, live)
	var verdicts []Verdict
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if _, skipped := skip[c.ID]; !skipped && canPrecheck(c) {
			verdicts = append(verdicts, Verdict{Change: c})
		}
	}
	err := sideInPlace(ctx, verdicts, func(ctx context.Context, v *Verdict) (err error) {
		*v, err = p.judge(ctx, v.Change)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prechecking the plan: %w", err)
	}
	return verdicts, nil
}

// canPrecheck reports whether the API offers a precheck for a change.
func canPrecheck(c *diff.Change) bool {
	return c.Action == diff.Provision && (c.Kind == diff.Customer || c.Kind == diff.Subscriber || c.Kind == diff.BroadWorksSubscriber)
}

// prechecker knows how the rows of a plan hang together: what one of them must
// not be asked yet, and whose refusal another one lifts.
type prechecker struct {
	api       *webex.Client
	changes   map[string]*diff.Change // by id
	newcomers map[string]*diff.Change // the provisions of customers, by external id
	customers map[string]string       // external id -> the API's id, of live customers
	releases  map[diff.Scope]bool     // customers of which a subscriber leaves or changes
	users     map[string]string       // enterprise -> the e-mail address of a user of it, else of the first one to come

	answeredAt atomic.Int64 // when the API answered last, in Unix nanoseconds
	down       atomic.Bool  // it has stopped to answer
}

func newPrechecker(api *webex.Client, plan *diff.Plan, live *diff.Live) *prechecker {
	p := &prechecker{
		api: api, changes: map[string]*diff.Change{}, newcomers: map[string]*diff.Change{}, customers: map[string]string{},
		releases: map[diff.Scope]bool{}, users: map[string]string{},
	}
	if live != nil {
		p.learn(live)
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		p.changes[c.ID] = c
		switch {
		case c.Kind == diff.Customer && c.Action == diff.Provision:
			p.newcomers[c.Key.Customer] = c
		case c.Kind == diff.Customer && c.LiveID != "": // it may be about to get this external id
			p.customers[c.Key.Customer] = c.LiveID
		case c.Stage == diff.StageRemove || c.Stage == diff.StageUpdate:
			p.releases[c.Scope()] = true
		case c.Kind == diff.BroadWorksSubscriber && c.Action == diff.Provision && p.users[c.Key.Customer] == "":
			p.users[c.Key.Customer] = after(c)(diff.ColEmail)
		}
	}
	return p
}

// learn takes from a listing what questions name customers by. A user that is
// provisioned stands for an enterprise before one that is not.
func (p *prechecker) learn(live *diff.Live) {
	t := live.Of(diff.Customer)
	for i := range t.Len() {
		p.customers[t.Row(i).Get(diff.ColExternalID)] = t.Row(i).Get(diff.ColID)
	}
	t = live.Of(diff.BroadWorksSubscriber)
	for _, ready := range []bool{true, false} {
		for i := range t.Len() {
			r := t.Row(i)
			enterprise := r.Get(diff.ColSPEnterpriseID)
			if p.users[enterprise] == "" && (r.Get(diff.ColStatus) == diff.StatusProvisioned) == ready {
				p.users[enterprise] = r.Get(diff.ColEmail)
			}
		}
	}
}

// judge asks about one provision.
func (p *prechecker) judge(ctx context.Context, c *diff.Change) (Verdict, error) {
	if p.down.Load() {
		return unanswered(c, "not asked: the API had stopped to answer"), nil
	}
	begun := time.Now()
	answer, unable, err := p.ask(ctx, c)
	if unable != "" {
		return Verdict{Change: c, Word: VerdictUnknown, Description: unable}, nil
	}
	var e *webex.Error
	switch {
	case err == nil:
		p.answeredAt.Store(time.Now().UnixNano())
		return p.accepted(c, answer), nil
	case ctx.Err() != nil:
		return Verdict{}, ctx.Err()
	case !errors.As(err, &e) || e.Class == webex.ClassAuth:
		return Verdict{}, err
	case e.Class == webex.ClassTransient || e.Class == webex.ClassNotSent:
		if p.answeredAt.Load() < begun.UnixNano() { // nobody else got an answer in all that time
			p.down.Store(true)
		}
		v := unanswered(c, "no answer: "+e.Error())
		v.Asked, v.TrackingID = true, e.TrackingID
		return v, nil
	}
	p.answeredAt.Store(time.Now().UnixNano())
	return p.refused(c, e), nil
}

func unanswered(c *diff.Change, why string) Verdict {
	return Verdict{Change: c, Word: VerdictUnknown, Description: why, Advice: "ask again when the API answers", Unanswered: true}
}

// ask sends the question that fits a change. Unable says why there is none.
func (p *prechecker) ask(ctx context.Context, c *diff.Change) (answer webex.Precheck, unable string, err error) {
	api := onBehalf(p.api, c.SubPartner)
	switch c.Kind {
	case diff.Customer:
		answer, err = api.ValidateCustomer(ctx, customerProvision(c))
	case diff.Subscriber:
		var question webex.SubscriberPrecheck
		if question, unable = p.aboutSubscriber(c); unable == "" {
			answer, err = api.ValidateSubscriber(ctx, question)
		}
	case diff.BroadWorksSubscriber:
		question := webex.BroadWorksPrecheck{BroadWorksSubscriberProvision: broadWorksSubscriberProvision(c), PrimaryEmail: p.users[c.Key.Customer]}
		if question.Email == "" {
			return answer, "not asked: the API asks by e-mail address, and the row has none", nil
		}
		answer, err = api.ValidateBroadWorksSubscriber(ctx, question)
	}
	return answer, unable, err
}

// aboutSubscriber picks the API's variant of the question: by the customer's id,
// or where the customer is only to be provisioned by its primary e-mail address.
// A package that the customer gets earlier in the plan is not asked about: the
// API would say that the customer does not have it.
func (p *prechecker) aboutSubscriber(c *diff.Change) (question webex.SubscriberPrecheck, unable string) {
	if customer := p.newcomers[c.Key.Customer]; customer != nil {
		get := after(customer)
		if get(diff.ColPrimaryEmail) == "" {
			return question, "not asked: its customer is only to be provisioned, and the API knows such a one by its primary_email alone, which the row does not have"
		}
		return webex.SubscriberPrecheck{
			SubscriberProvision: subscriberProvision(c, ""), PrimaryEmail: get(diff.ColPrimaryEmail), ProvisioningID: get(diff.ColProvisioningID),
		}, ""
	}
	customerID := p.customers[c.Key.Customer]
	if customerID == "" {
		return question, fmt.Sprintf("not asked: its customer %q is not live", c.Key.Customer)
	}
	question.SubscriberProvision = subscriberProvision(c, customerID)
	if p.packageComesFirst(c) {
		question.SubscriberProvision = webex.SubscriberProvision{CustomerID: customerID, Email: question.Email}
	}
	return question, ""
}

// packageComesFirst reports whether the customer gets the package of a
// subscriber by an earlier change of the plan.
func (p *prechecker) packageComesFirst(c *diff.Change) bool {
	for _, id := range c.DependsOn {
		if other := p.changes[id]; other != nil && other.Kind == diff.Customer && other.Action == diff.Update {
			return true
		}
	}
	return false
}

// accepted judges a success. Errors in it are a refusal all the same.
func (p *prechecker) accepted(c *diff.Change, answer webex.Precheck) Verdict {
	v := Verdict{Change: c, Word: VerdictOK, Asked: true}
	for _, d := range answer.Info {
		v.Notes = append(v.Notes, noteOf(d))
		if d.Code != infoAccepted {
			v.Word = VerdictNoted
		}
	}
	if len(answer.Errors) > 0 {
		code := firstCode(answer.Errors)
		info, _ := webex.LookupCode(code)
		e := &webex.Error{Class: webex.Classify(http.MethodGet, 0, code), Code: code, Title: info.Title, Description: answer.Errors[0].Description}
		refusal := p.refused(c, e)
		refusal.Notes = v.Notes
		return refusal
	}
	if c.Kind == diff.Subscriber && p.newcomers[c.Key.Customer] == nil && p.packageComesFirst(c) {
		v.Description = "asked without its package, which the customer gets first"
	}
	return v
}

func noteOf(d webex.Detail) PrecheckNote {
	info, known := webex.LookupInfo(d.Code)
	if !known {
		return PrecheckNote{Code: d.Code, Meaning: d.Description}
	}
	return PrecheckNote{Code: d.Code, Meaning: info.Meaning, Advice: info.Advice, Consent: info.ConsentNeeded}
}

// refused judges an answer that says no. It holds, unless it is about a state
// that will be another one when the row's turn comes.
func (p *prechecker) refused(c *diff.Change, e *webex.Error) Verdict {
	v := Verdict{
		Change: c, Word: VerdictRefused, Code: e.Code, Title: e.Title, Field: e.Field, Description: e.Description, TrackingID: e.TrackingID, Asked: true,
	}
	if info, known := webex.LookupCode(e.Code); known {
		v.Advice = info.Advice
	}
	if until := p.until(c, e); until != "" {
		v.Word, v.Description, v.Advice = VerdictUnknown, "refused as things are now, but "+until, ""
	}
	return v
}

// until says what will lift a refusal before the row's turn comes, "" if nothing.
func (p *prechecker) until(c *diff.Change, e *webex.Error) string {
	if e.Class == webex.ClassNotReady {
		return "what is busy settles, and apply waits for it"
	}
	if e.Class != webex.ClassConflict {
		return ""
	}
	for _, id := range c.DependsOn {
		if other := p.changes[id]; other != nil && other.Action == diff.Remove {
			return fmt.Sprintf("the removal of %s comes first", other.Key)
		}
	}
	if (e.Code == codePhoneTaken || e.Code == codeExtensionTaken) && p.releases[c.Scope()] {
		return "subscribers of this customer leave or change first, and may release the number"
	}
	return ""
}
