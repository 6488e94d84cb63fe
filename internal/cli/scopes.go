package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// commandScopes are the scopes that each command needs, by the command's words.
// A token that is known to lack one ends the command before it sends anything.
var commandScopes = map[string][]string{
	"plan":              slices.Concat(toRead("wholesale_customers"), toRead("wholesale_subscribers")),
	"precheck":          slices.Concat(toRead("wholesale_customers"), toRead("wholesale_subscribers")),
	"export":            slices.Concat(toRead("wholesale_customers"), toRead("wholesale_subscribers")),
	"apply":             slices.Concat(toChange("wholesale_customers"), toChange("wholesale_subscribers")),
	"resume":            slices.Concat(toChange("wholesale_customers"), toChange("wholesale_subscribers")),
	"remind":            toChange("wholesale_subscribers"),
	"subpartners":       toRead("wholesale_customers"),
	"dirsync":           toRead("broadworks_enterprises"),
	"billing list":      toRead("wholesale_billing_reports"),
	"billing get":       toRead("wholesale_billing_reports"),
	"billing download":  toRead("wholesale_billing_reports"),
	"billing create":    toChange("wholesale_billing_reports"),
	"billing delete":    toChange("wholesale_billing_reports"),
	"billing reconcile": toChange("wholesale_billing_reports"),
}

// purposeScopes are what a sign-in asks for besides the scopes of the commands.
// The person's own record tells the organization, by which runs lock each other
// out; the organizations of customers are opened to read in them, and when access
// to them has lapsed.
var purposeScopes = map[string][]string{
	"plan":    slices.Concat(toRead("people"), toRead("organizations")),
	"export":  slices.Concat(toRead("people"), toRead("organizations")),
	"apply":   slices.Concat(toRead("people"), toRead("organizations")),
	"billing": toRead("people"),
	"broadworks": slices.Concat(toRead("people"), toRead("organizations"), toRead("workspaces"), []string{"spark-admin:places_write"},
		toChange("broadworks_subscribers"), toChange("broadworks_enterprises"), toChange("broadworks_billing_reports")),
	"teardown": slices.Concat(toChange("people"), toChange("organizations"), toChange("workspaces"), []string{"spark-admin:telephony_config_write"}),
}

// purposeOf is the purpose that a command belongs to: its first word, as a rule.
func purposeOf(command string) string {
	switch first, _, _ := strings.Cut(command, " "); first {
	case "resume", "precheck", "remind":
		return "apply"
	case "subpartners":
		return "plan"
	case "dirsync":
		return "broadworks"
	default:
		return first
	}
}

func toRead(name string) []string { return []string{"spark-admin:" + name + "_read"} }

func toChange(name string) []string { return append(toRead(name), "spark-admin:"+name+"_write") }

// purposes are the words that auth login --for takes.
func purposes() []string { return slices.Sorted(maps.Keys(purposeScopes)) }

