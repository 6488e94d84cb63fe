package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultDownloadURL is where reports lie unless Options name another place: nowhere.
	DefaultDownloadURL = "https://reports.sandbox.test"

	defaultDownloadTTL = 10 * time.Minute
	keyPairID          = "SANDBOXKEYPAIR2F7C"
	signingKey         = "sandbox-signing-key-b81d40"
)

// signatureAlphabet makes base64 fit for a query, in the content network's own way.
var signatureAlphabet = strings.NewReplacer("+", "-", "=", "_", "/", "~")

// path is where the report lies below DownloadURL.
func (r *report) path() string {
	if r.broadworks {
		return r.created.UTC().Format("/2006/01/02/") + bareUUID(r.number) + ".csv"
	}
	return "/WHOLESALE/" + bareUUID(r.number) + ".csv"
}

// sign adds to a path what opens it until it expires.
func (s *Sandbox) sign(path string, expires time.Time) string {
	until := strconv.FormatInt(expires.Unix(), 10)
	return path + "?Expires=" + until + "&Signature=" + signature(path, until) + "&Key-Pair-Id=" + keyPairID
}

func signature(path, until string) string {
	mac := hmac.New(sha256.New, []byte(signingKey))
	_, _ = mac.Write([]byte(path + "?" + until)) // hashes take everything
	return signatureAlphabet.Replace(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// opens tells whether the query of a download opens the path now.
func opens(path string, query url.Values, now time.Time) bool {
	until, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	right := hmac.Equal([]byte(query.Get("Signature")), []byte(signature(path, query.Get("Expires"))))
	return err == nil && right && query.Get("Key-Pair-Id") == keyPairID && now.Before(time.Unix(until, 0))
}

// Downloads serves what the tempDownloadURL of a report leads to. It belongs on a host or port of its own, which
// Options.DownloadURL names. It asks for no token; the log says whether one came.
func (s *Sandbox) Downloads() http.Handler { return http.HandlerFunc(s.serveDownload) }

func (s *Sandbox) serveDownload(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r, query: r.URL.Query()}
	reply, rule := s.handle(c, s.openSheet)
	if tamper(w, c, reply, rule) {
		return
	}
	if reply.sheet == nil {
		sendDenial(w, reply)
		return
	}
	size := reply.sheet.size()
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	if rule.action == actionTruncate {
		size /= 2
	}
	_ = reply.sheet.write(&limited{w, size}) // a client that has gone is no concern of the sandbox
}

// openSheet finds the report behind the path of a download.
func (s *Sandbox) openSheet(c *call) answer {
	name, _ := strings.CutSuffix(path.Base(c.request.URL.Path), ".csv")
	n, ok := parseUUID(name)
	r := byNumber(s.estate.reports, n, ok)
	if r != nil {
		c.about("report", r.key(), r.id())
	}
	switch {
	case c.request.Method != http.MethodGet && c.request.Method != http.MethodHead:
		return refused(refuseStatus(http.StatusMethodNotAllowed))
	case r == nil || r.sheet == nil || r.path() != c.request.URL.Path || !opens(r.path(), c.query, c.now):
		return refused(refuseStatus(http.StatusForbidden))
	}
	return answer{status: http.StatusOK, sheet: r.sheet}
}

// denial is the body of an error, which here is not that of the API.
type denial struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
}

func sendDenial(w http.ResponseWriter, reply answer) {
	d := denial{Code: strings.ReplaceAll(http.StatusText(reply.status), " ", ""), Message: http.StatusText(reply.status)}
	if reply.status == http.StatusForbidden {
		d.Code, d.Message = "AccessDenied", "Access denied"
	}
	body, err := xml.Marshal(d)
	if err != nil {
		panic(err) // plain strings always have an XML form
	}
	w.Header().Set("Content-Type", "text/xml")
	if reply.retryAfter != "" {
		w.Header().Set("Retry-After", reply.retryAfter)
	}
	w.WriteHeader(reply.status)
	_, _ = fmt.Fprintf(w, "%s%s", xml.Header, body)
}

// limited passes on so many bytes and refuses the rest.
type limited struct {
	w    io.Writer
	left int64
}

var errLimit = errors.New("cut off here")

func (l *limited) Write(p []byte) (int, error) {
	if int64(len(p)) <= l.left {
		n, err := l.w.Write(p)
		l.left -= int64(n)
		return n, err
	}
	n, err := l.w.Write(p[:l.left])
	l.left = 0
	if err == nil {
		err = errLimit
	}
	return n, err
}
