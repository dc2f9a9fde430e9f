package gentoo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// maxComparisons bounds the comparisons about one package. Real packages have a few dozen at most.
const maxComparisons = 200

// ranges returns the affected versions of a package. With an error they are those of the comparisons that it could understand.
func (p *ebuild) ranges() ([]matcher.Range, error) {
	if len(p.vulnerable)+len(p.unaffected) > maxComparisons {
		return nil, fmt.Errorf("more than %d comparisons: %w", maxComparisons, limit.ErrExceeded)
	}
	scheme, _ := version.For("ebuild")
	set := interval.Set{Scheme: scheme, Next: next}
	var errs recordlimit.Errors
	unaffected := make(map[string][]interval.Interval) // by slot
	for _, u := range p.unaffected {
		i, err := u.interval()
		if err != nil {
			errs.Add(err)
			continue
		}
		unaffected[u.slot] = append(unaffected[u.slot], i)
	}
	var out []matcher.Range
	for _, v := range p.vulnerable {
		whole, err := v.interval()
		if err != nil {
			errs.Add(err)
			continue
		}
		outside := slices.Clone(unaffected[""])
		if v.slot != "" {
			outside = append(outside, unaffected[v.slot]...)
		}
		if whole.Low != "" {
			outside = append(outside, interval.Interval{High: whole.Low, Inclusive: whole.After})
		}
		if whole.High != "" {
			outside = append(outside, interval.Interval{Low: whole.High, After: whole.Inclusive})
		}
		affected, err := set.Outside(outside)
		errs.Add(err)
		for _, r := range set.Ranges(affected) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out, errs.Err()
}

// fix returns the lowest version from which a package is unaffected, or "".
func (p *ebuild) fix() string {
	lowest := ""
	for _, u := range p.unaffected {
		if c, err := version.Compare("ebuild", u.version, lowest); u.op == "ge" && (lowest == "" || err == nil && c < 0) {
			lowest = u.version
		}
	}
	return lowest
}

// interval returns the versions that a comparison is about.
func (c comparison) interval() (interval.Interval, error) {
	v, all := strings.CutSuffix(c.version, "*")
	if c.version == "*" {
		return interval.Interval{}, nil
	}
	v = strings.TrimSuffix(v, ".")
	scheme, _ := version.For("ebuild")
	if _, err := scheme.Parse(v); err != nil {
		return interval.Interval{}, err
	}
	begin := c.begin(v)
	switch c.op {
	case "lt":
		return interval.Interval{Low: begin, High: v}, nil
	case "le":
		return interval.Interval{Low: begin, High: v, Inclusive: true}, nil
	case "gt":
		return interval.Interval{Low: v, After: true}, nil
	case "ge":
		return interval.Interval{Low: v}, nil
	case "eq":
		if !all {
			return interval.Interval{Low: v, High: v, Inclusive: true}, nil
		}
		end, err := endOf(v)
		return interval.Interval{Low: v + "_alpha", High: end}, err
	case "rlt":
		return interval.Interval{Low: revisionless(v), High: v}, nil
	case "rle":
		return interval.Interval{Low: revisionless(v), High: v, Inclusive: true}, nil
	case "rgt":
		return interval.Interval{Low: v, After: true, High: revisionless(v) + "_p"}, nil
	case "rge":
		return interval.Interval{Low: v, High: revisionless(v) + "_p"}, nil
	}
	return interval.Interval{}, fmt.Errorf("unknown range %.40q", c.op)
}

// begin returns the first version of the comparison's slot, if the slot is the beginning of a version.
func (c comparison) begin(v string) string {
	slot, _, _ := strings.Cut(c.slot, "/")
	if rest, ok := strings.CutPrefix(v, slot); ok && slot != "" && slot != "0" && rest != "" && strings.IndexByte(".-_", rest[0]) >= 0 {
		return slot + "_alpha"
	}
	return ""
}

var revision = lazyregexp.New(`-r[0-9]+$`)

func revisionless(v string) string { return v[:len(v)-len(revision.FindString(v))] }

// endOf returns the end of the versions that begin with v, which is numbers: "1.3_alpha" for "1.2".
func endOf(v string) (string, error) {
	i := strings.LastIndexByte(v, '.') + 1
	n, err := strconv.Atoi(v[i:])
	if err != nil || n < 0 || len(v[i:]) > 9 {
		return "", fmt.Errorf("%.40q does not end with a number that has a successor", v)
	}
	return v[:i] + strconv.Itoa(n+1) + "_alpha", nil
}

// next returns a version after v, and after hardly any other: the next revision.
func next(v string) string {
	r := revision.FindString(v)
	n, err := strconv.Atoi(strings.TrimPrefix(r, "-r"))
	if r != "" && err != nil {
		return v + "_p" // more digits than revisions have
	}
	return revisionless(v) + "-r" + strconv.Itoa(n+1)
}
