package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/matcher"
)

// discover returns the feeds with the datasets that publishers list, and an error for each feed whose index it could not read.
func (u *updater) discover(ctx context.Context, feeds []Feed) ([]Feed, []error) {
	feeds = slices.Clone(feeds)
	errs := make([]error, len(feeds))
	var g errgroup.Group
	g.SetLimit(u.o.Parallel)
	for i := range feeds {
		f := &feeds[i]
		if f.Discover == nil || len(f.Datasets) == 0 || !u.needsDatasets(f) {
			continue
		}
		g.Go(func() error {
			found, err := u.datasetsOf(ctx, f)
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", f.Name, err)
				return nil
			}
			f.Datasets = merge(found, f.Datasets)
			return nil
		})
	}
	g.Wait()
	return feeds, present(errs)
}

// needsDatasets reports whether the update needs to know all datasets of a feed.
func (u *updater) needsDatasets(f *Feed) bool {
	if slices.ContainsFunc(u.o.Inputs, func(in Input) bool { return in.Feed.Name == f.Name }) {
		return false
	}
	if len(u.o.Only)+len(u.o.Inputs) == 0 && u.o.For == nil {
		return true
	}
	known := slices.ContainsFunc(u.o.Only, func(name string) bool {
		return slices.ContainsFunc(f.Datasets, func(s Dataset) bool { return f.title(&s) == name })
	})
	return !known && slices.ContainsFunc(u.o.Only, func(name string) bool { return name == f.Name || strings.HasPrefix(name, f.Name+"/") }) ||
		slices.ContainsFunc(u.o.For, f.publishes)
}

// publishes reports whether any dataset that an update reads unasked is about another release of an ecosystem's distribution, or the same. The
// ecosystems of languages have no releases, so that publishers list none.
func (f *Feed) publishes(ecosystem matcher.Key) bool {
	if ecosystem.Namespace == "" {
		return false
	}
	for _, s := range f.Datasets {
		if s.Optional {
			continue
		}
		for _, c := range s.Covers {
			if c.Type == ecosystem.Type && c.Namespace == ecosystem.Namespace {
				return true
			}
		}
	}
	return false
}

// maxURLs bounds the files of all datasets that an index lists. Amazon's has about a hundred.
const maxURLs = 2000

// datasetsOf calls Discover.
func (u *updater) datasetsOf(ctx context.Context, f *Feed) ([]Dataset, error) {
	s := &f.Datasets[0]
	secrets := secretsOf(s.URLs)
	found, err := f.Discover(ctx, &Fetcher{
		Dataset: *s, Now: u.o.Now, mirror: u.o.Mirror, tokens: u.o.Tokens,
		client: newClient(&u.o.Options, secrets, func(pause time.Duration, reason error) {
			u.progress(Progress{Location: f.Name, Size: -1, Pause: pause, Err: reason})
		}),
	})
	urls := 0
	for _, s := range found {
		urls += len(s.URLs)
	}
	switch {
	case err != nil:
	case len(found) == 0:
		err = errors.New("the index lists nothing")
	case urls > maxURLs:
		err = fmt.Errorf("the index lists %d files, more than %d: %w", urls, maxURLs, ErrTooLarge)
	}
	return found, scrubbed(secrets, err)
}

// merge returns the datasets that were found, and the known ones with other names.
func merge(found, known []Dataset) []Dataset {
	names := make(map[string]bool)
	for _, s := range found {
		names[s.Name] = true
	}
	for _, s := range known {
		if !names[s.Name] {
			found = append(found, s)
		}
	}
	return found
}
