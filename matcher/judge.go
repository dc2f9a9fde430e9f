package matcher

import (
	"fmt"

	"github.com/hullmark/hullmark/matcher/version"
)

// A verdict is an advisory that holds for a component, or may hold.
type verdict struct {
	*Advisory
	fixed     string // lowest fix above the installed version
	uncertain string // why it is not known whether it holds
}

// judge says whether an advisory holds for the version that is installed under a name. The verdict is without the advisory.
func (n *name) judge(a *Advisory) (verdict, bool) {
	var v verdict
	if a.Status == NotAffected {
		return v, false
	}
	if len(a.Ranges) == 0 && len(a.Versions) == 0 {
		return v, true // a word on the package, whatever its version
	}
	if n.uncertain != nil {
		for _, listed := range a.Versions {
			if listed == n.version {
				return v, true
			}
		}
		v.uncertain = n.uncertain.Error()
		return v, true
	}
	holds, doubt := false, ""
	var fix version.Version
	compared := len(a.Versions) > 0
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Repo != "" {
			continue
		}
		compared = true
		in, err := n.within(r)
		if err != nil {
			doubt = err.Error()
			continue
		}
		if !in {
			continue
		}
		holds = true
		if r.Fixed == "" {
			continue
		}
		if f, err := n.scheme.Parse(r.Fixed); err == nil && (v.fixed == "" || f.Compare(fix) < 0) {
			v.fixed, fix = r.Fixed, f
		}
	}
	for _, listed := range a.Versions {
		if holds {
			break
		}
		w, err := n.scheme.Parse(listed)
		if err != nil {
			holds = listed == n.version
			continue
		}
		holds = w.Compare(n.parsed) == 0
	}
	if holds {
		if v.fixed == "" {
			v.fixed = n.nextFix(a)
		}
		return v, true
	}
	if !compared {
		doubt = "the advisory names commits only, no versions"
	}
	v.uncertain = doubt
	return v, doubt != ""
}

// within reports whether the installed version lies in a range.
func (n *name) within(r *Range) (bool, error) {
	v := n.parsed
	if r.Introduced != "" && r.Introduced != "0" {
		from, err := n.scheme.Parse(r.Introduced)
		if err != nil {
			return false, fmt.Errorf("introduced: %w", err)
		}
		if v.Compare(from) < 0 {
			return false, nil
		}
	}
	switch {
	case r.Fixed != "":
		to, err := n.scheme.Parse(r.Fixed)
		if err != nil {
			return false, fmt.Errorf("fixed: %w", err)
		}
		return v.Compare(to) < 0, nil
	case r.LastAffected != "":
		to, err := n.scheme.Parse(r.LastAffected)
		if err != nil {
			return false, fmt.Errorf("last affected: %w", err)
		}
		return v.Compare(to) <= 0, nil
	}
	return true, nil
}

// nextFix returns the lowest fix above a version that no range holds.
func (n *name) nextFix(a *Advisory) string {
	best := ""
	var least version.Version
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Fixed == "" || r.Repo != "" {
			continue
		}
		if f, err := n.scheme.Parse(r.Fixed); err == nil && f.Compare(n.parsed) > 0 && (best == "" || f.Compare(least) < 0) {
			best, least = r.Fixed, f
		}
	}
	return best
}
