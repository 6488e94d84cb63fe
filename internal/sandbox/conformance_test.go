package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// envSpecs names a folder with the vendor's published specifications. They are not part of this repository; without it
// they are looked for in a folder openapi of whatever lies beside the checkout.
const envSpecs = "WHOLESYNC_OPENAPI"

// spec is one of them.
type spec struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema  json.RawMessage
				Example any
			}
		}
	}
	Components struct {
		Schemas map[string]json.RawMessage
	}
}

// schema is as much of JSON Schema as they use.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]json.RawMessage
	Items      json.RawMessage
	Enum       []any
}

func readSpec(t *testing.T, name string) *spec {
	t.Helper()
	dir := os.Getenv(envSpecs)
	if dir == "" {
		beside, _ := filepath.Glob(filepath.Join("../../../*/openapi", name))
		if len(beside) == 0 {
			t.Skipf("$%s names no folder with %s", envSpecs, name)
		}
		dir = filepath.Dir(beside[0])
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".yml" {
		if raw, err = yaml.YAMLToJSON(raw); err != nil {
			t.Fatal(err)
		}
	}
	var s spec
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// check lists where an answer departs from what is published for it. Fields of the published example are allowed too:
// some of them have been forgotten in the schema.
func (s *spec) check(method, path string, got response) (problems []string) {
	operation, known := s.Paths[path][strings.ToLower(method)]
	answer, listed := operation.Responses[fmt.Sprint(got.status)]
	if !known || !listed {
		return []string{fmt.Sprintf("no answer %d is published", got.status)}
	}
	content, hasBody := answer.Content["application/json"]
	switch {
	case !hasBody && got.body != nil:
		return []string{fmt.Sprintf("no body is published, got %v", got.body)}
	case !hasBody:
		return nil
	case got.body == nil:
		return []string{"a body is published, got none"}
	}
	return s.compare("", content.Schema, content.Example, got.body)
}

func (s *spec) compare(at string, raw json.RawMessage, example, value any) (problems []string) {
	var want schema
	if err := json.Unmarshal(raw, &want); err != nil {
		return []string{at + ": " + err.Error()}
	}
	if name, found := strings.CutPrefix(want.Ref, "#/components/schemas/"); found {
		return s.compare(at, s.Components.Schemas[name], example, value)
	}
	if want.Enum != nil && !slices.Contains(want.Enum, value) {
		problems = append(problems, fmt.Sprintf("%s: %v is not one of %v", at, value, want.Enum))
	}
	switch value := value.(type) {
	case map[string]any:
		examples, _ := example.(map[string]any)
		for name, field := range value {
			published, known := want.Properties[name]
			_, shown := examples[name]
			switch {
			case known:
				problems = append(problems, s.compare(at+"."+name, published, examples[name], field)...)
			case !shown && want.Properties != nil:
				problems = append(problems, at+"."+name+": not published")
			}
		}
	case []any:
		for _, item := range value {
			problems = append(problems, s.compare(at+"[]", want.Items, firstOf(example), item)...)
		}
	}
	if !slices.Contains(typesOf(value), want.Type) && want.Type != "" {
		problems = append(problems, fmt.Sprintf("%s: %v is not of type %s", at, value, want.Type))
	}
	return problems
}

func firstOf(example any) any {
	if list, ok := example.([]any); ok && len(list) > 0 {
		return list[0]
	}
	return nil
}

// typesOf are the names that JSON Schema has for the type of a value.
func typesOf(value any) []string {
	switch value := value.(type) {
	case map[string]any:
		return []string{"object"}
	case []any:
		return []string{"array"}
	case string:
		return []string{"string"}
	case bool:
		return []string{"boolean"}
	case float64:
		if value == float64(int64(value)) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	}
	return nil
}

// TestReportsAsPublished holds every answer about reports against the specifications.
func TestReportsAsPublished(t *testing.T) {
	for file, api := range map[string]struct{ path, body, query string }{
		"wholesale.json":  {wholesaleReports, reportBody(`"type":"USER","internal":true`), "?type=USER"},
		"broadworks.json": {broadworksReports, `{"billingPeriod":"2026-10"}`, ""},
	} {
		t.Run(file, func(t *testing.T) {
			s := readSpec(t, file)
			b := startBilling(t, small, "POST nth=2 end=FAILED")
			holds := func(method, path, template, body string) response {
				t.Helper()
				got := b.do(method, path, body)
				for _, problem := range s.check(method, template, got) {
					t.Errorf("%s %s: %s", method, path, problem)
				}
				return got
			}
			one := api.path + "/{id}"
			for range 2 {
				id := holds("POST", api.path, api.path, api.body).text("id")
				holds("GET", api.path+"/"+id, one, "")
				b.now = b.now.Add(reportDelay)
				holds("GET", api.path+"/"+id, one, "")
				if items := holds("GET", api.path+api.query, api.path, "").items(); len(items) != 1 {
					t.Errorf("%d in the list", len(items))
				}
				holds("DELETE", api.path+"/"+id, one, "")
			}
		})
	}
}
