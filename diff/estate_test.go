package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reporter is what tests, benchmarks and properties have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// estate is one case: what is live, what is wanted, and how to plan.
type estate struct {
	want *Desired
	have *Live
	opt  Options
}

func newEstate() *estate {
	e := &estate{want: NewDesired(), have: NewLive()}
	e.have.Proven[Subscriber], e.have.Proven[BroadWorksSubscriber] = true, true
	columns := map[Column]int{}
	for _, k := range Kinds() {
		for _, r := range SpecOf(k).Rules {
			if _, ok := columns[r.Column]; !ok && r.Column.Input() {
				columns[r.Column] = len(columns) + 1
			}
		}
	}
	e.want.Files = []File{{Name: "want.csv", Columns: columns}}
	return e
}

// macros stand for the cells that many rows need and no test is about.
var macros = map[string]string{
	"+new":      `name=Acme primary_email=it@acme.example provisioning_id=template address_line1="Main Street 1" city=Berlin country=DE`,
	"+user":     `provisioning_id=template first_name=Anna last_name=Berg`,
	"+location": `location_name=Office location_timezone=Europe/Berlin location_language=de_DE`,
}

// addWant adds a row of input, such as
//
//	customer acme packages=webex_calling
//	subscriber acme/anna@acme.example package=webex_calling ensure=absent
//	rejected customer acme
//
// Its line is the next one of want.csv, whose header is line 1.
func (e *estate) addWant(line string) error {
	at := Position{Line: uint32(e.rows() + 2)}
	if rest, ok := strings.CutPrefix(line, "rejected "); ok {
		word, key, _ := strings.Cut(rest, " ")
		kind, _ := ParseKind(word)
		e.want.Rejected = append(e.want.Rejected, Rejected{At: at, Kind: kind, Key: key})
		return nil
	}
	kind, cells, err := parseRow(line)
	if err != nil {
		return err
	}
	return e.want.Of(kind).Add(at, cells)
}

// rows counts the rows of the input.
func (e *estate) rows() int {
	return e.want.Len() + len(e.want.Rejected)
}

// addHave adds a live object. Its id is its key, its status "provisioned" and its
// package webex_calling, unless the line says otherwise.
func (e *estate) addHave(line string) error {
	if rest, ok := strings.CutPrefix(line, "location "); ok {
		return e.addLocation(rest)
	}
	if rest, ok := strings.CutPrefix(line, "unread "); ok {
		id, reason, _ := strings.Cut(rest, " ")
		e.have.Unread[id] = reason
		return nil
	}
	kind, cells, err := parseRow(line)
	if err != nil {
		return err
	}
	defaults := Cells{ColStatus: StatusProvisioned}
	switch kind {
	case Customer:
		defaults[ColID], defaults[ColPackages] = cells[ColExternalID], "webex_calling"
	case Subscriber:
		defaults[ColID], defaults[ColPackage] = cells[ColCustomerExternalID]+"/"+cells[ColEmail], "webex_calling"
	case BroadWorksEnterprise:
		defaults[ColID], defaults[ColDirSync] = cells[ColSPEnterpriseID], SwitchOff
	case BroadWorksSubscriber:
		defaults[ColID], defaults[ColPackage] = cells[ColSPEnterpriseID]+"/"+cells[ColUserID], basic
		defaults[ColProvisioningID] = "template"
	case BroadWorksWorkspace: // the API does not tell the user id, which here is the id
		defaults[ColID] = cells[ColSPEnterpriseID] + "/" + cells[ColUserID]
		delete(cells, ColUserID)
	}
	for c, v := range defaults {
		if _, has := SpecOf(kind).Slot(c); !has {
			continue
		}
		if _, given := cells[c]; !given {
			cells[c] = v
		}
	}
	return e.have.Of(kind).Add(Position{}, cells)
}

// addLocation adds a location of a customer, such as "acme LOC1 Head Office";
// "acme refused REASON" says that they cannot be read, and "acme" that there are
// none.
func (e *estate) addLocation(line string) error {
	customer, rest, _ := strings.Cut(line, " ")
	id, name, _ := strings.Cut(rest, " ")
	of := e.have.Locations[customer]
	switch {
	case id == "refused":
		of.Refused = name
	case id != "":
		canonical, issue := Parse(ValueText, name)
		if issue.Text != "" {
			return fmt.Errorf("%q: %s", line, issue.Text)
		}
		of.List = append(of.List, Location{id, canonical})
	}
	e.have.Locations[customer] = of
	return nil
}

