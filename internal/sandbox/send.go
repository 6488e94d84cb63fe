package sandbox

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"
)

const proxyPage = `<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>Please sign in.</body></html>`

// before gives the answer of a fault that keeps the request from being carried out.
func (r *Rule) before() (answer, bool) {
	switch r.action {
	case actionStatusBefore:
		return refused(refuseStatus(r.status)), true
	case actionThrottle:
		reply := refused(refuseStatus(r.status))
		if r.retry > 0 {
			reply.retryAfter = seconds(r.retry)
		}
		return reply, true
	case actionRefuse:
		return refused(refuse(r.code)), true
	case actionRedirect:
		return answer{status: r.status, redirect: r.target}, true
	case actionResetBefore, actionHTML:
		return answer{status: http.StatusOK}, true
	}
	return answer{}, false
}

// after changes the answer to a request that was carried out.
func (r *Rule) after(reply answer) answer {
	switch r.action {
	case actionStatusAfter:
		return refused(refuseStatus(r.status))
	case actionEmpty:
		return answer{status: http.StatusOK, body: wireList[struct{}]{Items: []struct{}{}}}
	case actionDropLink:
		reply.next = ""
	}
	return reply
}

// tamper keeps the answer back and breaks or replaces it, as a fault asks; it tells whether nothing is left to send.
func tamper(w http.ResponseWriter, c *call, reply answer, rule Rule) (done bool) {
	if rule.delay > 0 {
		wait(c.request, rule.delay)
	}
	if rule.action == actionResetBefore || rule.action == actionResetAfter {
		reset(w)
	}
	switch {
	case rule.action == actionHTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(reply.status)
		_, _ = w.Write([]byte(proxyPage))
		return true
	case reply.redirect != "":
		w.Header().Set("Location", reply.redirect)
		w.WriteHeader(reply.status)
		return true
	}
	return false
}

// send puts the answer on the wire, or breaks the wire.
func send(w http.ResponseWriter, c *call, reply answer, rule Rule) {
	if tamper(w, c, reply, rule) {
		return
	}
	header := w.Header()
	header.Set("trackingid", c.tracking)
	if reply.location != "" {
		header.Set("Location", c.baseURL()+reply.location)
	}
	if reply.next != "" {
		header.Set("Link", "<"+reply.next+`>; rel="next"`)
	}
	if reply.retryAfter != "" {
		header.Set("Retry-After", reply.retryAfter)
	}
	body := render(c, reply)
	switch {
	case reply.page != "":
		header.Set("Content-Type", "text/html; charset=utf-8")
	case len(body) > 0:
		header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	if rule.action == actionTruncate && len(body) > 0 {
		header.Set("Content-Length", strconv.Itoa(len(body)+1000))
		body = body[:len(body)/2]
	}
	w.WriteHeader(reply.status)
	_, _ = w.Write(body) // a client that has gone is no concern of the API
}

func render(c *call, reply answer) []byte {
	if reply.page != "" {
		return []byte(reply.page)
	}
	content := reply.body
	if reply.refused != nil {
		content = reply.refused.wire(c.tracking)
	}
	if content == nil {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(content); err != nil {
		panic(err) // wire types are plain data, they always have a JSON form
	}
	return b.Bytes()
}

// wait keeps the answer back, as long as the client is there.
func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// reset ends the connection with a TCP reset. Where the server has no TCP connection to take over it just ends.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // else the client sees an orderly end
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}
