package webex

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// vendorCodes are the codes of the vendor's two guides with the statuses they
// come with and what can be done about them: apart from codes.csv, so that a slip
// there is seen here.
var vendorCodes = []struct {
	class    Class
	statuses string // of each code; empty = it comes inside objects alone
	codes    string
}{
	{ClassAuth, "403", "2006 2029"},
	{ClassConfig, "", "2032 4001 6003"},
	{ClassConfig, "400", "2515 2516 2519 2524 2534 2561 2584 2591 3001 5002 6004 6014"},
	{ClassConfig, "403", "2042 2043"},
	{ClassConfig, "404", "2007 2013 5003"},
	{ClassConfig, "405", "6015"},
	{ClassConfig, "409", "2011"},
	{ClassConflict, "400", "2535"},
	{ClassConflict, "400 409", "2507"},
	{ClassConflict, "409", "2002 2004 2009 2010 2012 2015 2016 2017 2018 2019 2026 2040 2045 2048 2503 2505 2506 2513 " +
		"2514 2520 2523 2540 2573 2574 2575 6005"},
	{ClassConflict, "409 404", "2047 2552"},
	{ClassNotFound, "404", "2001 2024 2039 2501 2541 6006"},
	{ClassNotReady, "", "6013"},
	{ClassNotReady, "400", "2008 2536"},
	{ClassNotReady, "403", "2034"},
	{ClassNotReady, "403 404", "2003"}, // 404 is told apart below
	{ClassNotReady, "409", "2020 2025 2027 2502 2504 6007"},
	{ClassPermanentInput, "", "2033"},
	{ClassPermanentInput, "400", "1001 1002 1003 1004 1005 2005 2014 2023 2028 2031 2046 2508 2509 2510 2511 2512 2517 " +
		"2518 2521 2522 2528 2529 2530 2531 2532 2533 2539 2544 2546 2547 2548 2549 2550 2551 2553 2576 2577 2578 2579 5004"},
	{ClassTransient, "", "2525 2526 2527 6001"},
	{ClassTransient, "409", "2587"},
	{ClassTransient, "500", "5001"},
	{ClassTransient, "503", "2030 2560 2571"},
	{ClassTransient, "503 429", "6002"},
}

// broadWorksOnly are the codes that only the BroadWorks guide's table has.
const broadWorksOnly = "2004 2007 2009 2010 2012 2013 2014 2015 2019 2020 2023 2027 2028 2031 2032 2033 2034 2039 2040 2042 2043 2045 2046 " +
	"2047 2048 2536 2540 2541 2544 2546 2547 2548 2549 2550 2551 2552 2553 2560 2561 2571 2573 2574 2575 2576 2577 2578 2579 " +
	"2584 2587 2591 3001 4001 5002 5004 6001 6002 6003 6004 6005 6006 6007 6013 6014 6015"

// offerCalls are a read and a write of each offer.
var offerCalls = map[string]map[string]func(c *Client, t *testing.T) error{
	"wholesale": {
		http.MethodGet: func(c *Client, t *testing.T) error { _, err := c.GetSubscriber(t.Context(), "S"); return err },
		http.MethodPost: func(c *Client, t *testing.T) error {
			_, _, err := c.ProvisionSubscriber(t.Context(), SubscriberProvision{})
			return err
		},
	},
	"broadworks": {
		http.MethodGet: func(c *Client, t *testing.T) error { _, err := c.GetBroadWorksSubscriber(t.Context(), "S"); return err },
		http.MethodPost: func(c *Client, t *testing.T) error {
			_, _, err := c.ProvisionBroadWorksSubscriber(t.Context(), BroadWorksSubscriberProvision{})
			return err
		},
	},
}

// Every code of both guides, with every status it comes with, on a read and a
// write of both offers: what the caller gets, and whether it was sent again.
func TestEveryCodeOfBothOffers(t *testing.T) {
	seen := map[int]bool{}
	for _, row := range vendorCodes {
		for field := range strings.FieldsSeq(row.codes) {
			code, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			seen[code] = true
			var statuses []int
			for status := range strings.FieldsSeq(row.statuses) {
				n, _ := strconv.Atoi(status)
				statuses = append(statuses, n)
				checkCodeAnswers(t, row.class, n, code)
			}
			if info, ok := LookupCode(code); !ok || !slices.Equal(info.HTTPStatus, statuses) {
				t.Errorf("code %d: statuses are %v, want %v", code, info.HTTPStatus, statuses)
			}
			checkCodeInObjects(t, row.class, code)
		}
	}
	if len(seen) != 122 || len(Codes()) != 122 {
		t.Errorf("%d codes, %d in the table, want 122", len(seen), len(Codes()))
	}
	only := strings.Fields(broadWorksOnly)
	for _, field := range only {
		if code, _ := strconv.Atoi(field); !seen[code] {
			t.Errorf("code %d is missing", code)
		}
	}
	if len(only) != 64 {
		t.Errorf("%d codes of BroadWorks alone, want 64", len(only))
	}
}

// checkCodeAnswers answers every call with the code and the status.
func checkCodeAnswers(t *testing.T, class Class, status, code int) {
	t.Helper()
	body := fmt.Sprintf(`{"message":"m","errors":[{"errorCode":%d,"description":"d"}],"trackingId":"T"}`, code)
	for offer, calls := range offerCalls {
		for method, send := range calls {
			want, again := class, false
			switch {
			case code == 2003 && status == http.StatusNotFound:
				want = ClassNotFound
			case status >= 500 && code != 6002 && method == http.MethodPost:
				want = ClassUnknown
			case status >= 500 && code != 6002:
				again = true
			}
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, Config{Transport: script(answerWith(status, body)), MaxOutage: 5 * time.Minute})
				e := asError(t, send(c, t))
				if e.Class != want || e.Code != code || e.HTTPStatus != status || e.Title == "" || e.Description != "d" {
					t.Errorf("%s %s: status %d, code %d: %+v, want class %v", offer, method, status, code, e, want)
				}
				if (e.Attempts > 1) != again {
					t.Errorf("%s %s: status %d, code %d: %d tries", offer, method, status, code, e.Attempts)
				}
			})
		}
	}
}

// checkCodeInObjects finds the code among the errors of what was accepted and failed later.
func checkCodeInObjects(t *testing.T, class Class, code int) {
	t.Helper()
	errs := fmt.Sprintf(`[{"errorCode":%d,"description":"d"}]`, code)
	wholesale, err := decodeSubscriber([]byte(`{"id":"S","status":"error","errors":` + errs + `}`))
	if err != nil {
		t.Fatal(err)
	}
	broadWorks, err := decodeBroadWorksSubscriber([]byte(`{"id":"S","status":"error","errors":` + errs + `}`))
	if err != nil {
		t.Fatal(err)
	}
	directory, err := decodeDirectorySync([]byte(`{"directorySyncStatus":{"syncStatus":"FAILED","errors":` + errs + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, details := range [][]Detail{wholesale.Errors, broadWorks.Errors, directory.Errors} {
		if len(details) != 1 || details[0].Code != code || Classify("", 0, details[0].Code) != class {
			t.Errorf("code %d in an object: %+v, want class %v", code, details, class)
		}
	}
}
