package report

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wholesync/batch"
	"wholesync/diff"
)

// files is input by name, read as batch reads it.
type files map[string]string

func (f files) records(path string, fn func(line int, record []string) error) error {
	text, ok := f[path]
	if !ok {
		return os.ErrNotExist
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if err := fn(line, record); err != nil {
			return err
		}
	}
}

// retryCase is input files in order, and the outcome of each line of each.
type retryCase struct {
	names []string
	input files
	rows  []Row
}

func (c *retryCase) row(file string, line uint32, kind diff.Kind, o diff.Outcome) {
	for i, name := range c.names {
		if name == file {
			c.rows = append(c.rows, Row{
				File: file, At: diff.Position{File: uint16(i), Line: line}, Kind: kind, Outcome: o,
				Result: &batch.Result{Outcome: o, Code: 2520, Description: "=said the API"},
			})
		}
	}
}

func (c *retryCase) write(t *testing.T) (text string, n int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retry.csv")
	n, err := WriteRetry(path, c.desired(), c.rows, c.input.records)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), n
}

func (c *retryCase) desired() *diff.Desired {
	d := diff.NewDesired()
	for _, name := range c.names {
		d.Files = append(d.Files, diff.File{Name: name})
	}
	return d
}

func TestWriteRetry(t *testing.T) {
	c := retryCase{names: []string{"s.csv"}, input: files{
		"s.csv": "Customer External ID,E-Mail,First Name,_note\n" +
			"ACME,ok@a.example,x,\n" +
			"ACME,bad@a.example,\"=two\n\"\"lines\"\"\",mine\n" +
			"\n" +
			"ACME,unknown@a.example,+12405551212,\n" +
			"ACME,waits@a.example,,\n" +
			"ACME,never@a.example, padded ,\n",
	}}
	c.row("s.csv", 2, diff.Subscriber, diff.OK)
	c.row("s.csv", 3, diff.Subscriber, diff.Failed)
	c.row("s.csv", 6, diff.Subscriber, diff.Unknown)
	c.row("s.csv", 7, diff.Subscriber, diff.Pending)
	c.row("s.csv", 8, diff.Subscriber, diff.NotAttempted)
	c.rows[4].Result = notAttempted
	c.rows = append(c.rows, Row{Kind: diff.Subscriber, Outcome: diff.Failed, Result: notAttempted}) // pruned
	got, n := c.write(t)
	want := "Customer External ID,E-Mail,First Name,_note,_outcome,_error_code,_error\n" +
		"ACME,bad@a.example,\"=two\n\"\"lines\"\"\",mine,failed,2520,'=said the API\n" +
		"ACME,unknown@a.example,+12405551212,,unknown,2520,'=said the API\n" +
		"ACME,never@a.example,\" padded \",,not_attempted,,\n"
	if d := cmp.Diff(want, got); d != "" || n != 3 {
		t.Errorf("%d rows (-want +got):\n%s", n, d)
	}
}

