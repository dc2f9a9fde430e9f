package matcher_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// An erratum fixes several vulnerabilities: each is a match of its own, with all that others say of it.
func TestErratum(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	result := match(t, advisories{
		{ID: "ERR-1", Feed: "x", Key: key, Aliases: []string{"CVE-1", "CVE-2", "GHSA-9"}},
		{ID: "CVE-1", Feed: "y", Key: key},
		{ID: "GHSA-2", Feed: "y", Key: key, Aliases: []string{"CVE-2"}},
		{ID: "CVE-3", Feed: "z", Key: key, Aliases: []string{"CVE-1"}},
	}, pypi("a", "1"))
	var got []string
	for _, m := range result.Matches {
		var from []string
		for _, a := range m.Advisories {
			from = append(from, a.ID)
		}
		got = append(got, fmt.Sprintf("%s %v from %s", m.ID, m.Aliases, strings.Join(from, " ")))
	}
	want := []string{
		"CVE-1 [] from ERR-1 CVE-1 CVE-3",
		"CVE-2 [GHSA-2] from ERR-1 GHSA-2",
		"CVE-3 [] from CVE-3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Aliases that make a long chain, a star and a cycle: one match each, in time that grows as they do.
func TestAliasGraphs(t *testing.T) {
	const n = 100_000
	id := func(i int) string { return fmt.Sprintf("X-%06d", i) }
	for _, c := range []struct {
		name  string
		alias func(i int) string
	}{
		{"chain", func(i int) string { return id(i + 1) }},
		{"chain backwards", func(i int) string { return id(max(i-1, 0)) }},
		{"star", func(int) string { return "CVE-1" }},
		{"cycle", func(i int) string { return id((i + 1) % n) }},
		{"pairs, then pairs of pairs", func(i int) string { return id(i &^ (i & -i)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := matcher.PackageKey("pypi", "", "a")
			var source advisories
			for i := range n {
				source = append(source, matcher.Advisory{ID: id(i), Key: key, Aliases: []string{c.alias(i)}})
			}
			result := match(t, source, pypi("a", "1"))
			if len(result.Matches) != 1 || len(result.Matches[0].Advisories) != n {
				t.Fatalf("%d matches, want 1 of %d advisories", len(result.Matches), n)
			}
		})
	}
}

// Duplicated identifiers, and an advisory that is its own alias, are one match with each alias once.
func TestDuplicatedAliases(t *testing.T) {
	key := matcher.PackageKey("npm", "", "p")
	source := advisories{
		{ID: "CVE-1", Feed: "a", Key: key, Aliases: []string{"CVE-1", "GHSA-1", "GHSA-1"}},
		{ID: "GHSA-1", Feed: "b", Key: key, Aliases: []string{"CVE-1", "GHSA-1", "X-1"}},
		{ID: "X-1", Feed: "c", Key: key, Aliases: []string{"GHSA-1"}},
		{ID: "X-1", Feed: "c", Key: key, Aliases: []string{"GHSA-1"}},
	}
	result := match(t, source, analyzer.Component{ID: "a", Package: analyzer.Package{Type: "npm", Name: "p", Version: "1.0.0"}})
	if len(result.Matches) != 1 || result.Matches[0].ID != "CVE-1" || !slices.Equal(result.Matches[0].Aliases, []string{"GHSA-1", "X-1"}) {
		t.Errorf("%+v", result.Matches)
	}
}
