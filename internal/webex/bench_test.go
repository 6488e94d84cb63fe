package webex

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkProvisionSubscriber is one write over loopback with nothing to wait
// for: what the client itself costs, beside net/http.
func BenchmarkProvisionSubscriber(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, oneSubscriber)
	}))
	defer server.Close()
	c, err := New(Config{BaseURL: server.URL, Tokens: StaticToken(testToken)})
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := c.ProvisionSubscriber(b.Context(), SubscriberProvision{CustomerID: "C1", Email: "a@example.com"}); err != nil {
				b.Error(err)
			}
		}
	})
}
