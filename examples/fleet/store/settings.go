package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// An Answer is the stored answer to a request with an idempotency key.
type Answer struct {
	Status   int
	Location string
	Body     []byte
}

// ErrReused reports an idempotency key that another request had.
var ErrReused = errors.New("the key belongs to another request")

// Answered returns the answer to an earlier request of a tenant with a key, or nil. The hash is that of the request.
func (tx *Tx) Answered(ctx context.Context, tenant, key string, hash []byte) (*Answer, error) {
	var a Answer
	var request []byte
	err := tx.row(ctx, []any{&request, &a.Status, &a.Location, &a.Body}, "SELECT request, status, location, body FROM fleet_idempotency WHERE tenant = ? AND name = ?", tenant, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(request, hash):
		return nil, ErrReused
	}
	return &a, nil
}

// Answer stores the answer to a request with a key.
func (tx *Tx) Answer(ctx context.Context, tenant, key string, hash []byte, a *Answer) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_idempotency (tenant, name, request, status, location, body, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
		tenant, key, hash, a.Status, a.Location, a.Body, micro(time.Now()))
	return err
}

// ForgetAnswers deletes the answers that were stored before a time, of all tenants.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time) error {
	_, err := s.query().exec(ctx, "DELETE FROM fleet_idempotency WHERE created < ?", micro(before))
	return wrap("idempotency keys", err)
}

// Registries returns the patterns of the registries from which a tenant may submit images.
func (s *Store) Registries(ctx context.Context, tenant string) (list []string, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var p string
		err := scan(&p)
		list = append(list, p)
		return err
	}, "SELECT pattern FROM fleet_registries WHERE tenant = ? ORDER BY pattern", tenant)
	return list, wrap("registries", err)
}

// SetRegistries replaces these patterns.
func (tx *Tx) SetRegistries(ctx context.Context, tenant string, patterns []string) error {
	if _, err := tx.exec(ctx, "DELETE FROM fleet_registries WHERE tenant = ?", tenant); err != nil {
		return err
	}
	for _, p := range patterns {
		if _, err := tx.exec(ctx, "INSERT INTO fleet_registries (tenant, pattern) VALUES (?, ?) ON CONFLICT (tenant, pattern) DO NOTHING", tenant, p); err != nil {
			return err
		}
	}
	return nil
}

// A Credential is a tenant's user name and encrypted password for a registry, or for the repositories with a prefix.
type Credential struct {
	Prefix   string // "registry.example", "registry.example/team"
	Username string
	Secret   []byte    // encrypted
	Expires  time.Time // zero for no end
	Created  time.Time
}

// Credentials returns the credentials of a tenant.
func (s *Store) Credentials(ctx context.Context, tenant string) (list []Credential, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var c Credential
		var expires, created int64
		err := scan(&c.Prefix, &c.Username, &c.Secret, &expires, &created)
		c.Expires, c.Created = fromMicro(expires), fromMicro(created)
		list = append(list, c)
		return err
	}, "SELECT prefix, username, secret, expires, created FROM fleet_credentials WHERE tenant = ? ORDER BY prefix", tenant)
	return list, wrap("credentials", err)
}

// SetCredential adds or replaces a credential.
func (tx *Tx) SetCredential(ctx context.Context, tenant string, c *Credential) error {
	_, err := tx.exec(ctx, `INSERT INTO fleet_credentials (tenant, prefix, username, secret, expires, created) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, prefix) DO UPDATE SET username = excluded.username, secret = excluded.secret, expires = excluded.expires, created = excluded.created`,
		tenant, c.Prefix, c.Username, c.Secret, micro(c.Expires), micro(c.Created))
	return err
}

// A Document is a document of a tenant: a policy, or an advisory in the form of OSV.
type Document struct {
	Name     string
	Format   string // of a policy
	Body     string
	Changed  time.Time
	Revision int64
}

// A table has the documents of a kind.
type table string

const (
	Policies   table = "fleet_policies"
	Advisories table = "fleet_advisories"
)

// documentQueries are the statements of a table of documents.
type documentQueries struct{ get, list, insert, update, delete string }

