package nodejs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher/version"
)

func set() *interval.Set {
	scheme, _ := version.For("npm")
	return &interval.Set{Scheme: scheme, Next: next}
}

// next returns the successor of v in the order of semver.
func next(v string) string {
	if strings.Contains(v, "-") {
		return v + ".0"
	}
	p, err := parsePartial(v)
	if err != nil || p.n < 3 {
		return v
	}
	return p.bump(2)
}

// maxAlternatives bounds the number of alternatives of a range, and of comparisons of an alternative.
const maxAlternatives = 1000

// versions parses a range in npm's syntax, https://docs.npmjs.com/cli/configuring-npm/package-json and node-semver's grammar: comparisons,
// "1.x", "~1.2.3", "^1.2.3" and "1.2 - 1.4", with spaces for "and" and "||" for "or". A range includes the prereleases between its bounds,
// even those that npm would not install, because they have the vulnerability, too. It omits alternatives that no version satisfies, and
// may have no others.
func versions(text string) ([]interval.Interval, error) {
	var out []interval.Interval
	alternatives := strings.Split(text, "||")
	if len(alternatives) > maxAlternatives {
		return nil, fmt.Errorf("range of %d alternatives: %w", len(alternatives), limit.ErrExceeded)
	}
	for _, alternative := range alternatives {
		i, err := conjunction(alternative)
		if errors.Is(err, interval.ErrEmpty) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", text, err)
		}
		out = append(out, i)
	}
	return out, nil
}

// conjunction parses comparisons that must all hold.
func conjunction(text string) (interval.Interval, error) {
	if low, high, ok := strings.Cut(text, " - "); ok {
		text = ">=" + strings.TrimSpace(low) + " <=" + strings.TrimSpace(high)
	}
	var all []interval.Interval
	for text = strings.TrimLeft(text, " \t,"); text != ""; text = strings.TrimLeft(text, " \t,") {
		n := len(text) - len(strings.TrimLeft(text, "<>=~^"))
		op := text[:n]
		text = strings.TrimLeft(text[n:], " \t")
		end := strings.IndexAny(text, " \t,<>=~^")
		if end < 0 {
			end = len(text)
		}
		if len(all) == maxAlternatives {
			return interval.Interval{}, fmt.Errorf("more than %d comparisons: %w", maxAlternatives, limit.ErrExceeded)
		}
		i, err := comparison(op, text[:end])
		if err != nil {
			return interval.Interval{}, err
		}
		all = append(all, i)
		text = text[end:]
	}
	return set().Intersect(all...)
}

// A partial is a version with only the first n numbers.
type partial struct {
	numbers [3]int
	n       int
	pre     string // "-beta.1"
}

func parsePartial(s string) (partial, error) {
	var p partial
	s = strings.TrimPrefix(strings.TrimPrefix(s, "="), "v")
	s, _, _ = strings.Cut(s, "+")
	if i := strings.IndexByte(s, '-'); i >= 0 {
		s, p.pre = s[:i], s[i:]
	}
	if s == "" && p.pre == "" {
		return p, nil
	}
	for i, part := range strings.Split(s, ".") {
		if part == "x" || part == "X" || part == "*" {
			p.pre = ""
			return p, nil
		}
		n, err := strconv.Atoi(part)
		if err != nil || i == 3 || n < 0 {
			return p, fmt.Errorf("%.40q is not a version", s)
		}
		p.numbers[i], p.n = n, i+1
	}
	return p, nil
}

// low returns the first version of p.
func (p partial) low() string {
	return fmt.Sprintf("%d.%d.%d%s", p.numbers[0], p.numbers[1], p.numbers[2], p.pre)
}

// bump returns the first prerelease of the version with the next number i.
func (p partial) bump(i int) string {
	n := p.numbers
	n[i]++
	for i++; i < 3; i++ {
		n[i] = 0
	}
	return fmt.Sprintf("%d.%d.%d-0", n[0], n[1], n[2])
}

func comparison(op, text string) (interval.Interval, error) {
	p, err := parsePartial(text)
	if err != nil {
		return interval.Interval{}, err
	}
	if p.n == 0 { // "*"
		switch op {
		case "<", ">":
			return interval.Interval{}, interval.ErrEmpty
		}
		return interval.Interval{}, nil
	}
	switch op {
	case "<", ">=":
		return interval.Compare(op, p.low())
	case "<=", ">":
		if p.n == 3 {
			return interval.Compare(op, p.low())
		}
		if op == ">" {
			return interval.Interval{Low: strings.TrimSuffix(p.bump(p.n-1), "-0")}, nil
		}
		return interval.Interval{High: p.bump(p.n - 1)}, nil
	case "", "=", "==":
		if p.n == 3 {
			return interval.Compare("=", p.low())
		}
		return interval.Interval{Low: p.low(), High: p.bump(p.n - 1)}, nil
	case "~", "~>":
		return interval.Interval{Low: p.low(), High: p.bump(min(p.n-1, 1))}, nil
	case "^":
		i := 0
		for i < p.n-1 && p.numbers[i] == 0 {
			i++
		}
		return interval.Interval{Low: p.low(), High: p.bump(i)}, nil
	}
	return interval.Interval{}, fmt.Errorf("unknown operator %.10q", op)
}
