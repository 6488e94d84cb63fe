package diff

import (
	"encoding"
	"testing"
)

// TestWordsOfSavedPlans: what is written is read back, and nothing else is read.
func TestWordsOfSavedPlans(t *testing.T) {
	for _, tt := range []struct {
		word encoding.TextMarshaler
		back encoding.TextUnmarshaler
	}{
		{Subscriber, new(Kind)},
		{Remove, new(Action)},
		{ColLocationState, new(Column)},
	} {
		text, err := tt.word.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.back.UnmarshalText(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if again, _ := tt.back.(encoding.TextMarshaler).MarshalText(); string(again) != string(text) {
			t.Errorf("%s is read as %s", text, again)
		}
		for _, wrong := range []string{"", "nonsense", "Remove"} {
			if tt.back.UnmarshalText([]byte(wrong)) == nil {
				t.Errorf("%q is read as one like %s", wrong, text)
			}
		}
	}
}
