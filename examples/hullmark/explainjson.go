package main

import (
	"encoding/json"
	"io"

	"github.com/hullmark/hullmark/matcher"
)

// jsonAnswer is the JSON form of explain, described in JSON.md.
type jsonAnswer struct {
	Schema       int               `json:"schema"`
	Image        jsonImage         `json:"image"`
	ID           string            `json:"id"`
	Affected     bool              `json:"affected"`
	Threat       *jsonThreat       `json:"threat,omitempty"`
	Explanations []jsonExplanation `json:"explanations"`
	NoData       []jsonEcosystem   `json:"noData"`
}

type jsonEcosystem struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
}

type jsonExplanation struct {
	Outcome     string           `json:"outcome"`
	Skipped     string           `json:"skipped,omitempty"`
	Doubt       string           `json:"doubt,omitempty"`
	Package     string           `json:"package,omitempty"`
	Version     string           `json:"version,omitempty"`
	Fixed       string           `json:"fixed,omitempty"`
	Components  []jsonBrought    `json:"components,omitempty"`
	Advisory    *jsonAdvisory    `json:"advisory,omitempty"`
	Releases    []string         `json:"releases,omitempty"`
	FeedDate    string           `json:"feedDate,omitempty"`
	Comparisons []jsonComparison `json:"comparisons,omitempty"`
}

// A jsonBrought is a component and what brought it.
type jsonBrought struct {
	jsonComponent
	DiffID      string `json:"diffID,omitempty"`
	CreatedBy   string `json:"createdBy,omitempty"`
	Instruction string `json:"instruction,omitempty"`
}

type jsonComparison struct {
	Range int    `json:"range"`
	Bound string `json:"bound"`
	Value string `json:"value"`
	Order string `json:"order,omitempty"`
	Error string `json:"error,omitempty"`
	Holds bool   `json:"holds"`
}

// writeAnswerJSON writes all of an answer, for programs.
func writeAnswerJSON(w io.Writer, x *answer) error {
	r := x.report
	d := jsonAnswer{
		Schema:       jsonSchema,
		Image:        jsonImage{Reference: x.ref, ID: r.Image.ID, Digest: r.Image.Digest, Platform: r.Image.Platform},
		ID:           x.id,
		Threat:       threatJSON(&x.threat),
		Explanations: []jsonExplanation{},
		NoData:       []jsonEcosystem{},
	}
	for i := range x.reasons {
		d.Affected = d.Affected || x.reasons[i].Outcome == matcher.OutcomeAffected
		d.Explanations = append(d.Explanations, explanationJSON(x, &x.reasons[i]))
	}
	for _, k := range x.unknown {
		d.NoData = append(d.NoData, jsonEcosystem{k.Type, k.Namespace, k.Release})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func explanationJSON(x *answer, r *reason) jsonExplanation {
	j := jsonExplanation{
		Outcome: string(r.Outcome), Skipped: string(r.Skip), Doubt: r.Doubt, Package: r.Key.Name, Version: r.Version, Fixed: r.Fixed,
		Releases: r.releases,
	}
	for _, c := range r.components {
		b := jsonBrought{jsonComponent: componentJSON(c)}
		if c.Layer >= 0 && c.Layer < len(x.report.Layers) {
			l := &x.report.Layers[c.Layer]
			b.DiffID, b.CreatedBy, b.Instruction = l.DiffID, l.CreatedBy, instruction(l.CreatedBy)
		}
		j.Components = append(j.Components, b)
	}
	if r.Advisory != nil {
		a := advisoryJSON(r.Advisory)
		j.Advisory = &a
		j.FeedDate = instant(x.dateOf(r.Advisory))
	}
	for _, c := range r.Comparisons {
		s := jsonComparison{Range: c.Range, Bound: c.Bound, Value: c.Value, Error: c.Error, Holds: c.Satisfied}
		if c.Error == "" {
			s.Order = [...]string{"<", "=", ">"}[c.Order+1]
		}
		j.Comparisons = append(j.Comparisons, s)
	}
	return j
}

// A jsonThreat is what is known of a vulnerability itself.
type jsonThreat struct {
	Exploited  string         `json:"exploited,omitempty"`
	Ransomware bool           `json:"ransomware,omitempty"`
	EPSS       float64        `json:"epss,omitempty"`
	Percentile float64        `json:"percentile,omitempty"`
	Exploits   []string       `json:"exploits,omitempty"`
	Severities []jsonSeverity `json:"severities,omitempty"`
	Weaknesses []string       `json:"weaknesses,omitempty"`
}

// threatJSON returns nil where nothing is known.
func threatJSON(t *matcher.Enrichment) *jsonThreat {
	j := &jsonThreat{
		Exploited: instant(t.Exploited), Ransomware: t.Ransomware, EPSS: t.EPSS, Percentile: t.Percentile,
		Exploits: t.Exploits, Weaknesses: t.Weaknesses,
	}
	for _, s := range t.Severities {
		j.Severities = append(j.Severities, severityJSON(s.Rate()))
	}
	if j.Exploited == "" && !j.Ransomware && j.EPSS == 0 && j.Percentile == 0 && len(j.Exploits)+len(j.Severities)+len(j.Weaknesses) == 0 {
		return nil
	}
	return j
}
