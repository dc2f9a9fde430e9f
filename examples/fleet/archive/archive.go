// Package archive moves images that few people ask for into compressed objects, and back without another scan.
package archive

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

const (
	pageSize   = 1000
	claimTime  = 5 * time.Minute
	maxContent = 1 << 30 // bytes of a decompressed archive
	trashTime  = 24 * time.Hour
)

// An Archiver archives images.
type Archiver struct {
	Store   *store.Store
	Objects objects.Store
}

// content is the form of an archive, compressed JSON.
type content struct {
	Version   int
	Digest    string // of the image; empty in those of older versions
	Info      analyzer.ImageInfo
	Added     time.Time
	Parts     []part
	Documents []catalog.Document
}

type part struct {
	Kind  catalog.Kind
	Layer int
	Form  []byte
	Hash  catalog.Hash
}

// Select returns the images of a tenant that one of the rules selects.
func (a *Archiver) Select(ctx context.Context, tenant string, rules []Rule, now time.Time) ([]store.Image, error) {
	var images []store.Image
	for after := ""; ; {
		page, err := a.Store.Images(ctx, tenant, store.Filter{State: store.Analyzed}, after, pageSize)
		if err != nil {
			return nil, err
		}
		images = append(images, page...)
		if len(page) < pageSize {
			break
		}
		after = page[len(page)-1].Digest
	}
	tags, err := a.Store.AllTags(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return Select(rules, images, tags, now), nil
}

// Archive archives an image. If it changes meanwhile, the error wraps [store.ErrConflict]. Actor is the name of the token, for the audit.
func (a *Archiver) Archive(ctx context.Context, m *store.Image, actor string) error {
	row := &store.ArchivedImage{Tenant: m.Tenant, Digest: m.Digest, Object: "archive/" + m.Tenant + "/" + store.NewID(), Archived: time.Now()}
	if err := a.Store.Trash(ctx, row.Object, trashTime); err != nil { // until the transaction refers to it
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(a.write(ctx, m.Digest, w)) }()
	var err error
	row.Size, err = a.Objects.Put(ctx, row.Object, r)
	r.Close() // ends write if Put failed
	if err != nil {
		return fmt.Errorf("archive: %s: %w", m.Digest, err)
	}
	if err := a.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Archive(ctx, row, m.Revision); err != nil {
			return err
		}
		return tx.Audit(ctx, m.Tenant, actor, "archive", m.Digest)
	}); err != nil {
		return fmt.Errorf("archive: %s: %w", m.Digest, errors.Join(err, a.Objects.Delete(context.WithoutCancel(ctx), row.Object)))
	}
	return a.settle(ctx, row)
}

func (a *Archiver) write(ctx context.Context, digest string, w io.Writer) error {
	image, err := a.Store.Catalog.Image(ctx, digest)
	if err != nil {
		return err
	}
	c := content{Version: 1, Digest: digest, Info: image.Info, Added: image.Added}
	hashes := make([]catalog.Hash, len(image.Parts))
	for i, ref := range image.Parts {
		hashes[i] = ref.Hash
	}
	parts, err := a.Store.Catalog.Parts(ctx, hashes)
	if err != nil {
		return err
	}
	for i, ref := range image.Parts {
		c.Parts = append(c.Parts, part{ref.Kind, ref.Layer, parts[i].Form, ref.Hash})
	}
	list, err := a.Store.Catalog.Documents(ctx, digest)
	if err != nil {
		return err
	}
	for _, d := range list {
		whole, err := a.Store.Catalog.Document(ctx, digest, d.Name)
		if err != nil {
			return err
		}
		c.Documents = append(c.Documents, *whole)
	}
	z := gzip.NewWriter(w)
	return errors.Join(json.NewEncoder(z).Encode(&c), z.Close())
}

