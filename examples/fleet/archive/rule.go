package archive

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// A Rule selects images to archive: those that fulfill all of its conditions in each repository that they have a name in. A rule without a
// condition selects none.
type Rule struct {
	Repositories []string      `yaml:"repositories"`             // patterns; all repositories if empty
	OlderThan    time.Duration `yaml:"older-than"`               // since the last analysis
	NewerTags    int           `yaml:"newer-tags" min:"0"`       // tags of the repository that point at others since later
	Keep         int           `yaml:"keep" min:"0" max:"10000"` // newest images of the repository that stay
}

// Conditions reports whether the rule has a condition.
func (r *Rule) Conditions() bool { return r.OlderThan > 0 || r.NewerTags > 0 || r.Keep > 0 }

// A repository has the images and tags of a repository.
type repository struct {
	images []string             // newest first
	newest map[string]time.Time // by image: when a tag pointed at it last, or when it was analyzed
	tags   []store.Tag          // as they point now
}

// newer returns the number of tags that point at others since later.
func (r *repository) newer(digest string) (n int) {
	for _, t := range r.tags {
		if t.Digest != digest && t.Since.After(r.newest[digest]) {
			n++
		}
	}
	return n
}

// Select returns the analyzed images that one of the rules selects, in their order. Tags are all tags of the tenant by their names and times. The images
// of an index go together: they count as the one that the tag points at.
func Select(rules []Rule, images []store.Image, tags []store.Tag, now time.Time) (selected []store.Image) {
	repositories := make(map[string]*repository)
	of := make(map[string][]string) // repositories by image
	analyzed := make(map[string]bool)
	leaders := make(map[string][]string) // by image of an index: those that tags point at
	add := func(name, digest string, at time.Time) {
		r := repositories[name]
		if r == nil {
			r = &repository{newest: make(map[string]time.Time)}
			repositories[name] = r
		}
		if _, known := r.newest[digest]; !known {
			r.images = append(r.images, digest)
			of[digest] = append(of[digest], name)
		}
		if at.After(r.newest[digest]) {
			r.newest[digest] = at
		}
	}
	for i := range images {
		analyzed[images[i].Digest] = images[i].State == store.Analyzed
	}
	for i, t := range tags {
		name, _ := (&catalog.Tag{Name: t.Name}).Split()
		if analyzed[t.Digest] {
			add(name, t.Digest, t.Since)
			for _, d := range t.Listed {
				if d != t.Digest && !slices.Contains(leaders[d], t.Digest) {
					leaders[d] = append(leaders[d], t.Digest)
				}
			}
		}
		if i+1 == len(tags) || tags[i+1].Name != t.Name {
			if repositories[name] == nil {
				repositories[name] = &repository{newest: make(map[string]time.Time)}
			}
			repositories[name].tags = append(repositories[name].tags, t)
		}
	}
	for i := range images {
		m := &images[i]
		if m.State != store.Analyzed || len(of[m.Digest]) > 0 || len(leaders[m.Digest]) > 0 {
			continue
		}
		where := "" // an upload without a name
		if ref, err := name.ParseReference(m.Reference); err == nil {
			where = ref.Context().Name()
		}
		add(where, m.Digest, m.Finished)
	}
	for _, r := range repositories {
		slices.SortFunc(r.images, func(a, b string) int { return cmp.Or(r.newest[b].Compare(r.newest[a]), strings.Compare(a, b)) })
	}
	for i := range images {
		m := &images[i]
		as := leaders[m.Digest]
		if len(of[m.Digest]) > 0 {
			as = append(slices.Clone(as), m.Digest)
		}
		if m.State == store.Analyzed && slices.ContainsFunc(rules, func(rule Rule) bool {
			return !slices.ContainsFunc(as, func(digest string) bool { return !rule.selects(m, digest, of[digest], repositories, now) })
		}) {
			selected = append(selected, *m)
		}
	}
	return selected
}

// selects reports whether the rule selects an image that counts as the one with the digest.
func (r *Rule) selects(m *store.Image, digest string, names []string, repositories map[string]*repository, now time.Time) bool {
	if !r.Conditions() || r.OlderThan > 0 && now.Sub(m.Finished) < r.OlderThan {
		return false
	}
	for _, name := range names {
		where := repositories[name]
		switch {
		case len(r.Repositories) > 0 && !slices.ContainsFunc(r.Repositories, func(p string) bool { return address.Match(p, name) }):
			return false
		case where.newer(digest) < r.NewerTags:
			return false
		case r.Keep > 0 && slices.Index(where.images, digest) < r.Keep:
			return false
		}
	}
	return true
}