var documents = map[table]documentQueries{
	Policies: {
		get:    "SELECT name, format, body, changed, revision FROM fleet_policies WHERE tenant = ? AND name = ?",
		list:   "SELECT name, format, body, changed, revision FROM fleet_policies WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?",
		insert: "INSERT INTO fleet_policies (tenant, name, format, body, changed, revision) VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (tenant, name) DO NOTHING",
		update: "UPDATE fleet_policies SET format = ?, body = ?, changed = ?, revision = revision + 1 WHERE tenant = ? AND name = ? AND (revision = ? OR ? <= 0)",
		delete: "DELETE FROM fleet_policies WHERE tenant = ? AND name = ?",
	},
	Advisories: {
		get:    "SELECT id, '', body, changed, revision FROM fleet_advisories WHERE tenant = ? AND id = ?",
		list:   "SELECT id, '', body, changed, revision FROM fleet_advisories WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
		insert: "INSERT INTO fleet_advisories (tenant, id, body, changed, revision) VALUES (?, ?, ?, ?, 1) ON CONFLICT (tenant, id) DO NOTHING",
		update: "UPDATE fleet_advisories SET body = ?, changed = ?, revision = revision + 1 WHERE tenant = ? AND id = ? AND (revision = ? OR ? <= 0)",
		delete: "DELETE FROM fleet_advisories WHERE tenant = ? AND id = ?",
	},
}

func (tx *Tx) documents(ctx context.Context, query string, args ...any) (list []Document, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var d Document
		var changed int64
		err := scan(&d.Name, &d.Format, &d.Body, &changed, &d.Revision)
		d.Changed = fromMicro(changed)
		list = append(list, d)
		return err
	}, query, args...)
	return list, err
}

// Documents returns up to n documents of a tenant, in the order of their names, after one.
func (s *Store) Documents(ctx context.Context, t table, tenant, after string, n int) ([]Document, error) {
	list, err := s.query().documents(ctx, documents[t].list, tenant, after, n)
	return list, wrap("documents", err)
}

// Document returns a document of a tenant.
func (s *Store) Document(ctx context.Context, t table, tenant, name string) (*Document, error) {
	list, err := s.query().documents(ctx, documents[t].get, tenant, name)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: document: %w", err)
	}
	return &list[0], nil
}

// Any is the revision of a document that there must be.
const Any = -1

// SetDocument adds a document of a tenant, or replaces the one of the same name unless its revision is another. Revision 0 means any or no document. It
// reports whether the document is new.
func (tx *Tx) SetDocument(ctx context.Context, t table, tenant string, d *Document, revision int64) (added bool, err error) {
	q, own := documents[t], []any{d.Body, micro(d.Changed)}
	if t == Policies {
		own = append([]any{d.Format}, own...)
	}
	if revision == 0 {
		n, err := tx.exec(ctx, q.insert, append([]any{tenant, d.Name}, own...)...)
		if err != nil || n > 0 {
			d.Revision = 1
			return true, err
		}
	}
	n, err := tx.exec(ctx, q.update, append(own, tenant, d.Name, revision, revision)...)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err == nil {
		var list []Document
		if list, err = tx.documents(ctx, q.get, tenant, d.Name); err == nil && len(list) == 1 {
			d.Revision = list[0].Revision
		}
	}
	return false, err
}

// DeleteDocument deletes a document of a tenant.
func (tx *Tx) DeleteDocument(ctx context.Context, t table, tenant, name string) error {
	n, err := tx.exec(ctx, documents[t].delete, tenant, name)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// A Mapping chooses the policy of the images whose names a pattern matches.
type Mapping struct {
	Pattern string
	Policy  string
}

// Mappings returns the mappings of a tenant in their order: the first one that fits counts.
func (s *Store) Mappings(ctx context.Context, tenant string) (list []Mapping, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var m Mapping
		err := scan(&m.Pattern, &m.Policy)
		list = append(list, m)
		return err
	}, "SELECT pattern, policy FROM fleet_mappings WHERE tenant = ? ORDER BY position", tenant)
	return list, wrap("mappings", err)
}

// SetMappings replaces the mappings of a tenant.
func (tx *Tx) SetMappings(ctx context.Context, tenant string, list []Mapping) error {
	if _, err := tx.exec(ctx, "DELETE FROM fleet_mappings WHERE tenant = ?", tenant); err != nil {
		return err
	}
	for i, m := range list {
		if _, err := tx.exec(ctx, "INSERT INTO fleet_mappings (tenant, position, pattern, policy) VALUES (?, ?, ?, ?)", tenant, i, m.Pattern, m.Policy); err != nil {
			return err
		}
	}
	return nil
}

