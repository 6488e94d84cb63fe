package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wholesync/internal/webex"
)

const (
	envClientID     = "WEBEX_CLIENT_ID"
	envClientSecret = "WEBEX_CLIENT_SECRET"

	// defaultRedirectPort is what the README tells people to register.
	defaultRedirectPort = 8484

	// scopeAppTokens lets an integration make the tokens of service apps.
	scopeAppTokens = "spark:applications_token"
)

// loginOptions are the flags of auth login.
type loginOptions struct {
	clientID      string
	purposes      []string
	scopes        []string
	redirectPort  int
	redirectURL   string
	paste         bool
	open          bool
	pkce          bool
	keychain      bool
	wait          time.Duration
	serviceApp    bool
	applicationID string
	targetOrg     string
	grantor       string
	given         func(flag string) bool
}

func newLogin(a *app) *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use:   "login --credentials FILE",
		Short: "Sign in with a browser and save the tokens",
		Long: `Login prints an address where a person agrees to what the integration may do for
them, waits for the browser to come back to this machine, and saves the tokens in
the credentials file, which only its owner can read.

The integration is registered with the vendor once, with the redirect address
http://127.0.0.1:8484/callback (or another, see --redirect-port) and the scopes that
are asked for. Its client id is a flag, $WEBEX_CLIENT_ID, what the credentials file
has, or asked for on the terminal; its secret is $WEBEX_CLIENT_SECRET, what the file
has, or asked for without echo.

On a machine without a browser --paste takes the address from the browser of
another one. With --service-app no person is asked: the tokens are those of a
service app that an administrator has authorized, and are made with the token of
an integration that has the scope spark:applications_token.`,
		Example: `  wholesync auth login --credentials credentials.json
  wholesync auth login --credentials credentials.json --for apply,billing --paste`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags().Changed
			return a.login(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.clientID, "client-id", "", "client id of the integration or service app; also $"+envClientID)
	f.StringSliceVar(&o.purposes, "for", []string{"apply"}, "what the sign-in is for: "+strings.Join(purposes(), ", ")+" (apply is also enough for plan and export)")
	f.StringSliceVar(&o.scopes, "scopes", nil, "ask for exactly these scopes instead")
	f.IntVar(&o.redirectPort, "redirect-port", defaultRedirectPort, "port of this machine that the browser comes back to; 0 picks a free one, for integrations that may have any")
	f.StringVar(&o.redirectURL, "redirect-url", "", "redirect address as it is registered, where that is another (default http://127.0.0.1:PORT/callback)")
	f.BoolVar(&o.paste, "paste", false, "do not wait for the browser; ask for the address that it ends at")
	f.BoolVar(&o.open, "open", false, "open the browser (default: on a terminal); $BROWSER names it")
	f.BoolVar(&o.pkce, "pkce", true, "protect the sign-in with PKCE; turn off where the vendor refuses it")
	f.BoolVar(&o.keychain, "keychain", false, "keep tokens and secret in the system's keychain; the file refers to it (default: as it was)")
	f.DurationVar(&o.wait, "wait", 5*time.Minute, "how long to wait for the person")
	f.BoolVar(&o.serviceApp, "service-app", false, "get the tokens of a service app instead")
	f.StringVar(&o.applicationID, "application-id", "", "application id of the service app")
	f.StringVar(&o.targetOrg, "target-org", "", "id of the organization that has authorized the service app")
	f.StringVar(&o.grantor, "grantor", "", "credentials file of the integration that makes the tokens of the service app (default: $"+envToken+")")
	if err := cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(purposes(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // two functions for one flag
	}
	return cmd
}

// check refuses flags that cannot work together, and fills in the scopes.
func (o *loginOptions) check() error {
	appFlags := o.applicationID != "" && o.targetOrg != ""
	switch {
	case o.wait <= 0:
		return fmt.Errorf("reading the flags: --wait %v is out of range; give a time above 0, such as 5m", o.wait)
	case o.redirectPort < 0 || o.redirectPort > 65535:
		return fmt.Errorf("reading the flags: --redirect-port %d is out of range; give a port, or 0 for a free one", o.redirectPort)
	case o.paste && o.redirectPort == 0 && o.redirectURL == "":
		return errors.New("reading the flags: --paste needs the redirect address that is registered; give its --redirect-port")
	case o.serviceApp && !appFlags:
		return errors.New("reading the flags: --service-app needs --application-id and --target-org")
	case !o.serviceApp && (o.applicationID != "" || o.targetOrg != "" || o.grantor != ""):
		return errors.New("reading the flags: --application-id, --target-org and --grantor are for --service-app; give that too")
	case len(o.scopes) > 0:
		return nil
	}
	var err error
	o.scopes, err = scopesFor(o.purposes)
	return err
}

