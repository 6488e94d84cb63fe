package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wholesync/batch"
	"wholesync/diff"
)

// oddAPI shows an estate that the sandbox would not make. It is read-only.
type oddAPI struct {
	customers, subscribers []map[string]string
}

func (o oddAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lists := map[string][]map[string]string{"/v1/wholesale/customers": o.customers, "/v1/wholesale/subscribers": o.subscribers}
	list, ok := lists[r.URL.Path]
	switch {
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusNotImplemented)
	case r.URL.Path == "/v1/people/me":
		_ = json.NewEncoder(w).Encode(map[string]string{"id": "ME", "orgId": "PARTNER"})
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"items": part(list, r)})
	}
}

// part filters a list and begins at the offset.
func part(list []map[string]string, r *http.Request) []map[string]string {
	found := []map[string]string{}
	for _, object := range list {
		keep := true
		for _, name := range []string{"externalId", "orgId", "customerId", "externalCustomerId", "email"} {
			want := r.URL.Query().Get(name)
			keep = keep && (want == "" || want == object[name])
		}
		if keep {
			found = append(found, object)
		}
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	return found[min(offset, len(found)):]
}

func oddCustomer(id, externalID, org, packages string) map[string]string {
	return map[string]string{"id": id, "externalId": externalID, "orgId": org, "packages": packages, "status": "provisioned"}
}

func oddSubscriber(id, customer, email, name string) map[string]string {
	return map[string]string{"id": id, "externalCustomerId": customer, "email": email, "package": name, "status": "provisioned"}
}

// Whatever the API shows, a plan for an export changes nothing, and what the
// export lacks is named.
func TestExportPlansToNothing(t *testing.T) {
	acme := oddCustomer("C1", "acme", "O1", diff.Meetings)
	ada := oddSubscriber("S1", "acme", "ada@acme.example", diff.Meetings)
	type list = []map[string]string
	tests := []struct {
		name                   string
		customers, subscribers list
		said                   []string // on stderr
		rows                   []string // beginnings and parts of the rows, in order
	}{
		{"customer not listed", list{acme}, list{ada, oddSubscriber("S2", "ghost", "eve@ghost.example", diff.Meetings)},
			[]string{`left out: a plan refuses its row for this cell" kind=subscriber key=ghost/eve@ghost.example id=S2 column=customer_external_id value=ghost`, "--prune"},
			[]string{"customer,acme", "subscriber,acme,ada"}},
		{"two customers, one address", list{acme, oddCustomer("C2", "globex", "O2", diff.Meetings)},
			list{ada, oddSubscriber("S2", "globex", "Ada@acme.example", diff.Meetings), oddSubscriber("S3", "globex", "bob@globex.example", diff.Meetings)},
			[]string{"key=acme/ada@acme.example id=S1 column=email value=ada@acme.example collides_with=S2", "id=S2 column=email value=Ada@acme.example collides_with=S1"},
			[]string{"customer,acme", "customer,globex", "subscriber,globex,bob"}},
		{"ids that differ in case", list{acme, oddCustomer("C2", "ACME", "O2", diff.Meetings)}, list{ada},
			[]string{"kind=customer key=acme id=C1 column=external_id value=acme collides_with=C2", "key=ACME id=C2 column=external_id value=ACME collides_with=C1"},
			[]string{"subscriber,acme,ada"}},
		{"one organization twice", list{acme, oddCustomer("C2", "globex", "O1", diff.Meetings)}, nil,
			[]string{`left blank: a plan refuses this cell" kind=customer key=globex id=C2 column=org_id value=O1 collides_with=C1`, "key=acme id=C1 column=org_id value=O1 collides_with=C2"},
			[]string{"customer,acme,,", "customer,globex,,"}},
		{"package that the customer lacks", list{acme}, list{ada, oddSubscriber("S2", "acme", "bob@acme.example", "webex_calling")},
			[]string{`left blank: a plan refuses this cell" kind=subscriber key=acme/bob@acme.example id=S2 column=package value=webex_calling`},
			[]string{"customer,acme", "subscriber,acme,ada@acme.example," + diff.Meetings, "subscriber,acme,bob@acme.example,,"}},
		{"one key twice", list{acme, oddCustomer("C2", "acme", "O2", diff.Meetings)}, list{ada, oddSubscriber("S2", "acme", "ADA@acme.example", diff.Meetings)},
			[]string{"id=C2 column=external_id value=acme collides_with=C1", "id=S2 column=email value=ADA@acme.example collides_with=S1"}, nil},
		{"the word for clearing", list{acme, {"id": "C2", "externalId": "!clear", "status": "provisioned"}}, list{ada},
			[]string{`no row can name it, for its key is unusable" kind=customer key=!clear id=C2`}, []string{"customer,acme", "subscriber,acme,ada"}},
		{"hostile names", list{acme}, list{ada, oddSubscriber("S\x1b[2J", "gh\u202eost", "eve@ghost.example", diff.Meetings)},
			[]string{`key=gh\u202eost/eve@ghost.example id=S\x1b[2J`}, []string{"customer,acme", "subscriber,acme,ada"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProcess("")
			p.vars[envToken] = "token"
			flags := p.at(t, oddAPI{tt.customers, tt.subscribers})
			if code := p.run(append(flags, "export")...); code != exitOK {
				t.Fatalf("exit code %d:\n%s", code, p.stderr)
			}
			for _, want := range tt.said {
				if !strings.Contains(p.stderr.String(), want) {
					t.Errorf("never said %s, but:\n%s", want, p.stderr)
				}
			}
			checkRows(t, tt.rows, p.stdout.String())
			back := newProcess(p.stdout.String())
			back.vars = p.vars
			code := back.run(append(flags, "plan", "-")...)
			if code != exitOK || len(tt.rows) > 0 && !strings.HasPrefix(back.stdout.String(), "Plan: nothing to do") {
				t.Errorf("plan: exit code %d:\n%s%s", code, back.stdout, back.stderr)
			}
		})
	}
}

// checkRows compares kind, key and package of the rows with what they should be.
func checkRows(t *testing.T, want []string, sheet string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(sheet), "\n")[1:]
	if len(lines) != len(want) {
		t.Fatalf("%d rows, want %d:\n%s", len(lines), len(want), sheet)
	}
	for i, line := range lines {
		cells := strings.Split(line, ",")
		short := strings.Join(cells[:3], ",") + "," // kind, external_id, org_id
		if cells[0] == "subscriber" {
			short = "subscriber," + strings.Join(cells[10:13], ",") + ","
		}
		if !strings.HasPrefix(short, want[i]) {
			t.Errorf("row %d is %s, want %s", i+1, short, want[i])
		}
	}
}

// The same, for estates that are as odd as can be.
func TestExportProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		live := drawEstate(rt)
		o := exportOptions{
			only:     rapid.SampledFrom([]string{"", "customers", "subscribers", "broadworks_enterprises", "broadworks_subscribers"}).Draw(rt, "only"),
			customer: rapid.SampledFrom([]string{"", "", "a"}).Draw(rt, "customer"),
		}
		rows, _ := exportRows(live, o)
		deep := rapid.Bool().Draw(rt, "deep")
		s := &sheet{rows: rows, columns: exportColumns([]diff.Offer{diff.Wholesale, diff.BroadWorks}, deep), blank: map[place]bool{}}
		if _, err := s.settle(live); err != nil {
			rt.Fatal(err)
		}
		var file bytes.Buffer
		if err := s.write(&file, func(cell string) string { return cell }); err != nil {
			rt.Fatal(err)
		}
		want, problems, err := batch.ReadDesired([]string{stdinName}, batch.ReadOptions{Stdin: &file})
		if err != nil || anyError(problems) {
			rt.Fatalf("the reader refuses it: %v %v", err, problems)
		}
		if plan := diff.Compute(want, live, diff.Options{Deep: deep}); len(plan.Problems)+len(plan.Drift) > 0 || !plan.Empty() {
			rt.Fatalf("the plan is not empty: %v %+v %+v", plan.Problems, plan.Changes, plan.Drift)
		}
	})
}

// A row for which a plan would change something is no picture of the live state.
func TestExportTakesChangesOut(t *testing.T) {
	estate := func(city string) *diff.Live {
		live := diff.NewLive()
		for id, where := range map[string]string{"acme": city, "globex": "Springfield"} {
			if err := live.Of(diff.Customer).Add(diff.Position{}, diff.Cells{diff.ColExternalID: id, diff.ColCity: where}); err != nil {
				t.Fatal(err)
			}
		}
		return live
	}
	rows, _ := exportRows(estate("Milpitas"), exportOptions{})
	s := &sheet{rows: rows, columns: wholesaleColumns, blank: map[place]bool{}}
	taken, err := s.settle(estate("San Jose"))
	if err != nil || len(taken) != 1 || taken[0].row.Key().Customer != "acme" || len(s.rows) != 1 {
		t.Errorf("taken %v, %d rows left, error %v", taken, len(s.rows), err)
	}
}