func parseRow(line string) (Kind, Cells, error) {
	for macro, text := range macros {
		line = strings.ReplaceAll(line, macro, text)
	}
	words, err := splitWords(line)
	if err != nil || len(words) < 2 {
		return 0, nil, fmt.Errorf("%q: not a row: %v", line, err)
	}
	var kind Kind
	if err := kind.UnmarshalText([]byte(words[0])); err != nil {
		return 0, nil, fmt.Errorf("%q: %w", line, err)
	}
	cells := Cells{}
	customer, own, _ := strings.Cut(words[1], "/")
	cells[SpecOf(kind).Keys[0]] = customer
	if own != "" {
		cells[SpecOf(kind).OwnKey()] = own
	}
	for _, w := range words[2:] {
		name, v, _ := strings.Cut(w, "=")
		c, ok := ParseColumn(name)
		if !ok {
			return 0, nil, fmt.Errorf("%q: no column %q", line, name)
		}
		cells[c] = v
	}
	for c, v := range cells {
		if rule, _ := SpecOf(kind).Rule(c); c.Input() {
			canonical, issue := Parse(rule.Value, v)
			if issue.Text != "" && !issue.Warning {
				return 0, nil, fmt.Errorf("%q: %s %s", line, c, issue.Text)
			}
			cells[c] = canonical
		}
	}
	return kind, cells, nil
}

// splitWords splits at spaces; a value after "=" may stand in double quotes.
func splitWords(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexByte(line+" ", ' ')
		quote := strings.IndexByte(line[:end], '"')
		if quote < 0 {
			words, line = append(words, line[:end]), line[end:]
			continue
		}
		quoted, err := strconv.QuotedPrefix(line[quote:])
		if err != nil {
			return nil, err
		}
		v, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		words, line = append(words, line[:quote]+v), line[quote+len(quoted):]
	}
	return words, nil
}

// setOptions reads the words of an options line.
func (e *estate) setOptions(line string) error {
	for word := range strings.FieldsSeq(line) {
		name, v, _ := strings.Cut(word, "=")
		switch name {
		case "prune":
			e.opt.Prune = true
		case "skip-invalid":
			e.opt.SkipInvalid = true
		case "deep":
			e.opt.Deep = true
		case "send-limits":
			e.opt.SendLimits = true
		case "sub-partner": // ID:STATE
			id, state, _ := strings.Cut(v, ":")
			if e.have.SubPartners == nil {
				e.have.SubPartners = map[string]string{}
			}
			e.have.SubPartners[id] = state
		case "for": // the one that the run as a whole acts for
			e.have.SubPartner = v
		case "unproven":
			e.have.Proven[Subscriber], e.have.Proven[BroadWorksSubscriber] = false, false
		case "hard-delete":
			e.opt.HardDelete = true
		case "delete-workspaces":
			e.opt.DeleteWorkspaces = true
		case "delete-organizations":
			e.opt.DeleteOrganizations = true
		case "resend-workspaces":
			e.opt.ResendWorkspaces = true
		case "only":
			e.opt.Only, _ = ParseKind(v)
		case "customer":
			e.opt.Customer = v
		case "customers-file": // the header has no column of subscribers
			delete(e.want.Files[0].Columns, ColCustomerExternalID)
		default:
			return fmt.Errorf("no option %q", word)
		}
	}
	return nil
}

// plan computes, and holds the plan against what every plan must be.
func (e *estate) plan(t reporter) *Plan {
	t.Helper()
	want := e.opt.Select(e.want)
	p := Compute(want, e.have, e.opt)
	checkInvariants(t, want, p)
	return p
}

// checkInvariants holds what is true of every plan.
func checkInvariants(t reporter, want *Desired, p *Plan) {
	t.Helper()
	stages := map[string]Stage{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if _, twice := stages[c.ID]; twice {
			t.Errorf("two changes have the id %s", c.ID)
		}
		stages[c.ID] = c.Stage
		checkChange(t, c)
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		if !slices.IsSorted(c.DependsOn) || len(slices.Compact(slices.Clone(c.DependsOn))) != len(c.DependsOn) {
			t.Errorf("%s: dependencies are not in order: %q", c.ID, c.DependsOn)
		}
		for _, id := range c.DependsOn {
			// A change of wholesale only ever waits for lower stages, its own customer's
			// and others', so no two can wait for each other. Those of BroadWorks may
			// wait within a stage; that they get on is seen when the plan is carried out.
			within := c.Kind.Offer() == BroadWorks && id != c.ID && stages[id] != 0
			if stage, ok := stages[id]; !within && (!ok || stage >= c.Stage) {
				t.Errorf("%s (stage %d) depends on %s (stage %d, known %v)", c.ID, c.Stage, id, stage, ok)
			}
		}
	}
	checkRows(t, want, p)
	checkDeletes(t, p)
}

