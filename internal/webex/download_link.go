package webex

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Link is where the file of a report lies for a while: a signed URL, which lets
// anybody in who has it. It prints as a placeholder, whatever prints it.
type Link struct{ raw string }

// NoLink reports whether there is no file to be had yet.
func (l Link) NoLink() bool { return l.raw == "" }

// Format keeps the link out of texts.
func (l Link) Format(s fmt.State, _ rune) {
	if l.raw != "" {
		_, _ = s.Write([]byte(redacted))
	}
}

// MarshalText keeps the link out of files and logs.
func (l Link) MarshalText() ([]byte, error) { return fmt.Append(nil, l), nil }

// Expired reports whether the link says that it is not good at an instant. One
// that does not say is good.
func (l Link) Expired(at time.Time) bool {
	u, err := url.Parse(l.raw)
	if err != nil {
		return false
	}
	seconds, err := strconv.ParseInt(u.Query().Get("Expires"), 10, 64)
	return err == nil && at.Unix() >= seconds
}

// secrets are the parts of the link that nothing may show: its query, as a whole
// and value by value, as it is written and as it reads. The time of expiry by
// itself opens nothing.
func (l Link) secrets() []string {
	u, err := url.Parse(l.raw)
	if err != nil || u.RawQuery == "" {
		return []string{l.raw}
	}
	all := []string{u.RawQuery}
	for name, values := range u.Query() {
		for _, value := range values {
			if name != "Expires" {
				all = append(all, value, url.QueryEscape(value))
			}
		}
	}
	return all
}

// check gives the link as a URL that may be asked for. Local is whether the API
// is on this machine: then its files may be too.
func (l Link) check(local bool) (*url.URL, error) {
	u, err := url.Parse(l.raw)
	refused := &DownloadError{Reason: "the link is not a URL"}
	switch {
	case l.raw == "":
		refused.Reason = "the report names no file"
		refused.Again = true
	case err != nil || u.Host == "" || u.User != nil:
	case u.Scheme == "https", u.Scheme == "http" && local && isLoopback(u.Hostname()):
		return u, nil
	default:
		refused.Host = clean(u.Host)
		refused.Reason = fmt.Sprintf("the link begins with %s, and only https is followed", clean(strconv.Quote(u.Scheme+"://")))
	}
	return nil, refused
}

// refusePrivate is a [net.Dialer.Control] that lets connections to public
// addresses pass.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || sharedSpace.Contains(ip) {
		return errPrivate
	}
	return nil
}

// sharedSpace is between a provider and its customers (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
