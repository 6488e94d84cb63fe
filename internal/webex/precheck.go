package webex

import (
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Precheck is the API's answer when it would take a request. Info holds codes
// 100 to 116, which say what provisioning would do (join an existing
// organization, wait for the user's consent and so on); LookupInfo explains them.
type Precheck struct {
	Message string
	Info    []Detail
	Errors  []Detail // what stands against it after all; an HTTP status says so as a rule
}

// InfoCode is one row of the table of what a precheck may say in success.
type InfoCode struct {
	Code          int
	CustomerFirst bool   // the customer has to be provisioned before the subscriber
	ConsentNeeded bool   // the subscriber will wait in pending_user_migration for the user
	ExistingOrg   bool   // an organization that exists already gets the package
	NewOrg        bool   // a new organization is made
	MovesUser     bool   // the user leaves a free account without being asked
	MovesPrimary  bool   // the user of the customer's primary e-mail does
	JoinsOrg      bool   // the user is added to the organization
	Meaning       string // what it says, in one sentence
	Advice        string // what to do about it
}

//go:embed precheck_info.csv
var infoCSV string

var loadInfo = sync.OnceValue(func() []InfoCode {
	infos, err := parseInfos(infoCSV)
	if err != nil {
		panic(err) // the table is part of the program and a test reads it
	}
	return infos
})

// InfoCodes returns the table of precheck codes, by ascending code. It is that
// of the BroadWorks developer guide; wholesale prechecks share it:
// https://developer.webex.com/docs/api/guides/webex-for-broadworks-developers-guide
func InfoCodes() []InfoCode { return slices.Clone(loadInfo()) }

// LookupInfo finds a precheck code in the table.
func LookupInfo(code int) (InfoCode, bool) {
	infos := loadInfo()
	i, found := slices.BinarySearchFunc(infos, code, func(info InfoCode, code int) int { return info.Code - code })
	if !found {
		return InfoCode{}, false
	}
	return infos[i], true
}

func parseInfos(table string) ([]InfoCode, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the table of precheck codes: %w", err)
	}
	infos := make([]InfoCode, 0, len(rows))
	for _, row := range rows[1:] {
		info, err := parseInfo(row)
		if err != nil {
			return nil, fmt.Errorf("read the table of precheck codes: code %s: %w", row[0], err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// parseInfo reads code, seven flags in the order of the fields, meaning, advice.
func parseInfo(row []string) (InfoCode, error) {
	code, err := strconv.Atoi(row[0])
	if err != nil {
		return InfoCode{}, err
	}
	var flags [7]bool
	for i, value := range row[1 : 1+len(flags)] {
		if value != "yes" && value != "no" {
			return InfoCode{}, fmt.Errorf("flag %q is neither yes nor no", value)
		}
		flags[i] = value == "yes"
	}
	return InfoCode{
		Code: code, CustomerFirst: flags[0], ConsentNeeded: flags[1], ExistingOrg: flags[2], NewOrg: flags[3],
		MovesUser: flags[4], MovesPrimary: flags[5], JoinsOrg: flags[6], Meaning: row[8], Advice: row[9],
	}, nil
}

// validate posts to a precheck address. Although it is a POST it changes
// nothing, so it is retried like a read.
func (c *Client) validate(ctx context.Context, path string, query url.Values, body any) (Precheck, error) {
	var result Precheck
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: path, query: query, body: body, harmless: true,
		accept: decodeTo(&result, decodePrecheck),
	})
	return result, err
}

// decodePrecheck reads the notes as a list, as the documentation's examples have
// them, or as one object, as its schema has it.
func decodePrecheck(data []byte) (Precheck, error) {
	var wire struct {
		Message text             `json:"message"`
		Info    many[wireDetail] `json:"info"`
		Errors  many[wireDetail] `json:"errors"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Precheck{}, err
	}
	return Precheck{Message: clean(string(wire.Message)), Info: toDetails(wire.Info), Errors: toDetails(wire.Errors)}, nil
}
