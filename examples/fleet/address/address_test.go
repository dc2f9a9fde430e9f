package address_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		reference, patterns string
		err                 error
	}{
		{"registry.example/team/app:1", "registry.example", nil},
		{"registry.example/team/app:1", "registry.example/team/**", nil},
		{"registry.example/team/app/sub:1", "registry.example/team/*", address.ErrRegistry},
		{"registry.example/team/app:1", "registry.example/team/*", nil},
		{"registry.example/other/app:1", "registry.example/team/**", address.ErrRegistry},
		{"registry.example.evil.example/team/app:1", "registry.example", address.ErrRegistry},
		{"registryxexample/team/app:1", "registry.example", address.ErrRegistry},
		{"registry.example:5000/app", "registry.example", address.ErrRegistry},
		{"registry.example:5000/app", "registry.example:*", nil},
		{"sub.registry.example/app", "*.registry.example", nil},
		{"app", "index.docker.io/library/*", nil},
		{"app", "", address.ErrRegistry},
		{"anything.example/app", "other.example **", nil},
		{"registry.example/team/app@sha256:x", "**", address.ErrReference},
		{"", "**", address.ErrReference},
		{"registry.example/app:1\nregistry.example", "**", address.ErrReference},
	} {
		if _, err := address.Check(test.reference, strings.Fields(test.patterns)); !errors.Is(err, test.err) {
			t.Errorf("%q with %q: %v, want %v", test.reference, test.patterns, err, test.err)
		}
	}
}

// TestTransport: no connection to an address inside, whether a name leads there, a redirect does, or the address is allowed.
func TestTransport(t *testing.T) {
	reached := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "http://"), ":")
	for _, url := range []string{inside.URL, "http://localhost:" + port, "http://169.254.169.254/", "http://[::1]:" + port, "http://10.1.2.3/", "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port} {
		if _, err := (&http.Client{Transport: address.Transport()}).Get(url); !errors.Is(err, webhook.ErrAddress) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if reached > 0 {
		t.Error("a server inside was reached")
	}
	outside := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest/meta-data", http.StatusFound))
	defer outside.Close()
	client := &http.Client{Transport: address.Transport(netip.MustParsePrefix("127.0.0.0/8"))}
	if _, err := client.Get(outside.URL); !errors.Is(err, webhook.ErrAddress) {
		t.Errorf("a redirect: %v", err)
	}
	if a, err := client.Get(inside.URL); err != nil || reached != 1 {
		t.Errorf("an allowed address: %v", err)
	} else {
		a.Body.Close()
	}
}
