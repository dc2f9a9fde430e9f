package redhat

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

// A statement joins the statements of a document about one vulnerability in one package of one ecosystem.
type statement struct {
	key      matcher.Key
	status   matcher.Status
	reason   string    // if there is no fix
	by       rhel.Tier // that has the status; rhel.None if the document has no such stream
	fixedIn  rhel.Tier // the first of those that have the fixes
	fixes    []fix
	errata   []string // advisories with the fixes
	severity []matcher.Severity

	of *statement // of a stream of updates, the statement of its release; nil of others
}

func newStatement(key matcher.Key) *statement {
	return &statement{key: key, by: rhel.None, fixedIn: rhel.None}
}

// Bounds on one package. There is a fix for each minor release and stream, and a vector for each version of CVSS.
const (
	maxFixes   = 1000
	maxVectors = 100
)

// state sets the status of a tier. The release's own status replaces that of its extended life, which stands for the release without one.
// The status of a minor release's extended updates says nothing about the release.
func (s *statement) state(by rhel.Tier, status matcher.Status, reason string) {
	if by <= s.by && by <= rhel.Life {
		s.by, s.status, s.reason = by, status, reason
	}
}

// empty reports whether there is no statement about the release.
func (s *statement) empty() bool { return s.by == rhel.None && len(s.fixes) == 0 }

// fix adds a fix of a tier and the errata that have it.
func (s *statement) fix(by rhel.Tier, f fix, errata ...string) error {
	s.fixedIn = min(s.fixedIn, by)
	if !slices.ContainsFunc(s.fixes, func(o fix) bool { return o.evr == f.evr }) {
		s.fixes = append(s.fixes, f)
	}
	for _, e := range errata {
		if e != "" && !slices.Contains(s.errata, e) {
			s.errata = append(s.errata, e)
		}
	}
	if len(s.fixes) <= maxFixes && len(s.errata) <= maxFixes {
		return nil
	}
	s.fixes, s.errata = s.fixes[:min(len(s.fixes), maxFixes)], s.errata[:min(len(s.errata), maxFixes)]
	return fmt.Errorf("more than %d fixes of one package: %w", maxFixes, feed.ErrTooLarge)
}

