package assess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Explain says why a vulnerability was found, or not found, in the components of a scan or an SBOM. The identifier may be any that
// advisories use, in any letter case.
func (p Pipeline) Explain(ctx context.Context, found *analyzer.Report, id string) (*report.Explanations, error) {
	if found == nil {
		return nil, errors.New("assess: no report")
	}
	found, _, err := report.Exclude(found, p.Exclude)
	if err != nil {
		return nil, err
	}
	id = normalID(id)
	list, err := p.matcher().Explain(ctx, found, id)
	if err != nil {
		return nil, err
	}
	dates, err := p.dates(ctx, list)
	if err != nil {
		return nil, err
	}
	x := grouped(p.Name, id, found, list, dates)
	if e, ok := p.Source.(matcher.Enricher); ok {
		if cve := onlyCVE(x); cve != "" {
			known, err := e.Enrichments(ctx, []string{cve})
			if err != nil {
				return nil, fmt.Errorf("assess: %s: %w", cve, err)
			}
			x.Enrichment = known[cve]
		}
	}
	return x, nil
}

// dates asks the source for the dates of the feeds that the explanations quote.
func (p Pipeline) dates(ctx context.Context, list []matcher.Explanation) (func(string, matcher.Key) time.Time, error) {
	var ecosystems []matcher.Key
	for i := range list {
		if a := list[i].Advisory; a != nil && !slices.Contains(ecosystems, a.Key.Ecosystem()) {
			ecosystems = append(ecosystems, a.Key.Ecosystem())
		}
	}
	type row struct {
		feed      string
		ecosystem matcher.Key
	}
	dates := make(map[row]time.Time)
	rows, err := p.Source.Coverage(ctx, ecosystems)
	if err != nil {
		return nil, fmt.Errorf("assess: %w", err)
	}
	for _, c := range rows {
		dates[row{c.Feed, matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}}] = c.Date
	}
	return func(feed string, ecosystem matcher.Key) time.Time { return dates[row{feed, ecosystem}] }, nil
}

// onlyCVE returns the CVE that the explanations are about, "" if they are about no CVE or an erratum for several.
func onlyCVE(x *report.Explanations) string {
	ids := []string{x.ID}
	for i := range x.Groups {
		if a := x.Groups[i].Advisory; a != nil {
			ids = append(append(ids, a.ID), a.Aliases...)
		}
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return !strings.HasPrefix(id, "CVE-") })
	switch {
	case slices.Contains(ids, x.ID):
		return x.ID // an erratum's other vulnerabilities are not this one
	case len(ids) == 1:
		return ids[0]
	}
	return ""
}