// settle deletes the content of an archived image from the catalog, unless a tenant uses it. A tenant that submits the image meanwhile may
// have found the content, so settle looks again afterwards, and restores it.
func (a *Archiver) settle(ctx context.Context, row *store.ArchivedImage) error {
	release, err := a.claim(ctx, row.Digest)
	if errors.Is(err, store.ErrConflict) {
		return nil // the holder restores the content, and Continue looks at the archive later
	}
	if err != nil {
		return err
	}
	defer release()
	used, err := a.Store.Used(ctx, row.Digest)
	if err != nil {
		return err
	}
	if !used {
		if err := a.Store.Catalog.Write(ctx, &catalog.Batch{Deleted: []string{row.Digest}}); err != nil {
			return fmt.Errorf("archive: %s: %w", row.Digest, err)
		}
		if err := a.Store.Unindex(ctx, row.Digest); err != nil {
			return err
		}
		if used, err = a.Store.Used(ctx, row.Digest); err != nil {
			return err
		}
	}
	if used {
		if err := a.read(ctx, row); err != nil {
			return err
		}
	}
	return a.Store.Settle(ctx, row.Tenant, row.Digest)
}

// claim keeps other archivers from the content of an image.
func (a *Archiver) claim(ctx context.Context, digest string) (release func(), err error) {
	name, holder := "archive/"+digest, store.NewID()
	held, err := a.Store.Claim(ctx, name, holder, claimTime)
	if err == nil && !held {
		err = fmt.Errorf("archive: %s: %w", digest, store.ErrConflict)
	}
	return func() { a.Store.Release(context.WithoutCancel(ctx), name, holder) }, err // if that fails, the claim expires
}

// Continue settles the archives of processes that died.
func (a *Archiver) Continue(ctx context.Context) error {
	list, err := a.Store.Unsettled(ctx)
	for i := range list {
		err = errors.Join(err, a.settle(ctx, &list[i]))
	}
	return err
}

// read brings content back to the catalog, if it is missing, and to the index.
func (a *Archiver) read(ctx context.Context, row *store.ArchivedImage) error {
	_, err := a.Store.Catalog.Image(ctx, row.Digest)
	if err == nil || !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	c, err := a.open(ctx, row)
	if err != nil {
		return fmt.Errorf("archive: %s: %w", row.Digest, err)
	}
	image := catalog.Image{Digest: row.Digest, Info: c.Info, Added: c.Added}
	parts := make([]catalog.Part, len(c.Parts))
	for i, p := range c.Parts {
		parts[i] = catalog.Part{Kind: p.Kind, Hash: p.Hash, Form: p.Form}
		image.Parts = append(image.Parts, catalog.PartRef{Kind: p.Kind, Layer: p.Layer, Hash: p.Hash})
	}
	found, err := catalog.Restore(c.Info, image.Parts, parts)
	if err != nil {
		return fmt.Errorf("archive: %s: %w: %w", row.Digest, objects.ErrUnavailable, err)
	}
	if err := catalog.PutBatch(ctx, a.Store.Catalog, image, found, catalog.Batch{Documents: c.Documents}); err != nil {
		return fmt.Errorf("archive: %s: %w", row.Digest, err)
	}
	return a.Store.Unindexed(ctx, row.Digest)
}

func (a *Archiver) open(ctx context.Context, row *store.ArchivedImage) (*content, error) {
	o, err := a.Objects.Open(ctx, row.Object)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	z, err := gzip.NewReader(o.Reader())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", objects.ErrUnavailable, err)
	}
	limited := &io.LimitedReader{R: z, N: maxContent}
	var c content
	err = json.NewDecoder(limited).Decode(&c)
	if err == nil {
		_, err = io.Copy(io.Discard, limited) // the checksum is at the end
	}
	if err == nil && c.Digest != "" && c.Digest != row.Digest {
		err = fmt.Errorf("the archive of another image, %s", c.Digest)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", objects.ErrUnavailable, err)
	}
	if c.Version != 1 {
		return nil, fmt.Errorf("unknown version %d", c.Version)
	}
	return &c, nil
}

// Restore restores an archived image.
func (a *Archiver) Restore(ctx context.Context, tenant, digest, actor string) error {
	row, err := a.Store.ArchiveOf(ctx, tenant, digest)
	if err != nil {
		return err
	}
	release, err := a.claim(ctx, digest)
	if err != nil {
		return err
	}
	defer release()
	if err := a.read(ctx, row); err != nil {
		return err
	}
	if err := a.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Unarchive(ctx, tenant, digest); err != nil {
			return err
		}
		return tx.Audit(ctx, tenant, actor, "restore", digest)
	}); err != nil {
		return fmt.Errorf("archive: %s: %w", digest, err)
	}
	return nil
}

