package address_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// inside is a host that a name may not lead to, in each form.
var inside = []string{"localhost", "localhost.", "LOCALHOST", "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.0.0.1.", "0", "0.0.0.0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
	"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
	"169.254.169.254", "169.254.170.2", "[::ffff:169.254.169.254]", "100.100.100.200", "168.63.129.16", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "192.0.0.192", "224.0.0.1", "255.255.255.255"}

// TestHosts: no form of an address inside is reached, by a registry or a receiver. A form that the resolver does not take is no address.
func TestHosts(t *testing.T) {
	var reached atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	for _, client := range []*http.Client{{Transport: address.Transport()}, webhook.NewClient()} {
		for _, host := range inside {
			ctx, cancel := context.WithTimeout(t.Context(), 5e9)
			q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+":"+port+"/", nil)
			if err == nil {
				var a *http.Response
				if a, err = client.Do(q); err == nil {
					a.Body.Close()
				}
			}
			cancel()
			if err == nil {
				t.Errorf("%s was reached", host)
			}
		}
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("%d requests reached the server inside", n)
	}
}

// TestRegistries: a registry that is allowed sends clients to addresses inside: by redirects of manifests and blobs, and as the server of its
// tokens.
func TestRegistries(t *testing.T) {
	var reached atomic.Int32
	secret := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	l, err := net.Listen("tcp", "127.0.0.2:0") // inside, and not allowed
	if err != nil {
		t.Skip(err)
	}
	secret.Listener = l
	secret.Start()
	defer secret.Close()
	allowed := netip.MustParsePrefix("127.0.0.1/32")
	for name, handler := range map[string]http.HandlerFunc{
		"a redirect of the first request": func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, secret.URL+"/latest/meta-data", http.StatusFound)
		},
		"a redirect of the manifest": func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != "/v2/" {
				http.Redirect(w, q, secret.URL, http.StatusTemporaryRedirect)
			}
		},
		"the realm of a token": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+secret.URL+`/token",service="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"the realm of a token at the manifest": func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != "/v2/" {
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+secret.URL+`/token",service="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		},
	} {
		s := httptest.NewServer(handler)
		_, err := source.Open(t.Context(), "registry:"+strings.TrimPrefix(s.URL, "http://")+"/team/app:1",
			source.Options{Kinds: []string{"registry"}, Registry: registry.Options{Transport: address.Transport(allowed)}})
		if err == nil {
			t.Errorf("%s: opened", name)
		} else if strings.HasPrefix(name, "a redirect") && !errors.Is(err, webhook.ErrAddress) {
			t.Logf("%s: %v", name, err)
		}
		s.Close()
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("%d requests reached the server inside", n)
	}
}

// TestRebinding: a name has a public address when it is first resolved, and one inside afterwards. The address of the connection counts.
func TestRebinding(t *testing.T) {
	var reached, asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := names.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				ip := [4]byte{127, 0, 0, 1}
				if asked.Add(1) == 1 {
					ip = [4]byte{93, 184, 216, 34}
				}
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: ip}}}
			}
			if reply, err := m.Pack(); err == nil {
				names.WriteTo(reply, from)
			}
		}
	}()
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", names.LocalAddr().String())
	}}
	if list, err := net.DefaultResolver.LookupHost(t.Context(), "changing.example."); err != nil || list[0] != "93.184.216.34" {
		t.Fatalf("the first look-up: %v, %v", list, err)
	}
	for _, client := range []*http.Client{{Transport: address.Transport()}, webhook.NewClient()} {
		if _, err := client.Get("http://changing.example.:" + port); !errors.Is(err, webhook.ErrAddress) {
			t.Errorf("%v, want %v", err, webhook.ErrAddress)
		}
	}
	if reached.Load() > 0 {
		t.Error("the server inside was reached")
	}
}
