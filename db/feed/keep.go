package feed

import (
	"context"
	"slices"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// A keeper copies data from the old database to the new one.
type keeper struct {
	u       *updater
	b       *db.Builder
	old     db.Info
	renewed map[string][]*job // by feed
}

// keep adds to b the data of the old database that the update does not replace.
func (u *updater) keep(ctx context.Context, b *db.Builder) error {
	k := &keeper{u: u, b: b, old: u.old.Info(), renewed: make(map[string][]*job)}
	for _, j := range u.jobs {
		if j.renewed() {
			k.renewed[j.feed.Name] = append(k.renewed[j.feed.Name], j)
		}
	}
	var feeds []string
	for _, f := range k.old.Feeds {
		feeds = append(feeds, f.Name)
	}
	for _, c := range k.old.Coverage {
		feeds = append(feeds, c.Feed)
	}
	slices.Sort(feeds)
	for _, name := range slices.Compact(feeds) {
		for _, p := range k.parts(name) {
			if err := b.Keep(ctx, u.old, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts returns the data of one feed that the update does not replace.
func (k *keeper) parts(name string) []db.Part {
	jobs := k.renewed[name]
	if len(jobs) == 0 {
		return []db.Part{{Feed: name, Enrichments: true}}
	}
	var parts []db.Part
	for _, j := range jobs {
		if j.got.Increment {
			parts = append(parts, k.unchanged(j))
		}
	}
	ecosystem := func(eco matcher.Key) bool { return k.keeps(k.owner(name, eco), eco) }
	for _, c := range k.old.Coverage {
		if j := k.owner(name, ecosystemOf(c)); c.Feed == name && j != nil && k.keeps(j, ecosystemOf(c)) {
			c.EndOfLife = true
			k.b.AddCoverage(c.Coverage)
		}
	}
	return append(parts, db.Part{
		Feed: name, Ecosystem: ecosystem, Input: func(f db.FeedInfo) bool { return k.keepsInput(f, ecosystem) },
	})
}

func ecosystemOf(c db.CoverageInfo) matcher.Key {
	return matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
}

// owner returns the renewed dataset that covers an ecosystem, or nil.
func (k *keeper) owner(feed string, ecosystem matcher.Key) *job {
	for _, j := range k.renewed[feed] {
		if j.dataset.covers(ecosystem) {
			return j
		}
	}
	return nil
}

// keeps reports whether the old advisories of an ecosystem stay: because j, the renewed dataset that covers it, is nil or has dropped
// the release after the end of its support.
func (k *keeper) keeps(j *job, ecosystem matcher.Key) bool {
	return j == nil || ecosystem.Release != "" && !j.input && !j.got.Increment && !j.loaded.ecosystems[ecosystem]
}

// keepsInput reports whether the description of an input of the old database stays.
func (k *keeper) keepsInput(info db.FeedInfo, keeps func(matcher.Key) bool) bool {
	for _, j := range k.renewed[info.Name] {
		if j.url() == info.URL && (info.URL != "" || j.input) {
			return false
		}
	}
	for _, f := range k.u.feeds {
		for i := range f.Datasets {
			s := &f.Datasets[i]
			if f.Name == info.Name && len(s.URLs) > 0 && (&job{dataset: s}).url() == info.URL {
				return true // the dataset is not renewed
			}
		}
	}
	return slices.ContainsFunc(k.old.Coverage, func(c db.CoverageInfo) bool {
		return c.Feed == info.Name && c.Advisories > 0 && keeps(ecosystemOf(c))
	})
}

// unchanged returns the records of a dataset that its increment does not contain.
func (k *keeper) unchanged(j *job) db.Part {
	return db.Part{
		Feed:        j.feed.Name,
		Ecosystem:   func(eco matcher.Key) bool { return k.owner(j.feed.Name, eco) == j },
		Input:       func(db.FeedInfo) bool { return false },
		Enrichments: true,
		Changed:     func(id string) bool { return j.loaded.records[id] },
		Stays:       func(a *matcher.Advisory) bool { return !j.loaded.replaces(a) },
		Done: func(gone int) {
			j.loaded.info.Records = max(j.was.Records-gone, 0)
			k.u.finish(j)
			for _, c := range k.old.Coverage {
				if c.Feed == j.feed.Name && k.owner(c.Feed, ecosystemOf(c)) == j {
					c.Date = j.loaded.report.Date
					k.b.AddCoverage(c.Coverage)
				}
			}
		},
	}
}
