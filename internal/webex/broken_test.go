package webex

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hijacked gives the test the connection behind a request.
func hijacked(t *testing.T, w http.ResponseWriter) *net.TCPConn {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return nil
	}
	return conn.(*net.TCPConn)
}

// Connections that break on the way back: a read is asked again, and a write is
// unknown after exactly one request.
func TestBrokenConnections(t *testing.T) {
	faults := map[string]http.HandlerFunc{
		"reset before the answer": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijacked(t, w)
			_ = conn.SetLinger(0)
			_ = conn.Close()
		},
		"closed before the answer": func(w http.ResponseWriter, _ *http.Request) { _ = hijacked(t, w).Close() },
		"cut body": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijacked(t, w)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":")
			_ = conn.Close()
		},
		"no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijacked(t, w)
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n")
			_ = conn.Close()
		},
		"huge header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Huge", strings.Repeat("x", 2*maxHeader))
		},
		"huge body":         func(w http.ResponseWriter, _ *http.Request) { _ = writeHuge(w) },
		"huge body, zipped": writeHugeZipped,
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for method, want := range map[string]Class{"GET": 0, "DELETE": ClassUnknown} {
				var requests atomic.Int32
				c := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if requests.Add(1) == 1 {
						fault(w, r)
						return
					}
					_, _ = io.WriteString(w, oneSubscriber)
				})
				send := getSubscriber
				if method == "DELETE" {
					send = removeSubscriber
				}
				err := send(c)
				if want == 0 && (err != nil || requests.Load() != 2) {
					t.Errorf("read: error %v after %d requests", err, requests.Load())
				}
				if want != 0 && (asError(t, err).Class != want || requests.Load() != 1) {
					t.Errorf("write: error %v after %d requests", err, requests.Load())
				}
			}
		})
	}
}

func writeHuge(w io.Writer) error {
	block := []byte(strings.Repeat(" ", 1<<20))
	for range 11 {
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, oneSubscriber) // fine but for its size
	return err
}

func writeHugeZipped(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	zipped := gzip.NewWriter(w)
	_ = writeHuge(zipped)
	_ = zipped.Close()
}

// A kept connection that the server has closed meanwhile: the write may not be
// sent twice, whatever the transport finds out.
func TestStaleConnection(t *testing.T) {
	var writes atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, oneSubscriber)
			return
		}
		writes.Add(1)
		_ = hijacked(t, w).Close()
	})
	if err := getSubscriber(c); err != nil {
		t.Fatal(err)
	}
	err := removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassUnknown || writes.Load() != 1 {
		t.Errorf("class %v after %d writes", e.Class, writes.Load())
	}
}

func TestRefusedConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	c := newTestClient(t, Config{BaseURL: "http://" + closed, MaxOutage: time.Millisecond})
	err = removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassNotSent || strings.Contains(err.Error(), "S1") {
		t.Errorf("class %v, error %v", e.Class, err)
	}
}

// A certificate that nobody vouches for will be the same after any wait.
func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	c := newTestClient(t, Config{BaseURL: server.URL})
	err := removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassNotSent || e.Attempts != 1 || !strings.Contains(err.Error(), "cannot be trusted") {
		t.Errorf("error after %d tries: %v", e.Attempts, err)
	}
}

// https spoken to a server that speaks http.
func TestNoTLS(t *testing.T) {
	server := startServer(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came") })
	c := newTestClient(t, Config{BaseURL: strings.Replace(server.URL, "http:", "https:", 1)})
	err := removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassNotSent || e.Attempts != 1 {
		t.Errorf("error after %d tries: %v", e.Attempts, err)
	}
}

// No redirect is followed: the other host never hears of the call.
func TestRedirects(t *testing.T) {
	other := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host got %s with %v", r.Method, r.Header)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/secret?a=b", status) })
		for _, send := range []func(*Client) error{getSubscriber, removeSubscriber} {
			err := send(c)
			e := asError(t, err)
			host := strings.TrimPrefix(other.URL, "http://")
			if e.Class != ClassRejected || !strings.Contains(e.Description, host) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%d: error is %v", status, err)
			}
		}
	}
}

// A server that drips: the timeout covers the body too.
func TestDrip(t *testing.T) {
	stop := make(chan struct{})
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, " ")
		w.(http.Flusher).Flush()
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	c := newTestClient(t, Config{BaseURL: server.URL, Timeout: 50 * time.Millisecond, MaxOutage: time.Nanosecond})
	if e := asError(t, removeSubscriber(c)); e.Class != ClassUnknown || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("write: %v", e)
	}
	if e := asError(t, getSubscriber(c)); e.Class != ClassTransient || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("read: %v", e)
	}
}

// The request itself: what is on the wire, and what must never be there.
func TestRequestHeaders(t *testing.T) {
	var ids []string
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get("Trackingid"))
		for name, want := range map[string]string{
			"Authorization": "Bearer " + testToken, "Accept": "application/json", "User-Agent": "test/1", "Content-Type": "application/json",
			"Idempotency-Key": "", "X-Idempotency-Key": "",
		} {
			if r.Method == http.MethodGet && name == "Content-Type" {
				want = ""
			}
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		_, _ = io.WriteString(w, "\ufeff"+oneSubscriber)
	})
	c := newTestClient(t, Config{BaseURL: server.URL + "/a%2Fb/v1/", UserAgent: "test/1"})
	if err := getSubscriber(c); err != nil {
		t.Error(err)
	}
	if _, _, err := c.UpdateSubscriber(t.Context(), "S1", SubscriberUpdate{Package: "webex_suite"}); err != nil {
		t.Error(err)
	}
	var a, b, d, e, f string
	for _, id := range ids {
		if n, _ := fmt.Sscanf(strings.ReplaceAll(id, "-", " "), "WHOLESYNC_%8s %4s %4s %4s %12s", &a, &b, &d, &e, &f); n != 5 || d[0] != '4' {
			t.Errorf("tracking id is %q", id)
		}
	}
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("tracking ids are %q", ids)
	}
}
