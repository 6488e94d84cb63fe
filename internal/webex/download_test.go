package webex

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	sheet      = "CUSTOMER_NAME,SKU,QUANTITY\nAcme,A-1,30\n"
	sheetSum   = "cc51bfd33d59131580fae9c08a6dab0e042a6d2eb5523f9acf94d68fd9df7ce0"
	linkQuery  = "?Expires=4102444800&Signature=canary-signature&Key-Pair-Id=CANARYKEY"
	canaryWord = "canary"
)

// downloadFrom serves a file and gets it with a client of an API on this machine.
func downloadFrom(t *testing.T, handler http.HandlerFunc) (string, Content, error) {
	t.Helper()
	files := startServer(t, handler)
	c := newTestClient(t, Config{BaseURL: "http://127.0.0.1:1/v1", Tokens: StaticToken(canaryAccess), MaxDownload: 1000})
	return downloadLink(t, c, files.URL+"/WHOLESALE/a.csv"+linkQuery)
}

// downloadLink reads a report with that link, as every caller does, and then its file.
func downloadLink(t *testing.T, c *Client, url string) (string, Content, error) {
	t.Helper()
	report, err := c.reportDecoder(Wholesale)([]byte(`{"id":"R1","status":"COMPLETED","tempDownloadURL":"` + url + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	content, err := c.Download(t.Context(), report.Link, &out)
	if text := fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)); strings.Contains(text, canaryWord) || strings.Contains(text, "CANARY") || strings.Contains(text, "Expires") {
		t.Errorf("the error shows the link: %s", text)
	}
	return out.String(), content, err
}

func TestDownload(t *testing.T) {
	got, content, err := downloadFrom(t, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			switch name {
			case "User-Agent", "Accept", "Accept-Encoding", "Connection":
			default:
				t.Errorf("the file's host got %s: %q", name, values)
			}
		}
		if r.URL.RawQuery != linkQuery[1:] || r.Method != http.MethodGet || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("request is %s %s, header %v", r.Method, r.URL, r.Header)
		}
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Content-Type", "text/csv")
		fmt.Fprint(w, sheet)
	})
	if err != nil || got != sheet || content != (Content{Bytes: int64(len(sheet)), SHA256: sheetSum}) {
		t.Errorf("got %q, %+v, error %v", got, content, err)
	}
}

func TestDownloadUnasked(t *testing.T) {
	got, content, err := downloadFrom(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		fmt.Fprint(packed, sheet)
		_ = packed.Close()
	})
	if err != nil || got != sheet || content.SHA256 != sheetSum {
		t.Errorf("got %q, %+v, error %v", got, content, err)
	}
}

// What is not the whole file is an error, and says whether a fresh link may help.
func TestDownloadRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		again  bool
		says   string
	}{
		"expired":         {status(403, "<Error><Code>AccessDenied</Code></Error>"), true, "not good any more"},
		"expired, as 400": {status(400, ""), true, "not good any more"},
		"gone":            {status(404, ""), true, "HTTP status 404"},
		"out of order":    {status(503, "later"), true, "HTTP status 503"},
		"strange":         {status(418, ""), false, "HTTP status 418"},
		"a part":          {status(206, sheet), false, "HTTP status 206"},
		"html":            {typed("text/html", "Sign in, "+canaryWord), true, "a page came"},
		"xml":             {typed("application/xml", sheet), true, "a page came"},
		"html as csv":     {typed("text/csv", "\ufeff \n<!DOCTYPE html>"), true, "a page or an error came"},
		"json as csv":     {typed("text/csv", `{"message":"no"}`), true, "a page or an error came"},
		"empty":           {typed("text/csv", ""), true, "it is empty"},
		"unknown packing": {headed("Content-Encoding", "br", sheet), false, "not asked for: br"},
		"no gzip":         {headed("Content-Encoding", "gzip", sheet), true, "cannot be unpacked"},
		"too large":       {typed("text/csv", strings.Repeat("x", 1001)), false, "larger than 1000 bytes"},
		"too large, unsaid": {func(w http.ResponseWriter, _ *http.Request) {
			for range 11 {
				fmt.Fprint(w, strings.Repeat("x", 100))
				w.(http.Flusher).Flush()
			}
		}, false, "larger than 1000 bytes"},
		"too large, unpacked": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			fmt.Fprint(packed, strings.Repeat("x", 100000))
			_ = packed.Close()
		}, false, "larger than 1000 bytes"},
		"cut":                {raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+sheet), true, "it broke off"},
		"cut between chunks": {raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na,b,c\r\n"), true, "it broke off"},
		"no length":          {raw(t, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+sheet), true, "how long it is"},
		"no HTTP":            {raw(t, "SSH-2.0 canary-signature\r\n"), true, "cannot be reached"},
		"redirect":           {redirect("https://evil.example.net/?canary=1"), false, "a redirect to evil.example.net"},
		"redirect nowhere":   {redirect("http://canary-signature\x7f"), true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, content, err := downloadFrom(t, tt.answer)
			var failed *DownloadError
			if !errors.As(err, &failed) || failed.Again != tt.again || !strings.Contains(err.Error(), tt.says) || content != (Content{}) {
				t.Errorf("content %+v, error %v, want %q and again %t", content, err, tt.says, tt.again)
			}
		})
	}
}