// What is sent again and fails again is told anew, not twice.
func TestRetryOfARetry(t *testing.T) {
	c := retryCase{names: []string{"retry.csv"}, input: files{
		"retry.csv": "_outcome,external_id,_error_code,packages,_error\nunknown,ACME,1001,webex_calling,old\n",
	}}
	c.row("retry.csv", 2, diff.Customer, diff.Failed)
	got, _ := c.write(t)
	want := "external_id,packages,_outcome,_error_code,_error\nACME,webex_calling,failed,2520,'=said the API\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRetryOfSeveralFiles(t *testing.T) {
	customers := "external_id,packages,ensure\nACME,webex_calling,\n"
	tests := []struct {
		name  string
		other string
		kind  diff.Kind
		want  string
	}{
		{
			"other kind", "customer_external_id,email,Ensure\nACME,a@b.example,absent\n", diff.Subscriber,
			"external_id,packages,ensure,customer_external_id,email,kind,_outcome,_error_code,_error\n" +
				"ACME,webex_calling,,,,customer,failed,2520,'=said the API\n" +
				",,absent,ACME,a@b.example,subscriber,skipped,2520,'=said the API\n",
		},
		{
			"same columns in another order", "Packages,Ensure,External ID\nwebex_voice,absent,GLOBEX\n", diff.Customer,
			"external_id,packages,ensure,_outcome,_error_code,_error\n" +
				"ACME,webex_calling,,failed,2520,'=said the API\n" +
				"GLOBEX,webex_voice,absent,skipped,2520,'=said the API\n",
		},
		{
			"a mixed file", "kind,external_id,email\ncustomer,GLOBEX,\n", diff.Customer,
			"external_id,packages,ensure,kind,email,_outcome,_error_code,_error\n" +
				"ACME,webex_calling,,customer,,failed,2520,'=said the API\n" +
				"GLOBEX,,,customer,,skipped,2520,'=said the API\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := retryCase{names: []string{"c.csv", "fine.csv", "other.csv"}, input: files{"c.csv": customers, "other.csv": test.other}}
			c.row("c.csv", 2, diff.Customer, diff.Failed)
			c.row("fine.csv", 2, diff.Customer, diff.OK) // is not even opened
			c.row("other.csv", 2, test.kind, diff.Skipped)
			got, _ := c.write(t)
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestNothingToRetry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "retry.csv")
	c := retryCase{names: []string{"s.csv"}}
	c.row("s.csv", 2, diff.Subscriber, diff.OK)
	for _, old := range []bool{false, true} {
		if old {
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		n, err := WriteRetry(path, c.desired(), c.rows, c.input.records)
		if _, missing := os.Stat(path); n != 0 || err != nil || !errors.Is(missing, os.ErrNotExist) {
			t.Errorf("old file %v: %d rows, error %v, file %v", old, n, err, missing)
		}
	}
}

// A rejected row whose cells cannot be told apart could be read as something
// else once it is in another table.
func TestRetryLeavesOutTornRows(t *testing.T) {
	c := retryCase{names: []string{"s.csv"}, input: files{
		"s.csv": "customer_external_id,email\nACME,no-address\n\nACME,a,b@c.example\nACME\nACME,d@e.example\n",
	}}
	c.row("s.csv", 2, diff.Subscriber, diff.RejectedRow)
	c.row("s.csv", 3, diff.Subscriber, diff.RejectedRow) // broken quotes: no record
	c.row("s.csv", 4, diff.Subscriber, diff.RejectedRow)
	c.row("s.csv", 5, diff.Subscriber, diff.RejectedRow)
	c.row("s.csv", 6, diff.Subscriber, diff.Failed)
	c.row("s.csv", 7, diff.Subscriber, diff.RejectedRow)
	got, n := c.write(t)
	want := "customer_external_id,email,_outcome,_error_code,_error\n" +
		"ACME,no-address,rejected,2520,'=said the API\nACME,d@e.example,failed,2520,'=said the API\n"
	if d := cmp.Diff(want, got); d != "" || n != 2 {
		t.Errorf("%d rows (-want +got):\n%s", n, d)
	}
}

func TestRetryOfAChangedInput(t *testing.T) {
	for name, text := range map[string]string{
		"shorter": "external_id,packages\n",
		"shifted": "external_id,packages\n\nACME,webex_calling\n",
		"empty":   "",
	} {
		c := retryCase{names: []string{"c.csv"}, input: files{"c.csv": text}}
		c.row("c.csv", 2, diff.Customer, diff.Failed)
		path := filepath.Join(t.TempDir(), "retry.csv")
		if _, err := WriteRetry(path, c.desired(), c.rows, c.input.records); err == nil || !strings.Contains(err.Error(), "reading c.csv again") {
			t.Errorf("%s: error %v", name, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file was written: %v", name, err)
		}
	}
	c := retryCase{names: []string{"gone.csv"}}
	c.row("gone.csv", 2, diff.Customer, diff.Failed)
	if _, err := WriteRetry(filepath.Join(t.TempDir(), "retry.csv"), c.desired(), c.rows, c.input.records); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone: error %v", err)
	}
}
