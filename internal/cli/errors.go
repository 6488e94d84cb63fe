package cli

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wholesync/internal/webex"
	"wholesync/report"
)

func newErrors(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "errors [CODE]",
		Short: "Explain the API's error codes",
		Long: `Errors lists the error codes of the API, and the codes 100 to 116 by which a
precheck says what provisioning would do. With a code it tells what the code means
and what to do about it. It needs no connection.`,
		Example: "  wholesync errors\n  wholesync errors 2507\n  wholesync errors 104",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("reading the arguments: wholesync errors takes one code, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var codes []string
			for _, c := range webex.InfoCodes() {
				codes = append(codes, fmt.Sprintf("%d\t%s", c.Code, c.Meaning))
			}
			for _, c := range webex.Codes() {
				codes = append(codes, fmt.Sprintf("%d\t%s", c.Code, c.Title))
			}
			return codes, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listCodes()
			}
			return a.explainCode(args[0])
		},
	}
}

// classInfo stands for the class of an info code, which comes with success.
const classInfo = "info"

// viewInfo shows an info code as a code like the others.
func viewInfo(c webex.InfoCode) codeView {
	return codeView{c.Code, c.Meaning, []int{http.StatusOK}, classInfo, []string{"wholesale", "broadworks"}, c.Meaning, c.Advice}
}

// codeView is a code for machines.
type codeView struct {
	Code       int      `json:"code"`
	Title      string   `json:"title"`
	HTTPStatus []int    `json:"http_status"`
	Class      string   `json:"class"`
	Offers     []string `json:"offers"`
	Meaning    string   `json:"meaning"`
	Advice     string   `json:"advice"`
}

func viewCode(c webex.CodeInfo) codeView {
	return codeView{c.Code, c.Title, append([]int{}, c.HTTPStatus...), c.Class.String(), c.Offers, c.Meaning, c.Advice}
}

func (a *app) listCodes() error {
	codes := webex.Codes()
	if a.json() {
		views := make([]codeView, 0, len(codes))
		for _, c := range webex.InfoCodes() {
			views = append(views, viewInfo(c))
		}
		for _, c := range codes {
			views = append(views, viewCode(c))
		}
		return writeJSON(a.stdout, views)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CODE\tHTTP\tTITLE")
	for _, c := range webex.InfoCodes() {
		fmt.Fprintf(w, "%d\t%d\t%s\n", c.Code, http.StatusOK, report.Clean(c.Meaning))
	}
	for _, c := range codes {
		fmt.Fprintf(w, "%d\t%s\t%s\n", c.Code, statuses(c), report.Clean(c.Title))
	}
	return w.Flush()
}

func (a *app) explainCode(arg string) error {
	code, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("looking up an error code: %q is not a number; wholesync errors lists all codes", arg)
	}
	if c, ok := webex.LookupInfo(code); ok {
		return a.explainInfo(c)
	}
	c, ok := webex.LookupCode(code)
	if !ok {
		near := nearestCode(code)
		return fmt.Errorf("looking up an error code: %d is not known; the nearest is %d, %s", code, near.Code, near.Title)
	}
	if a.json() {
		return writeJSON(a.stdout, viewCode(c))
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{strconv.Itoa(c.Code), c.Title},
		{"meaning", c.Meaning},
		{"what to do", c.Advice},
		{"HTTP status", statuses(c)},
		{"kind", classWords(c.Class)},
		{"offers", strings.Join(c.Offers, ", ")},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], report.Clean(line[1]))
	}
	return w.Flush()
}

// explainInfo explains what a precheck says in success.
func (a *app) explainInfo(c webex.InfoCode) error {
	if a.json() {
		return writeJSON(a.stdout, viewInfo(c))
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{strconv.Itoa(c.Code), "said by a precheck: the API would take the row"},
		{"meaning", c.Meaning},
		{"what to do", c.Advice},
		{"HTTP status", strconv.Itoa(http.StatusOK)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], report.Clean(line[1]))
	}
	return w.Flush()
}

func statuses(c webex.CodeInfo) string {
	if len(c.HTTPStatus) == 0 {
		return "-"
	}
	parts := make([]string, len(c.HTTPStatus))
	for i, s := range c.HTTPStatus {
		parts[i] = strconv.Itoa(s)
	}
	return strings.Join(parts, ", ")
}

// classWords says what a class of errors asks of people.
func classWords(c webex.Class) string {
	switch c {
	case webex.ClassPermanentInput:
		return "the row is wrong and stays wrong until it is mended"
	case webex.ClassConflict:
		return "the row contradicts what exists"
	case webex.ClassConfig:
		return "the partner's account or template must be changed"
	case webex.ClassNotReady:
		return "the object is busy; wholesync waits and tries again"
	case webex.ClassTransient:
		return "the API is out of order for now; wholesync tries again where that is safe"
	case webex.ClassNotFound:
		return "the object does not exist"
	case webex.ClassAuth:
		return "the token or its permissions do not allow it"
	}
	return c.String()
}

// nearestCode finds the known code that is closest in number.
func nearestCode(code int) webex.CodeInfo {
	var near webex.CodeInfo
	for _, c := range webex.Codes() {
		if near.Code == 0 || distance(c.Code, code) < distance(near.Code, code) {
			near = c
		}
	}
	return near
}

func distance(a, b int) int { return max(a-b, b-a) }
