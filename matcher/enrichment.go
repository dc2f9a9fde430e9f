package matcher

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// An Enricher knows more of vulnerabilities than advisories say. A Source that implements it is asked about all matches.
type Enricher interface {
	// Enrichments returns an entry for each known CVE identifier.
	Enrichments(ctx context.Context, cves []string) (map[string]Enrichment, error)
}

// An Enrichment describes a vulnerability itself, whatever package it affects: its severity and the likelihood of
// exploitation.
type Enrichment struct {
	Exploited  time.Time // day on which CISA's catalogue of known exploited vulnerabilities took it in; zero if it is not there
	Ransomware bool      // that catalogue says that it was used for ransomware
	EPSS       float64   // FIRST's estimate of the probability, 0 to 1, that it is exploited within 30 days; 0 where unknown
	Percentile float64   // part of all vulnerabilities, 0 to 1, with an estimate no higher
	Exploits   []string  // identifiers or URLs of published exploits, sorted

	Severities []Severity // of those who rate vulnerabilities, not packages: "nvd"
	Weaknesses []string   // identifiers of what kind of mistake it is, sorted: "CWE-79"
}

// CompareRisk orders matches by what to look at first:
//
//  1. what is known to be exploited, for ransomware before all else,
//  2. what is affected before what is uncertain, and both before what the publisher only investigates,
//  3. the higher severity,
//  4. what has a published exploit,
//  5. the higher EPSS probability,
//  6. what has a fix, since something can be done about it,
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

// enrich adds threats to matches, of all CVEs that a match goes by the most alarming, and the severity where advisories say
// nothing of it.
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
	threats, err := e.Enrichments(ctx, cves)
	if err != nil {
		return err
	}
	for i := range matches {
		m := &matches[i]
		known := false
		each(m, func(id string) {
			if t, ok := threats[id]; ok && (!known || moreAlarming(&t, &m.Enrichment)) {
				m.Enrichment, known = t, true
			}
		})
		if m.Severity.Level == Unknown && known {
			m.Severity = new(rater).choose(components[m.Component], m.Advisories, m.Enrichment.Severities)
		}
	}
	return nil
}

// moreAlarming orders threats as [CompareRisk] orders matches.
func moreAlarming(a, b *Enrichment) bool {
	var nothing analyzer.Component
	return CompareRisk(
		&Match{Enrichment: *a, Severity: new(rater).choose(&nothing, nil, a.Severities)},
		&Match{Enrichment: *b, Severity: new(rater).choose(&nothing, nil, b.Severities)}) < 0
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }
