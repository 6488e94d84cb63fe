package webex

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The vendor's two guides have 122 codes together. This is the whole table as
// the program must see it: how many of each class, and each row complete.
func TestCodes(t *testing.T) {
	codes := Codes()
	count := map[Class]int{}
	for i, info := range codes {
		count[info.Class]++
		if i > 0 && codes[i-1].Code >= info.Code {
			t.Errorf("code %d follows code %d", info.Code, codes[i-1].Code)
		}
		if info.Title == "" || info.Meaning == "" || info.Advice == "" || len(info.Offers) == 0 {
			t.Errorf("code %d is incomplete: %+v", info.Code, info)
		}
		if got, ok := LookupCode(info.Code); !ok || cmp.Diff(info, got) != "" {
			t.Errorf("code %d is not found", info.Code)
		}
		if got := Classify("", 0, info.Code); got != info.Class {
			t.Errorf("code %d without a status is %v, want %v", info.Code, got, info.Class)
		}
		for _, status := range info.HTTPStatus {
			checkCodeStatus(t, info, status)
		}
	}
	want := map[Class]int{
		ClassPermanentInput: 41, ClassConflict: 30, ClassConfig: 22, ClassNotReady: 11,
		ClassTransient: 10, ClassNotFound: 6, ClassAuth: 2,
	}
	if diff := cmp.Diff(want, count); diff != "" || len(codes) != 122 {
		t.Errorf("%d codes; classes (-want +got):\n%s", len(codes), diff)
	}
	if _, ok := LookupCode(10022); ok {
		t.Error("a code outside of the table is found")
	}
}

func checkCodeStatus(t *testing.T, info CodeInfo, status int) {
	t.Helper()
	read, write := info.Class, info.Class
	if info.Code == 2003 && status == 404 {
		read, write = ClassNotFound, ClassNotFound
	}
	if status >= 500 && info.Code != 6002 {
		write = ClassUnknown
	}
	if got := Classify("GET", status, info.Code); got != read {
		t.Errorf("code %d with status %d on a read is %v, want %v", info.Code, status, got, read)
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		if got := Classify(method, status, info.Code); got != write {
			t.Errorf("code %d with status %d on %s is %v, want %v", info.Code, status, method, got, write)
		}
	}
}

func TestClassifyStatus(t *testing.T) {
	tests := []struct {
		status      int
		read, write Class
	}{
		{301, ClassRejected, ClassRejected},
		{400, ClassPermanentInput, ClassPermanentInput},
		{401, ClassAuth, ClassAuth},
		{403, ClassAuth, ClassAuth},
		{404, ClassNotFound, ClassNotFound},
		{405, ClassRejected, ClassRejected},
		{407, ClassConfig, ClassConfig},
		{408, ClassTransient, ClassUnknown},
		{409, ClassConflict, ClassConflict},
		{410, ClassNotFound, ClassNotFound},
		{415, ClassRejected, ClassRejected},
		{422, ClassPermanentInput, ClassPermanentInput},
		{423, ClassNotReady, ClassNotReady},
		{428, ClassRejected, ClassRejected},
		{429, ClassTransient, ClassTransient},
		{500, ClassTransient, ClassUnknown},
		{501, ClassRejected, ClassRejected},
		{502, ClassTransient, ClassUnknown},
		{503, ClassTransient, ClassUnknown},
		{504, ClassTransient, ClassUnknown},
		{511, ClassTransient, ClassUnknown},
	}
	for _, tt := range tests {
		for _, code := range []int{0, 10022} { // none, and one that is in no table
			if got := Classify("GET", tt.status, code); got != tt.read {
				t.Errorf("status %d, code %d on a read is %v, want %v", tt.status, code, got, tt.read)
			}
			if got := Classify("POST", tt.status, code); got != tt.write {
				t.Errorf("status %d, code %d on a write is %v, want %v", tt.status, code, got, tt.write)
			}
		}
	}
}

func TestParseCodesRefusesDamage(t *testing.T) {
	const head = "code,title,http_status,class,offers,meaning,advice\n"
	for _, row := range []string{"x,T,400,auth,both,M,A\n", "1,T,4x,auth,both,M,A\n", "1,T,400,,both,M,A\n", "1,T,400,nonsense,both,M,A\n", "1,2\n"} {
		if _, err := parseCodes(head + row); err == nil {
			t.Errorf("%q is accepted", row)
		}
	}
}

