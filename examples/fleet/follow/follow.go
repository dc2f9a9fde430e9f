// Package follow submits the images of watched repositories whose tags move.
package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/examples/fleet/work"
)

const (
	lease    = 15 * time.Minute // until another process may look
	lookTime = 10 * time.Minute // at one repository
	most     = 10_000           // tags of a repository that are looked at
	priority = 6                // of submissions: after those of people
)

// ErrTags reports a repository with more tags than are looked at.
var ErrTags = errors.New("too many tags match")

// A Follower looks at repositories. Any number of processes may have one; they take turns.
type Follower struct {
	Store    *store.Store
	Queue    *work.Queue
	Registry registry.Options
	Log      *slog.Logger
	Now      func() time.Time // time.Now if nil

	Keychain   func(ctx context.Context, tenant string) (authn.Keychain, error)
	Registries func(ctx context.Context, tenant string) ([]string, error) // patterns for package address
}

// Look looks at the repositories whose time has come. A failure of one is stored with it, and the others go on.
func (f *Follower) Look(ctx context.Context) error {
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	list, err := f.Store.DueWatches(ctx, now())
	if err != nil || len(list) == 0 {
		return err
	}
	holder := store.NewID()
	for i := range list {
		w := &list[i]
		held, err := f.Store.Claim(ctx, "follow", holder, lease)
		if err != nil || !held {
			return err
		}
		failure := ""
		ctx, span := telemetry.Job(ctx, "look at a repository", "", attribute.String("fleet.tenant", w.Tenant))
		err = f.repository(ctx, w)
		if err != nil {
			span.Fail("error")
		}
		span.End()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failure = err.Error()
			f.Log.WarnContext(ctx, "looking at a repository failed", "tenant", w.Tenant, "repository", w.Repository, "error", err)
		}
		if err := f.Store.Looked(ctx, w, now(), failure); err != nil {
			return err
		}
	}
	return f.Store.Release(ctx, "follow", holder)
}

// repository looks at the tags of a repository.
func (f *Follower) repository(ctx context.Context, w *store.Watch) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	patterns, err := f.Registries(ctx, w.Tenant)
	if err != nil {
		return err
	}
	ref, err := address.Check(w.Repository, patterns)
	if err != nil {
		return err
	}
	keychain, err := f.Keychain(ctx, w.Tenant)
	if err != nil {
		return err
	}
	var options []name.Option
	if slices.Contains(f.Registry.Insecure, ref.Context().RegistryStr()) {
		options = append(options, name.Insecure)
	}
	repository, err := name.NewRepository(ref.Context().Name(), options...)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	remotely := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain)}
	if f.Registry.Transport != nil {
		remotely = append(remotely, remote.WithTransport(f.Registry.Transport))
	}
	tags, err := f.tags(ctx, w, repository, remotely)
	if err != nil {
		return err
	}
	known, err := f.Store.Followed(ctx, w.Tenant, w.Repository)
	if err != nil {
		return err
	}
	var failed []error
	for _, tag := range tags {
		head, err := remote.Head(repository.Tag(tag), remotely...)
		if err != nil {
			if failed = append(failed, fmt.Errorf("follow: %s: %w", tag, err)); len(failed) == 3 || ctx.Err() != nil { // the registry itself fails
				break
			}
			continue
		}
		digest := head.Digest.String()
		if known[tag] == digest {
			continue
		}
		m := &store.Submission{Tenant: w.Tenant, Kind: store.Reference, Reference: repository.Tag(tag).Name(), Priority: priority}
		if err := f.Store.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Follow(ctx, w.Tenant, w.Repository, tag, digest); err != nil {
				return err
			}
			return f.Queue.Submit(ctx, tx, m)
		}); err != nil {
			return err
		}
		f.Log.InfoContext(ctx, "a tag moved", "tenant", w.Tenant, "reference", m.Reference, "digest", digest)
	}
	for tag := range known {
		if !slices.Contains(tags, tag) {
			if err := f.Store.Write(ctx, func(tx *store.Tx) error { return tx.Unfollow(ctx, w.Tenant, w.Repository, tag) }); err != nil {
				return err
			}
		}
	}
	return errors.Join(failed...)
}

// tags returns the tags of a repository that the pattern of a watch matches.
func (f *Follower) tags(ctx context.Context, w *store.Watch, repository name.Repository, options []remote.Option) ([]string, error) {
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	lister, err := puller.Lister(ctx, repository)
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	var tags []string
	for lister.HasNext() {
		page, err := lister.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("follow: %w", err)
		}
		for _, tag := range page.Tags {
			if !address.Match(w.Tags, tag) {
				continue
			}
			if tags = append(tags, tag); len(tags) > most {
				return nil, fmt.Errorf("follow: %w: more than %d", ErrTags, most)
			}
		}
	}
	return tags, nil
}
