package matcher

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/cvss"
)

// levelOf returns the qualitative rating of a score. Version 2 has no "critical", and "low" ends at 4. Sources: the
// specifications of CVSS, and NVD's ratings for version 2.
func levelOf(score float64, version string) Level {
	switch {
	case version == "2.0" && score >= 7:
		return High
	case score >= 9:
		return Critical
	case score >= 7:
		return High
	case score >= 4:
		return Medium
	case score > 0:
		return Low
	}
	return Negligible
}

// Rate completes a severity: it sets Score from Vector, and Level from Score if the source gave no word of its own. Without
// a vector, Score is one of CVSS version 3.
func (s Severity) Rate() Severity {
	score, version, ok := cvss.Score(s.Vector)
	if !ok {
		if s.Level == Unknown && s.Score > 0 {
			s.Level = levelOf(s.Score, "")
		}
		return s
	}
	if s.Score == 0 {
		s.Score = score
	}
	if s.Level == Unknown {
		s.Level = levelOf(score, version)
	}
	return s
}

// A rater chooses severities. It caches the scores of vectors, since many advisories share few vectors.
type rater struct{ known map[string]Severity }

// maxVectors bounds the cache of a rater.
const maxVectors = 4096

// rate is s.Rate.
func (r *rater) rate(s Severity) Severity {
	if s.Vector == "" {
		return s
	}
	scored, ok := r.known[s.Vector]
	if !ok {
		scored = Severity{Vector: s.Vector}.Rate()
		if r.known == nil {
			r.known = make(map[string]Severity)
		}
		if len(r.known) < maxVectors {
			r.known[s.Vector] = scored
		}
	}
	if s.Score == 0 {
		s.Score = scored.Score
	}
	if s.Level == Unknown {
		s.Level = scored.Level
	}
	return s
}

// choose picks the severity of a match among those of all sources:
//
//  1. for a System package, its own distribution's, which knows how the package was built,
//  2. a source's own word in any advisory, since it is about the package and not about every use of the code,
//  3. the CVSS vector of the highest version in an advisory,
//  4. of general, the sources that rate vulnerabilities and not packages, such as NVD: the CVSS vector of the highest
//     version, else a word,
//
// and among equals the highest. It ignores a source that doesn't know the severity.
func (r *rater) choose(c *analyzer.Component, advisories []Advisory, general []Severity) Severity {
	var best Severity
	bestRank := 0
	consider := func(s Severity, rank int) {
		if rank < bestRank {
			return
		}
		if s = r.rate(s); s.Level == Unknown {
			return
		}
		if rank > bestRank || s.Level > best.Level || s.Level == best.Level && s.Score > best.Score {
			best, bestRank = s, rank
		}
	}
	for i := range advisories {
		a := &advisories[i]
		for _, s := range a.Severities {
			switch {
			case s.Word == "":
				consider(s, 10+vectorRank(s.Vector))
			case c.System && a.Key.Release != "":
				consider(s, 30)
			default:
				consider(s, 20)
			}
		}
	}
	for _, s := range general {
		consider(s, 1+vectorRank(s.Vector))
	}
	return best
}

// vectorRank orders CVSS vectors by their version.
func vectorRank(vector string) int {
	switch {
	case vector == "":
		return 0
	case strings.HasPrefix(vector, "CVSS:4"):
		return 4
	case strings.HasPrefix(vector, "CVSS:3.1"):
		return 3
	case strings.HasPrefix(vector, "CVSS:3"):
		return 2
	}
	return 1
}
