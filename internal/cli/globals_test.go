package cli

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestGlobalFlags(t *testing.T) {
	tests := []struct {
		flag, want string // the error; "" = accepted
	}{
		{"--concurrency=0", "--concurrency 0 is out of range"},
		{"--concurrency=1000", ""},
		{"--concurrency=1001", "--concurrency 1001 is out of range; give 1000 or less"},
		{"--burst=0", "--burst 0 is out of range"},
		{"--timeout=-1s", "--timeout -1s is out of range"},
	}
	for _, tt := range tests {
		g := parseGlobals(t, tt.flag)
		if err := g.check(); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error is %v, want %q", tt.flag, err, tt.want)
		}
	}
}

// A plan that was saved for one spelling of the base URL is good for the other.
func TestBaseURLHasOneSpelling(t *testing.T) {
	for _, url := range []string{"https://api.example.com/v1", "https://api.example.com/v1/", "https://api.example.com/v1//"} {
		g := parseGlobals(t, "--base-url="+url)
		if err := g.check(); err != nil || g.baseURL != "https://api.example.com/v1" {
			t.Errorf("%s: base URL is %q, error %v", url, g.baseURL, err)
		}
	}
}

// The API's own words are in capitals.
func TestChoicesInAnyCase(t *testing.T) {
	g := parseGlobals(t, "--output=JSON")
	if g.output != "json" {
		t.Errorf("output is %q", g.output)
	}
}

func parseGlobals(t *testing.T, flags ...string) *globals {
	t.Helper()
	var g globals
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	g.addFlags(f, func(string) string { return "" })
	if err := f.Parse(flags); err != nil {
		t.Fatal(err)
	}
	return &g
}
