package sbom

import (
	"cmp"
	"math"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/internal/cvss"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
)

// A rating is the severity by one source, comparable.
type rating struct {
	source, vector, word string
	method               cyclonedx.ScoringMethod
	severity             cyclonedx.Severity
	score                float64
}

// ratingsOf returns every source's rating once: first the one that was chosen for the component that is worst off, then
// by source, the newest method first.
func ratingsOf(hits []hit) *[]cyclonedx.VulnerabilityRating {
	chosen := hits[0].Severity
	seen := make(map[rating]bool)
	for _, h := range hits {
		if h.Severity.Level > chosen.Level || h.Severity.Level == chosen.Level && h.Severity.Score > chosen.Score {
			chosen = h.Severity
		}
		if h.Severity != (matcher.Severity{}) {
			seen[ratingOf(h.Severity)] = true
		}
		for i := range h.Advisories {
			for _, s := range h.Advisories[i].Severities {
				seen[ratingOf(s)] = true
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	first := ratingOf(chosen)
	list := make([]rating, 0, len(seen))
	for r := range seen {
		list = append(list, r)
	}
	indirectsort.Sort(list, func(a, b *rating) int {
		if (*a == first) != (*b == first) {
			if *a == first {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.source, b.source), strings.Compare(string(b.method), string(a.method)),
			strings.Compare(a.vector, b.vector), cmp.Compare(b.score, a.score),
			strings.Compare(string(a.severity), string(b.severity)), strings.Compare(a.word, b.word))
	})
	out := make([]cyclonedx.VulnerabilityRating, len(list))
	for i, r := range list {
		out[i] = cyclonedx.VulnerabilityRating{Severity: r.severity, Method: r.method, Vector: r.vector, Justification: r.word}
		if r.source != "" {
			out[i].Source = &cyclonedx.Source{Name: r.source}
		}
		if r.score != 0 || r.method != cyclonedx.ScoringMethodOther {
			score := r.score
			out[i].Score = &score
		}
	}
	return &out
}

func ratingOf(s matcher.Severity) rating {
	s = s.Rate()
	r := rating{source: s.Source, vector: s.Vector, word: s.Word, score: s.Score, method: methodOf(s.Vector), severity: severityOf(s)}
	if math.IsNaN(r.score) || math.IsInf(r.score, 0) {
		r.score = 0
	}
	return r
}

// methodOf names the version of CVSS that a vector is of; a rating without one was made in another way.
func methodOf(vector string) cyclonedx.ScoringMethod {
	_, version, _ := cvss.Score(vector)
	switch version {
	case "2.0":
		return cyclonedx.ScoringMethodCVSSv2
	case "3.0":
		return cyclonedx.ScoringMethodCVSSv3
	case "3.1":
		return cyclonedx.ScoringMethodCVSSv31
	case "4.0":
		return cyclonedx.ScoringMethodCVSSv4
	}
	return cyclonedx.ScoringMethodOther
}

// severityOf names a level. A source's "negligible" is "info"; "none" is a CVSS score of zero.
func severityOf(s matcher.Severity) cyclonedx.Severity {
	switch s.Level {
	case matcher.Negligible:
		if s.Word == "" && s.Vector != "" {
			return cyclonedx.SeverityNone
		}
		return cyclonedx.SeverityInfo
	case matcher.Low:
		return cyclonedx.SeverityLow
	case matcher.Medium:
		return cyclonedx.SeverityMedium
	case matcher.High:
		return cyclonedx.SeverityHigh
	case matcher.Critical:
		return cyclonedx.SeverityCritical
	}
	return cyclonedx.SeverityUnknown
}