// Basis returns the basis of the last verdict of a policy about an image, "" without one.
func (s *Store) Basis(ctx context.Context, tenant, digest, policy string) (basis string, err error) {
	err = s.query().row(ctx, []any{&basis}, "SELECT basis FROM fleet_evaluations WHERE tenant = ? AND digest = ? AND policy = ?", tenant, digest, policy)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return basis, wrap("evaluation", err)
}

// SetBasis stores it.
func (s *Store) SetBasis(ctx context.Context, tenant, digest, policy, basis string) error {
	_, err := s.query().exec(ctx, "INSERT INTO fleet_evaluations (tenant, digest, policy, basis) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, digest, policy) DO UPDATE SET basis = excluded.basis",
		tenant, digest, policy, basis)
	return wrap("evaluation", err)
}

// Setting returns a value of the service as a whole, "" without one.
func (s *Store) Setting(ctx context.Context, name string) (value string, err error) {
	err = s.query().row(ctx, []any{&value}, "SELECT value FROM fleet_settings WHERE name = ?", name)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return value, wrap("setting", err)
}

// SetSetting stores a value.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	_, err := s.query().exec(ctx, "INSERT INTO fleet_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return wrap("setting", err)
}

// TenantNames returns the names of all tenants.
func (s *Store) TenantNames(ctx context.Context) (list []string, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		list = append(list, name)
		return err
	}, "SELECT name FROM fleet_tenants ORDER BY name")
	return list, wrap("tenants", err)
}

// A Subscription is a tenant's wish to get events. Its Body is JSON, and its Secret is encrypted.
type Subscription struct {
	ID       string
	Tenant   string
	Body     string
	Secret   []byte
	Disabled bool
	Created  time.Time
}

const subscriptionColumns = "id, tenant, body, secret, disabled, created"

func (tx *Tx) subscriptions(ctx context.Context, query string, args ...any) (list []Subscription, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var m Subscription
		var disabled, created int64
		err := scan(&m.ID, &m.Tenant, &m.Body, &m.Secret, &disabled, &created)
		m.Disabled, m.Created = disabled != 0, fromMicro(created)
		list = append(list, m)
		return err
	}, query, args...)
	return list, err
}

// AddSubscription adds a subscription.
func (tx *Tx) AddSubscription(ctx context.Context, m *Subscription) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_subscriptions (id, tenant, body, secret, created) VALUES (?, ?, ?, ?, ?)", m.ID, m.Tenant, m.Body, m.Secret, micro(m.Created))
	return err
}

// Subscription returns a subscription of a tenant.
func (s *Store) Subscription(ctx context.Context, tenant, id string) (*Subscription, error) {
	list, err := s.query().subscriptions(ctx, "SELECT "+subscriptionColumns+" FROM fleet_subscriptions WHERE tenant = ? AND id = ?", tenant, id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, wrap("subscription", err)
	}
	return &list[0], nil
}

// Subscriptions returns up to n subscriptions of a tenant, in the order of their IDs, after one.
func (s *Store) Subscriptions(ctx context.Context, tenant, after string, n int) ([]Subscription, error) {
	list, err := s.query().subscriptions(ctx, "SELECT "+subscriptionColumns+" FROM fleet_subscriptions WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
	return list, wrap("subscriptions", err)
}

// AllSubscriptions returns the subscriptions of all tenants, or the one with an ID if it is not "".
func (s *Store) AllSubscriptions(ctx context.Context, id string) ([]Subscription, error) {
	list, err := s.query().subscriptions(ctx, "SELECT "+subscriptionColumns+" FROM fleet_subscriptions WHERE id = ? OR ? = '' ORDER BY id", id, id)
	return list, wrap("subscriptions", err)
}

// DisableSubscription disables a subscription of any tenant.
func (s *Store) DisableSubscription(ctx context.Context, id string) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_subscriptions SET disabled = 1 WHERE id = ?", id)
	return wrap("subscription", err)
}

// DeleteSubscription deletes a subscription of a tenant.
func (tx *Tx) DeleteSubscription(ctx context.Context, tenant, id string) error {
	n, err := tx.exec(ctx, "DELETE FROM fleet_subscriptions WHERE tenant = ? AND id = ?", tenant, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
