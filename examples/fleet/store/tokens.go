package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Scope is a permission of a token.
type Scope string

const (
	Read   Scope = "read"   // see images and all that follows from them
	Submit Scope = "submit" // submit images and SBOMs, change their annotations, delete them
	Decide Scope = "decide" // change policies, marks, advisories and subscriptions
	Admin  Scope = "admin"  // make tokens, and change registries and credentials
)

// Scopes returns all scopes.
func Scopes() []Scope { return []Scope{Read, Submit, Decide, Admin} }

// A Token lets a program act for a tenant. The store has its hash only.
type Token struct {
	ID      string
	Tenant  string
	Name    string
	Scopes  []Scope
	Created time.Time
	Expires time.Time // zero for no end
	Used    time.Time // last, to the minute
}

// Has reports whether a token has a scope.
func (t *Token) Has(s Scope) bool { return slices.Contains(t.Scopes, s) }

// tenants are the names that tenants may have, which are parts of the names of objects.
var tenants = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// usedEvery limits how often the last use of a token is written.
const usedEvery = time.Minute

// hashToken needs no salt, because tokens are random.
func hashToken(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// NewToken stores a token and returns its secret, which is shown once.
func (s *Store) NewToken(ctx context.Context, t *Token) (secret string, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		secret, err = tx.NewToken(ctx, t)
		return err
	})
	return secret, err
}

// NewToken stores a token and returns its secret, which is shown once.
func (tx *Tx) NewToken(ctx context.Context, t *Token) (secret string, err error) {
	if !tenants.MatchString(t.Tenant) {
		return "", fmt.Errorf("store: token: the tenant %q has other characters than lower-case letters, digits and hyphens, or more than 63", t.Tenant)
	}
	random := make([]byte, 32)
	rand.Read(random)
	secret = "fleet_" + base64.RawURLEncoding.EncodeToString(random)
	t.ID, t.Created = NewID(), time.Now().UTC().Truncate(time.Microsecond)
	if err = tx.addTenant(ctx, t.Tenant); err == nil {
		_, err = tx.exec(ctx, "INSERT INTO fleet_tokens (id, tenant, name, hash, scopes, created, expires, used) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
			t.ID, t.Tenant, text(t.Name), hashToken(secret), joinScopes(t.Scopes), micro(t.Created), micro(t.Expires))
	}
	if err != nil {
		return "", fmt.Errorf("store: token: %w", err)
	}
	return secret, nil
}

// AddTenant adds a tenant, unless it is there.
func (s *Store) AddTenant(ctx context.Context, name string) error {
	if !tenants.MatchString(name) {
		return fmt.Errorf("store: the tenant %q has other characters than lower-case letters, digits and hyphens, or more than 63", name)
	}
	return wrap("tenant", s.Write(ctx, func(tx *Tx) error { return tx.addTenant(ctx, name) }))
}

func joinScopes(list []Scope) string {
	var b []string
	for _, s := range list {
		b = append(b, string(s))
	}
	return strings.Join(b, " ")
}

func splitScopes(joined string) (list []Scope) {
	for s := range strings.FieldsSeq(joined) {
		list = append(list, Scope(s))
	}
	return list
}

const tokenColumns = "id, tenant, name, scopes, created, expires, used"

func scanToken(scan func(...any) error) (t Token, err error) {
	var scopes string
	var created, expires, used int64
	err = scan(&t.ID, &t.Tenant, &t.Name, &scopes, &created, &expires, &used)
	t.Scopes, t.Created, t.Expires, t.Used = splitScopes(scopes), fromMicro(created), fromMicro(expires), fromMicro(used)
	return t, err
}

// knownFor is how long a process knows a token. A token that another process deletes works for so long.
const knownFor = time.Second

// mostKnown is the number of tokens that a process knows.
const mostKnown = 1000

// knownTokens are tokens that were read a moment ago, by the hashes of their secrets.
type knownTokens struct {
	mu     sync.Mutex
	tokens map[[sha256.Size]byte]knownToken
}

type knownToken struct {
	Token
	read time.Time
}

func (k *knownTokens) get(secret string, now time.Time) (Token, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.tokens[sha256.Sum256([]byte(secret))]
	age := now.Sub(t.read)
	return t.Token, ok && age >= 0 && age < knownFor
}

