// Package archive moves images that few people ask for into compressed objects, and back.
package archive

import "time"

// A Rule selects images to archive: those that fulfill all of its conditions. A rule without a condition selects none.
type Rule struct {
	Repositories []string      `yaml:"repositories"`             // patterns; all repositories if empty
	OlderThan    time.Duration `yaml:"older-than"`               // since the last analysis
	NewerTags    int           `yaml:"newer-tags" min:"0"`       // tags of the repository that moved later
	Keep         int           `yaml:"keep" min:"0" max:"10000"` // newest images of the repository that stay
}

// Conditions reports whether the rule has a condition.
func (r *Rule) Conditions() bool { return r.OlderThan > 0 || r.NewerTags > 0 || r.Keep > 0 }