func (d *document) record() feed.Record {
	rec := feed.Record{ID: d.Tracking.ID}
	if d.Tracking.Status == "deleted" {
		rec.Withdrawn = true
		return rec
	}
	var errs recordlimit.Errors
	var err error
	rec.Modified, err = errata.Time(d.Tracking.Current)
	errs.Add(err)
	for i := range d.vulnerabilities {
		v := &d.vulnerabilities[i]
		statements, err := d.statements(v)
		errs.Add(err)
		a := matcher.Advisory{
			ID: cmp.Or(v.CVE, rec.ID), Summary: cmp.Or(v.Title, d.Title), URLs: urls(v.References, d.References), Feed: feedName,
			Modified: rec.Modified,
		}
		a.Published, err = errata.Time(cmp.Or(v.Released, d.Tracking.Initial))
		errs.Add(err)
		if err := recordlimit.Advisories(len(rec.Advisories), 1, len(statements)); err != nil {
			errs.Add(fmt.Errorf("vulnerabilities[%d]: %w", i, err))
			break
		}
		rec.Advisories = slices.Grow(rec.Advisories, len(statements))
		for _, s := range statements {
			s.fill(&a)
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	rec.Err = errs.Err()
	return rec
}

// statements returns the statements about a vulnerability, sorted by key.
func (d *document) statements(v *vulnerability) ([]*statement, error) {
	g := gatherer{
		d: d, v: v, byKey: make(map[matcher.Key]*statement),
		threats: notesByProduct(v.Threats, func(n *note) bool { return n.Category == "impact" }),
		flags:   notesByProduct(v.Flags, func(n *note) bool { return n.Label != "" }),
		errata:  make(map[string][]string),
		unfixed: notesByProduct(v.Remedies, func(n *note) bool { return n.Category == "no_fix_planned" || n.Category == "none_available" }),
		vectors: make(map[string][]*cvss),
	}
	for i := range v.Remedies {
		n := &v.Remedies[i]
		if e := path.Base(n.URL); n.Category == "vendor_fix" && strings.HasPrefix(e, "RH") {
			for _, id := range n.Products {
				if len(g.errata[id]) < maxFixes {
					g.errata[id] = append(g.errata[id], e)
				}
			}
		}
	}
	for i := range v.Scores {
		s := &v.Scores[i]
		for _, id := range s.Products {
			for _, c := range []*cvss{s.V2, s.V3, s.V4} {
				if c != nil {
					g.vectors[id] = append(g.vectors[id], c)
				}
			}
		}
	}
	// The status "fixed" comes last, because it replaces others. The standard has more statuses, for recommended and first affected versions;
	// products with one of those have one of these, too.
	for _, status := range []string{"known_not_affected", "under_investigation", "known_affected", "fixed"} {
		for _, id := range v.Statuses[status] {
			g.add(status, id)
		}
	}
	var out []*statement
	for _, s := range g.byKey {
		if s.empty() {
			continue
		}
		slices.Sort(s.errata)
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *statement) int { return matcher.CompareKeys(a.key, b.key) })
	return out, g.errs.Err()
}

type gatherer struct {
	d                       *document
	v                       *vulnerability
	byKey                   map[matcher.Key]*statement
	threats, flags, unfixed map[string]*note
	errata                  map[string][]string // that fix a product
	vectors                 map[string][]*cvss
	errs                    recordlimit.Errors
}

func (g *gatherer) add(status, id string) {
	c, p, ok, err := g.d.resolve(id)
	g.errs.Add(err)
	if !ok {
		return
	}
	var first *statement
	for _, at := range placesOf(p) {
		s := g.addAt(at, &c, status, id)
		if first != nil {
			s.of = first
		}
		first = s
	}
}

// A place is where a product's statement counts.
type place struct {
	release string // in the key
	tier    rhel.Tier
}

// placesOf returns the places of a product's statements. A statement about a stream of updates counts for the release as well, and is the
// stream's own.
func placesOf(p rhel.Product) []place {
	places := []place{{p.Release, p.Tier}}
	if p.Tier != rhel.Release {
		places = append(places, place{p.Own(), rhel.Release})
	}
	return places
}

func (g *gatherer) addAt(at place, c *component, status, id string) *statement {
	key := matcher.Key{Type: "rpm", Namespace: "rhel", Release: at.release, Name: c.key(status == "fixed")}
	s := g.byKey[key]
	if s == nil {
		s = newStatement(key)
		g.byKey[key] = s
		s.severity = g.severities(id)
	}
	switch status {
	case "fixed":
		f, err := newFix(c.evr)
		if c.build != "" {
			f, err = newBuild(c.build)
		}
		if err != nil {
			g.errs.Add(fmt.Errorf("%.80q: fixed in %w", id, err))
			return s
		}
		if err := s.fix(at.tier, f, g.errata[id]...); err != nil {
			g.errs.Add(fmt.Errorf("%.80q: %w", id, err))
		}
	case "known_not_affected":
		reason := ""
		if n := g.flags[id]; n != nil {
			reason = n.Label
		}
		s.state(at.tier, matcher.NotAffected, reason)
	case "under_investigation":
		s.state(at.tier, matcher.UnderInvestigation, "")
	case "known_affected":
		status, reason := matcher.Affected, ""
		if n := g.unfixed[id]; n != nil {
			status, reason = unfixed(n.Details)
		}
		s.state(at.tier, status, reason)
	}
	return s
}

// unfixed returns the status and the reason for Red Hat's word about a package without a fix.
func unfixed(word string) (matcher.Status, string) {
	word = strings.TrimSpace(word)
	switch strings.ToLower(word) {
	case "affected", "new", "fix pending":
		return matcher.Affected, ""
	case "will not fix", "not fixed", "no fix planned":
		return matcher.WillNotFix, word
	case "fix deferred", "deferred":
		return matcher.Deferred, word
	case "out of support scope":
		return matcher.EndOfLife, word
	case "under investigation":
		return matcher.UnderInvestigation, word
	case "not affected":
		return matcher.NotAffected, ""
	}
	return matcher.Affected, word
}

func (g *gatherer) severities(id string) []matcher.Severity {
	word := g.d.Severity.Text
	if n := g.threats[id]; n != nil {
		word = n.Details
	}
	level, err := levels.Parse(word)
	g.errs.Add(err)
	var out []matcher.Severity
	for _, c := range g.vectors[id] {
		s := matcher.Severity{Source: feedName, Level: level, Word: word, Vector: c.Vector}
		if c.Vector == "" || slices.Contains(out, s) {
			continue
		}
		if len(out) == maxVectors {
			g.errs.Add(fmt.Errorf("%.80q: more than %d vectors: %w", id, maxVectors, feed.ErrTooLarge))
			break
		}
		out = append(out, s)
	}
	if len(out) == 0 && word != "" {
		out = []matcher.Severity{{Source: feedName, Level: level, Word: word}}
	}
	return out
}

// unfixed reports whether only updates for fewer users have the fixes.
func (s *statement) unfixed() bool {
	return s.by != rhel.None && s.status != matcher.NotAffected && s.status != matcher.UnderInvestigation && s.by < s.fixedIn
}

// ranges returns the versions without any of the fixes. Those of a stream of updates are the ranges of its release, because a build of another
// minor release has the fix or not, whatever its number: 26.el9 lacks that of 23.el9_2.4.
func (s *statement) ranges() []matcher.Range {
	if s.of != nil && len(s.of.fixes) > 0 {
		s = s.of
	}
	return affected(slices.Clone(s.fixes), s.unfixed() && s.fixedIn > rhel.Life)
}

// fill sets the fields of an advisory.
func (s *statement) fill(a *matcher.Advisory) {
	a.Key, a.Severities = s.key, s.severity
	a.Status, a.Reason, a.Ranges, a.Updates = s.status, s.reason, nil, nil
	if len(s.fixes) == 0 {
		return
	}
	a.Ranges, a.Updates = s.ranges(), s.errata
	if s.unfixed() { // the release itself does not get the fix
		a.Reason = strings.TrimPrefix(s.reason+"; fixed in extended updates", "; ")
		return
	}
	a.Status, a.Reason = matcher.Fixed, ""
}