// Collected counts the data that [Archiver.Collect] deleted.
type Collected struct {
	Parts    int   // of the catalog, and old events
	Objects  int   // that no row names
	Bytes    int64 // of these objects
	Claims   int64
	Archives int64 // of images that are no longer archived
	Pieces   int64 // of objects that were not finished
	Retained
}

// Retained counts the rows that [Archiver.Retain] deleted.
type Retained struct{ Submissions, Audit int64 }

func (c *Collected) String() string {
	return fmt.Sprintf("parts and events: %d\nobjects: %d (%d bytes)\nunfinished pieces: %d\nclaims: %d\narchives: %d\nsubmissions: %d\nentries of the audit: %d\n",
		c.Parts, c.Objects, c.Bytes, c.Pieces, c.Claims, c.Archives, c.Submissions, c.Audit)
}

// A Keep says how long rows are kept.
type Keep struct {
	Submissions time.Duration // after their end; 90 days by default
	Audit       time.Duration // 400 days by default
}

// Defaults sets the values that are zero.
func (k *Keep) Defaults() {
	const day = 24 * time.Hour
	k.Submissions, k.Audit = cmp.Or(k.Submissions, 90*day), cmp.Or(k.Audit, 400*day)
}

// Retain deletes the submissions that ended, and the entries of the audit, that are older than keep says. A dry run only counts them.
func (a *Archiver) Retain(ctx context.Context, now time.Time, keep Keep, dry bool) (c Retained, err error) {
	if c.Submissions, err = a.Store.ForgetSubmissions(ctx, now.Add(-keep.Submissions), now, dry); err == nil {
		c.Audit, err = a.Store.ForgetAudit(ctx, now.Add(-keep.Audit), dry)
	}
	return c, err
}

// Collect deletes data that has no use: events older than keep, and the others if they are older than grace. Whatever the grace is, it keeps objects
// that a process may be writing.
func (a *Archiver) Collect(ctx context.Context, now time.Time, keep, grace time.Duration) (*Collected, error) {
	c := new(Collected)
	if err := a.Continue(ctx); err != nil {
		return nil, err
	}
	before := now.Add(-grace)
	var err error
	if c.Claims, c.Archives, c.Pieces, err = a.Store.Forget(ctx, before, now); err != nil {
		return nil, err
	}
	unused, err := a.unused(ctx, before, now)
	if err != nil {
		return nil, err
	}
	for _, o := range unused {
		if err := a.Objects.Delete(ctx, o.Name); err != nil {
			return nil, err
		}
		c.Objects++
		c.Bytes += o.Size
	}
	c.Parts, err = a.Store.Catalog.Collect(ctx, now.Add(-keep))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return c, nil
}

// unused returns the objects from before a time that no row names, and that no process is writing: most are in the trash before they are written, and
// the others are older than writing takes.
func (a *Archiver) unused(ctx context.Context, before, now time.Time) ([]store.ObjectInfo, error) {
	list, err := a.Objects.List(ctx) // before the names, so that an object is not missed that is named meanwhile
	if err != nil {
		return nil, err
	}
	names, err := a.Store.Referenced(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(o store.ObjectInfo) bool {
		kind, _, _ := strings.Cut(o.Name, "/")
		switch kind {
		case "upload", "index", "archive":
			return names[o.Name] || !o.Modified.Before(before)
		case "advisories", "own":
			return names[o.Name] || !o.Modified.Before(before) || !o.Modified.Before(store.Unwritten(now))
		}
		return true
	}), nil
}

// Unused counts what Collect would delete of objects.
func (a *Archiver) Unused(ctx context.Context, now time.Time, grace time.Duration) (objects int, bytes int64, err error) {
	list, err := a.unused(ctx, now.Add(-grace), now)
	for _, o := range list {
		bytes += o.Size
	}
	return len(list), bytes, err
}
