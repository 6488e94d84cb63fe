package webex

import (
	"context"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// The 17 codes of the vendor's guide, by what they mean for the caller.
func TestInfoCodes(t *testing.T) {
	flags := map[string]func(InfoCode) bool{
		"customer first": func(i InfoCode) bool { return i.CustomerFirst },
		"consent":        func(i InfoCode) bool { return i.ConsentNeeded },
		"existing":       func(i InfoCode) bool { return i.ExistingOrg },
		"new":            func(i InfoCode) bool { return i.NewOrg },
		"moves user":     func(i InfoCode) bool { return i.MovesUser },
		"moves primary":  func(i InfoCode) bool { return i.MovesPrimary },
		"joins":          func(i InfoCode) bool { return i.JoinsOrg },
	}
	want := map[string][]int{
		"customer first": {101, 105, 106, 108, 109, 110, 111, 112, 113, 114},
		"consent":        {104, 106, 109, 114},
		"existing":       {107, 110, 112, 113, 114, 115, 116},
		"new":            {102, 108, 109, 111},
		"moves user":     {102, 103, 105, 108, 113},
		"moves primary":  {108, 109, 111},
		"joins":          {110, 111},
	}
	got := map[string][]int{}
	var codes []int
	for _, info := range InfoCodes() {
		codes = append(codes, info.Code)
		for name, flag := range flags {
			if flag(info) {
				got[name] = append(got[name], info.Code)
			}
		}
		if found, ok := LookupInfo(info.Code); !ok || found != info {
			t.Errorf("code %d is not found", info.Code)
		}
		if info.Meaning == "" || info.Advice == "" {
			t.Errorf("code %d is not explained", info.Code)
		}
		if info.ConsentNeeded != strings.Contains(info.Advice, "pending_user_migration") {
			t.Errorf("code %d: the advice does not fit the consent", info.Code)
		}
		if info.CustomerFirst != strings.Contains(strings.ToLower(info.Advice), "provision the customer first") {
			t.Errorf("code %d: the advice does not fit the order", info.Code)
		}
	}
	checkEqual(t, want, got)
	checkEqual(t, []int{100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116}, codes)
	for _, code := range []int{0, 99, 117, 2540} {
		if info, ok := LookupInfo(code); ok {
			t.Errorf("code %d is found: %+v", code, info)
		}
	}
}

// The sentences of the table are shown as they are, on one line each.
func TestInfoCodesAreOneLine(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(infoCSV)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range slices.Concat(rows...) {
		if strings.ContainsAny(cell, "\n\r\t") || strings.TrimSpace(cell) != cell {
			t.Errorf("%q is not one line", cell)
		}
	}
}

func TestParseInfosRefusesDamage(t *testing.T) {
	const head = "code,customer_first,consent,existing_org,new_org,moves_user,moves_primary,joins_org,meaning,advice\n"
	for _, row := range []string{"x,no,no,no,no,no,no,no,M,A\n", "1,maybe,no,no,no,no,no,no,M,A\n", "1,no,no,no,no,no,no,,M,A\n", "1,no\n"} {
		if _, err := parseInfos(head + row); err == nil {
			t.Errorf("%q is accepted", row)
		}
	}
}

// The notes come as a list or as one object, and codes as numbers or strings.
func TestPrecheckShapes(t *testing.T) {
	tests := []struct {
		body string
		want Precheck
	}{
		{`{"message":"success","info":[{"infoCode":104,"description":"d"},{"infoCode":"107"}]}`, Precheck{Message: "success", Info: []Detail{{104, "d"}, {107, ""}}}},
		{`{"message":"success","info":{"infoCode":104,"description":"d\u001b"}}`, Precheck{Message: "success", Info: []Detail{{104, `d\x1b`}}}},
		{`{"message":"success","info":null}`, Precheck{Message: "success"}},
		{`{"message":"success"}`, Precheck{Message: "success"}},
		{`{"info":[{"infoCode":999}]}`, Precheck{Info: []Detail{{999, ""}}}},
		{`{"message":"failure","errors":[{"errorCode":2540,"description":"d"}]}`, Precheck{Message: "failure", Errors: []Detail{{2540, "d"}}}},
	}
	for _, tt := range tests {
		c := newTestClient(t, Config{Transport: script(answer200(tt.body))})
		got, err := c.ValidateBroadWorksSubscriber(t.Context(), BroadWorksPrecheck{})
		if err != nil {
			t.Errorf("%s: %v", tt.body, err)
		}
		checkEqual(t, tt.want, got)
	}
}

// A precheck that fails says why by its code, and is repeated like a read.
func TestPrecheckRefusals(t *testing.T) {
	inBubble(t, script(
		answerWith(503, `{"errors":[{"errorCode":2560}]}`),
		answerWith(409, `{"message":"m","errors":[{"errorCode":2540,"description":"d"}]}`),
	), Config{}, func(c *Client) {
		_, err := c.ValidateBroadWorksSubscriber(context.Background(), BroadWorksPrecheck{})
		if e := asError(t, err); e.Class != ClassConflict || e.Code != 2540 || e.Attempts != 2 || e.Path != "/broadworks/subscribers/validate" {
			t.Errorf("error is %+v", e)
		}
	})
}
