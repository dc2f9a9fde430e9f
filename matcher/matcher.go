package matcher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/limit"
)

// A Matcher finds the advisories that affect the packages of an image. It needs a Source.
type Matcher struct {
	Source Source

	// Declared also matches packages that only a lock file or a manifest names, which are not evidence of installation.
	Declared bool

	// Include also matches packages at these places, [analyzer.Cached] and [analyzer.TestData].
	Include []analyzer.Place

	// Only, if it is not nil, selects the components to match. The others count as the owners of files only: no Match, Skipped or
	// Coverage is about them.
	Only func(*analyzer.Component) bool

	// Now decides whether a release in Coverage is past its end of life, by the dates of package distro. If it is zero, only
	// the feeds decide.
	Now time.Time
}

// A Result lists the vulnerabilities found in an image, and which ecosystems the Source covers.
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

	Kind       Kind
	Status     Status
	Reason     string     // the publisher's own word for Status
	Fixed      string     // lowest version above the installed one that is not affected; "" if unknown
	Enrichment Enrichment // enrichment of its CVE, if the Source is an Enricher

	// Severity is chosen among those of all Advisories and of Enrichment. A distribution's own word about its package comes
	// first, then a source's word in any advisory, then the CVSS vector of the highest version in an advisory, then ratings
	// of the vulnerability, such as NVD's. Among equals the highest counts.
	Severity Severity

	// Analysis is from a VEX document about this image, which package matcher/vex adds. Until then it is nil, or the Matcher's own, by the
	// component's Functions.
	Analysis *Analysis

	// Uncertain is the reason if it is unknown whether the component is affected: its version, or a bound of every range
	// that might hold, cannot be compared. Otherwise it is empty.
	Uncertain string

	// Evidence is the reason why the advisories are about the component if more than its name tells: only one group has an
	// artifact of its name. Otherwise it is empty.
	Evidence string

	// Headers says that the component has files of the Linux kernel to compile other programs, such as linux-libc-dev, and none of
	// the kernel's code. No vulnerability of the kernel is in it.
	Headers bool

	Advisories []Advisory // those of every feed that hold; first the one that Status and Reason come from
}

// A Skipped component was not matched.
type Skipped struct {
	Component string // analyzer.Component.ID
	Reason    SkipReason
	Evidence  string // for OwnedByDistro, why the distribution answers for the component; else ""
}

// A SkipReason is the code of why a component was not matched.
type SkipReason string

const (
	// OwnedByDistro: the component belongs to a package that the distribution built. The distribution fixes it under its
	// own version numbers, and its advisories are about that package. The evidence is that the Source has advisories about the
	// source package, and the vendor of the RPM package, the maintainer of the dpkg package, or a version in the distribution's
	// form. A vendor or maintainer suffices where the Source has no advisories of the release, or only some.
	// Files below /usr/local, /opt, /srv and home directories belong to no distribution.
	OwnedByDistro SkipReason = "owned-by-distro"

	// OnlyDeclared: only a lock file or manifest names the package.
	OnlyDeclared SkipReason = "only-declared"

	// OnlyCached: a package manager keeps the package to install it again.
	OnlyCached SkipReason = "cached"

	// OnlyTestData: the package is in the tests or examples of another package.
	OnlyTestData SkipReason = "test-data"

	// NoVersion: the package has no version to compare.
	NoVersion SkipReason = "no-version"
)

// Match looks up the advisories of a report's components. It returns an error if the Source does, and if the Source yields
// an advisory for a key that Match did not request.
func (m Matcher) Match(ctx context.Context, report *analyzer.Report) (*Result, error) {
	if err := m.check(report); err != nil {
		return nil, err
	}
	result := new(Result)
	byID := make(map[string]*analyzer.Component, len(report.Components))
	for i := range report.Components {
		byID[report.Components[i].ID] = &report.Components[i]
	}
	products, err := productsOf(ctx, m.Source, report)
	if err != nil {
		return nil, err
	}
	skips, err := m.skips(ctx, report, byID, products)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(ctx, m.Source, report)
	if err != nil {
		return nil, err
	}
	wanted := newRegister(len(report.Components), groups, report, products)
	for i := range report.Components {
		c := &report.Components[i]
		if m.Only != nil && !m.Only(c) {
			continue
		}
		if skips[i].Reason != "" {
			result.Skipped = append(result.Skipped, skips[i])
			continue
		}
		wanted.add(c, report.Distro)
	}
	if len(wanted.keys) == 0 {
		result.Coverage = addUnread(nil, report)
		return result, nil
	}
	if result.Coverage, err = coverage(ctx, m.Source, wanted); err != nil {
		return nil, err
	}
	result.Coverage = addUnread(result.Coverage, report)
	m.setEndOfLife(result.Coverage, report.Distro)
	for a, err := range m.Source.Advisories(ctx, wanted.keys) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = wanted.judge(&a)
		}
		if err != nil {
			return nil, fmt.Errorf("matcher: %w", err)
		}
	}
	for i, products := range wanted.several {
		products.keepDeciding(&wanted.subjects[i])
	}
	result.Matches = mergeAll(wanted.subjects, wanted.held)
	if e, ok := m.Source.(Enricher); ok {
		if err := enrich(ctx, e, result.Matches, byID); err != nil {
			return nil, fmt.Errorf("matcher: %w", err)
		}
	}
	return result, nil
}

// check reports a missing source or report.
func (m Matcher) check(report *analyzer.Report) error {
	switch {
	case m.Source == nil:
		return errors.New("matcher: no source of advisories")
	case report == nil:
		return errors.New("matcher: no report")
	}
	return nil
}

// coverage returns the coverage of a register's ecosystems, sorted, and adds product names for ecosystems without any.
func coverage(ctx context.Context, source Source, r *register) ([]Coverage, error) {
	if r.full {
		return nil, fmt.Errorf("matcher: more than %d products by CPE name: %w", maxProducts, limit.ErrExceeded)
	}
	rows, err := source.Coverage(ctx, r.ecosystems())
	if err == nil && r.addProducts(rows) {
		var more []Coverage
		more, err = source.Coverage(ctx, []Key{{Type: typeCPE}})
		for _, c := range more {
			if c.Feed != "" { // the rows of the ecosystems already tell that they have no data
				rows = append(rows, c)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("matcher: %w", err)
	}
	slices.SortFunc(rows, compareCoverage)
	return rows, nil
}

func compareCoverage(a, b Coverage) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Release, b.Release), strings.Compare(a.Feed, b.Feed), a.Date.Compare(b.Date))
}

// A SourceInfo identifies a Source.
type SourceInfo struct {
	Hash    string // of everything it contains, hexadecimal
	Starter bool   // a small sample that a program carries
}

// A Describer is a Source that identifies itself.
type Describer interface {
	Describe() SourceInfo
}
