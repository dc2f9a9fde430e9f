package rubyadvisory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// maxRequirements bounds the number of requirements of an advisory.
const maxRequirements = 1000

// affected returns the versions that satisfy no requirement.
func affected(requirements []string) ([]matcher.Range, error) {
	if len(requirements) > maxRequirements {
		return nil, fmt.Errorf("%d requirements: %w", len(requirements), limit.ErrExceeded)
	}
	scheme, _ := version.For("gem")
	set := interval.Set{Scheme: scheme, Next: next}
	var well []interval.Interval
	for _, text := range requirements {
		var all []interval.Interval
		for part := range strings.SplitSeq(text, ",") {
			i, err := requirement(strings.TrimSpace(part))
			if err != nil {
				return nil, fmt.Errorf("%.80q: %w", text, err)
			}
			all = append(all, i)
		}
		i, err := set.Intersect(all...)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", text, err)
		}
		well = append(well, i)
	}
	out, err := set.Outside(well)
	return set.Ranges(out), err
}

// next returns a version shortly after v. Gems have at most five numbers.
func next(v string) string { return v + ".0.0.0.1" }

// requirement parses one comparison. Source: Gem::Requirement.
func requirement(s string) (interval.Interval, error) {
	n := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("<>=~!", r) })
	if n < 0 {
		return interval.Interval{}, errors.New("no version")
	}
	op, v := s[:n], strings.TrimSpace(s[n:])
	if op == "~>" {
		high, err := bump(v)
		return interval.Interval{Low: v, High: high}, err
	}
	return interval.Compare(op, v)
}

// bump returns the upper bound of "~> v": for "~> 4.2.9" it is "4.3.A", the first of all prereleases of 4.3. Source: Gem::Version#bump and
// #release, which "~>" compares.
func bump(v string) (string, error) {
	var numbers []string
	for s := range strings.SplitSeq(v, ".") {
		digits := s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
		if digits != "" {
			numbers = append(numbers, digits)
		}
		if digits != s {
			break // a prerelease: "1.8.5-p2" is 1.8.5.pre.p2
		}
	}
	if len(numbers) > 1 {
		numbers = numbers[:len(numbers)-1]
	}
	if len(numbers) == 0 {
		return "", fmt.Errorf("%.40q does not begin with a number", v)
	}
	last, err := strconv.Atoi(numbers[len(numbers)-1])
	if err != nil {
		return "", fmt.Errorf("%.40q: %w", v, err)
	}
	numbers[len(numbers)-1] = strconv.Itoa(last + 1)
	return strings.Join(numbers, ".") + ".A", nil
}
