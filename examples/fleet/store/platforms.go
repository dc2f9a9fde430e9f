package store

import (
	"context"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	MostPlatforms = 200 // stored for an index
	MostRequested = 32  // that a submission names
)

// An Index is an image for several platforms, as a tenant's registry lists it. Its digest authenticates the list.
type Index struct {
	Tenant    string
	Digest    string
	Reference string // by which it was submitted last, with a tag if there is one
	More      int    // platforms over MostPlatforms
	Submitted time.Time
	Platforms []Platform
}

// A Platform is an entry of an index.
type Platform struct {
	Name   string // "linux/arm/v7"; "" if neither index nor configuration can be read to know it
	Digest string // the image's
	Reason string // why the image is not analyzed: the state Waiting, NotSelected, OverLimit or the code of a failure

	Image *Image // the tenant's; nil without one
}

// Reasons why the image of a platform was not analyzed.
const (
	NotSelected = "not-selected"
	OverLimit   = "limit"
)

// Analyzed reports whether the image is analyzed.
func (p *Platform) Analyzed() bool { return p.Image != nil && p.Image.State == Analyzed }

// Why returns why the image has no verdict, as a code.
func (p *Platform) Why() string {
	switch {
	case p.Image == nil:
		return p.Reason
	case p.Image.State == Analyzed:
		return "no-verdict"
	case p.Image.State == Failed:
		return p.Image.Reason
	}
	return string(p.Image.State)
}

// Submittable reports whether another submission may analyze the image: no submission is about to, and none found that it cannot be analyzed.
func (p *Platform) Submittable() bool {
	if p.Image != nil {
		return p.Image.State == Failed || p.Image.State == Archived
	}
	return p.Name != "" && (p.Reason == "" || p.Reason == NotSelected || p.Reason == OverLimit)
}

// Title names the platform for a person.
func (p *Platform) Title() string {
	if p.Name == "" {
		return "a platform without a name"
	}
	return p.Name
}

// architectures are other names of architectures, which runtimes take, too.
var architectures = map[string]string{"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i486": "386", "i586": "386", "i686": "386", "armhf": "arm", "armel": "arm"}

