package harbor

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type vulnerabilityReport struct {
	Generated       string          `json:"generated_at"`
	Artifact        artifact        `json:"artifact"`
	Scanner         scanner         `json:"scanner"`
	Severity        string          `json:"severity"`
	Vulnerabilities []vulnerability `json:"vulnerabilities"`
}

type vulnerability struct {
	ID          string         `json:"id"`
	Package     string         `json:"package"`
	Version     string         `json:"version"`
	Fixed       string         `json:"fix_version,omitempty"`
	Severity    string         `json:"severity"`
	Description string         `json:"description,omitempty"`
	Links       []string       `json:"links"`
	CVSS        *cvss          `json:"preferred_cvss,omitempty"`
	Weaknesses  []string       `json:"cwe_ids,omitempty"`
	Attributes  map[string]any `json:"vendor_attributes,omitempty"`
}

type cvss struct {
	Score3  float64 `json:"score_v3,omitempty"`
	Score2  float64 `json:"score_v2,omitempty"`
	Vector3 string  `json:"vector_v3,omitempty"`
	Vector2 string  `json:"vector_v2,omitempty"`
}

// severities are Harbor's words for [matcher.Level].
var severities = map[matcher.Level]string{matcher.Unknown: "Unknown", matcher.Negligible: "Negligible", matcher.Low: "Low",
	matcher.Medium: "Medium", matcher.High: "High", matcher.Critical: "Critical"}

// vulnerabilities returns the report about the findings that the assessment shows: an entry for each package and version.
func (h *Handler) vulnerabilities(t *ticket, a *report.Assessment) *vulnerabilityReport {
	out := &vulnerabilityReport{Generated: h.now().UTC().Format(time.RFC3339), Artifact: t.Artifact, Scanner: h.scanner(),
		Vulnerabilities: []vulnerability{}} // Harbor's pages expect a list
	worst := matcher.Unknown
	type key struct{ id, name, version string }
	seen := make(map[key]bool)
	for i := range a.Findings {
		f := &a.Findings[i]
		worst = max(worst, f.Severity.Level)
		for _, c := range f.Components {
			name := c.Name
			if c.SourcePackage == nil && !c.System {
				name = f.Subject.Name // with its namespace
			}
			k := key{f.ID, name, c.Version}
			if seen[k] {
				continue
			}
			seen[k] = true
			out.Vulnerabilities = append(out.Vulnerabilities, vulnerability{
				ID: f.ID, Package: name, Version: c.Version, Fixed: f.Fixed, Severity: severities[f.Severity.Level], Description: f.Summary(),
				Links: links(f), CVSS: score(f), Weaknesses: weaknesses(f), Attributes: attributes(f, c.PURL),
			})
		}
	}
	out.Severity = severities[worst]
	return out
}

// links returns the addresses that are links: an advisory may have other text.
func links(f *report.Finding) []string {
	list := []string{}
	for _, text := range f.URLs() {
		if u, err := url.Parse(text); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
			list = append(list, u.String())
		}
	}
	return list
}

// score returns the vectors of versions 2 and 3, of the chosen severity before others.
func score(f *report.Finding) *cvss {
	var c cvss
	take := func(s matcher.Severity) {
		if s = s.Rate(); s.Score == 0 {
			return
		}
		switch {
		case strings.HasPrefix(s.Vector, "CVSS:3."):
			if c.Vector3 == "" {
				c.Vector3, c.Score3 = s.Vector, s.Score
			}
		case s.Vector != "" && !strings.HasPrefix(s.Vector, "CVSS:"):
			if c.Vector2 == "" {
				c.Vector2, c.Score2 = s.Vector, s.Score
			}
		}
	}
	take(f.Severity)
	for i := range f.Advisories {
		for _, s := range f.Advisories[i].Severities {
			take(s)
		}
	}
	for _, s := range f.Enrichment.Severities {
		take(s)
	}
	if c == (cvss{}) {
		return nil
	}
	return &c
}

func weaknesses(f *report.Finding) []string {
	list := slices.Clone(f.Enrichment.Weaknesses)
	for i := range f.Advisories {
		list = append(list, f.Advisories[i].Weaknesses...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// attributes returns what Harbor's form has no fields for.
func attributes(f *report.Finding, purl string) map[string]any {
	m := map[string]any{"status": f.Word()}
	if purl != "" {
		m["purl"] = purl
	}
	if len(f.Aliases) > 0 {
		m["aliases"] = f.Aliases
	}
	if f.Uncertain != "" {
		m["uncertain"] = f.Uncertain
	}
	if f.Enrichment.EPSS > 0 {
		m["epss"] = f.Enrichment.EPSS
	}
	if !f.Enrichment.Exploited.IsZero() {
		m["exploited"] = f.Enrichment.Exploited.Format(time.DateOnly)
	}
	return m
}
