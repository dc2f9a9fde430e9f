package version

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// npmList reads one of node-semver's own lists: rows of mixed values.
func npmList(t *testing.T, name string) (rows [][]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(readCorpus(t, "feeds/versions/node-semver/"+name)), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestNPMLists holds the scheme of npm to node-semver's lists of versions, and to those parts of its lists of ranges that
// need no more than order.
func TestNPMLists(t *testing.T) {
	compare := func(t *testing.T, a, op, b string) {
		t.Helper()
		if got := answer(t, "npm", a, b); got != op {
			t.Errorf("%q %s %q, got %s", a, op, b, got)
		}
	}
	t.Run("comparisons", func(t *testing.T) {
		for _, row := range npmList(t, "comparisons.json") {
			compare(t, row[0].(string), ">", row[1].(string))
			compare(t, row[1].(string), "<", row[0].(string))
		}
	})
	t.Run("equality", func(t *testing.T) {
		for _, row := range npmList(t, "equality.json") {
			compare(t, row[0].(string), "=", row[1].(string))
		}
	})
	t.Run("valid", func(t *testing.T) {
		for _, row := range npmList(t, "valid-versions.json") {
			compare(t, row[0].(string), "=", row[0].(string))
		}
	})
	t.Run("invalid", func(t *testing.T) {
		for _, row := range npmList(t, "invalid-versions.json") {
			if s, ok := row[0].(string); ok { // not a version of another type
				compare(t, s, "?11", s)
			}
		}
	})
	t.Run("increments", func(t *testing.T) { // [version, part, next]; the next pre-release may be one of a lesser word
		n := 0
		for _, row := range npmList(t, "increments.json") {
			if next, ok := row[2].(string); ok && row[1] != "prerelease" {
				n++
				compare(t, row[0].(string), "<", next)
			}
		}
		if n < 50 {
			t.Errorf("only %d rows", n)
		}
	})
	for _, list := range [...]struct {
		name    string
		inside  bool
		atLeast int
	}{{"range-include.json", true, 25}, {"range-exclude.json", false, 15}} {
		t.Run(list.name, func(t *testing.T) {
			n := 0
			for _, row := range npmList(t, list.name) {
				bounds, ok := npmBounds(row[0].(string))
				version, isText := row[1].(string)
				if !ok || !isText || !list.inside && strings.Contains(version, "-") { // left out for being a pre-release
					continue
				}
				n++
				inside := true
				for _, bound := range bounds {
					got := answer(t, "npm", version, bound[1])
					inside = inside && strings.Contains(bound[0], got)
				}
				if inside != list.inside {
					t.Errorf("%v in %q: %v", version, row[0], inside)
				}
			}
			if n < list.atLeast {
				t.Errorf("only %d rows", n)
			}
		})
	}
}

var (
	npmRange = regexp.MustCompile(`^\s*((<=|>=|<|>|=|)\s*v?\d+\.\d+\.\d+(-[\w.-]+)?\s*)+$`)
	npmBound = regexp.MustCompile(`(<=|>=|<|>|=|)\s*(v?\d+\.\d+\.\d+(?:-[\w.-]+)?)`)
)

// npmBounds takes a range apart that is made of whole versions with simple operators.
func npmBounds(s string) (bounds [][2]string, ok bool) {
	if !npmRange.MatchString(s) || strings.Contains(s, " - ") {
		return nil, false
	}
	for _, m := range npmBound.FindAllStringSubmatch(s, -1) {
		if m[1] == "" {
			m[1] = "="
		}
		bounds = append(bounds, [2]string{m[1], m[2]})
	}
	return bounds, true
}
