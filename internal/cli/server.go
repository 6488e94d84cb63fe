package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"wholesync/internal/sandbox"
)

// closeTimeout is how long a sandbox waits for requests in progress.
const closeTimeout = time.Second

// server serves on a loopback address.
type server struct {
	url   string // base URL of the API, if that is what it serves
	http  *http.Server
	ended chan error // has the error of serving, once
}

// listen opens addr, which must be HOST:PORT with a loopback host, because a
// sandbox hands its token and its estate to everybody.
func listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address; the sandbox is not safe on a network", host)
	}
	return net.Listen("tcp", addr)
}

func serveOn(listener net.Listener, handler http.Handler) *server {
	s := &server{
		url:   fmt.Sprintf("http://%s/v1", listener.Addr()),
		http:  &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		ended: make(chan error, 1),
	}
	go func() { s.ended <- s.http.Serve(listener) }()
	return s
}

// close ends serving and waits for it.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // requests that do not end are cut
	}
	<-s.ended
}

// sandboxServer is a sandbox with its API and, on another port, its report
// downloads, which live elsewhere as the vendor's do.
type sandboxServer struct {
	*server
	box         *sandbox.Sandbox
	downloads   *server
	downloadURL string
}

// serveSandbox makes a sandbox and serves it at addr, and its downloads at a
// free port of the same host.
func serveSandbox(options sandbox.Options, addr string) (*sandboxServer, error) {
	api, err := listen(addr)
	if err != nil {
		return nil, &addressError{err}
	}
	host, _, _ := net.SplitHostPort(addr) // listen has looked at it
	downloads, err := listen(net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	options.DownloadURL = fmt.Sprintf("http://%s", downloads.Addr())
	box, err := sandbox.New(options)
	if err != nil {
		_, _ = api.Close(), downloads.Close() // nobody has connected
		return nil, err
	}
	return &sandboxServer{
		server: serveOn(api, box), box: box, downloads: serveOn(downloads, box.Downloads()), downloadURL: options.DownloadURL,
	}, nil
}

func (s *sandboxServer) close() {
	s.server.close()
	s.downloads.close()
}

// addressError is an address that cannot be served at; another one may do.
type addressError struct{ error }

func (e *addressError) Unwrap() error { return e.error }
