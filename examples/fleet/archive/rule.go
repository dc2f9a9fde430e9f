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

// A Rule selects images to archive. An image must fulfill all conditions in each repository that has it. A rule without conditions selects no image.
type Rule struct {
	Repositories []string      `yaml:"repositories"`             // patterns; all repositories if empty
	OlderThan    time.Duration `yaml:"older-than"`               // since the last analysis
	NewerTags    int           `yaml:"newer-tags" min:"0"`       // tags of the repository that point at others since later
	Keep         int           `yaml:"keep" min:"0" max:"10000"` // newest images of the repository that stay
}

// Conditions reports whether the rule has a condition.
func (r *Rule) Conditions() bool { return r.OlderThan > 0 || r.NewerTags > 0 || r.Keep > 0 }

// An inventory has the analyzed images of a tenant by repository. The images of an index count as the one that a tag of the index points at, so the
// same rules select all of them.
type inventory struct {
	repositories map[string]*repository // by name; uploads without a name have ""
	names        map[string][]string    // repositories by image
	indexed      map[string][]string    // by image of an index: the images that tags of the index point at
}

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

func newInventory(images []store.Image, tags []store.Tag) *inventory {
	v := &inventory{make(map[string]*repository), make(map[string][]string), make(map[string][]string)}
	analyzed := make(map[string]bool)
	for i := range images {
		analyzed[images[i].Digest] = images[i].State == store.Analyzed
	}
	for i := range tags {
		t := &tags[i]
		if analyzed[t.Digest] {
			v.addTag(t)
		}
		if last := i+1 == len(tags) || tags[i+1].Name != t.Name; last {
			r := v.repository(repositoryOf(t))
			r.tags = append(r.tags, *t)
		}
	}
	for i := range images {
		if m := &images[i]; analyzed[m.Digest] && len(v.countsAs(m.Digest)) == 0 {
			v.add(submittedTo(m), m.Digest, m.Finished)
		}
	}
	for _, r := range v.repositories {
		slices.SortFunc(r.images, func(a, b string) int { return cmp.Or(r.newest[b].Compare(r.newest[a]), strings.Compare(a, b)) })
	}
	return v
}

func repositoryOf(t *store.Tag) string {
	repository, _ := (&catalog.Tag{Name: t.Name}).Split()
	return repository
}

// submittedTo returns the repository of the reference with which an image was submitted, "" without one.
func submittedTo(m *store.Image) string {
	ref, err := name.ParseReference(m.Reference)
	if err != nil {
		return ""
	}
	return ref.Context().Name()
}

// repository returns a repository, a new one if it is not known.
func (v *inventory) repository(name string) *repository {
	r := v.repositories[name]
	if r == nil {
		r = &repository{newest: make(map[string]time.Time)}
		v.repositories[name] = r
	}
	return r
}

// add adds an image to a repository.
func (v *inventory) add(name, digest string, at time.Time) {
	r := v.repository(name)
	if _, known := r.newest[digest]; !known {
		r.images = append(r.images, digest)
		v.names[digest] = append(v.names[digest], name)
	}
	if at.After(r.newest[digest]) {
		r.newest[digest] = at
	}
}

// addTag adds the image that a tag points at, or pointed at.
func (v *inventory) addTag(t *store.Tag) {
	v.add(repositoryOf(t), t.Digest, t.Since)
	for _, d := range t.Listed {
		if d != t.Digest && !slices.Contains(v.indexed[d], t.Digest) {
			v.indexed[d] = append(v.indexed[d], t.Digest)
		}
	}
}

// countsAs returns the images that an image counts as: itself if it has a name, and those that tags of its indexes point at.
func (v *inventory) countsAs(digest string) []string {
	list := v.indexed[digest]
	if len(v.names[digest]) > 0 {
		list = append(slices.Clone(list), digest)
	}
	return list
}

// Select returns the analyzed images that one of the rules selects, in their order. Tags are all tags of the tenant, sorted by name and then by time.
func Select(rules []Rule, images []store.Image, tags []store.Tag, now time.Time) (selected []store.Image) {
	v := newInventory(images, tags)
	for i := range images {
		m := &images[i]
		if m.State != store.Analyzed {
			continue
		}
		digests := v.countsAs(m.Digest)
		if slices.ContainsFunc(rules, func(r Rule) bool { return r.selects(v, m, digests, now) }) {
			selected = append(selected, *m)
		}
	}
	return selected
}

// selects reports whether the rule selects an image that counts as those with the digests.
func (r *Rule) selects(v *inventory, m *store.Image, digests []string, now time.Time) bool {
	if !r.Conditions() || r.OlderThan > 0 && now.Sub(m.Finished) < r.OlderThan {
		return false
	}
	for _, digest := range digests {
		for _, name := range v.names[digest] {
			if !r.fulfilled(v.repositories[name], name, digest) {
				return false
			}
		}
	}
	return true
}

// fulfilled reports whether an image fulfills the conditions in one of its repositories.
func (r *Rule) fulfilled(in *repository, name, digest string) bool {
	if len(r.Repositories) > 0 && !slices.ContainsFunc(r.Repositories, func(pattern string) bool { return address.Match(pattern, name) }) {
		return false
	}
	return in.newer(digest) >= r.NewerTags && (r.Keep == 0 || slices.Index(in.images, digest) >= r.Keep)
}