// A redirect is not followed, not even to the same host.
func TestDownloadFollowsNothing(t *testing.T) {
	requests := 0
	_, _, err := downloadFrom(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, "/other", http.StatusFound)
	})
	if err == nil || requests != 1 {
		t.Errorf("%d requests, error %v", requests, err)
	}
}

// Links lead to public https addresses alone, unless the API is on this machine.
func TestDownloadHost(t *testing.T) {
	here := httptest.NewTLSServer(status(200, sheet))
	t.Cleanup(here.Close)
	plain := startServer(t, status(200, sheet))
	for _, tt := range []struct{ base, link, says string }{
		{"https://api.example.com/v1", plain.URL + "/a.csv" + linkQuery, "only https is followed"},
		{"https://api.example.com/v1", here.URL + "/a.csv" + linkQuery, "not a public one"},
		{"https://api.example.com/v1", "https://169.254.169.254/latest" + linkQuery, "not a public one"},
		{"https://api.example.com/v1", "https://10.1.2.3/a" + linkQuery, "not a public one"},
		{"https://api.example.com/v1", "https://[fd00::1]/a" + linkQuery, "not a public one"},
		{"https://api.example.com/v1", "https://[::ffff:127.0.0.1]/a" + linkQuery, "not a public one"},
		{"https://api.example.com/v1", "https://100.64.0.1/a" + linkQuery, "not a public one"},
		{"http://127.0.0.1:1/v1", "http://192.0.2.1/a.csv" + linkQuery, "only https is followed"},
		{"http://127.0.0.1:1/v1", "ftp://127.0.0.1/a.csv" + linkQuery, "only https is followed"},
		{"http://127.0.0.1:1/v1", "file:///etc/passwd" + linkQuery, "not a URL"},
		{"http://127.0.0.1:1/v1", "https://canary:canary@127.0.0.1/a" + linkQuery, "not a URL"},
		{"http://127.0.0.1:1/v1", "/a.csv" + linkQuery, "not a URL"},
		{"http://127.0.0.1:1/v1", "", "names no file"},
	} {
		_, _, err := downloadLink(t, newTestClient(t, Config{BaseURL: tt.base}), tt.link)
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s, %s: error %v, want %q", tt.base, tt.link, err, tt.says)
		}
	}
}

// trickle is a body that gives a line every 50 s, five times, and then nothing
// until its request is given up.
type trickle struct {
	ctx   context.Context
	lines int
}

func (b *trickle) Read(p []byte) (int, error) {
	if b.lines--; b.lines >= 0 {
		time.Sleep(50 * time.Second)
		return copy(p, "a,b,c\n"), nil
	}
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (b *trickle) Close() error { return nil }

// A host that stops sending is left after the time for one request; one that is
// slow but sends is not.
func TestDownloadIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{Timeout: time.Minute, DownloadTransport: &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ProtoMajor: 2, ContentLength: -1, Header: http.Header{}, Body: &trickle{r.Context(), 5}}, nil
		}}})
		began := time.Now()
		_, err := c.Download(t.Context(), Link{"https://files.example.com/a.csv"}, io.Discard)
		var failed *DownloadError
		if !errors.As(err, &failed) || !failed.Again || !errors.Is(err, errIdle) || time.Since(began) != 310*time.Second {
			t.Errorf("given up after %v: %v", time.Since(began), err)
		}
	})
}

// An interrupt ends a download, and is not taken for a fault of the host.
func TestDownloadInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{DownloadTransport: &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}})
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("stopped by hand")
		time.AfterFunc(time.Second, func() { cancel(why) })
		_, err := c.Download(ctx, Link{"https://files.example.com/a.csv"}, io.Discard)
		var failed *DownloadError
		if !errors.As(err, &failed) || failed.Again || !errors.Is(err, why) {
			t.Errorf("error is %v", err)
		}
	})
}

// What cannot be written is no fault of the download.
func TestDownloadToFullDisk(t *testing.T) {
	files := startServer(t, status(200, sheet))
	c := newTestClient(t, Config{BaseURL: "http://127.0.0.1:1/v1"})
	full := errors.New("no space left")
	_, err := c.Download(t.Context(), Link{files.URL}, failingWriter{full})
	var failed *DownloadError
	if !errors.Is(err, full) || errors.As(err, &failed) {
		t.Errorf("error is %v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func typed(kind, body string) http.HandlerFunc { return headed("Content-Type", kind, body) }

func headed(name, value, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set(name, value)
		fmt.Fprint(w, body)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// raw answers with bytes, and closes the connection.
func raw(t *testing.T, answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := hijacked(t, w)
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}
