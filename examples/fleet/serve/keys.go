package serve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/work"
)

// keys finds the credentials of tenants.
type keys struct {
	store *store.Store
	key   *seal.Key
}

// of returns the credentials of a tenant.
func (k *keys) of(ctx context.Context, tenant string) (authn.Keychain, error) {
	list, err := k.store.Credentials(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return &keychain{tenant, list, k.key}, nil
}

// A keychain has the credentials of a tenant.
type keychain struct {
	tenant string
	list   []store.Credential
	key    *seal.Key
}

// Resolve returns the credential with the longest prefix of a repository. It implements [authn.Keychain].
func (k *keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	var best *store.Credential
	for i := range k.list {
		c := &k.list[i]
		if (r.String() == c.Prefix || strings.HasPrefix(r.String(), c.Prefix+"/")) && (best == nil || len(c.Prefix) > len(best.Prefix)) {
			best = c
		}
	}
	if best == nil {
		return authn.Anonymous, nil
	}
	if !best.Expires.IsZero() && time.Now().After(best.Expires) {
		return nil, fmt.Errorf("serve: %s: %w", best.Prefix, work.ErrExpired)
	}
	password, err := k.key.Open(best.Secret, k.tenant+"\x00"+best.Prefix)
	if err != nil {
		return nil, fmt.Errorf("serve: credential of %s: %w", best.Prefix, err)
	}
	return authn.FromConfig(authn.AuthConfig{Username: best.Username, Password: string(password)}), nil
}
