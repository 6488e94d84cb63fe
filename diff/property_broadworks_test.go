package diff

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is live and wanted of BroadWorks: the plan can be carried out in any
// order that it allows, no number ever has two owners, no enterprise is opened
// twice, and planning again finds nothing to do.
func TestBroadWorksPlansEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := drawUsers(rt)
		if problems := CheckWholeFile(e.want); len(problems) > 0 {
			rt.Skip(problems[0].String())
		}
		p := e.plan(rt)
		if len(p.Problems) > 0 {
			rt.Skip(p.Problems[0].String())
		}
		w := newWorld(e.have)
		if err := w.run(p, func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "next") }); err != nil {
			rt.Fatalf("the plan cannot be carried out: %v\n%s", err, planText(p, e.have))
		}
		again := &estate{want: e.want, have: w.live(), opt: e.opt}
		// A run may free what the plan had to hold, so the next one may have work
		// again, but one that had nothing to hold is the last.
		if p2 := again.plan(rt); len(p.Held) == 0 && !p2.Empty() {
			rt.Errorf("after the plan\n%s there is still something to do:\n%s", planText(p, e.have), planText(p2, again.have))
		}
	})
}

// drawUsers makes few users of few enterprises with few numbers, so that much
// collides.
func drawUsers(rt *rapid.T) *estate {
	e := newEstate()
	e.opt.SkipInvalid = true
	e.opt.Prune = rapid.Bool().Draw(rt, "prune")
	e.opt.HardDelete = rapid.Bool().Draw(rt, "people go too")
	e.opt.DeleteOrganizations = e.opt.HardDelete && rapid.Bool().Draw(rt, "organizations go too")
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, label) }
	add := func(to func(string) error, line string) {
		if err := to(line); err != nil {
			rt.Fatal(err)
		}
	}
	free := map[string]bool{"1": true, "2": true, "3": true, "4": true}
	take := func(label string) string {
		n := pick(label, "", "1", "2", "3", "4")
		if !free[n] {
			return ""
		}
		free[n] = false
		return n
	}
	open := map[string]bool{}
	for i := range 6 {
		if !rapid.Bool().Draw(rt, "lives") {
			continue
		}
		enterprise := pick("lives in", "acme", "other")
		open[enterprise] = true
		line := fmt.Sprintf("broadworks_subscriber %s/u%d email=u%d@x.example package=%s first_name=Anna last_name=Berg", enterprise, i, i, pick("has", broadworksPackages...))
		line += fmt.Sprintf(" _person_id=P%s", pick("person", fmt.Sprint(i), fmt.Sprint(i), "shared"))
		if n := take("phone"); n != "" {
			line += " primary_phone_number=+1240555000" + n + " extension=" + n
		}
		add(e.addHave, line)
	}
	for _, enterprise := range []string{"acme", "other"} {
		if open[enterprise] {
			add(e.addHave, "broadworks_enterprise "+enterprise+" _org_id=O-"+enterprise+" dir_sync="+pick("sync", SwitchOn, SwitchOff))
		}
	}
	free = map[string]bool{"1": true, "2": true, "3": true, "4": true}
	for i := range 8 {
		enterprise := pick("is wanted in", "", "acme", "other", "fresh")
		if enterprise == "" {
			continue
		}
		letter := pick("writes", "u", "u", "u", "U")
		line := fmt.Sprintf("broadworks_subscriber %s/%s%d", enterprise, letter, i)
		if pick("goes", "no", "no", "yes") == "yes" {
			add(e.addWant, line+" ensure=absent")
			continue
		}
		line += fmt.Sprintf(" package=%s +user", pick("wants", broadworksPackages...))
		if rapid.Bool().Draw(rt, "has an address") {
			line += fmt.Sprintf(" email=u%d@x.example", i)
		}
		if n := take("wants phone"); n != "" {
			line += " primary_phone_number=+1240555000" + n
		}
		if zone := pick("zone", "", "Europe/Berlin", "Europe/Paris"); zone != "" {
			line += " timezone=" + zone
		}
		add(e.addWant, line)
	}
	if enterprise := pick("switches", "", "acme", "fresh"); enterprise != "" {
		add(e.addWant, "broadworks_enterprise "+enterprise+pick("to", " dir_sync=on", " dir_sync=off", " ensure=absent"))
	}
	return e
}