func checkChange(t reporter, c *Change) {
	t.Helper()
	if c.Action == 0 || c.Kind == 0 || c.Stage == 0 || c.Reason == "" || c.ID == "" {
		t.Errorf("%s: action %v, kind %v, stage %v, reason %q", c.ID, c.Action, c.Kind, c.Stage, c.Reason)
	}
	if isNew := c.Action == Provision; isNew != (c.Precondition == "") || isNew && c.LiveID != "" {
		t.Errorf("%s: live id %q, precondition %q", c.ID, c.LiveID, c.Precondition)
	}
	if c.Action == Update && len(c.Fields) == 0 {
		t.Errorf("%s changes nothing", c.ID)
	}
	for _, f := range c.Fields {
		if f.Before == f.After {
			t.Errorf("%s: %s changes from %q to itself", c.ID, f.Column, f.Before)
		}
	}
	if c.Kind == Customer && c.Action == Update {
		checkPut(t, c)
	}
}

// checkPut makes sure that no PUT both adds and removes packages (code 2544).
func checkPut(t reporter, c *Change) {
	t.Helper()
	for _, f := range c.Fields {
		if f.Column != ColPackages {
			continue
		}
		before, after := SplitPackages(f.Before), SplitPackages(f.After)
		if len(without(before, after)) > 0 && len(without(after, before)) > 0 {
			t.Errorf("%s adds and removes: %s -> %s", c.ID, f.Before, f.After)
		}
	}
}

// checkRows accounts for every row of the input: it is behind a change, or held,
// or a problem, or counted as unchanged. One kind of row may be two of these: a
// customer that grows, and does not shrink because somebody needs the package.
func checkRows(t reporter, want *Desired, p *Plan) {
	t.Helper()
	changed, held, wrong := map[Position]bool{}, map[Position]bool{}, map[int]bool{}
	grows := map[Position]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		changed[c.At] = true
		grows[c.At] = grows[c.At] || c.Stage == StageReady
	}
	for _, h := range p.Held {
		if held[h.At] {
			t.Errorf("line %d is held twice", h.Line)
		}
		held[h.At] = true
	}
	for _, q := range p.Problems {
		wrong[q.Line] = true
		if q.File == "" || q.Line == 0 || q.Column == "" || q.Field == 0 {
			t.Errorf("a problem without a place: %+v", q)
		}
	}
	for _, k := range Kinds() {
		silent := 0
		for i := range want.Of(k).Len() {
			at := want.Of(k).Row(i).Position()
			switch {
			case !changed[at] && !held[at] && !wrong[int(at.Line)]:
				silent++
			case changed[at] && held[at] && !grows[at], changed[at] && wrong[int(at.Line)], held[at] && wrong[int(at.Line)]:
				t.Errorf("line %d: changed %v, held %v, wrong %v", at.Line, changed[at], held[at], wrong[int(at.Line)])
			}
		}
		if silent != p.Unchanged[k] {
			t.Errorf("%d %s rows are said to be unchanged, of %d about which nothing is said", p.Unchanged[k], k, silent)
		}
	}
}

func checkDeletes(t reporter, p *Plan) {
	t.Helper()
	var customers, subscribers, users, workspaces, packages, along, counted int
	for i := range p.Changes {
		c := &p.Changes[i]
		packages += len(c.PackagesLost())
		switch {
		case c.Action == Remove && c.Kind == Customer:
			customers++
		case c.Action == Remove && c.Kind == BroadWorksSubscriber:
			users++
		case c.Action == Remove && c.Kind == BroadWorksWorkspace:
			workspaces++
		case c.Action == Remove && !c.Kind.HasRows():
			along++
		case c.Action == Remove:
			subscribers++
		}
	}
	d := p.Deletes
	if d.Customers != customers || d.Subscribers != subscribers || d.Packages != packages || d.BroadWorks != users || d.Workspaces != workspaces ||
		d.Total() != customers+subscribers+packages+users+workspaces+along || d.People+d.CustomerWorkspaces+d.Organizations != along {
		t.Errorf("deletes %+v, counted %d customers, %d subscribers, %d packages, %d and %d of BroadWorks", d, customers, subscribers, packages, users, workspaces)
	}
	perCustomer := 0
	for _, c := range d.PerCustomer {
		perCustomer += c.Deletes
	}
	for _, c := range p.Counts() {
		counted += c.N
	}
	if perCustomer != subscribers+users || counted != len(p.Changes) {
		t.Errorf("%d deletes by customer of %d; %d changes counted of %d", perCustomer, subscribers, counted, len(p.Changes))
	}
}
