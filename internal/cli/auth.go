package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wholesync/internal/webex"
	"wholesync/report"
)

// renewBefore is how many days a refresh token should last at least; below that
// people are warned.
const renewBefore = 14

// authOutage is how long the auth commands go on when the API does not answer:
// somebody waits, and what matters is done without it.
const authOutage = 30 * time.Second

func newAuth(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Sign in, keep the sign-in alive, and see how long it lasts",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLogin(a), newRefresh(a), newStatus(a))
	return cmd
}

func newRefresh(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "refresh",
		Short: "Renew the tokens of a credentials file, so that they do not run out",
		Long: `Refresh gets new tokens for a credentials file whether or not the old ones are
still good. A refresh token that is not used runs out, after 90 days as a rule, and
then a person has to sign in again; run this every night where nothing else runs.

It ends with 7 where a person has to sign in again, and with 1 where the API could
not be reached; then the file is as it was.`,
		Example: "  wholesync auth refresh --credentials credentials.json",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.refresh(cmd.Context()) },
	}
}

func newStatus(a *app) *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who is signed in, for what, and how long the tokens last",
		Long: `Status asks the API whose token it is, and shows what the credentials file says of
tokens and scopes, but never a token. It warns when the refresh token has less than
14 days to live, and ends with 7 when a person has to sign in again.`,
		Example: `  wholesync auth status --sandbox
  wholesync auth status --offline --credentials credentials.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), offline) },
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nobody, show what the credentials file says")
	return cmd
}

// credentialsPath is the file that the auth commands work on.
func (a *app) credentialsPath() (string, error) {
	if a.global.sandbox != "" {
		return "", errors.New("reading the flags: the sandbox of --sandbox ends with the command; start one with wholesync sandbox and give --base-url")
	}
	if a.global.credentials == "" {
		return "", fail(exitAuth, "signing in: no credentials file; give --%s FILE, or set $%s", credentialsFlag, envCredentials)
	}
	return a.global.credentials, nil
}

func (a *app) tokenURL() string { return a.global.baseURL + "/access_token" }

// refresh renews the tokens of the credentials file.
func (a *app) refresh(ctx context.Context) error {
	path, err := a.credentialsPath()
	if err != nil {
		return err
	}
	if _, err := webex.ReadCredentials(path); err != nil {
		return fail(exitAuth, "refreshing the tokens: %w; a person has to run wholesync auth login", err)
	}
	_, err = webex.RenewCredentials(a.stop, path, a.tokenURL(), nil)
	switch {
	case err == nil:
	case a.stop.Err() != nil:
		return context.Cause(a.stop)
	case webex.NeedsPerson(err), errors.Is(err, webex.ErrUnsaved):
		return fail(exitAuth, "refreshing the tokens: %w; a person has to run wholesync auth login", err)
	default:
		return fail(exitError, "refreshing the tokens: %w; the credentials file is as it was, so run it again", err)
	}
	return a.showSignIn(ctx, path)
}

// status shows the sign-in that other commands would use.
func (a *app) status(ctx context.Context, offline bool) error {
	s, err := a.signInOf(ctx, offline)
	if err != nil {
		return err
	}
	return a.printSignIn(s)
}

// showSignIn shows a sign-in that was just made or renewed. It is good whether or
// not the API says whose it is.
func (a *app) showSignIn(ctx context.Context, path string) error {
	s, err := a.signInOfFile(path)
	if err != nil {
		return err
	}
	tokens, err := webex.CredentialsFile(path, a.tokenURL(), nil)
	if err != nil {
		return fail(exitAuth, "signing in: %w", err)
	}
	if err := a.askWho(ctx, endpoint{url: a.global.baseURL, tokens: tokens}, s); err != nil {
		a.notices.Warn("the tokens are saved, but whose they are is not known", "error", err.Error())
	}
	if a.getenv(envToken) != "" {
		a.notices.Warn("$" + envToken + " is set and wins over the credentials file")
	}
	return a.printSignIn(s)
}

// signIn is what is known of a sign-in, in the form of the JSON output.
type signIn struct {
	Source       string     `json:"source"` // file, environment or sandbox
	File         string     `json:"credentials,omitempty"`
	Keychain     bool       `json:"keychain,omitempty"`
	ClientID     string     `json:"client_id,omitempty"`
	Email        string     `json:"email,omitempty"`
	PersonID     string     `json:"person_id,omitempty"`
	Organization string     `json:"organization_id,omitempty"`
	Access       *tokenLife `json:"access_token,omitempty"`
	Refresh      *tokenLife `json:"refresh_token,omitempty"`
	Scopes       []string   `json:"scopes,omitempty"`   // none = not known
	Commands     []string   `json:"commands,omitempty"` // that the scopes are enough for
	at           time.Time
}

// tokenLife is when a token ends.
type tokenLife struct {
	ExpiresAt time.Time `json:"expires_at"`
	DaysLeft  int       `json:"days_left"` // whole days; negative once it has ended
}

func lifeUntil(end, now time.Time) *tokenLife {
	if end.IsZero() {
		return nil
	}
	left := end.Sub(now)
	days := int(left / (24 * time.Hour))
	if left < 0 {
		days--
	}
	return &tokenLife{ExpiresAt: end, DaysLeft: days}
}

func (t *tokenLife) ended() bool { return t != nil && t.DaysLeft < 0 }

// signInOf collects what is known of the sign-in that the flags choose.
func (a *app) signInOf(ctx context.Context, offline bool) (*signIn, error) {
	s := &signIn{at: a.now()}
	switch {
	case a.global.sandbox != "":
		s.Source = "sandbox"
	case strings.TrimSpace(a.getenv(envToken)) != "":
		s.Source = "environment"
	default:
		path, err := a.credentialsPath()
		if err == nil {
			s, err = a.signInOfFile(path)
		}
		if err == nil && s.Refresh.ended() && (s.Access == nil || s.Access.ended()) {
			err = fail(exitAuth, "signing in: the refresh token ended at %s; run wholesync auth login", day(s.Refresh.ExpiresAt))
		}
		if err != nil {
			return nil, err
		}
	}
	if offline {
		return s, nil
	}
	api, err := a.endpoint()
	if err != nil {
		return nil, err
	}
	defer api.close()
	if err := a.askWho(ctx, api, s); err != nil {
		return nil, err
	}
	if s.Source != "file" {
		return s, nil
	}
	asked := *s
	if s, err = a.signInOfFile(asked.File); err != nil { // asking may have renewed the tokens
		return nil, err
	}
	s.Email, s.PersonID, s.Organization = asked.Email, asked.PersonID, asked.Organization
	return s, nil
}

// signInOfFile is what a credentials file says.
func (a *app) signInOfFile(path string) (*signIn, error) {
	c, err := webex.ReadCredentials(path)
	if err != nil {
		return nil, noCredentials(err)
	}
	now := a.now()
	s := &signIn{
		Source: "file", File: path, Keychain: c.Keychain != "", ClientID: c.ClientID, at: now,
		Access: lifeUntil(c.ExpiresAt, now), Refresh: lifeUntil(c.RefreshTokenExpiresAt, now), Scopes: strings.Fields(c.Scopes),
	}
	s.Commands = enoughFor(s.Scopes)
	return s, nil
}

// askWho asks the API whose tokens these are. Not every token may know that.
func (a *app) askWho(ctx context.Context, api endpoint, s *signIn) error {
	client, err := a.client(api.url, api.tokens, min(a.global.maxOutage, authOutage))
	if err != nil {
		return err
	}
	me, err := client.Me(ctx)
	var refused *webex.Error
	switch {
	case err == nil:
		s.Email, s.PersonID, s.Organization = me.Email, me.ID, me.OrgID
		return nil
	case errors.As(err, &refused) && refused.Class == webex.ClassAuth && refused.HTTPStatus == 403:
		return nil
	case errors.As(err, &refused) && refused.Class == webex.ClassAuth:
		return fail(exitAuth, "asking who is signed in: %w; run wholesync auth login", err)
	}
	return fmt.Errorf("asking who is signed in: %w; --offline shows what is known without asking", err)
}

// printSignIn writes a sign-in to stdout, and a warning to stderr where it ends soon.
func (a *app) printSignIn(s *signIn) error {
	if s.Refresh != nil && s.Refresh.DaysLeft < renewBefore {
		a.notices.Warn("the refresh token ends soon; run wholesync auth refresh, or sign in again", "days_left", s.Refresh.DaysLeft)
	}
	if a.json() {
		return writeJSON(a.stdout, s)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, line := range s.lines() {
		fmt.Fprintf(w, "%s\t%s\n", line[0], report.Clean(line[1]))
	}
	return w.Flush()
}

// lines are what people read of a sign-in: a name, and what there is under it.
func (s *signIn) lines() [][2]string {
	const unknown = "not known"
	from := map[string]string{"environment": "$" + envToken, "sandbox": "the sandbox", "file": s.File}[s.Source]
	if s.Keychain {
		from += ", secrets in the keychain"
	}
	lines := [][2]string{{"signed in as", orElse(s.Email, orElse(s.PersonID, unknown))}, {"organization", orElse(s.Organization, unknown)}, {"tokens from", from}}
	if s.Source == "file" {
		lines = append(lines, [2]string{"integration", s.ClientID},
			[2]string{"access token", s.Access.words(s.at)}, [2]string{"refresh token", s.Refresh.words(s.at)},
			[2]string{"scopes", orElse(strings.Join(s.Scopes, " "), unknown)})
	}
	if len(s.Scopes) > 0 {
		lines = append(lines, [2]string{"enough for", orElse(strings.Join(s.Commands, ", "), "no command")})
	}
	return slices.DeleteFunc(lines, func(line [2]string) bool { return line[1] == "" })
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (t *tokenLife) words(now time.Time) string {
	switch {
	case t == nil:
		return "end not known"
	case t.ended():
		return "ended at " + day(t.ExpiresAt)
	case t.DaysLeft == 0:
		return fmt.Sprintf("%s left, until %s", t.ExpiresAt.Sub(now).Round(time.Minute), day(t.ExpiresAt))
	}
	return fmt.Sprintf("%s left, until %s", count(t.DaysLeft, "day"), day(t.ExpiresAt))
}

// day writes a time to the minute.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
