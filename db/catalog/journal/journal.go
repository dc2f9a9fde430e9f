package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A Journal writes to a store. Its methods may be called by many goroutines at once.
type Journal struct {
	Store  catalog.Store
	Tenant string           // of marks, verdicts, and images in events
	Now    func() time.Time // default: time.Now

	// Match matches a stored report, as catalog.Match does, which is the default. A service keeps the matches of chunks of base images.
	Match func(ctx context.Context, m matcher.Matcher, found *analyzer.Report, parts []catalog.Part) (*matcher.Result, error)

	// Names returns images by all their names, those without a name once. By default these are the tags of Store, with Tenant. A service
	// with several tenants returns the images of each.
	Names func(ctx context.Context, digests []string) ([]webhook.Image, error)
}

func (j *Journal) now() time.Time {
	if j.Now == nil {
		return time.Now()
	}
	return j.Now()
}

// ID returns the ID of an event: a hash of all that makes it the same.
func ID(kind watch.Kind, values ...string) string {
	h := sha256.New()
	for _, s := range append([]string{string(kind)}, values...) {
		_, _ = io.WriteString(h, fmt.Sprintf("%d %s\n", len(s), s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Analyzed writes the report of an image with tags that point at it and documents, and an event, as one transaction. A tag that pointed at
// another image makes an event of its own. The same report again makes no event.
func (j *Journal) Analyzed(ctx context.Context, image catalog.Image, found *analyzer.Report, tags []catalog.Tag, documents ...catalog.Document) error {
	b := catalog.Batch{Tags: tags, Documents: documents}
	images := []webhook.Image{{Digest: image.Digest, Tenant: j.Tenant}}
	if len(tags) > 0 {
		images = nil
	}
	for i := range tags {
		t := &tags[i]
		here := j.image(t)
		images = append(images, here)
		history, err := j.Store.Tags(ctx, t.Name)
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		if len(history) == 0 {
			continue
		}
		last := history[len(history)-1]
		if last.Digest == "" || last.Digest == t.Digest || t.Since.Before(last.Since) {
			continue
		}
		n, err := j.notice(event{Message: webhook.Message{
			ID:   ID(webhook.TagMoved, j.Tenant, t.Name, last.Digest, t.Digest, fmt.Sprint(last.Since.UnixMicro())),
			Kind: webhook.TagMoved, Images: []webhook.Image{here}, Text: "from " + last.Digest + " to " + t.Digest,
		}})
		if err != nil {
			return err
		}
		b.Notices = append(b.Notices, n)
	}
	values := []string{j.Tenant, image.Digest}
	_, parts := catalog.Divide(found)
	for i := range parts {
		values = append(values, parts[i].Hash.String())
	}
	n, err := j.notice(event{Message: webhook.Message{ID: ID(webhook.ImageAnalyzed, values...), Kind: webhook.ImageAnalyzed, Images: images}})
	if err != nil {
		return err
	}
	b.Notices = append(b.Notices, n)
	if image.Added.IsZero() {
		image.Added = j.now()
	}
	if err := catalog.PutBatch(ctx, j.Store, image, found, b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// tags returns the tags of the tenant that point at an image.
func (j *Journal) tags(ctx context.Context, digest string) ([]catalog.Tag, error) {
	if j.Names == nil {
		return j.Store.Pointing(ctx, []string{digest})
	}
	images, err := j.Names(ctx, []string{digest})
	var list []catalog.Tag
	for _, i := range images {
		if i.Tenant != j.Tenant || i.Repository == "" {
			continue
		}
		t := catalog.Tag{Name: i.Repository, Digest: digest}
		if i.Tag != "" {
			t.Name += ":" + i.Tag
		}
		list = append(list, t)
	}
	return list, err
}

// image returns the image that a tag points at.
func (j *Journal) image(t *catalog.Tag) webhook.Image {
	repository, tag := t.Split()
	return webhook.Image{Repository: repository, Tag: tag, Digest: t.Digest, Tenant: j.Tenant}
}

// Failed writes the event that the analysis of an image failed, with the reason.
func (j *Journal) Failed(ctx context.Context, image webhook.Image, reason error) error {
	if reason == nil {
		return errors.New("journal: a failure without a reason")
	}
	image.Tenant = j.Tenant
	id := ID(webhook.AnalysisFailed, j.Tenant, image.String(), reason.Error(), fmt.Sprint(j.now().UnixMicro()))
	return j.write(ctx, event{Message: webhook.Message{ID: id, Kind: webhook.AnalysisFailed, Images: []webhook.Image{image}, Text: reason.Error()}})
}

// FeedFailed writes the event that a feed of advisories failed, once a day (UTC) for each reason. It has no image, so subscriptions to a
// tenant or to repositories don't get it.
func (j *Journal) FeedFailed(ctx context.Context, feed string, reason error) error {
	if reason == nil {
		return errors.New("journal: a failure without a reason")
	}
	id := ID(webhook.FeedFailed, feed, reason.Error(), j.now().UTC().Format(time.DateOnly))
	return j.write(ctx, event{Message: webhook.Message{ID: id, Kind: webhook.FeedFailed, Text: feed + ": " + reason.Error()}})
}

// write writes an event alone.
func (j *Journal) write(ctx context.Context, e event) error {
	n, err := j.notice(e)
	if err == nil {
		err = j.Store.Write(ctx, &catalog.Batch{Notices: []catalog.Notice{n}})
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
