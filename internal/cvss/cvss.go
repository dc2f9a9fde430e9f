// Package cvss scores vectors of the Common Vulnerability Scoring System.
package cvss

import (
	"math"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// Score returns the base score of a vector of version 2, 3.0, 3.1 or 4.0, and the version, "2.0" to "4.0". It reports false
// for any other text.
func Score(vector string) (score float64, version string, ok bool) {
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		if v, err := gocvss40.ParseVector(vector); err == nil {
			return v.Score(), "4.0", true
		}
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		if v, err := gocvss31.ParseVector(vector); err == nil {
			return v.BaseScore(), "3.1", true
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := gocvss30.ParseVector(vector); err == nil {
			return v.BaseScore(), "3.0", true
		}
	case strings.Contains(vector, "AV:"):
		if v, err := gocvss20.ParseVector(strings.TrimSuffix(strings.TrimPrefix(vector, "("), ")")); err == nil {
			return v.BaseScore(), "2.0", true
		}
	}
	return 0, "", false
}

// Parts returns the base score, the exploitability score and the impact score of a vector of version 3.
func Parts(vector string) (base, exploitability, impact float64, ok bool) {
	tenth := func(f float64) float64 { return math.Round(f*10) / 10 } // as NVD publishes them
	switch {
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		if v, err := gocvss31.ParseVector(vector); err == nil {
			return v.BaseScore(), tenth(v.Exploitability()), tenth(max(0, v.Impact())), true
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := gocvss30.ParseVector(vector); err == nil {
			return v.BaseScore(), tenth(v.Exploitability()), tenth(max(0, v.Impact())), true
		}
	}
	return 0, 0, 0, false
}
