package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// closeTimeout is how long a sandbox waits for requests in progress.
const closeTimeout = time.Second

// server serves a sandbox on a loopback address.
type server struct {
	url   string // base URL of the API
	http  *http.Server
	ended chan error // has the error of serving, once
}

// serve starts serving; addr must be HOST:PORT with a loopback host, because the
// sandbox hands its token and its estate to everybody.
func serve(box http.Handler, addr string) (*server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address; the sandbox is not safe on a network", host)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &server{
		url:   fmt.Sprintf("http://%s/v1", listener.Addr()),
		http:  &http.Server{Handler: box, ReadHeaderTimeout: 10 * time.Second},
		ended: make(chan error, 1),
	}
	go func() { s.ended <- s.http.Serve(listener) }()
	return s, nil
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