// drawEstate makes a live state out of few words, so that much collides.
func drawEstate(rt *rapid.T) *diff.Live {
	live := diff.NewLive()
	ids := rapid.SampledFrom([]string{"a", "A", "b", "b", "", "!clear", "x\x1by", "#N/A", "d,\"e\""})
	packages := rapid.SampledFrom([]string{"", diff.Meetings, "webex_calling", "webex_calling;" + diff.Meetings, "new_one", "!clear"})
	word := rapid.SampledFrom([]string{"", "here", "!clear", "two\nlines", "=1+1", "null", strings.Repeat("long", 20)})
	status := rapid.SampledFrom([]string{"", diff.StatusProvisioned, diff.StatusError, diff.StatusDeleting, diff.StatusReview, "new\x1b"})
	add := func(k diff.Kind, n int, cells diff.Cells) {
		cells[diff.ColID] = k.String() + strconv.Itoa(n)
		cells[diff.ColStatus] = status.Draw(rt, "status")
		if err := live.Of(k).Add(diff.Position{}, cells); err != nil {
			rt.Fatal(err)
		}
	}
	for n := range rapid.IntRange(0, 5).Draw(rt, "customers") {
		add(diff.Customer, n, diff.Cells{
			diff.ColExternalID: ids.Draw(rt, "external id"), diff.ColOrgID: rapid.SampledFrom([]string{"", "O1", "O2", "o3 "}).Draw(rt, "org"),
			diff.ColPackages: packages.Draw(rt, "packages"), diff.ColAddressLine1: word.Draw(rt, "line 1"), diff.ColAddressLine2: word.Draw(rt, "line 2"),
			diff.ColCity: word.Draw(rt, "city"), diff.ColCountry: rapid.SampledFrom([]string{"", "US", "Atlantis"}).Draw(rt, "country"),
		})
	}
	phones := rapid.SampledFrom([]string{"", "+12405551212", "+12405551213", "12"})
	for n := range rapid.IntRange(0, 8).Draw(rt, "subscribers") {
		add(diff.Subscriber, n, diff.Cells{
			diff.ColCustomerExternalID: ids.Draw(rt, "customer"), diff.ColPackage: packages.Draw(rt, "package"),
			diff.ColEmail:     rapid.SampledFrom([]string{"p@x.example", "P@x.example", "q@x.example", "r@x.example", "no address", ""}).Draw(rt, "email"),
			diff.ColFirstName: word.Draw(rt, "first"), diff.ColPhone: phones.Draw(rt, "phone"),
			diff.ColExtension: rapid.SampledFrom([]string{"", "1", "01", "x"}).Draw(rt, "extension"), diff.ColLocationID: rapid.SampledFrom([]string{"", "L1", "L 2"}).Draw(rt, "location"),
		})
	}
	for n := range rapid.IntRange(0, 3).Draw(rt, "enterprises") {
		add(diff.BroadWorksEnterprise, n, diff.Cells{
			diff.ColSPEnterpriseID: ids.Draw(rt, "enterprise"), diff.ColDirSync: rapid.SampledFrom([]string{"on", "off"}).Draw(rt, "sync"),
			diff.ColLiveProvisioningID: rapid.SampledFrom([]string{"", "dGVtcGxhdGU"}).Draw(rt, "template"),
		})
	}
	for n := range rapid.IntRange(0, 6).Draw(rt, "users") {
		add(diff.BroadWorksSubscriber, n, diff.Cells{
			diff.ColSPEnterpriseID: ids.Draw(rt, "enterprise"), diff.ColUserID: rapid.SampledFrom([]string{"u1", "U1", "u2", "u3", ""}).Draw(rt, "user"),
			diff.ColEmail:   rapid.SampledFrom([]string{"p@x.example", "q@x.example", "s@x.example", ""}).Draw(rt, "email"),
			diff.ColPackage: rapid.SampledFrom([]string{"", "basic", "premium", "newer"}).Draw(rt, "package"), diff.ColFirstName: word.Draw(rt, "first"),
			diff.ColPhone: phones.Draw(rt, "phone"), diff.ColMobile: phones.Draw(rt, "mobile"), diff.ColExtension: rapid.SampledFrom([]string{"", "1", "2", "x"}).Draw(rt, "extension"),
			diff.ColProvisioningID: rapid.SampledFrom([]string{"", "dGVtcGxhdGU", "b3RoZXI"}).Draw(rt, "template"),
		})
	}
	return live
}

// A terminal gets no control characters; files and pipes get the cells as they are.
func TestExportToTerminal(t *testing.T) {
	odd := oddCustomer("C\x1b[2J", "acme", "O1", diff.Meetings)
	for _, tty := range []bool{false, true} {
		p := newProcess("")
		p.tty = tty
		p.vars[envToken] = "token"
		if code := p.run(append(p.at(t, oddAPI{customers: []map[string]string{odd}}), "export")...); code != exitOK {
			t.Fatalf("exit code %d:\n%s", code, p.stderr)
		}
		out := p.stdout.String()
		if strings.Contains(out, "\x1b[2J") == tty || strings.Contains(out, `C\x1b[2J`) != tty {
			t.Errorf("terminal %v: %q", tty, out)
		}
	}
}