func TestErrorAnswers(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		header []string
		want   Error
	}{
		{"field", 400, string(literal(t, "error_field.json")), nil, Error{
			Class: ClassPermanentInput, HTTPStatus: 400, Code: 1001, Title: "Invalid Mandatory Parameter or Null Parameter",
			Field: "provisioningId", Description: "A mandatory parameter is missing.", TrackingID: "ROUTER_6642B0E6-01BB-0001-8A4F-12D1B0F01BD8",
		}},
		{"internal code", 500, string(literal(t, "error_internal.json")), nil, Error{
			Class: ClassUnknown, HTTPStatus: 500, Code: 5001, Title: "Internal Server Error", Description: "Something failed.",
			InternalCode: "500032", TrackingID: "ROUTER_6642B0E6-01BB-0003-8A4F-12D1B0F01BD8",
		}},
		{"400 that means wait", 400, string(literal(t, "error_already_processed.json")), nil, Error{
			Class: ClassNotReady, HTTPStatus: 400, Code: 2008, Title: "Subscriber Provisioning Request Already Being Processed",
			Description: "The request is being processed.", TrackingID: "ROUTER_6642B0E6-01BB-0004-8A4F-12D1B0F01BD8",
		}},
		{"several", 409, `{"errors":[{"description":"first"},{"code":"2514","description":"second"}]}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassConflict, HTTPStatus: 409, Code: 2514, Title: "The wholesale customer has active user", Description: "first; second", TrackingID: "H1",
		}},
		{"strings", 400, `{"errors":["one","two"],"message":"m"}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassPermanentInput, HTTPStatus: 400, Description: "one; two", TrackingID: "H1",
		}},
		{"object for list, code on top", 400, `{"errors":{"description":"one"},"errorCode":2544,"trackingId":7}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassPermanentInput, HTTPStatus: 400, Code: 2544, Title: "Simultaneous addition and removal of packages is not allowed",
			Description: "one", TrackingID: "7",
		}},
		{"null list", 403, `{"errors":null,"message":"no"}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassAuth, HTTPStatus: 403, Description: "no", TrackingID: "H1",
		}},
		{"code out of range", 400, `{"errors":[{"errorCode":1e400,"description":"d"}]}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassPermanentInput, HTTPStatus: 400, Description: "d", TrackingID: "H1",
		}},
		{"403 with a code", 403, `{"errors":[{"errorCode":2042}]}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassConfig, HTTPStatus: 403, Code: 2042, Title: "Required Feature Toggle Not Enabled", TrackingID: "H1",
		}},
		{"plain text", 404, "no \x1b[31msuch\u202e page\n", []string{"Trackingid", "H1"}, Error{
			Class: ClassNotFound, HTTPStatus: 404, Description: `no \x1b[31msuch\u202e page\n`, TrackingID: "H1",
		}},
		{"empty", 405, "", []string{"Trackingid", "H1"}, Error{Class: ClassRejected, HTTPStatus: 405, TrackingID: "H1"}},
		{"redirect", 307, "", []string{"Trackingid", "H1", "Location", "https://evil.example.net/x?y"}, Error{
			Class: ClassRejected, HTTPStatus: 307, Description: "the redirect to host evil.example.net is not followed", TrackingID: "H1",
		}},
		{"redirect without a place", 304, "", []string{"Trackingid", "H1"}, Error{
			Class: ClassRejected, HTTPStatus: 304, Description: "the API answered with a redirect, which is not followed", TrackingID: "H1",
		}},
		{"token repeated", 400, `{"message":"bad token ` + testToken + `"}`, []string{"Trackingid", "H1"}, Error{
			Class: ClassPermanentInput, HTTPStatus: 400, Description: "bad token REDACTED", TrackingID: "H1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := script(answerWith(tt.status, tt.body, tt.header...))
			_, err := newTestClient(t, Config{Transport: api}).RemoveSubscriber(t.Context(), "S1")
			tt.want.Method, tt.want.Path, tt.want.Attempts = "DELETE", "/wholesale/subscribers/{id}", 1
			if diff := cmp.Diff(&tt.want, asError(t, err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		err  Error
		want string
	}{
		{
			Error{Method: "POST", Path: "/wholesale/customers", HTTPStatus: 400, Code: 1001, Title: "Missing", Field: "name", Description: "fill it", TrackingID: "T"},
			"POST /wholesale/customers: HTTP status 400: code 1001 Missing: field name: fill it (tracking id T)",
		},
		{Error{Method: "GET", Path: "/people/me", Code: 9, Err: http.ErrHandlerTimeout}, "GET /people/me: code 9: http: Handler timeout"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("text is\n%s, want\n%s", got, tt.want)
		}
	}
}

func TestCleanIsBounded(t *testing.T) {
	long := strings.Repeat("\x1bä", 1<<20)
	if got := clean(long); len(got) > maxDescription || strings.ContainsRune(got, '\x1b') {
		t.Errorf("cleaned to %d bytes", len(got))
	}
}

func TestClassNames(t *testing.T) {
	for class := ClassPermanentInput; class <= ClassRejected; class++ {
		if name := class.String(); name == "" || strings.Contains(name, "(") {
			t.Errorf("class %d is called %q", class, name)
		}
	}
	if got := Class(0).String(); got != "class(0)" {
		t.Errorf("no class is called %q", got)
	}
}

// The sentences of the table are shown as they are, on one line each.
func TestCodesAreOneLine(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(codesCSV)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsAny(cell, "\n\r\t") || strings.TrimSpace(cell) != cell {
				t.Errorf("code %s: %q", row[0], cell)
			}
		}
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, file := range []string{`{"errors":["a"]}`, `{"errors":{"errorCode":"1"}}`, `[`, `{"errors":[{"description":{}}]}`, "\x1b", `{"errorCode":1e999}`} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := parseProblem(body).toError()
		for _, text := range []string{e.Description, e.Field, e.InternalCode, e.TrackingID} {
			if len(text) > maxDescription || strings.ContainsAny(text, "\x1b\n\r\u202e") {
				t.Errorf("%q got through", text)
			}
		}
	})
}
