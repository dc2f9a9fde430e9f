package matcher

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/packageorigin"
)

// A claim is a component inside a package that the distribution seems to have built.
type claim struct {
	component int // its index
	owner     *analyzer.Component
	mark      string // what speaks for the distribution
	by        packageorigin.Origin
}

// skips returns for each component of a report why it is not matched; the others have no Reason.
//
// A component inside a package that the distribution built is not matched separately. Anyone can write a package's fields into an
// image, so the source must have advisories for its source package, too. If the source lacks the whole release, the vendor or
// the maintainer suffices. No package owns files of directories that distributions leave to others, and none answers for a file that
// differs from its database.
func (m Matcher) skips(ctx context.Context, report *analyzer.Report, byID map[string]*analyzer.Component, p *products) ([]Skipped, error) {
	skipped := make([]Skipped, len(report.Components))
	var claims []claim
	builders := make(map[string]claim) // by ID of owners
	for i := range report.Components {
		c := &report.Components[i]
		skipped[i].Component = c.ID
		if m.Only != nil && !m.Only(c) {
			continue
		}
		if skipped[i].Reason = m.skipByPlace(c); skipped[i].Reason != "" {
			continue
		}
		if owner := byID[c.Owner]; claimed(c, owner) {
			of, ok := builders[c.Owner]
			if !ok {
				of.owner = owner
				of.by, of.mark = packageorigin.Of(owner, distroOf(owner, report.Distro))
				builders[c.Owner] = of
			}
			if of.by != packageorigin.ThirdParty {
				of.component = i
				claims = append(claims, of)
			}
		}
		if c.Version == "" {
			skipped[i].Reason = NoVersion
		}
	}
	if len(claims) == 0 {
		return skipped, nil
	}
	data, err := m.dataOf(ctx, claims, report.Distro, p)
	if err != nil {
		return nil, err
	}
	var list []lookup
	for _, c := range claims {
		list = lookups(list, c.owner, report.Distro, p)
		if text := data.evidence(&c, list); text != "" {
			skipped[c.component].Reason, skipped[c.component].Evidence = OwnedByDistro, text
		}
	}
	return skipped, nil
}

// claimed reports whether the owner of a component's file answers for it, if the distribution built the owner.
func claimed(c, owner *analyzer.Component) bool {
	return owner != nil && !owner.Stated && packageorigin.Distributed(c.Path) && !c.Altered
}

// ownerData holds the knowledge of a source about the packages that own components.
type ownerData struct {
	known     map[Key]bool // whether the source has advisories
	uncovered map[Key]bool // ecosystems without advisories, or with only some
}

func (m Matcher) dataOf(ctx context.Context, claims []claim, d *analyzer.Distro, p *products) (*ownerData, error) {
	data := &ownerData{known: make(map[Key]bool), uncovered: make(map[Key]bool)}
	var keys, ecosystems []Key
	var list []lookup
	done := make(map[*analyzer.Component]bool)
	for _, c := range claims {
		if done[c.owner] {
			continue
		}
		done[c.owner] = true
		list = lookups(list, c.owner, d, p)
		for _, l := range list {
			if _, ok := data.known[l.key]; !ok {
				data.known[l.key] = false
				keys = append(keys, l.key)
			}
			if e := l.key.Ecosystem(); !slices.Contains(ecosystems, e) {
				ecosystems = append(ecosystems, e)
			}
		}
	}
	rows, err := m.Source.Coverage(ctx, ecosystems)
	if err != nil {
		return nil, fmt.Errorf("matcher: %w", err)
	}
	for _, r := range rows {
		if r.Feed == "" || r.Sampled || r.Missing {
			data.uncovered[Key{Type: r.Type, Namespace: r.Namespace, Release: r.Release}] = true
		}
	}
	return data, m.findKnownKeys(ctx, keys, data.known)
}

// evidence says why the distribution answers for a component, given how its owner is looked up, or returns "" if it does not.
func (o *ownerData) evidence(c *claim, list []lookup) string {
	owner := c.owner.Name + " " + c.owner.Version
	for _, l := range list {
		if o.known[l.key] {
			return fmt.Sprintf("%s has %s, and %s has advisories for %s", owner, c.mark, release(l.key), l.key.Name)
		}
	}
	if c.by == packageorigin.Distribution && o.uncovered[list[0].key.Ecosystem()] {
		return fmt.Sprintf("%s has %s; advisories of %s are missing or incomplete", owner, c.mark, release(list[0].key))
	}
	return ""
}

func release(k Key) string { return strings.TrimSpace(k.Namespace + " " + k.Release) }

// skipByPlace returns the reason not to match a component at its place, or "".
func (m Matcher) skipByPlace(c *analyzer.Component) SkipReason {
	switch place := c.Place(); {
	case place == analyzer.LockFile && !m.Declared:
		return OnlyDeclared
	case place == analyzer.Cached && !slices.Contains(m.Include, place):
		return OnlyCached
	case place == analyzer.TestData && !slices.Contains(m.Include, place):
		return OnlyTestData
	}
	return ""
}

// findKnownKeys sets the keys for which the source has advisories.
func (m Matcher) findKnownKeys(ctx context.Context, keys []Key, known map[Key]bool) error {
	for a, err := range m.Source.Advisories(ctx, keys) {
		if err == nil {
			err = ctx.Err()
		}
		if _, ok := known[a.Key]; err == nil && !ok {
			err = unrequested(&a)
		}
		if err != nil {
			return fmt.Errorf("matcher: %w", err)
		}
		known[a.Key] = true
	}
	return nil
}
