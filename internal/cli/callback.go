package cli

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"wholesync/internal/webex"
)

// callbackPage is where the browser comes back to after a sign-in (RFC 8252): a
// server on loopback that knows one page.
type callbackPage struct {
	url      string
	path     string
	listener net.Listener
	server   *http.Server
}

// listenAt listens at an address of http on this machine. Port 0 picks a free one.
func listenAt(address string) (*callbackPage, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() != "localhost" && !ip.IsLoopback() {
		return nil, errors.New("want http://127.0.0.1:PORT/PATH")
	}
	host, port := u.Hostname(), u.Port()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "80"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if port == "0" {
		_, port, _ = net.SplitHostPort(listener.Addr().String())
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	page := &callbackPage{url: u.String(), path: u.Path, listener: listener}
	if page.path == "" {
		page.path = "/"
	}
	return page, nil
}

// codeAnswer is what a browser came back with.
type codeAnswer struct {
	code string
	err  error
}

const (
	pageCode    = "The answer has arrived. The terminal says what came of it; this page can be closed."
	pageStrange = "This page does not belong to the sign-in that is waited for. Start from the address that the terminal shows."
)

// serve answers browsers from now on. The first answer that read accepts, or
// refuses for a reason that the vendor gives, comes through the channel; of others
// strange is told, once, and the sign-in goes on: anybody on this machine can send them.
func (p *callbackPage) serve(read func(url.Values) (string, error), strange func()) <-chan codeAnswer {
	answers := make(chan codeAnswer, 1)
	told := make(chan struct{}, 1)
	p.server = &http.Server{
		ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // it would quote requests
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != p.path {
				http.NotFound(w, r)
				return
			}
			code, err := read(r.URL.Query())
			if errors.Is(err, webex.ErrOtherSignIn) {
				writePage(w, http.StatusBadRequest, pageStrange)
				select {
				case told <- struct{}{}:
					strange()
				default:
				}
				return
			}
			writePage(w, http.StatusOK, pageCode)
			select {
			case answers <- codeAnswer{code, err}:
			default: // the browser loaded the page again
			}
		}),
	}
	go func() { _ = p.server.Serve(p.listener) }() // until close
	return answers
}

// writePage answers with a page that no cache and no other site gets to see.
func writePage(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>wholesync</title></head><body><p>"+text+"</p></body></html>\n")
}

// close ends the server; a page on its way gets there.
func (p *callbackPage) close() {
	if p.server == nil {
		_ = p.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		_ = p.server.Close()
	}
}

// openBrowser opens an address where that was asked for, or at a terminal. The
// address is on the terminal too, so failing is no harm.
func (a *app) openBrowser(o *loginOptions, address string) {
	if !o.open && (o.given("open") || !a.isTerminal(a.stderr)) {
		return
	}
	words := browserCommand(a.getenv("BROWSER"), runtime.GOOS)
	cmd := exec.Command(words[0], append(words[1:], address)...)
	if err := cmd.Start(); err != nil {
		a.log.Warn("the browser cannot be opened", "error", err.Error())
		return
	}
	go func() { _ = cmd.Wait() }()
}

func browserCommand(chosen, system string) []string {
	if words := strings.Fields(chosen); len(words) > 0 {
		return words
	}
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}