// PlatformName returns the name of a platform, as runtimes compare it: in lower case and with Go's names of architectures.
func PlatformName(p v1.Platform) string {
	p.OS, p.Architecture = strings.ToLower(p.OS), strings.ToLower(p.Architecture)
	if known := architectures[p.Architecture]; known != "" {
		p.Architecture = known
	}
	const most = 100
	s := strings.Map(func(r rune) rune {
		if r <= ' ' || r == ',' || r >= 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(p.String(), "?"))
	return s[:min(len(s), most)]
}

// PutIndex stores an index. A reason that says that a platform was not asked for does not replace another, and a digest does not replace a tag.
func (tx *Tx) PutIndex(ctx context.Context, x *Index) error {
	if _, err := tx.exec(ctx, `INSERT INTO fleet_indexes (tenant, digest, reference, more, submitted) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (tenant, digest) DO UPDATE SET
			reference = CASE WHEN excluded.reference LIKE '%@%' THEN fleet_indexes.reference ELSE excluded.reference END, more = excluded.more, submitted = excluded.submitted`,
		x.Tenant, x.Digest, x.Reference, x.More, micro(x.Submitted)); err != nil {
		return err
	}
	for i, p := range x.Platforms {
		if _, err := tx.exec(ctx, `INSERT INTO fleet_platforms (tenant, index_digest, position, platform, digest, reason) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, index_digest, position) DO UPDATE SET platform = excluded.platform, digest = excluded.digest,
			reason = CASE WHEN excluded.reason = 'waiting' OR fleet_platforms.reason = '' THEN excluded.reason ELSE fleet_platforms.reason END`,
			x.Tenant, x.Digest, i, p.Name, p.Digest, p.Reason); err != nil {
			return err
		}
	}
	return nil
}

// EndPlatform stores that a submission is done with an image of an index, with the reason if the image cannot be analyzed.
func (tx *Tx) EndPlatform(ctx context.Context, tenant, index, digest, reason string) error {
	_, err := tx.exec(ctx, "UPDATE fleet_platforms SET reason = ? WHERE tenant = ? AND index_digest = ? AND digest = ?", reason, tenant, index, digest)
	return err
}

// EndPlatforms stores that no image of an index waits any more.
func (tx *Tx) EndPlatforms(ctx context.Context, tenant, index string) error {
	_, err := tx.exec(ctx, "UPDATE fleet_platforms SET reason = '' WHERE tenant = ? AND index_digest = ? AND reason = 'waiting'", tenant, index)
	return err
}

// StaleIndex marks the images of an index, whose tag may choose another policy.
func (tx *Tx) StaleIndex(ctx context.Context, tenant, index string) error {
	_, err := tx.exec(ctx, "UPDATE fleet_images SET stale = ? WHERE tenant = ? AND digest IN (SELECT digest FROM fleet_platforms WHERE tenant = ? AND index_digest = ?)", newMark(), tenant, tenant, index)
	return err
}

// Index returns an index of a tenant, by its digest or by a tag that points at it, or ErrNotFound.
func (s *Store) Index(ctx context.Context, tenant, name string) (*Index, error) {
	tx := s.query()
	x := &Index{Tenant: tenant, Digest: name}
	if !strings.HasPrefix(name, "sha256:") {
		t, err := s.Pointed(ctx, tenant, name)
		if err != nil {
			return nil, err
		}
		x.Digest = t.Index
	}
	if x.Digest == "" {
		return nil, wrap("index", ErrNotFound)
	}
	var submitted int64
	if err := tx.row(ctx, []any{&x.Reference, &x.More, &submitted}, "SELECT reference, more, submitted FROM fleet_indexes WHERE tenant = ? AND digest = ?", tenant, x.Digest); err != nil {
		return nil, wrap("index", err)
	}
	x.Submitted = fromMicro(submitted)
	if err := tx.rows(ctx, func(scan func(...any) error) error {
		var p Platform
		err := scan(&p.Name, &p.Digest, &p.Reason)
		x.Platforms = append(x.Platforms, p)
		return err
	}, "SELECT platform, digest, reason FROM fleet_platforms WHERE tenant = ? AND index_digest = ? ORDER BY position", tenant, x.Digest); err != nil {
		return nil, wrap("index", err)
	}
	list, err := tx.images(ctx, "SELECT "+imageColumns+" FROM fleet_images WHERE tenant = ? AND digest IN (SELECT digest FROM fleet_platforms WHERE tenant = ? AND index_digest = ?)", tenant, tenant, x.Digest)
	if err != nil {
		return nil, wrap("index", err)
	}
	for i := range x.Platforms {
		if n := slices.IndexFunc(list, func(m Image) bool { return m.Digest == x.Platforms[i].Digest }); n >= 0 {
			x.Platforms[i].Image = &list[n]
		}
	}
	return x, nil
}

// DeleteIndex deletes an index of a tenant and its tags. The images of its platforms stay.
func (tx *Tx) DeleteIndex(ctx context.Context, tenant, digest string) error {
	n, err := tx.exec(ctx, "DELETE FROM fleet_indexes WHERE tenant = ? AND digest = ?", tenant, digest)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err == nil {
		_, err = tx.exec(ctx, "DELETE FROM fleet_platforms WHERE tenant = ? AND index_digest = ?", tenant, digest)
	}
	if err == nil {
		_, err = tx.exec(ctx, "DELETE FROM fleet_tags WHERE tenant = ? AND index_digest = ?", tenant, digest)
	}
	return err
}

// IndexTags returns the tags that point at an index of a tenant, or did, in their order.
func (s *Store) IndexTags(ctx context.Context, tenant, digest string) ([]Tag, error) {
	list, err := s.query().tags(ctx, "SELECT name, digest, since, index_digest FROM fleet_tags WHERE tenant = ? AND index_digest = ? ORDER BY name, since", tenant, digest)
	return list, wrap("tags", err)
}

// listed returns the images of all tenants among digests, once for each tag that points at an index that lists it.
func (s *Store) listed(ctx context.Context, digests []any) (list []webhook.Image, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var i webhook.Image
		var t catalog.Tag
		err := scan(&i.Tenant, &i.Digest, &t.Name)
		i.Repository, i.Tag = t.Split()
		list = append(list, i)
		return err
	}, `SELECT DISTINCT m.tenant, m.digest, t.name FROM fleet_platforms AS p JOIN fleet_images AS m ON m.tenant = p.tenant AND m.digest = p.digest
		JOIN fleet_tags AS t ON t.tenant = p.tenant AND t.index_digest = p.index_digest AND t.index_digest <> '' AND t.digest <> p.digest
		WHERE p.digest IN (`+marks(len(digests))+`) AND m.state <> 'archived'
		AND t.since = (SELECT MAX(since) FROM fleet_tags WHERE tenant = t.tenant AND name = t.name)`, digests...)
	return list, err
}
