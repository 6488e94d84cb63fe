package webex

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Content is what a download brought.
type Content struct {
	Bytes  int64
	SHA256 string // hex
}

// DownloadError is why the file of a report was not had. It names the file's
// host and nothing more of the link, which is a secret.
type DownloadError struct {
	Host       string
	HTTPStatus int    // 0 when no answer came
	Reason     string // what went wrong, in words
	Again      bool   // another try, with a fresh link, may bring the file
	Err        error  // the cause below HTTP, if any
}

// Error says what went wrong.
func (e *DownloadError) Error() string {
	text := "the file"
	if e.Host != "" {
		text += " on " + e.Host
	}
	if e.HTTPStatus != 0 {
		text += fmt.Sprintf(": HTTP status %d", e.HTTPStatus)
	}
	text += ": " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause, for errors.Is with context.Canceled and the like.
func (e *DownloadError) Unwrap() error { return e.Err }

// Download writes the file behind a link to w, as it comes in: after an error w
// has a part of it at most. The request goes to another host than the API's and
// has no token, no cookie and no tracking id; redirects are refused, plain http
// is too unless both sides are this machine. An error is a [*DownloadError], or
// what w returned.
func (c *Client) Download(ctx context.Context, link Link, w io.Writer) (Content, error) {
	u, err := link.check(c.baseIsLocal())
	if err != nil {
		return Content{}, err
	}
	d := &download{client: c, url: u}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.idle = time.AfterFunc(c.cfg.Timeout, func() { cancel(errIdle) })
	defer d.idle.Stop()
	content, err := d.run(ctx, w)
	var known *DownloadError
	if err != nil && errors.As(err, &known) {
		if cause := context.Cause(ctx); cause != nil {
			known.Err, known.Again = cause, errors.Is(cause, errIdle)
		}
	}
	return content, err
}

var errIdle = errors.New("nothing came in for too long")

func (c *Client) baseIsLocal() bool { return isLoopback(c.base.Hostname()) }

// download is one try to get a file.
type download struct {
	client *Client
	url    *url.URL
	idle   *time.Timer // ends the try when nothing comes in
}

func (d *download) fail(status int, again bool, reason string, err error) error {
	if err != nil {
		err = d.client.links.hideError(d.client.secrets.hideError(withoutURL(err)))
		err = &cleanError{err}
	}
	return &DownloadError{Host: d.url.Host, HTTPStatus: status, Reason: reason, Again: again, Err: err}
}

// cleanError shows an error of net/http, which may quote an answer.
type cleanError struct{ error }

func (e *cleanError) Error() string { return clean(e.error.Error()) }
func (e *cleanError) Unwrap() error { return e.error }

// run sends the request and writes its answer to w.
func (d *download) run(ctx context.Context, w io.Writer) (Content, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url.String(), nil)
	if err != nil {
		return Content{}, d.fail(0, false, "the link cannot be asked for", err)
	}
	request.Header.Set("User-Agent", d.client.cfg.UserAgent)
	request.Header.Set("Accept", "text/csv, application/octet-stream;q=0.9, */*;q=0.1")
	request.Header.Set("Accept-Encoding", "identity")
	browser := &http.Client{Transport: d.transport(), CheckRedirect: refuseRedirect}
	response, err := browser.Do(request)
	if err != nil {
		return Content{}, d.fail(0, !untrusted(err) && !errors.Is(err, errPrivate), "it cannot be reached", err)
	}
	defer response.Body.Close()
	if err := d.judge(response); err != nil {
		return Content{}, err
	}
	return d.copy(w, response)
}

// judge refuses answers that are not the file.
func (d *download) judge(response *http.Response) error {
	status := response.StatusCode
	switch {
	case status == http.StatusOK:
	case status >= 300 && status < 400:
		reason := "a redirect, which is not followed"
		if target, err := url.Parse(response.Header.Get("Location")); err == nil && target.Host != "" {
			reason = "a redirect to " + clean(target.Host) + ", which is not followed"
		}
		return d.fail(status, false, reason, nil)
	case status == http.StatusBadRequest, status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusNotFound, status == http.StatusGone:
		return d.fail(status, true, "the link is not good any more", nil)
	default:
		return d.fail(status, outageStatus(status) || status == http.StatusTooManyRequests, "not the file", nil)
	}
	if kind := strings.ToLower(response.Header.Get("Content-Type")); strings.Contains(kind, "html") || strings.Contains(kind, "xml") {
		return d.fail(status, true, "a page came instead of the file; is there a proxy or a sign-in page in between?", nil)
	}
	if response.ContentLength > d.client.cfg.MaxDownload {
		return d.tooLarge()
	}
	// Without a length and without chunks the end looks like a cut.
	if response.ProtoMajor == 1 && response.ContentLength < 0 && len(response.TransferEncoding) == 0 {
		return d.fail(status, true, "it does not say how long it is", nil)
	}
	return nil
}

func (d *download) tooLarge() error {
	return d.fail(0, false, fmt.Sprintf("it is larger than %d bytes", d.client.cfg.MaxDownload), nil)
}

// copy writes the file, and finds out whether that was all of it.
func (d *download) copy(w io.Writer, response *http.Response) (Content, error) {
	raw := &counted{r: response.Body, onRead: func() { d.idle.Reset(d.client.cfg.Timeout) }}
	file, err := d.decoded(raw, response.Header.Get("Content-Encoding"))
	if err != nil {
		return Content{}, err
	}
	head := bufio.NewReaderSize(file, 1<<16)
	start, err := head.Peek(64) // ends early with a short file, and Copy meets the same error
	if text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n"); len(text) > 0 && (text[0] == '<' || text[0] == '{') {
		return Content{}, d.fail(response.StatusCode, true, "a page or an error came instead of the file", nil)
	} else if len(start) == 0 && errors.Is(err, io.EOF) {
		return Content{}, d.fail(response.StatusCode, true, "it is empty", nil)
	}
	sum, out := sha256.New(), &writer{w: w}
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(head, d.client.cfg.MaxDownload+1))
	switch {
	case out.err != nil:
		return Content{}, out.err
	case err != nil:
		return Content{}, d.fail(response.StatusCode, true, "it broke off", err)
	case n > d.client.cfg.MaxDownload:
		return Content{}, d.tooLarge()
	case response.ContentLength >= 0 && raw.n != response.ContentLength:
		return Content{}, d.fail(response.StatusCode, true, fmt.Sprintf("%d of %d bytes came", raw.n, response.ContentLength), nil)
	}
	return Content{Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// decoded unpacks a file that is stored packed, although that was not asked for.
func (d *download) decoded(r io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return r, nil
	case "gzip":
		unpacked, err := gzip.NewReader(r)
		if err != nil {
			return nil, d.fail(http.StatusOK, true, "it cannot be unpacked", err)
		}
		return unpacked, nil
	}
	return nil, d.fail(http.StatusOK, false, "it is packed in a way that was not asked for: "+clean(encoding), nil)
}

// counted counts what is read.
type counted struct {
	r      io.Reader
	n      int64
	onRead func()
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.onRead()
	return n, err
}

// writer keeps the error of what it writes to, which is not the download's.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.err = err
	return n, err
}

// errPrivate says that a link leads into a network that is not the internet's.
var errPrivate = errors.New("its address is not a public one")

// transport is for one request: it keeps no connection, and reaches public
// addresses alone, for a link must not make this machine talk to its neighbours.
// A proxy stands where its operator put it.
func (d *download) transport() http.RoundTripper {
	if d.client.cfg.DownloadTransport != nil {
		return d.client.cfg.DownloadTransport
	}
	t := newTransport(1)
	t.DisableKeepAlives, t.DisableCompression = true, true
	if d.client.baseIsLocal() {
		return t
	}
	open := &net.Dialer{Timeout: dialTimeout}
	guarded := &net.Dialer{Timeout: dialTimeout, Control: refusePrivate}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && !strings.EqualFold(host, d.url.Hostname()) {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return t
}
