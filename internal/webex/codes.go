package webex

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// CodeInfo is one row of the API's error code table.
type CodeInfo struct {
	Code       int
	Title      string // the vendor's title
	HTTPStatus []int  // statuses the code comes with; empty for codes that only appear inside objects
	Class      Class
	Offers     []string // "wholesale", "broadworks" or both: where the code can arise
	Meaning    string   // what it says, in one sentence
	Advice     string   // what to do about it
}

//go:embed codes.csv
var codesCSV string

var loadCodes = sync.OnceValue(func() []CodeInfo {
	codes, err := parseCodes(codesCSV)
	if err != nil {
		panic(err) // the table is part of the program and a test reads it
	}
	return codes
})

// Codes returns the error code table, by ascending code. It joins the tables of
// the wholesale and the BroadWorks developer guides:
// https://developer.webex.com/docs/api/guides/wholesale-developers-guide
func Codes() []CodeInfo { return slices.Clone(loadCodes()) }

// LookupCode finds a code in the table.
func LookupCode(code int) (CodeInfo, bool) {
	codes := loadCodes()
	i, found := slices.BinarySearchFunc(codes, code, func(info CodeInfo, code int) int { return info.Code - code })
	if !found {
		return CodeInfo{}, false
	}
	return codes[i], true
}

func parseCodes(table string) ([]CodeInfo, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the error code table: %w", err)
	}
	codes := make([]CodeInfo, 0, len(rows))
	for _, row := range rows[1:] {
		info, err := parseCode(row)
		if err != nil {
			return nil, fmt.Errorf("read the error code table: code %s: %w", row[0], err)
		}
		codes = append(codes, info)
	}
	return codes, nil
}

// parseCode reads code, title, http_status, class, offers, meaning, advice.
func parseCode(row []string) (CodeInfo, error) {
	code, err := strconv.Atoi(row[0])
	if err != nil {
		return CodeInfo{}, err
	}
	info := CodeInfo{Code: code, Title: row[1], Offers: strings.Split(row[4], "|"), Meaning: row[5], Advice: row[6]}
	for status := range strings.SplitSeq(row[2], "|") {
		if status == "" {
			continue
		}
		n, err := strconv.Atoi(status)
		if err != nil {
			return CodeInfo{}, err
		}
		info.HTTPStatus = append(info.HTTPStatus, n)
	}
	class := slices.Index(classNames[:], row[3])
	if class <= 0 {
		return CodeInfo{}, fmt.Errorf("unknown class %q", row[3])
	}
	info.Class = Class(class)
	return info, nil
}
