package advisories

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// MostOwn is the number of advisories that a tenant may have.
const MostOwn = 1000

// OwnFeed is the feed of tenants' own advisories.
const OwnFeed = "own"

// ErrMalformed reports a record that is no advisory.
var ErrMalformed = errors.New("malformed advisory")

// Parse reads one record in the form of OSV, with the ID that it must have. A withdrawn record has no advisories.
func Parse(id, body string) ([]matcher.Advisory, error) {
	var list []matcher.Advisory
	n := 0
	for r, err := range osv.Feed().Parse(strings.NewReader(body)) {
		switch n++; {
		case err == nil && r.Err != nil:
			err = r.Err
		case err == nil && n > 1:
			err = errors.New("more than one record")
		case err == nil && r.ID != id:
			err = fmt.Errorf("the record has the ID %q", r.ID)
		case err == nil && len(r.Advisories) == 0 && !r.Withdrawn:
			err = errors.New("the record is about no package")
		}
		if err != nil {
			return nil, fmt.Errorf("advisories: %w: %w", ErrMalformed, err)
		}
		list = append(list, r.Advisories...)
	}
	if n == 0 {
		return nil, fmt.Errorf("advisories: %w: no record", ErrMalformed)
	}
	return list, nil
}

// Build makes a database of a tenant's own advisories. Each ecosystem says that it has only some.
func Build(documents []store.Document) ([]byte, error) {
	var b db.Builder
	seen := make(map[matcher.Key]bool)
	for _, d := range documents {
		list, err := Parse(d.Name, d.Body)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			a.Feed = OwnFeed
			if err := b.Add(a); err != nil {
				return nil, fmt.Errorf("advisories: %s: %w", d.Name, err)
			}
			if k := a.Key.Ecosystem(); !seen[k] {
				seen[k] = true
				b.AddCoverage(matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release, Feed: OwnFeed, Sampled: true})
			}
		}
	}
	var out bytes.Buffer
	_, err := b.WriteTo(&out)
	return out.Bytes(), err
}

// Own keeps the databases of tenants' own advisories.
type Own struct {
	Store *store.Store

	mu    sync.Mutex
	built map[string]built // by tenant
}

type built struct {
	revision string
	content  []byte
	db       *db.DB
}

// Of returns the database of a tenant's own advisories and its bytes, or nil without advisories.
func (o *Own) Of(ctx context.Context, tenant string) (*db.DB, []byte, error) {
	list, err := o.Store.Documents(ctx, store.Advisories, tenant, "", MostOwn)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	h := sha256.New()
	for _, d := range list {
		fmt.Fprintf(h, "%q %d %d\n", d.Name, d.Revision, d.Changed.UnixMicro())
	}
	revision := hex.EncodeToString(h.Sum(nil))
	o.mu.Lock()
	defer o.mu.Unlock()
	if b := o.built[tenant]; b.revision == revision {
		return b.db, b.content, nil
	}
	content, err := Build(list)
	if err != nil {
		return nil, nil, err
	}
	opened, err := db.Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, nil, err
	}
	if o.built == nil {
		o.built = make(map[string]built)
	}
	o.built[tenant] = built{revision, content, opened}
	return opened, content, nil
}

// A Source is all advisories that count for a tenant.
type Source interface {
	matcher.Source
	matcher.Finder
	matcher.Describer
}

// A Provider has the advisories of the file and those of tenants.
type Provider struct {
	*File
	*Own
}

// For returns the advisories that count for a tenant, and a function that releases them. It returns ErrNone without a file.
func (p *Provider) For(ctx context.Context, tenant string) (Source, func(), error) {
	set, release, err := p.Current()
	if err != nil {
		return nil, nil, err
	}
	own, _, err := p.Of(ctx, tenant)
	if err != nil {
		release()
		return nil, nil, err
	}
	if own == nil {
		return set, release, nil
	}
	return matcher.Join(set.DB, own).(Source), release, nil // it is all that both are
}