// login signs in, saves the tokens and shows what came of it.
func (a *app) login(ctx context.Context, o *loginOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	path, err := a.credentialsPath()
	if err != nil {
		return err
	}
	known, err := webex.PrepareCredentials(path)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	typed := bufio.NewReader(a.stdin)
	id, secret, err := a.askClient(typed, o.clientID, known)
	if err != nil {
		return err
	}
	var granted webex.Credentials
	if o.serviceApp {
		granted, err = a.mint(ctx, o, id, secret)
	} else {
		granted, err = a.signIn(ctx, typed, o, id, secret)
	}
	if err != nil {
		return err
	}
	granted.Keychain = known.Keychain
	if o.given("keychain") {
		granted.Keychain = keychainEntry(o.keychain, known.Keychain)
	}
	if err := webex.SaveCredentials(ctx, path, granted); err != nil {
		return fmt.Errorf("signing in: the tokens could not be saved, so sign in again: %w", err)
	}
	if missing := lacking(strings.Fields(granted.Scopes), o.scopes); granted.Scopes != "" && len(missing) > 0 && !o.serviceApp {
		a.notices.Warn("the sign-in was granted less than was asked for", "missing", strings.Join(missing, " "))
	}
	return a.showSignIn(ctx, path)
}

// keychainEntry is the entry to use from now on.
func keychainEntry(wanted bool, old string) string {
	switch {
	case !wanted:
		return ""
	case old != "":
		return old
	}
	return webex.NewKeychainEntry()
}

// signIn leads a person through the sign-in.
func (a *app) signIn(ctx context.Context, typed *bufio.Reader, o *loginOptions, id, secret string) (webex.Credentials, error) {
	redirect, page, err := o.redirect()
	if err != nil {
		return webex.Credentials{}, err
	}
	if page != nil {
		defer page.close()
	}
	s, err := webex.NewSignIn(webex.SignInConfig{
		BaseURL: a.global.baseURL, ClientID: id, ClientSecret: secret, RedirectURL: redirect, Scopes: o.scopes, PKCE: o.pkce,
	})
	if err != nil {
		return webex.Credentials{}, fmt.Errorf("signing in: %w", err)
	}
	fmt.Fprintf(a.console, "Sign in and agree at this address:\n\n  %s\n\n", s.URL())
	var code string
	if page == nil {
		code, err = a.askPasted(typed, s)
	} else {
		a.openBrowser(o, s.URL())
		code, err = a.awaitCode(page, s, o.wait)
	}
	if err != nil {
		return webex.Credentials{}, consentFailure(err)
	}
	granted, err := s.Redeem(ctx, code)
	if err != nil {
		return granted, grantFailure(err)
	}
	return granted, nil
}

// redirect is the address that the browser comes back to, and the page there. With
// --paste nothing listens, and the page is nil.
func (o *loginOptions) redirect() (string, *callbackPage, error) {
	address := o.redirectURL
	if address == "" {
		address = fmt.Sprintf("http://127.0.0.1:%d/callback", o.redirectPort)
	}
	if o.paste {
		return address, nil, nil
	}
	page, err := listenAt(address)
	if err != nil {
		return "", nil, fmt.Errorf("signing in: waiting for the browser at %s: %w; give another --redirect-port that is registered, or --paste", address, err)
	}
	return page.url, page, nil
}

// awaitCode waits at the page until the browser comes back.
func (a *app) awaitCode(page *callbackPage, s *webex.SignIn, wait time.Duration) (string, error) {
	answers := page.serve(s.Code, func() {
		a.notices.Warn("a request that does not belong to this sign-in was refused; if that was you, start from the address above")
	})
	fmt.Fprintf(a.console, "Waiting for the browser at %s; interrupt to give up\n", page.url)
	return a.await(answers, wait)
}

// await waits for an answer, within bounds.
func (a *app) await(answers <-chan codeAnswer, wait time.Duration) (string, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case answer := <-answers:
		return answer.code, answer.err
	case <-timer.C:
		return "", fail(exitAuth, "signing in: nobody agreed within %v, so nothing was saved; start again, or give more time with --wait", wait)
	case <-a.stop.Done():
		return "", context.Cause(a.stop)
	}
}

// askPasted asks for the address that the browser ended at. It need not load.
func (a *app) askPasted(typed *bufio.Reader, s *webex.SignIn) (string, error) {
	fmt.Fprint(a.console, "The browser ends at an address that need not load. Paste it here: ")
	line, err := a.readLine(typed)
	if err != nil {
		return "", err
	}
	pasted, err := url.Parse(strings.TrimSpace(line))
	if err != nil || pasted.RawQuery == "" {
		return "", fail(exitAuth, "signing in: that was no address with a code in it, so nothing was saved; start again and paste all of the address")
	}
	return s.Code(pasted.Query())
}

