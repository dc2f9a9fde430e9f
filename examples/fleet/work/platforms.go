package work

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	// MostAnalyzed is the number of images of an index that a submission analyzes.
	MostAnalyzed = 16

	mostRead = 16 // configurations of images whose platform the index does not state
)

// A listed is a platform of an index, and its number there.
type listed struct {
	store.Platform
	number int
}

// index analyzes the images of an index that a submission asks for, one after the other. An image that fails does not keep the others from
// being analyzed. The submission fails if all fail, or after its last attempt if one fails for a reason that may pass.
func (w *Worker) index(ctx context.Context, m *store.Submission, x *source.Index, ref name.Reference) error {
	row := &store.Index{Tenant: m.Tenant, Digest: x.Digest, Reference: ref.Name(), Submitted: m.Submitted}
	list, err := platforms(ctx, x)
	if err != nil {
		return err
	}
	wanted, err := choose(list, m.Platform)
	if err != nil {
		return err
	}
	for _, p := range list[:min(len(list), store.MostPlatforms)] {
		row.Platforms = append(row.Platforms, p.Platform)
	}
	row.More = len(list) - len(row.Platforms)
	m.Index, m.Digest = x.Digest, ""
	if err := w.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PutIndex(ctx, row); err != nil {
			return err
		}
		return tx.Finish(ctx, m)
	}); err != nil {
		return err
	}
	var failed []string
	var passing, lasting error
	first := ""
	for _, p := range wanted {
		err := w.platform(ctx, m, x, p, ref)
		if err == nil {
			first = cmp.Or(first, p.Digest)
			continue
		}
		if _, limited := errors.AsType[*registry.RateLimitError](err); limited || ctx.Err() != nil || errors.Is(err, store.ErrConflict) || store.FromDatabase(err) {
			return err
		}
		err = fmt.Errorf("%s: %w", p.Title(), err)
		reason, permanent := Reason(err)
		if !permanent {
			passing = cmp.Or(passing, err)
			continue
		}
		if lasting == nil {
			lasting = err
		}
		failed = append(failed, p.Title()+": "+reason)
		if err := w.failPlatform(ctx, m, p.Digest, ref, reason, err); err != nil {
			return err
		}
	}
	switch {
	case passing != nil:
		return passing
	case first == "":
		return lasting
	}
	m.Digest = first
	return w.complete(ctx, m, ref, strings.Join(failed, "; "))
}

// platforms returns what runtimes may run of an index.
func platforms(ctx context.Context, x *source.Index) (list []listed, err error) {
	read := 0
	for i, image := range x.Images {
		p := image.Platform
		if p == nil && read < mostRead {
			read++
			if p, err = x.Platform(ctx, i); errors.Is(err, fs.ErrNotExist) {
				p = new(v1.Platform) // unknown, as the registry lacks it
			} else if err != nil {
				return nil, err
			}
			if p == nil {
				continue // a signature, a chart and the like
			}
		}
		if p == nil {
			p = new(v1.Platform)
		}
		list = append(list, listed{store.Platform{Name: store.PlatformName(*p), Digest: image.Digest}, i})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("work: %w: the index lists no image", fs.ErrNotExist)
	}
	return list, nil
}

// choose returns the images to analyze, each once, that of this program's platform first. Wanted has platforms, separated by commas; without any, these are
// all with linux, or all if no image is for linux. It writes into list why others are not analyzed.
func choose(list []listed, wanted string) (chosen []listed, err error) {
	selects := func(p string) bool { return strings.HasPrefix(p, "linux/") }
	if wanted != "" {
		var specs []v1.Platform
		for text := range strings.SplitSeq(wanted, ",") {
			p, err := v1.ParsePlatform(text)
			if err != nil {
				return nil, fmt.Errorf("work: %w: %w", errMalformed, err)
			}
			specs = append(specs, *p)
		}
		selects = func(text string) bool {
			p, err := v1.ParsePlatform(text)
			return err == nil && slices.ContainsFunc(specs, func(s v1.Platform) bool { return p.Satisfies(s) })
		}
	} else if !slices.ContainsFunc(list, func(p listed) bool { return selects(p.Name) }) {
		selects = func(string) bool { return true }
	}
	here := "linux/" + runtime.GOARCH
	order := make([]*listed, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortStableFunc(order, func(a, b *listed) int {
		is := func(p *listed) int {
			if strings.HasPrefix(p.Name, here) {
				return 0
			}
			return 1
		}
		return is(a) - is(b)
	})
	taken := make(map[string]bool)
	for _, p := range order {
		switch {
		case !selects(p.Name):
			p.Reason = store.NotSelected
		case taken[p.Digest]:
		case len(chosen) == MostAnalyzed:
			p.Reason = store.OverLimit
		default:
			taken[p.Digest], p.Reason = true, string(store.Waiting)
			chosen = append(chosen, *p)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("work: %w: the index has no image for %s", fs.ErrNotExist, wanted)
	}
	return chosen, nil
}

// platform analyzes an image of an index.
func (w *Worker) platform(ctx context.Context, m *store.Submission, x *source.Index, p listed, ref name.Reference) error {
	if m.Again { // an earlier attempt may have done it
		if old, err := w.Store.Image(ctx, m.Tenant, p.Digest); err == nil && old.Digest == p.Digest && old.State == store.Analyzed && old.Reason == "" && old.Finished.After(m.Submitted) {
			return w.Store.Write(ctx, func(tx *store.Tx) error { return tx.EndPlatform(ctx, m.Tenant, m.Index, p.Digest, "") })
		}
	}
	img, err := x.Open(ctx, p.number)
	if err != nil {
		return err
	}
	defer img.Close()
	row, err := rowOf(m, img, ref)
	if err != nil {
		return err
	}
	if err := w.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Begin(ctx, row); err != nil {
			return err
		}
		return tx.Finish(ctx, m) // another worker may have the submission
	}); err != nil {
		return err
	}
	if err := w.content(ctx, m, img, row); err != nil {
		reason, _ := Reason(err)
		return errors.Join(err, w.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			return tx.End(ctx, m.Tenant, row.Digest, store.Failed, reason, err.Error())
		}))
	}
	if err := w.present(ctx, m, row.Digest); err != nil {
		return err
	}
	if err := w.tell(ctx, m.Tenant, webhook.Message{ID: journal.ID(webhook.ImageAnalyzed, m.Tenant, m.ID, row.Digest), Kind: webhook.ImageAnalyzed, Images: []webhook.Image{named(m, row.Digest, ref)}}); err != nil {
		return err
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndPlatform(ctx, m.Tenant, m.Index, p.Digest, ""); err != nil {
			return err
		}
		return analyzed(ctx, tx, m, row.Digest)
	})
}

// failPlatform stores why an image of an index cannot be analyzed: first the event.
func (w *Worker) failPlatform(ctx context.Context, m *store.Submission, digest string, ref name.Reference, reason string, cause error) error {
	w.Log.WarnContext(ctx, "an image of an index cannot be analyzed", "tenant", m.Tenant, "submission", m.ID, "digest", digest, "reason", reason, "error", cause)
	if err := w.tell(ctx, m.Tenant, webhook.Message{ID: journal.ID(webhook.AnalysisFailed, m.Tenant, m.ID, digest), Kind: webhook.AnalysisFailed, Images: []webhook.Image{named(m, digest, ref)}, Text: reason}); err != nil {
		return err
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error { return tx.EndPlatform(ctx, m.Tenant, m.Index, digest, reason) })
}
