package matcher

import "github.com/hullmark/hullmark/analyzer"

// Parts that tests look at by themselves.

const TypeCPE = typeCPE

func CPEKey(name string) (key Key, version string, ok bool) { return cpeKey(name) }

func ChooseSeverity(c *analyzer.Component, advisories []Advisory, general []Severity) Severity {
	return new(rater).choose(c, advisories, general)
}
