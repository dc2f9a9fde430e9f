package serve

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/examples/fleet/admission"
	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/examples/fleet/neighbours"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// Neighbours say which other systems the service answers.
type Neighbours struct {
	Tenant    string // of those that have no token of a tenant: Kubernetes and clients of Clair; "default" if empty
	Admission string // file of rules; "" answers no webhooks of Kubernetes
	Harbor    bool
	Clair     string // file with the shared key; "" answers no clients of Clair
	Falco     bool
}

// paths reports whether a neighbour has paths outside of the API.
func (n *Neighbours) paths() bool { return n.Admission != "" || n.Harbor || n.Clair != "" }

func (n *Neighbours) tenant() string {
	if n.Tenant == "" {
		return "default"
	}
	return n.Tenant
}

// A clairConfig is the content of the file with the shared key.
type clairConfig struct {
	Key     string   `yaml:"key"`     // base64
	Issuers []string `yaml:"issuers"` // of tokens; quay if it is empty

	// Where notifications go: to a receiver, to a broker, or both. Callback is the address of this service for clients, to which Clair's path is added.
	Callback string `yaml:"callback"` // "https://fleet.example:8443"
	Webhook  string `yaml:"webhook"`  // "https://quay.example/secscan/notification"
	AMQP     struct {
		URIs     []string `yaml:"uris"`
		Exchange string   `yaml:"exchange"`
		Key      string   `yaml:"routingKey"`
	} `yaml:"amqp"`
}

// subscriptions returns those of the file.
func (c *clairConfig) subscriptions(tenant string, dial func(network, address string) (net.Conn, error)) ([]webhook.Subscription, error) {
	if c.Webhook == "" && len(c.AMQP.URIs) == 0 {
		return nil, nil
	}
	u, err := url.Parse(c.Callback)
	if err != nil || u.Host == "" {
		return nil, errors.New("callback is not the address of this service")
	}
	base := webhook.Subscription{Tenant: tenant, Format: webhook.Clair(u.JoinPath("/notifier/api/v1/notification").String()),
		Kinds: []watch.Kind{watch.Appeared, watch.Disappeared, watch.FixAvailable, watch.SeverityChanged, watch.Exploited, watch.StatusChanged, watch.Renamed}}
	var list []webhook.Subscription
	if c.Webhook != "" {
		s := base
		s.ID, s.URL = "clair-webhook", c.Webhook
		list = append(list, s)
	}
	if len(c.AMQP.URIs) > 0 {
		s := base
		s.ID, s.Deliver = "clair-amqp", (&clair.AMQP{URIs: c.AMQP.URIs, Exchange: c.AMQP.Exchange, RoutingKey: c.AMQP.Key, Dial: dial}).Deliver
		list = append(list, s)
	}
	return list, nil
}

func readClair(name string) (*clair.Keys, *clairConfig, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("serve: %w", err)
	}
	defer f.Close()
	var c clairConfig
	d := yaml.NewDecoder(io.LimitReader(f, 1<<20))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return nil, nil, fmt.Errorf("serve: %s: %w", name, err)
	}
	key, err := base64.StdEncoding.DecodeString(c.Key)
	if err != nil || len(key) < 16 {
		return nil, nil, fmt.Errorf("serve: %s: the key is not at least 16 bytes in base64", name)
	}
	if len(c.Issuers) == 0 {
		c.Issuers = []string{"quay"}
	}
	return &clair.Keys{Key: key, Issuers: c.Issuers}, &c, nil
}

// answers returns the handler of the API with the paths of neighbours.
func (s *Service) answers(n *Neighbours, with *neighbours.Service, api http.Handler) (http.Handler, error) {
	if !n.paths() {
		return api, nil
	}
	tenant := n.tenant()
	mux := http.NewServeMux()
	mux.Handle("/", api)
	if n.Admission != "" {
		f, err := os.Open(n.Admission)
		if err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		config, err := admission.ReadConfig(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("serve: %s: %w", n.Admission, err)
		}
		h := with.Admission(tenant, config)
		for _, path := range []string{"/validate", "/mutate", "/image-review"} {
			mux.Handle(path, h)
		}
	}
	if n.Harbor {
		mux.Handle("/api/v1/", with.Harbor())
	}
	if n.Clair != "" {
		keys, _, err := readClair(n.Clair)
		if err != nil {
			return nil, err
		}
		h := with.Clair(tenant, keys)
		for _, path := range []string{"/indexer/", "/matcher/", "/notifier/"} {
			mux.Handle(path, h)
		}
	}
	return mux, nil
}

// notify adds the subscriptions of neighbours. Every process needs them.
func (s *Service) notify(n *Neighbours, allow []netip.Prefix) error {
	if n.Clair == "" {
		return nil
	}
	_, c, err := readClair(n.Clair)
	if err != nil {
		return err
	}
	d := &net.Dialer{Control: webhook.Control(allow...)}
	if s.webhooks.Extra, err = c.subscriptions(n.tenant(), d.Dial); err != nil {
		return fmt.Errorf("serve: %s: %w", n.Clair, err)
	}
	return nil
}

// analyzersState names the analyzers and their versions.
func (s *Service) analyzersState() string {
	h := sha256.New()
	for _, a := range analyzers() {
		i := a.Info()
		fmt.Fprintf(h, "%s %d\n", i.Name, i.Version)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// rejoin joins alerts with images that were analyzed after them.
func (s *Service) rejoin(ctx context.Context) error {
	tenants, err := s.Store.TenantNames(ctx)
	for _, t := range tenants {
		_, joinErr := s.alerts.Rejoin(ctx, t)
		err = errors.Join(err, joinErr)
	}
	return err
}
