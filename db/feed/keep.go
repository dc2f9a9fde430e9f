package feed

import (
	"context"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// A keeper decides what stays of the old database.
type keeper struct {
	u       *updater
	byFeed  map[string][]*job // that are renewed
	dropped map[*job]map[string]bool
	kept    map[string]int // advisories and threats, by feed
}

// keep adds what stays of the old database to b.
func (u *updater) keep(ctx context.Context, b *db.Builder) error {
	k := &keeper{u: u, byFeed: make(map[string][]*job), dropped: make(map[*job]map[string]bool), kept: make(map[string]int)}
	for _, j := range u.jobs {
		if j.report.Outcome == Renewed {
			k.byFeed[j.feed.Name] = append(k.byFeed[j.feed.Name], j)
			k.dropped[j] = make(map[string]bool)
		}
	}
	n := 0
	for a, err := range u.old.All() {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if !k.keeps(k.owner(a.Feed, a.Key.Ecosystem()), a.Key.Ecosystem(), a.ID) {
			continue
		}
		k.kept[a.Feed]++
		if err := b.Add(a); err != nil {
			return err
		}
	}
	for t, err := range u.old.AllThreats() {
		if err != nil {
			return err
		}
		if !k.keeps(k.threats(t.Feed), matcher.Key{}, t.CVE) {
			continue
		}
		k.kept[t.Feed]++
		if err := b.AddThreat(t.Feed, t.CVE, t.Threat); err != nil {
			return err
		}
	}
	k.describe(b)
	return nil
}

// owner returns the renewed source that an advisory would come from, nil if there is none.
func (k *keeper) owner(feed string, ecosystem matcher.Key) *job {
	for _, j := range k.byFeed[feed] {
		if j.source.covers(ecosystem) {
			return j
		}
	}
	return nil
}

// threats returns the renewed source that what a feed says of vulnerabilities would come from. A feed has only one.
func (k *keeper) threats(feed string) *job {
	if jobs := k.byFeed[feed]; len(jobs) > 0 {
		return jobs[0]
	}
	return nil
}

// keeps reports whether what is said of a vulnerability stays, where j is renewed.
func (k *keeper) keeps(j *job, ecosystem matcher.Key, id string) bool {
	switch {
	case j == nil:
		return true
	case j.got.Increment:
		if j.loaded.records[id] {
			k.dropped[j][id] = true
			return false
		}
		return true
	}
	return k.ended(j, ecosystem)
}

// ended reports whether a renewed source says no more of a release: its publisher looks after it no longer.
func (k *keeper) ended(j *job, ecosystem matcher.Key) bool {
	return ecosystem.Release != "" && !j.input && !j.loaded.ecosystems[ecosystem]
}

// describe adds feeds and coverage of what was kept, with the dates that they had.
func (k *keeper) describe(b *db.Builder) {
	for _, j := range k.u.jobs {
		if j.report.Outcome == Renewed && j.got.Increment {
			j.loaded.info.Records = max(j.was.Records-len(k.dropped[j]), 0)
			k.u.finish(j)
		}
	}
	for _, info := range k.u.infos {
		if k.stays(info) {
			b.AddFeed(info)
		}
	}
	for _, c := range k.u.old.Info().Coverage {
		eco := matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
		row := c.Coverage
		switch j := k.owner(c.Feed, eco); {
		case j == nil:
		case j.got.Increment:
			row.Date = j.report.Date
		case k.ended(j, eco):
			row.EndOfLife = true
		default:
			continue
		}
		b.AddCoverage(row)
	}
}

// stays reports whether an input of the old database still is one of the new.
func (k *keeper) stays(info db.FeedInfo) bool {
	for _, j := range k.byFeed[info.Name] {
		if j.url() == info.URL && (info.URL != "" || j.input) {
			return false
		}
	}
	if len(k.byFeed[info.Name]) == 0 {
		return true
	}
	for _, f := range k.u.feeds {
		for i := range f.Sources {
			if f.Name == info.Name && (&job{source: &f.Sources[i]}).url() == info.URL {
				return true // of a source that is not renewed
			}
		}
	}
	return k.kept[info.Name] > 0
}