func (k *knownTokens) add(secret string, t Token, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tokens == nil || len(k.tokens) >= mostKnown {
		k.tokens = make(map[[sha256.Size]byte]knownToken)
	}
	k.tokens[sha256.Sum256([]byte(secret))] = knownToken{t, now}
}

func (k *knownTokens) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = nil
}

// TokenOf returns the token with a secret, also if it has expired, and remembers its use. It returns ErrNotFound for an unknown secret.
func (s *Store) TokenOf(ctx context.Context, secret string, now time.Time) (*Token, error) {
	if t, ok := s.known.get(secret, now); ok {
		return &t, nil
	}
	var found []Token
	err := s.query().rows(ctx, func(scan func(...any) error) error {
		t, err := scanToken(scan)
		found = append(found, t)
		return err
	}, "SELECT "+tokenColumns+" FROM fleet_tokens WHERE hash = ?", hashToken(secret))
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: token: %w", err)
	}
	t := &found[0]
	if now.Sub(t.Used) > usedEvery {
		if _, err := s.query().exec(ctx, "UPDATE fleet_tokens SET used = ? WHERE tenant = ? AND id = ?", micro(now), t.Tenant, t.ID); err != nil {
			return nil, fmt.Errorf("store: token: %w", err)
		}
		t.Used = now
	}
	s.known.add(secret, *t, now)
	return t, nil
}

// Tokens returns up to n tokens of a tenant, in the order of their IDs, after one.
func (s *Store) Tokens(ctx context.Context, tenant, after string, n int) (list []Token, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		t, err := scanToken(scan)
		list = append(list, t)
		return err
	}, "SELECT "+tokenColumns+" FROM fleet_tokens WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
	if err != nil {
		return nil, fmt.Errorf("store: tokens: %w", err)
	}
	return list, nil
}

// DeleteToken deletes a token of a tenant. The actor, the name of another token, is for the audit.
func (s *Store) DeleteToken(ctx context.Context, tenant, id, actor string) error {
	defer s.known.forget()
	return wrap("token", s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec(ctx, "DELETE FROM fleet_tokens WHERE tenant = ? AND id = ?", tenant, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, tenant, actor, "delete-token", id)
	}))
}

// addTenant adds a tenant unless there is one of that name.
func (tx *Tx) addTenant(ctx context.Context, name string) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_tenants (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name)
	return err
}

// Audit records that an actor, the name of a token, did something to a subject.
func (tx *Tx) Audit(ctx context.Context, tenant, actor, action, subject string) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_audit (id, tenant, at, actor, action, subject) VALUES (?, ?, ?, ?, ?, ?)",
		NewID(), tenant, micro(time.Now()), text(actor), action, text(subject))
	return err
}

// An AuditEvent is an action of a tenant's token.
type AuditEvent struct {
	ID      string
	At      time.Time
	Actor   string
	Action  string
	Subject string
}

// AuditEvents returns up to n actions for a tenant, in their order, after one.
func (s *Store) AuditEvents(ctx context.Context, tenant, after string, n int) (list []AuditEvent, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var e AuditEvent
		var at int64
		err := scan(&e.ID, &at, &e.Actor, &e.Action, &e.Subject)
		e.At = fromMicro(at)
		list = append(list, e)
		return err
	}, "SELECT id, at, actor, action, subject FROM fleet_audit WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
	if err != nil {
		return nil, fmt.Errorf("store: audit: %w", err)
	}
	return list, nil
}

// ErrLimit reports a token that submitted as many images today as it may.
var ErrLimit = errors.New("the token submitted as many images today as it may")

// Count counts submissions of a token on a day (UTC). It returns ErrLimit if they were more than most, which is no limit if
// zero. Until tx ends, the token cannot submit anything else.
func (tx *Tx) Count(ctx context.Context, token string, now time.Time, n, most int) error {
	day := now.UTC().Format(time.DateOnly)
	var sum int
	if err := tx.row(ctx, []any{&sum}, `INSERT INTO fleet_usage (token, day, submissions) VALUES (?, ?, ?) ON CONFLICT (token, day) DO UPDATE
		SET submissions = fleet_usage.submissions + excluded.submissions RETURNING submissions`, token, day, n); err != nil {
		return err
	}
	if most > 0 && sum > most {
		return ErrLimit
	}
	return nil
}
