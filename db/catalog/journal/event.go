package journal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/internal/pages"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	eventsAtOnce = 1000 // written in one transaction
	imagesAtOnce = 500  // whose tags are read at once
)

// An event is the body of a notice in JSON: a message, and the package versions whose images it is about.
type event struct {
	webhook.Message
	Subjects subjectIDs `json:"subjects,omitzero"`
}

// A subjectIDs is base64 in JSON, 16 bytes each.
type subjectIDs []catalog.SubjectID

func (s subjectIDs) MarshalText() ([]byte, error) {
	var raw []byte
	for i := range s {
		raw = append(raw, s[i][:]...)
	}
	return []byte(base64.StdEncoding.EncodeToString(raw)), nil
}

func (s *subjectIDs) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(raw)%len(catalog.SubjectID{}) != 0 {
		return fmt.Errorf("%w: package versions of an event", catalog.ErrCorrupt)
	}
	for id := range slices.Chunk(raw, len(catalog.SubjectID{})) {
		*s = append(*s, catalog.SubjectID(id))
	}
	return nil
}

// Notice returns the entry of the outbox for a message of the caller, which has an ID. The time is now.
func (j *Journal) Notice(m webhook.Message) (catalog.Notice, error) {
	return j.notice(event{Message: m})
}

func (j *Journal) notice(e event) (catalog.Notice, error) {
	now := j.now().UTC()
	e.Time = now
	body, err := json.Marshal(e)
	if err != nil {
		return catalog.Notice{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return catalog.Notice{ID: e.ID, Kind: string(e.Kind), Body: body, Created: now}, nil
}

func parse(n *catalog.Notice) (*event, error) {
	var e event
	if err := json.Unmarshal(n.Body, &e); err != nil {
		return nil, fmt.Errorf("journal: event %s: %w: %w", n.ID, catalog.ErrCorrupt, err)
	}
	return &e, nil
}

// Advisories writes the events of changed advisories, which [watch.Compare] found with this index. It may be repeated after a crash.
func (j *Journal) Advisories(ctx context.Context, events []watch.Event, index Index) error {
	for group := range slices.Chunk(events, eventsAtOnce) {
		var b catalog.Batch
		for i := range group {
			ids, err := index.IDs(ctx, group[i].Subjects)
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			n, err := j.notice(event{Message: webhook.FromEvent(group[i], j.now(), nil), Subjects: ids})
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			b.Notices = append(b.Notices, n)
		}
		if err := j.Store.Write(ctx, &b); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

// Message returns an event without images that an index has to find.
func Message(n *catalog.Notice) (webhook.Message, error) {
	e, err := parse(n)
	if err != nil {
		return webhook.Message{}, err
	}
	return e.Message, nil
}

// An Index finds the images that package versions are in: a [catalog.Index], or several as [catalog.Generations].
type Index interface {
	IDs(ctx context.Context, numbers []int) ([]catalog.SubjectID, error)
	Lookup(ctx context.Context, keys []matcher.Key, ids []catalog.SubjectID) ([]int, error)
	Digests(ctx context.Context, numbers []int) iter.Seq2[string, error]
}

// Digests yields the digests of the images that have the package versions of an event, or that the event names itself.
func Digests(ctx context.Context, n *catalog.Notice, index Index) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		e, err := parse(n)
		if err != nil {
			yield("", err)
			return
		}
		if len(e.Subjects) == 0 {
			for _, image := range e.Images {
				if image.Digest != "" && !yield(image.Digest, nil) {
					return
				}
			}
			return
		}
		numbers, err := index.Lookup(ctx, matcher.Key(e.Package).Forms(), e.Subjects)
		if err != nil {
			yield("", fmt.Errorf("journal: event %s: %w", n.ID, err))
			return
		}
		for digest, err := range index.Digests(ctx, numbers) {
			if err != nil {
				err = fmt.Errorf("journal: event %s: %w", n.ID, err)
			}
			if !yield(digest, err) || err != nil {
				return
			}
		}
	}
}

// Images yields the images of an event: one for each tag that points at an image with its package versions, and one without a tag for an
// untagged image. Index may be newer than that of the event. Events that name their images need no index.
func (j *Journal) Images(ctx context.Context, n *catalog.Notice, index Index) iter.Seq2[webhook.Image, error] {
	e, err := parse(n)
	if err != nil || len(e.Subjects) > 0 {
		return j.named(ctx, Digests(ctx, n, index))
	}
	return func(yield func(webhook.Image, error) bool) {
		for _, image := range e.Images {
			if !yield(image, nil) {
				return
			}
		}
	}
}

// named yields the images with digests by their names.
func (j *Journal) named(ctx context.Context, digests iter.Seq2[string, error]) iter.Seq2[webhook.Image, error] {
	names := j.Names
	if names == nil {
		names = j.names
	}
	return func(yield func(webhook.Image, error) bool) {
		for page, err := range pages.Of(digests, imagesAtOnce) {
			if err != nil {
				yield(webhook.Image{}, err)
				return
			}
			images, err := names(ctx, page)
			if err != nil {
				yield(webhook.Image{}, fmt.Errorf("journal: %w", err))
				return
			}
			for _, image := range images {
				if !yield(image, nil) {
					return
				}
			}
		}
	}
}

// names returns images by their tags in the store.
func (j *Journal) names(ctx context.Context, digests []string) ([]webhook.Image, error) {
	tags, err := j.Store.Pointing(ctx, digests)
	if err != nil {
		return nil, err
	}
	of := make(map[string][]webhook.Image, len(digests))
	for i := range tags {
		of[tags[i].Digest] = append(of[tags[i].Digest], j.image(&tags[i]))
	}
	var list []webhook.Image
	for _, digest := range digests {
		if len(of[digest]) == 0 {
			list = append(list, webhook.Image{Digest: digest, Tenant: j.Tenant})
		}
		list = append(list, of[digest]...)
	}
	return list, nil
}

// Deliver queues the events that are not delivered for subscriptions, with all their images, and marks them as delivered. It may be repeated
// after a crash, unless [webhook.Outbox].Purge has forgotten the deliveries meanwhile. An event that is damaged is marked, too, so that it
// doesn't keep the others waiting, and is part of the error.
func (j *Journal) Deliver(ctx context.Context, sender *webhook.Sender, subscriptions []webhook.Subscription, index Index) error {
	var damaged []error
	for {
		list, err := j.Store.Notices(ctx, 1) // one at a time, because one may have all images of the fleet
		if err != nil {
			return errors.Join(append(damaged, fmt.Errorf("journal: %w", err))...)
		}
		if len(list) == 0 {
			return errors.Join(damaged...)
		}
		n := &list[0]
		m, err := Message(n)
		if err == nil {
			if err := j.queue(ctx, sender, subscriptions, n, m, index); err != nil {
				return errors.Join(append(damaged, err)...)
			}
		} else {
			damaged = append(damaged, err)
		}
		if err := j.Store.Write(ctx, &catalog.Batch{Delivered: []string{n.ID}}); err != nil {
			return errors.Join(append(damaged, fmt.Errorf("journal: %w", err))...)
		}
	}
}

// queue queues an event for the subscriptions that take its kind.
func (j *Journal) queue(ctx context.Context, sender *webhook.Sender, subscriptions []webhook.Subscription, n *catalog.Notice, m webhook.Message, index Index) error {
	if !slices.ContainsFunc(subscriptions, func(s webhook.Subscription) bool { return len(s.Kinds) == 0 || slices.Contains(s.Kinds, m.Kind) }) {
		return nil
	}
	m.Images = nil
	for image, err := range j.Images(ctx, n, index) {
		if err != nil {
			return err
		}
		m.Images = append(m.Images, image)
	}
	if err := sender.Queue(ctx, subscriptions, m); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
