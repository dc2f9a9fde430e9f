// Package webhooks sends events to the receivers of tenants.
package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// formats are the forms of messages by name.
var formats = map[string]webhook.Format{
	"json":               webhook.JSON,
	"cloudevents":        webhook.CloudEvents("/fleet"),
	"cloudevents-binary": webhook.CloudEventsBinary("/fleet"),
	"slack":              webhook.Slack,
	"teams":              webhook.Teams,
	"matrix":             webhook.Matrix,
}

// Settings are the public part of a subscription.
type Settings struct {
	URL           string       `json:"url"`
	Format        string       `json:"format"`
	Kinds         []watch.Kind `json:"kinds,omitempty"`
	Repositories  []string     `json:"repositories,omitempty"`
	DigestSeconds int          `json:"digestSeconds,omitempty"`
}

// Secrets are stored encrypted.
type Secrets struct {
	Sign     string `json:"sign"`
	Bearer   string `json:"bearer,omitempty"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// ErrSettings reports settings that are wrong.
var ErrSettings = errors.New("malformed subscription")

// Check returns an error that wraps ErrSettings if the settings are wrong.
func (s *Settings) Check() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("webhooks: %w: the URL is no address of a web server", ErrSettings)
	case formats[s.Format] == nil:
		return fmt.Errorf("webhooks: %w: unknown format", ErrSettings)
	}
	return nil
}

// Webhooks has the subscriptions of a store.
type Webhooks struct {
	Store   *store.Store
	Index   *index.Index
	Key     *seal.Key
	Sender  *webhook.Sender
	Journal func(tenant string) *journal.Journal

	// Extra are subscriptions of the configuration, beside those in the store.
	Extra []webhook.Subscription
}

// Init makes the sender find subscriptions in the store.
func (w *Webhooks) Init() {
	w.Sender.Outbox = w.Store.Catalog.Outbox()
	w.Sender.Disable = w.Store.DisableSubscription
	w.Sender.Find = func(ctx context.Context, id string) (*webhook.Subscription, error) {
		for i := range w.Extra {
			if w.Extra[i].ID == id {
				return &w.Extra[i], nil
			}
		}
		list, err := w.Store.AllSubscriptions(ctx, id)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return w.Open(&list[0])
	}
}

// New returns a row of the store for settings and secrets.
func (w *Webhooks) New(tenant string, s *Settings, secrets *Secrets) (*store.Subscription, error) {
	m := &store.Subscription{ID: store.NewID(), Tenant: tenant, Created: time.Now().UTC().Truncate(time.Microsecond)}
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	hidden, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	m.Body, m.Secret = string(body), w.Key.Seal(hidden, "subscription\x00"+m.ID)
	return m, nil
}

// Open returns the subscription of a row.
func (w *Webhooks) Open(m *store.Subscription) (*webhook.Subscription, error) {
	var s Settings
	if err := json.Unmarshal([]byte(m.Body), &s); err != nil {
		return nil, fmt.Errorf("webhooks: subscription %s: %w", m.ID, err)
	}
	hidden, err := w.Key.Open(m.Secret, "subscription\x00"+m.ID)
	if err != nil {
		return nil, fmt.Errorf("webhooks: subscription %s: %w", m.ID, err)
	}
	var secrets Secrets
	if err := json.Unmarshal(hidden, &secrets); err != nil {
		return nil, fmt.Errorf("webhooks: subscription %s: %w", m.ID, err)
	}
	return &webhook.Subscription{ID: m.ID, Disabled: m.Disabled, Kinds: s.Kinds, Tenant: m.Tenant, Repositories: s.Repositories, Digest: time.Duration(s.DigestSeconds) * time.Second,
		URL: s.URL, Format: formats[s.Format], Secrets: []string{secrets.Sign}, Bearer: secrets.Bearer, User: secrets.Username, Password: secrets.Password}, nil
}

// Deliver queues the new events for all subscriptions, and sends the deliveries that are due.
func (w *Webhooks) Deliver(ctx context.Context) error {
	rows, err := w.Store.AllSubscriptions(ctx, "")
	if err != nil {
		return err
	}
	list := slices.Clone(w.Extra)
	var failed []error
	for i := range rows {
		s, err := w.Open(&rows[i])
		if err != nil { // a damaged one must not keep the others waiting
			failed = append(failed, err)
			continue
		}
		list = append(list, *s)
	}
	g, release, err := w.Index.Generations(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := w.Journal("").Deliver(ctx, w.Sender, list, g); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(append(failed, w.Sender.Send(ctx))...)
}
