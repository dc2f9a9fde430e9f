package matcher

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/version"
)

// A Matcher finds the advisories that hold for the packages of an image.
type Matcher struct {
	Source Source

	// Declared also matches packages that only a lock file or a manifest names, which are not evidence of installation.
	Declared bool
}

// A Result is what is known to be wrong with an image, and how much of it anybody knows about.
type Result struct {
	Matches  []Match    // in the order of the report's components, then by ID
	Coverage []Coverage // for every distribution and ecosystem of the report, sorted
	Skipped  []Skipped  // components that were not matched, in the order of the report
}

// A Match is one vulnerability in one component.
type Match struct {
	ID        string   // the CVE identifier if there is one, else that of the first advisory
	Aliases   []string // all other identifiers, sorted
	Component string   // analyzer.Component.ID

	Status   Status
	Reason   string   // the publisher's own word for Status
	Fixed    string   // lowest version above the installed one that is not affected; "" if there is none
	Severity Severity // chosen from all Severities of Advisories; see ChooseSeverity

	// Uncertain says why it is not known whether the component is affected: its version, or a bound of every range that
	// might hold, cannot be compared. It is empty where it is known.
	Uncertain string

	Advisories []Advisory // all that hold, of every feed, the one that Status and Reason come from first
}

// A Skipped component was not matched.
type Skipped struct {
	Component string // analyzer.Component.ID
	Reason    SkipReason
}

// A SkipReason is why a component was not matched.
type SkipReason string

const (
	// OwnedByDistro: the component belongs to a package that the distribution built. The distribution fixes it under its
	// own version numbers, and its advisories are about that package.
	OwnedByDistro SkipReason = "owned by a package of the distribution"

	// OnlyDeclared: a lock file or manifest names the package.
	OnlyDeclared SkipReason = "declared, not installed"

	// NoVersion: the package has no version that anything could be compared with.
	NoVersion SkipReason = "no version"
)

// Match looks up the advisories for the components of a report. It fails only where the Source does.
func (m Matcher) Match(ctx context.Context, report *analyzer.Report) (*Result, error) {
	result := new(Result)
	byID := make(map[string]*analyzer.Component, len(report.Components))
	for i := range report.Components {
		byID[report.Components[i].ID] = &report.Components[i]
	}
	var subjects []subject
	wanted := make(map[Key]bool)
	for i := range report.Components {
		c := &report.Components[i]
		if reason := m.skip(c, byID[c.Owner], report.Distro); reason != "" {
			result.Skipped = append(result.Skipped, Skipped{c.ID, reason})
			continue
		}
		s := newSubject(c, report.Distro)
		subjects = append(subjects, s)
		for _, n := range s.names {
			wanted[n.key] = true
		}
	}
	keys := sortedKeys(wanted)
	if len(keys) == 0 {
		return result, nil
	}
	advisories, err := m.Source.Advisories(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("matcher: %w", err)
	}
	if result.Coverage, err = m.Source.Coverage(ctx, keys); err != nil {
		return nil, fmt.Errorf("matcher: %w", err)
	}
	slices.SortFunc(result.Coverage, compareCoverage)
	byKey := make(map[Key][]*Advisory)
	for i := range advisories {
		a := &advisories[i]
		byKey[a.Key] = append(byKey[a.Key], a)
	}
	for _, s := range subjects {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("matcher: %w", err)
		}
		result.Matches = append(result.Matches, s.match(byKey)...)
	}
	return result, nil
}

// skip says why a component, whose owner may be nil, is not to be matched, or "".
func (m Matcher) skip(c, owner *analyzer.Component, distro *analyzer.Distro) SkipReason {
	if c.Declared && !m.Declared {
		return OnlyDeclared
	}
	if owner != nil && distro != nil && owner.Namespace == distro.ID {
		return OwnedByDistro
	}
	if c.Version == "" {
		return NoVersion
	}
	return ""
}

// A subject is a component with all under which advisories may speak of it.
type subject struct {
	component *analyzer.Component
	scheme    version.Scheme
	names     []name
}

