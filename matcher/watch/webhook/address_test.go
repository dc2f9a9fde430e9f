package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// TestControl has addresses that reports about other services name as ways to internal services, such as
// https://github.com/goharbor/harbor/pull/23568.
func TestControl(t *testing.T) {
	check := webhook.Control()
	for _, a := range strings.Fields(`127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.10 169.254.169.254 169.254.170.2 100.64.0.1
		100.100.100.200 168.63.129.16 192.0.0.192 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
		[::] [::1] [fe80::1%25eth0] [fe80::a9fe:a9fe] [fd00:ec2::254] [fc00::1] [fec0::1] [ff02::1] [::ffff:127.0.0.1] [::ffff:a9fe:a9fe] [::ffff:10.0.0.1] [::127.0.0.1]
		[64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2001:0:1::1] [100::1]`) {
		if err := check("tcp", strings.Replace(a, "%25", "%", 1)+":443", nil); !errors.Is(err, webhook.ErrAddress) {
			t.Errorf("%s is let through", a)
		}
	}
	for _, a := range strings.Fields(`1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 11.0.0.1 [2606:4700::1111] [2a00:1450::1] [::ffff:1.1.1.1]`) {
		if err := check("tcp", a+":443", nil); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range []string{"", "localhost:80", "10.0.0.1", "[::1", "/run/socket"} {
		if err := check("unix", a, nil); err == nil {
			t.Errorf("%q is let through", a)
		}
	}
	check = webhook.Control(netip.MustParsePrefix("10.1.0.0/16"))
	if check("tcp", "10.1.2.3:80", nil) != nil || check("tcp", "[::ffff:10.1.2.3]:80", nil) != nil || check("tcp", "10.2.0.1:80", nil) == nil {
		t.Error("an allowed range is not the one that is let through")
	}
}

// TestInternalReceiver sends to an address of this machine, by a name, with the default client. The recorded error does not tell the address,
// since such an error lets a tenant explore the network of the service.
func TestInternalReceiver(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	f := newFleet(t, webhook.Subscription{ID: "s", URL: strings.Replace(s.URL, "127.0.0.1", "localhost", 1)})
	f.Client = nil
	f.queue("1")
	f.send()
	if d := f.list(webhook.Pending); len(d) != 1 || !strings.Contains(d[0].Error, "address of the host is not allowed") || strings.Contains(d[0].Error, "127.0.0.1") || asked {
		t.Errorf("%+v", d)
	}
}

// TestRedirectToInternal requires that a redirect leads nowhere, even for a client that follows them.
func TestRedirectToInternal(t *testing.T) {
	asked := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer inner.Close()
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		w.Header().Set("Location", inner.URL)
		w.WriteHeader(307)
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL, Client: &http.Client{}})
	f.queue("1")
	f.send()
	if len(r.requests()) != 1 || asked {
		t.Error("the redirect was followed")
	}
}