// consentFailure words what the browser came back with, if not with a code.
func consentFailure(err error) error {
	var refused *webex.ConsentError
	switch {
	case errors.Is(err, webex.ErrOtherSignIn):
		return fail(exitAuth, "signing in: %w, so nothing was saved; start again and use the address that is shown then", err)
	case !errors.As(err, &refused):
		return err
	}
	hint := map[string]string{
		"access_denied":   "the person, or their administrator, did not agree",
		"invalid_scope":   "add the scopes to the integration, or ask for less with --for or --scopes",
		"invalid_request": "if the vendor does not take PKCE, give --pkce=false",
	}[refused.Code]
	return fail(exitAuth, "signing in: %w, so nothing was saved; %s", err, orElse(hint, "start again"))
}

// grantFailure tells a refusal, which needs a person, from trouble on the way.
func grantFailure(err error) error {
	if webex.NeedsPerson(err) {
		return fail(exitAuth, "signing in: %w; nothing was saved", err)
	}
	return fail(exitError, "signing in: %w; nothing was saved", err)
}

// mint gets the tokens of a service app.
func (a *app) mint(ctx context.Context, o *loginOptions, id, secret string) (webex.Credentials, error) {
	tokens, err := a.grantorTokens(o.grantor)
	if err != nil {
		return webex.Credentials{}, err
	}
	if known := webex.GrantedScopes(tokens); len(known) > 0 && !slices.Contains(known, scopeAppTokens) {
		return webex.Credentials{}, fail(exitAuth, "signing in: the sign-in in %s lacks %s; run wholesync auth login --credentials %s --scopes %s",
			o.grantor, scopeAppTokens, o.grantor, scopeAppTokens)
	}
	client, err := a.client(a.global.baseURL, tokens, min(a.global.maxOutage, authOutage))
	if err != nil {
		return webex.Credentials{}, err
	}
	granted, err := client.ServiceAppTokens(ctx, webex.ServiceApp{
		ApplicationID: o.applicationID, ClientID: id, ClientSecret: secret, TargetOrgID: o.targetOrg,
	})
	var refused *webex.Error
	switch {
	case err == nil:
		return granted, nil
	case errors.As(err, &refused) && refused.HTTPStatus >= 400 && refused.HTTPStatus < 500:
		return granted, fail(exitAuth, "signing in: %w; nothing was saved", err)
	}
	return granted, fmt.Errorf("signing in: %w; nothing was saved", err)
}

// grantorTokens are those that make tokens of a service app.
func (a *app) grantorTokens(file string) (webex.TokenSource, error) {
	if file == "" {
		if a.getenv(envToken) == "" {
			return nil, fail(exitAuth, "signing in: no token that makes those of the service app; give --grantor FILE, or set $%s", envToken)
		}
		return a.tokens()
	}
	tokens, err := webex.CredentialsFile(file, a.tokenURL(), nil)
	if err != nil {
		return nil, fail(exitAuth, "signing in: %w", err)
	}
	return tokens, nil
}

// askClient finds the client id and secret: what was given, what the environment
// or the credentials file has, or what is typed.
func (a *app) askClient(typed *bufio.Reader, given string, known webex.Credentials) (id, secret string, err error) {
	for _, id = range []string{given, a.getenv(envClientID), known.ClientID} {
		if id != "" {
			break
		}
	}
	secret = a.getenv(envClientSecret)
	if secret == "" && id == known.ClientID {
		secret = known.ClientSecret
	}
	if (id == "" || secret == "") && !a.isTerminal(a.stdin) {
		return "", "", fail(exitAuth, "signing in: no client id or no client secret, and stdin is not a terminal to ask at; set $%s and $%s", envClientID, envClientSecret)
	}
	if id == "" {
		fmt.Fprint(a.console, "Client id of the integration: ")
		if id, err = a.readLine(typed); err != nil {
			return "", "", err
		}
	}
	if secret == "" {
		fmt.Fprint(a.console, "Client secret (not shown): ")
		if secret, err = a.readSecret(typed); err != nil {
			return "", "", err
		}
	}
	id, secret = strings.TrimSpace(id), strings.TrimSpace(secret)
	if id == "" || secret == "" {
		return "", "", fail(exitAuth, "signing in: no client id or no client secret was given, so nothing was saved; the page of the integration at the vendor has both")
	}
	return id, secret, nil
}

// readSecret reads a line that the terminal does not show.
func (a *app) readSecret(typed *bufio.Reader) (string, error) {
	file, ok := a.stdin.(*os.File)
	if !ok { // nothing echoes
		return a.readLine(typed)
	}
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("asking for the client secret: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() { // ends with the process where nobody types
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	defer fmt.Fprintln(a.console)
	select {
	case got := <-read:
		if got.err != nil {
			return "", fmt.Errorf("asking for the client secret: %w", got.err)
		}
		return string(got.text), nil
	case <-a.stop.Done():
		_ = term.Restore(fd, before) // or the shell after us would not echo
		return "", context.Cause(a.stop)
	}
}
