package osv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// lastKnown ends the open ranges of an advisory at the bound in last_known_affected_version_range, such as "<= 1.2.3" or "< 1.2.4". GitHub
// states an upper bound there if it has no fixed version: the events of the record then have no end.
//
// lastKnown also removes listed versions beyond the bound. OSV lists the versions of such a record without regard to the bound.
func lastKnown(text string, a *matcher.Advisory) error {
	open := func(r matcher.Range) bool { return r.Fixed == "" && r.LastAffected == "" && r.Repo == "" }
	if text == "" || !slices.ContainsFunc(a.Ranges, open) {
		return nil
	}
	end, err := upperBound(text)
	if err != nil {
		return err
	}
	for i, r := range a.Ranges {
		if open(r) && !isBeyond(a.Key.Type, r.Introduced, end) {
			a.Ranges[i].Fixed, a.Ranges[i].LastAffected = end.Fixed, end.LastAffected
		}
	}
	if !slices.ContainsFunc(a.Ranges, open) {
		a.Versions = slices.DeleteFunc(slices.Clone(a.Versions), func(v string) bool { return isBeyond(a.Key.Type, v, end) })
	}
	return nil
}

// upperBound reads the last of the constraints that text lists after commas.
func upperBound(text string) (matcher.Range, error) {
	var end matcher.Range
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		bound := strings.TrimSpace(strings.TrimLeft(part, "<>="))
		switch sign := strings.TrimRight(part[:len(part)-len(bound)], " "); {
		case bound == "" || strings.ContainsAny(bound, " <>="):
			return matcher.Range{}, fmt.Errorf("last_known_affected_version_range: %.40q is not a range", text)
		case sign == "<":
			end = matcher.Range{Fixed: bound}
		case sign == "<=", sign == "=", sign == "==":
			end = matcher.Range{LastAffected: bound}
		case sign != ">" && sign != ">=":
			return matcher.Range{}, fmt.Errorf("last_known_affected_version_range: %.40q is not a range", text)
		}
	}
	if end == (matcher.Range{}) {
		return end, fmt.Errorf("last_known_affected_version_range: %.40q has no upper bound", text)
	}
	return end, nil
}

// isBeyond reports whether a version lies beyond an end.
func isBeyond(purlType, v string, end matcher.Range) bool {
	if v == "" || v == "0" {
		return false
	}
	if end.Fixed != "" {
		c, err := version.Compare(purlType, v, end.Fixed)
		return err == nil && c >= 0
	}
	c, err := version.Compare(purlType, v, end.LastAffected)
	return err == nil && c > 0
}