// scopesFor are the scopes of some purposes, each once, in the order of the alphabet.
func scopesFor(words []string) ([]string, error) {
	var all []string
	for _, word := range words {
		more, known := purposeScopes[word]
		if !known {
			return nil, fmt.Errorf("reading the flags: --for %q is no purpose; choose among %s", word, strings.Join(purposes(), ", "))
		}
		all = append(all, more...)
		for command, scopes := range commandScopes {
			if purposeOf(command) == word {
				all = append(all, scopes...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// enoughFor are the commands that scopes allow.
func enoughFor(granted []string) []string {
	var commands []string
	for _, command := range slices.Sorted(maps.Keys(commandScopes)) {
		if len(lacking(granted, commandScopes[command])) == 0 {
			commands = append(commands, command)
		}
	}
	return commands
}

// lacking are the scopes needed that were not granted.
func lacking(granted, needed []string) []string {
	return slices.DeleteFunc(slices.Clone(needed), func(scope string) bool { return slices.Contains(granted, scope) })
}

// checkScopes finds out before the first request that a sign-in does not allow
// what is about to be done. Where its scopes are not known the API has to say so.
func (a *app) checkScopes(tokens webex.TokenSource) error {
	granted := webex.GrantedScopes(tokens)
	missing := lacking(granted, a.needed)
	if len(granted) == 0 || len(missing) == 0 {
		return nil
	}
	purpose := purposeOf(a.command)
	switch {
	case purpose == "billing" && strings.Contains(missing[0], ":broadworks_"):
		purpose = "broadworks"
	case purpose == "billing" && !strings.Contains(missing[0], "billing"): // reconcile --live
		purpose = "billing,plan"
	default:
		purpose = withPurposesFor(missing, purpose)
	}
	return fail(exitAuth, "signing in: the sign-in lacks %s, which %s needs, so nothing was sent; run wholesync auth login --for %s",
		strings.Join(missing, " and "), a.command, withHeld(purpose, granted))
}

// withPurposesFor adds to a command's purpose those that only its rows and flags
// have told of, so that the scopes that are missing are asked for: one where that
// is enough. Both of them may read workspaces.
func withPurposesFor(missing []string, purpose string) string {
	for _, more := range []string{"", ",teardown", ",broadworks", ",broadworks,teardown"} {
		asked, err := scopesFor(strings.Split(purpose+more, ","))
		if err == nil && len(lacking(asked, missing)) == 0 {
			return purpose + more
		}
	}
	return purpose
}

// withHeld adds to some purposes those that a sign-in is for already: the next one
// takes its place, and should be good for what it was good for.
func withHeld(purpose string, granted []string) string {
	words := strings.Split(purpose, ",")
	for word := range purposeScopes {
		if asked, err := scopesFor([]string{word}); err == nil && len(lacking(granted, asked)) == 0 && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if slices.Contains(words, "apply") {
		words = lacking([]string{"plan", "export"}, words) // enough for them
	}
	if slices.Contains(words, "plan") {
		words = lacking([]string{"export"}, words) // the same scopes
	}
	slices.Sort(words)
	return strings.Join(words, ",")
}

// kindScopes are the scopes of each kind of object: to read it, and to change it
// as well.
var kindScopes = map[diff.Kind]struct{ read, write []string }{
	diff.Customer:             {toRead("wholesale_customers"), toChange("wholesale_customers")},
	diff.Subscriber:           {toRead("wholesale_subscribers"), toChange("wholesale_subscribers")},
	diff.BroadWorksEnterprise: {toRead("broadworks_enterprises"), toChange("broadworks_enterprises")},
	diff.BroadWorksSubscriber: {slices.Concat(toRead("broadworks_enterprises"), toRead("broadworks_subscribers")), toChange("broadworks_subscribers")},
	diff.BroadWorksWorkspace:  {slices.Concat(toRead("broadworks_enterprises"), toRead("workspaces"), toRead("organizations")), []string{"spark-admin:places_write"}},
	diff.Person:               {toRead("people"), toChange("people")},
	diff.BroadWorksPerson:     {toRead("people"), toChange("people")},
	diff.Workspace:            {toRead("workspaces"), append(toChange("workspaces"), "spark-admin:telephony_config_write")},
	diff.Organization:         {toRead("organizations"), toChange("organizations")},
}

// need adds to the scopes that the command needs.
func (a *app) need(scopes ...string) {
	a.needed = slices.Concat(a.needed, scopes)
	slices.Sort(a.needed)
	a.needed = slices.Compact(a.needed)
}

// needToRead says which kinds are about to be read. A command needs the scopes of
// wholesale unless the input is about BroadWorks alone.
func (a *app) needToRead(kinds map[diff.Kind]bool) {
	if !kinds[diff.Customer] && !kinds[diff.Subscriber] && len(kinds) > 0 {
		a.needed = slices.DeleteFunc(slices.Clone(a.needed), func(scope string) bool { return strings.HasPrefix(scope, "spark-admin:wholesale_") })
	}
	for kind := range kinds {
		a.need(kindScopes[kind].read...)
	}
}

// needToChange says which kinds are about to be changed, where that is less than
// the command may change: a sign-in need not be for more.
func (a *app) needToChange(kinds map[diff.Kind]bool) {
	a.needToRead(kinds)
	for _, kind := range []diff.Kind{diff.Customer, diff.Subscriber} { // which every command that changes may change
		if scopes := kindScopes[kind]; !kinds[kind] {
			a.needed = lacking(lacking(scopes.read, scopes.write), a.needed) // all but the scope to write
		}
	}
	for kind := range kinds {
		a.need(kindScopes[kind].write...)
	}
}

// needReports says which reports are about to be asked for.
func (a *app) needReports(offer string) {
	a.needed = slices.Clone(a.needed)
	for i := range a.needed {
		a.needed[i] = strings.Replace(a.needed[i], ":wholesale_", ":"+offer+"_", 1)
	}
}

// needToReconcile says what a comparison is about to ask for.
func (a *app) needToReconcile(o *fromAPI) {
	a.needed = nil
	if o.period != "" {
		a.needed = toChange("wholesale_billing_reports")
		a.needReports(o.offer)
	}
	if o.wantsAll() {
		a.needed = slices.Concat(a.needed, commandScopes["subpartners"])
	}
	if o.live {
		a.needed = slices.Concat(a.needed, toRead("wholesale_customers"), toRead("wholesale_subscribers"))
	}
}

// kindsOf are the kinds that a plan changes.
func kindsOf(p *diff.Plan) map[diff.Kind]bool {
	kinds := map[diff.Kind]bool{}
	for i := range p.Changes {
		kinds[p.Changes[i].Kind] = true
	}
	return kinds
}

// kinds are those that an apply may change.
func (in reading) kinds(o *planOptions) map[diff.Kind]bool {
	switch {
	case in.saved != nil:
		return kindsOf(in.saved.Plan)
	case in.made != nil:
		return kindsOf(in.made.plan)
	}
	return o.kinds(in.want)
}

// kinds are those that a plan for an input may be about: those of its rows, and
// those that flags let go along with them.
func (o *planOptions) kinds(want *diff.Desired) map[diff.Kind]bool {
	kinds := rowKinds(want, o.diffOptions().Only)
	wanted := map[diff.Kind]bool{
		diff.Person: o.hardDelete, diff.BroadWorksPerson: o.hardDelete,
		diff.Workspace: o.deleteWorkspaces, diff.Organization: o.deleteOrganizations,
	}
	for kind := range maps.Clone(kinds) {
		if along := diff.SpecOf(kind).Along; wanted[along] {
			kinds[along] = true
		}
	}
	return kinds
}

// rowKinds are the kinds of which an input has rows that count.
func rowKinds(want *diff.Desired, only diff.Kind) map[diff.Kind]bool {
	kinds := map[diff.Kind]bool{}
	for _, k := range diff.Kinds() {
		if want.Of(k).Len() > 0 && (only == 0 || only == k) {
			kinds[k] = true
		}
	}
	return kinds
}
