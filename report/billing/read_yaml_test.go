package billing

import (
	"strings"
	"testing"
)

// Mapping files and waivers are read in no time, whatever is in them, and no part
// of them is left unread in silence.
func TestHostileYAML(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("layout: x\nignore_skus: [*i]\na: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for c := 'b'; c <= 'i'; c++ {
		bomb.WriteString(string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "]\n")
	}
	for name, tt := range map[string]struct{ text, says string }{
		"references to references": {bomb.String(), "[2:15] anchors and aliases are not read"},
		"an anchor alone":          {"layout: &x y\n", "[1:9] anchors and aliases are not read"},
		"deep":                     {"layout: " + strings.Repeat("[", 100000), "brackets inside more than 16 brackets"},
		"deep, of the other kind":  {"layout: " + strings.Repeat("{a: ", 17), "brackets inside more than 16 brackets"},
		"two documents":            {"layout: x\n---\nlayout: y\n", "[2:1] a second document begins"},
		"large":                    {"layout: x #" + strings.Repeat("x", 1<<20), "larger than 1048576 bytes"},
		"unknown key":              {"bogus: 1\n", `unknown field "bogus"`},
	} {
		if _, err := ReadMapping(strings.NewReader(tt.text), "m.yaml"); err == nil || !strings.Contains(err.Error(), "reading the mapping: m.yaml: ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		if _, err := ReadWaivers(strings.NewReader(tt.text), "w.yaml"); err == nil || !strings.HasPrefix(err.Error(), "reading the waivers: w.yaml: ") {
			t.Errorf("%s, as waivers: %v", name, err)
		}
	}
	for _, text := range []string{"", "# only a word\n", "%YAML 1.2\n---\nlayout: x\n", "---\nlayout: x\n", "layout: '*x & y'\nsku_map: {a: b}\n"} {
		if _, err := ReadMapping(strings.NewReader(text), "m.yaml"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