// A name is a key, and the version that is installed under it: that of a source package may differ from its own.
type name struct {
	key       Key
	version   string
	parsed    version.Version
	uncertain error // why version cannot be compared
}

func newSubject(c *analyzer.Component, distro *analyzer.Distro) subject {
	s := subject{component: c}
	scheme, known := version.For(c.Type)
	s.scheme = scheme
	for key, v := range keysOf(c, distro) {
		n := name{key: key, version: v}
		if known {
			n.parsed, n.uncertain = scheme.Parse(v)
		} else {
			n.uncertain = fmt.Errorf("versions of type %s cannot be compared", c.Type)
		}
		s.names = append(s.names, n)
	}
	return s
}

// match returns the matches of one component, sorted by ID.
func (s *subject) match(byKey map[Key][]*Advisory) []Match {
	var held []verdict
	for _, n := range s.names {
		for _, a := range byKey[n.key] {
			if v, ok := s.judge(&n, a); ok {
				held = append(held, v)
			}
		}
	}
	matches := make([]Match, 0, len(held))
	for _, group := range groupAliases(held) {
		matches = append(matches, s.merge(group))
	}
	slices.SortFunc(matches, func(a, b Match) int { return strings.Compare(a.ID, b.ID) })
	return matches
}

// merge makes one match of all that is said of one vulnerability.
func (s *subject) merge(group []verdict) Match {
	slices.SortStableFunc(group, func(a, b verdict) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			strings.Compare(a.Feed, b.Feed), strings.Compare(a.ID, b.ID), strings.Compare(a.Key.Name, b.Key.Name))
	})
	first := group[0]
	m := Match{Component: s.component.ID, Status: first.Status, Reason: first.Reason, Uncertain: first.uncertain, Fixed: first.fixed}
	var ids []string
	for _, v := range group {
		m.Advisories = append(m.Advisories, *v.Advisory)
		ids = append(append(ids, v.ID), v.Aliases...)
		if m.Fixed == "" && v.uncertain == "" {
			m.Fixed = v.fixed
		}
	}
	m.ID = preferred(first.ID, ids)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id != m.ID {
			m.Aliases = append(m.Aliases, id)
		}
	}
	m.Severity = ChooseSeverity(s.component, m.Advisories)
	return m
}

// rank orders what several advisories say of one vulnerability: what is certain before what is not, what says most about
// what to do first.
func rank(v verdict) int {
	r := 0
	switch v.Status {
	case Fixed, Affected:
	case WillNotFix:
		r = 1
	case Deferred:
		r = 2
	case EndOfLife:
		r = 3
	default:
		r = 4
	}
	if v.uncertain != "" {
		r += 10
	}
	return r
}

// preferred chooses the identifier that most people know: the first CVE, else the advisory's own.
func preferred(own string, ids []string) string {
	if strings.HasPrefix(own, "CVE-") {
		return own
	}
	best := ""
	for _, id := range ids {
		if strings.HasPrefix(id, "CVE-") && (best == "" || id < best) {
			best = id
		}
	}
	return cmp.Or(best, own)
}

// groupAliases puts the verdicts together that are about one vulnerability: those that share an identifier, also through
// others. The groups come in the order of their first members.
func groupAliases(list []verdict) [][]verdict {
	parent := make([]int, len(list))
	var root func(int) int
	root = func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	seen := make(map[string]int)
	for i, v := range list {
		parent[i] = i
		for _, id := range append([]string{v.ID}, v.Aliases...) {
			if j, ok := seen[id]; ok {
				a, b := root(i), root(j)
				parent[max(a, b)] = min(a, b)
			} else {
				seen[id] = i
			}
		}
	}
	var groups [][]verdict
	at := make(map[int]int)
	for i, v := range list {
		r := root(i)
		g, ok := at[r]
		if !ok {
			g = len(groups)
			at[r] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], v)
	}
	return groups
}

func compareCoverage(a, b Coverage) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Release, b.Release), strings.Compare(a.Feed, b.Feed), a.Date.Compare(b.Date))
}
