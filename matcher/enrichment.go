package matcher

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// An Enricher is a Source that knows more about vulnerabilities than advisories contain. The matcher asks it about all matches.
type Enricher interface {
	// Enrichments returns an entry for each known CVE identifier.
	Enrichments(ctx context.Context, cves []string) (map[string]Enrichment, error)
}

// An Enrichment describes a vulnerability itself, whatever package it affects: its severity and the likelihood of
// exploitation.
type Enrichment struct {
	Exploited  time.Time // day of its entry in CISA's catalogue of known exploited vulnerabilities; zero without an entry
	Ransomware bool      // the catalogue lists it as used for ransomware
	EPSS       float64   // FIRST's estimate of the probability, 0 to 1, of exploitation within 30 days; 0 if unknown
	Percentile float64   // share of all vulnerabilities, 0 to 1, with an estimate no higher
	Exploits   []string  // identifiers or URLs of published exploits, sorted

	Severities []Severity // of sources that rate vulnerabilities, not packages: "nvd"
	Weaknesses []string   // identifiers of the kinds of weakness, sorted: "CWE-79"
	Aliases    []string   // identifiers in lists without advisories, sorted: "BID-8732", "OSVDB-58726"
	Title      string     // title of an exploit that has no CVE
}

// CompareRisk orders matches by urgency:
//
//  1. vulnerabilities that are exploited for ransomware, then those exploited otherwise,
//  2. affected before uncertain, and both before under investigation,
//  3. the higher severity,
//  4. those with a published exploit,
//  5. the higher EPSS probability,
//  6. those with a fix, since an update helps,
//  7. by identifier and component.
//
// Severity comes before EPSS since the latter is low for nearly all vulnerabilities, and unknown for many.
func CompareRisk(a, b *Match) int {
	return cmp.Or(
		last(a.Enrichment.Ransomware, b.Enrichment.Ransomware),
		last(!a.Enrichment.Exploited.IsZero(), !b.Enrichment.Exploited.IsZero()),
		cmp.Compare(certainty(a), certainty(b)),
		cmp.Compare(b.Severity.Level, a.Severity.Level),
		last(len(a.Enrichment.Exploits) > 0, len(b.Enrichment.Exploits) > 0),
		cmp.Compare(b.Enrichment.EPSS, a.Enrichment.EPSS),
		last(a.Fixed != "", b.Fixed != ""),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Component, b.Component),
	)
}

// last orders false after true.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func certainty(m *Match) int {
	switch {
	case m.Status == UnderInvestigation:
		return 2
	case m.Uncertain != "":
		return 1
	}
	return 0
}

// enrich sets the Enrichment of matches, the most alarming one among a match's CVEs, and the Severity of matches without one.
func enrich(ctx context.Context, e Enricher, matches []Match, components map[string]*analyzer.Component) error {
	var cves []string
	seen := make(map[string]bool)
	each := func(m *Match, do func(string)) {
		do(m.ID)
		for _, id := range m.Aliases {
			do(id)
		}
	}
	for i := range matches {
		each(&matches[i], func(id string) {
			if isCVE(id) && !seen[id] {
				seen[id] = true
				cves = append(cves, id)
			}
		})
	}
	if len(cves) == 0 {
		return nil
	}
	found, err := e.Enrichments(ctx, cves)
	if err != nil {
		return err
	}
	for i := range matches {
		m := &matches[i]
		known := false
		each(m, func(id string) {
			if t, ok := found[id]; ok && (!known || moreAlarming(&t, &m.Enrichment)) {
				m.Enrichment, known = t, true
			}
		})
		m.Enrichment.Weaknesses = weaknesses(m)
		if m.Severity.Level == Unknown && known {
			m.Severity = new(rater).choose(components[m.Component], m.Advisories, m.Enrichment.Severities)
		}
	}
	return nil
}

// weaknesses returns those of a match's enrichment and of its advisories, sorted.
func weaknesses(m *Match) []string {
	list := m.Enrichment.Weaknesses
	for i := range m.Advisories {
		if more := m.Advisories[i].Weaknesses; len(more) > 0 {
			list = append(slices.Clip(list), more...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// moreAlarming orders enrichments as [CompareRisk] orders matches.
func moreAlarming(a, b *Enrichment) bool {
	var nothing analyzer.Component
	return CompareRisk(
		&Match{Enrichment: *a, Severity: new(rater).choose(&nothing, nil, a.Severities)},
		&Match{Enrichment: *b, Severity: new(rater).choose(&nothing, nil, b.Severities)}) < 0
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }
