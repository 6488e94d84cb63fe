package diff

import (
	"fmt"
	"slices"
)

// Action is what a change does. The zero Action is not legal, so that a change
// that nobody decided on can never be applied.
type Action uint8

// The actions, in display order.
const (
	Provision Action = iota + 1
	Update
	Remove
	actionEnd
)

// Actions lists every action in display order.
func Actions() []Action { return []Action{Provision, Update, Remove} }

var actionNames = map[Action]string{Provision: "provision", Update: "update", Remove: "remove"}

// String is the word for the action in plans and results.
func (a Action) String() string {
	if s, ok := actionNames[a]; ok {
		return s
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// MarshalText writes the word of [Action.String].
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the word of [Action.String].
func (a *Action) UnmarshalText(b []byte) error {
	for v, s := range actionNames {
		if s == string(b) {
			*a = v
			return nil
		}
	}
	return fmt.Errorf("unknown action %q", b)
}

// Stage orders the changes of one customer: a change starts when every change of
// its customer with a lower stage has ended, well or not. What must have ended
// well is in [Change.DependsOn].
type Stage uint8

// The stages of one customer's changes.
const (
	StageReady          Stage = iota + 1 // the customer is provisioned, gets packages or an address, or is opened by its first subscriber
	StageRemove                          // subscribers leave, and release numbers and extensions
	StagePeople                          // the people behind them leave for good
	StageUpdate                          // subscribers change package
	StageProvision                       // subscribers join
	StageShrink                          // the customer loses packages that nobody uses any more
	StageSync                            // the directory sync of an enterprise is switched
	StageWorkspaces                      // the workspaces of a customer that goes are removed
	StageRemoveCustomer                  // the customer itself goes, or the organization of an enterprise
)

var stageNames = [...]string{
	StageReady: "ready", StageRemove: "remove", StagePeople: "people", StageUpdate: "update", StageProvision: "provision", StageShrink: "shrink", StageSync: "sync", StageWorkspaces: "workspaces", StageRemoveCustomer: "remove_customer",
}

// MarshalText writes the word for the stage, so that saved plans do not depend
// on how many stages there are.
func (s Stage) MarshalText() ([]byte, error) {
	if s == 0 || int(s) >= len(stageNames) {
		return nil, fmt.Errorf("no stage %d", s)
	}
	return []byte(stageNames[s]), nil
}

// UnmarshalText reads the word of [Stage.MarshalText].
func (s *Stage) UnmarshalText(b []byte) error {
	for v, name := range stageNames {
		if name != "" && name == string(b) {
			*s = Stage(v)
			return nil
		}
	}
	return fmt.Errorf("unknown stage %q", b)
}

// FieldChange is one column of a change.
type FieldChange struct {
	Column Column `json:"column"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Change is one thing to do to one object. It is data: it can be shown, saved,
// counted, compared, and then carried out exactly.
type Change struct {
	ID     string `json:"id"` // unique in the plan, the same for the same input
	Kind   Kind   `json:"kind"`
	Action Action `json:"action"`
	Key    Key    `json:"key"`
	// At is the input row behind the change; zero for a pruned object, which no
	// row names. FileName and Line repeat it for readers of a saved plan.
	At       Position `json:"-"`
	FileName string   `json:"file,omitempty"`
	Line     uint32   `json:"line,omitempty"`
	Reason   string   `json:"reason"`
	// Fields are the columns that change, in the order of the kind's table. A
	// provision lists everything that will be sent, a removal what will be gone.
	Fields []FieldChange `json:"fields,omitempty"`
	Stage  Stage         `json:"stage"`
	// DependsOn are the ids of changes that must succeed first.
	DependsOn []string `json:"depends_on,omitempty"`
	// LiveID is the API's id of the object as listed; "" for a provision, and in
	// plans made from a snapshot without ids.
	LiveID string `json:"live_id,omitempty"`
	// SubPartner is the organization id of the sub-partner that the change is made
	// for; "" for the one of the run as a whole.
	SubPartner string `json:"sub_partner,omitempty"`
	// Precondition is the [Fingerprint] that the live object must have right
	// before the change; "" says that no such object may exist.
	Precondition string `json:"precondition,omitempty"`
	// Remark is a consequence that a person should know before agreeing.
	Remark string `json:"remark,omitempty"`
}

// Field returns the value a column will have after the change; set says whether
// the change touches the column at all.
func (c *Change) Field(col Column) (after string, set bool) {
	for _, f := range c.Fields {
		if f.Column == col {
			return f.After, true
		}
	}
	return "", false
}

// Before is the value that a column has before the change; "" where the change
// does not touch it.
func (c *Change) Before(col Column) string {
	for _, f := range c.Fields {
		if f.Column == col {
			return f.Before
		}
	}
	return ""
}

// PackagesLost are the packages that a customer has before the change and not after.
func (c *Change) PackagesLost() []string {
	if c.Kind != Customer || c.Action != Update {
		return nil
	}
	for _, f := range c.Fields {
		if f.Column == ColPackages {
			after := SplitPackages(f.After)
			return slices.DeleteFunc(SplitPackages(f.Before), func(p string) bool { return slices.Contains(after, p) })
		}
	}
	return nil
}

// Outcome is what became of a row or a change (design: the table of outcomes).
type Outcome string

// The outcomes. Their order here is the order of summaries.
const (
	OK           Outcome = "ok"            // done, and confirmed by the API
	Unchanged    Outcome = "unchanged"     // already so
	Failed       Outcome = "failed"        // the API said no, or provisioning ended in an error
	Conflict     Outcome = "conflict"      // the live object is not what the plan saw, or cannot be told apart; nothing was written
	RejectedRow  Outcome = "rejected"      // an invalid row that was set aside
	Skipped      Outcome = "skipped"       // something it depends on did not succeed
	Pending      Outcome = "pending"       // accepted; waits for a person
	InProgress   Outcome = "in_progress"   // accepted; still provisioning when the deadline came
	Unknown      Outcome = "unknown"       // cannot be told whether it was applied
	NotAttempted Outcome = "not_attempted" // never sent
)

// Outcomes lists every outcome in the order of summaries.
func Outcomes() []Outcome {
	return []Outcome{OK, Unchanged, Failed, Conflict, RejectedRow, Skipped, Pending, InProgress, Unknown, NotAttempted}
}

// Held is a row for which the plan does nothing although something is not as
// wanted, with the reason. Its outcome is known without sending anything.
type Held struct {
	Kind     Kind     `json:"kind"`
	Key      Key      `json:"key"`
	At       Position `json:"-"`
	FileName string   `json:"file,omitempty"`
	Line     uint32   `json:"line,omitempty"`
	Outcome  Outcome  `json:"outcome"` // Conflict, Pending, InProgress, RejectedRow
	Reason   string   `json:"reason"`
	Advice   string   `json:"advice,omitempty"`
	LiveIDs  []string `json:"live_ids,omitempty"`
	// SubPartner is the organization id of the sub-partner that the row belongs to.
	SubPartner string `json:"sub_partner,omitempty"`
}

// WaitsForConsent reports whether a live subscriber, and only that, is waiting
// for its person to agree to a move.
func (h *Held) WaitsForConsent() bool {
	return h.Kind != Customer && h.Outcome == Pending && len(h.LiveIDs) == 1 && h.Reason == waitsReason+StatusUserMigration
}

// Note is something the plan wants said though nothing is done about it.
type Note struct {
	FileName string `json:"file,omitempty"`
	Line     uint32 `json:"line,omitempty"`
	Text     string `json:"text"`
}

// Drift is a cell of a subscriber's row that differs from the live person, and
// that the wholesale API does not change.
type Drift struct {
	FileName string `json:"file,omitempty"`
	Line     uint32 `json:"line,omitempty"`
	Key      Key    `json:"key"`
	Column   Column `json:"column"`
	Live     string `json:"live"`
	Wanted   string `json:"wanted"`
}

// Count says how many changes of a kind and action a plan has.
type Count struct {
	Kind   Kind   `json:"kind"`
	Action Action `json:"action"`
	N      int    `json:"count"`
}

// Plan is the decision: what to do, what to leave, and what to say about it.
type Plan struct {
	Changes []Change `json:"changes"` // by customer, then stage, kind and key
	Held    []Held   `json:"held,omitempty"`
	Notes   []Note   `json:"notes,omitempty"`
	// Drift is what differs and cannot be mended by the plan; see [Options.Deep].
	Drift []Drift `json:"drift,omitempty"` // by key, then column
	// Problems are input errors that only the live state could show. A plan that
	// has any is never applied.
	Problems []Problem `json:"-"`
	// Unchanged counts the rows that are already so, per kind.
	Unchanged map[Kind]int `json:"unchanged,omitempty"`
	// LeftAlone counts live objects that no row names, per kind.
	LeftAlone map[Kind]int `json:"left_alone,omitempty"`
	Effect    Effect       `json:"billing_effect"`
	// Deletes is what the guards look at.
	Deletes Deletes `json:"deletes"`
}

// Counts gives the number of changes per kind and action, zeros left out.
func (p *Plan) Counts() []Count {
	var n [kindEnd][actionEnd]int
	for i := range p.Changes {
		n[p.Changes[i].Kind][p.Changes[i].Action]++
	}
	var out []Count
	for _, k := range AllKinds() {
		for _, a := range Actions() {
			if n[k][a] > 0 {
				out = append(out, Count{k, a, n[k][a]})
			}
		}
	}
	return out
}

// Empty reports whether the plan changes nothing.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }
