package matcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// told writes explanations down, one a line.
func told(list []matcher.Explanation) []string {
	var lines []string
	for _, x := range list {
		line := strings.ReplaceAll(string(x.Outcome), "-", " ")
		if x.Skip != "" {
			line += " since " + x.Skip.Text()
		}
		if x.Component != "" {
			line += ": " + x.Component
		}
		if x.Key.Name != "" {
			line += " as " + x.Key.Name
		}
		if x.Outcome == matcher.OutcomeNoData {
			line += " " + x.Key.Type
		}
		if x.Advisory != nil {
			line += " by " + x.Advisory.ID
		}
		for _, c := range x.Comparisons {
			line += fmt.Sprintf("; %s %s", x.Version, c)
		}
		if x.Fixed != "" {
			line += "; upgrade to " + x.Fixed
		}
		lines = append(lines, line)
	}
	return lines
}

func TestExplain(t *testing.T) {
	glibc := matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "glibc"}
	a := matcher.PackageKey("pypi", "", "a")
	source := advisories{
		{ID: "CVE-1", Feed: "debian", Key: glibc, Ranges: []matcher.Range{{Fixed: "2.36-9"}}},
		{ID: "CVE-2", Feed: "debian", Key: glibc, Status: matcher.NotAffected, Reason: "built without it"},
		{ID: "CVE-3", Feed: "osv", Key: a, Versions: []string{"1.0"}},
		{ID: "GHSA-3", Feed: "osv", Key: a, Aliases: []string{"CVE-3"}, Ranges: []matcher.Range{{Introduced: "0.5", Fixed: "0.9"}, {Introduced: "2", Fixed: "2.1"}}},
		{ID: "CVE-4", Feed: "osv", Key: a, Ranges: []matcher.Range{{Introduced: "0.1", LastAffected: "what?"}}},
		{ID: "CVE-5", Feed: "osv", Key: a, Ranges: []matcher.Range{{Introduced: "3", Fixed: "4"}}},
		{ID: "ERR-6", Feed: "osv", Key: a, Aliases: []string{"CVE-6", "CVE-7"}},
	}
	components := []analyzer.Component{
		deb("libc6", "1:9", &analyzer.SourcePackage{Name: "glibc", Version: "2.36-8"}),
		deb("libc-bin", "2.36-9", &analyzer.SourcePackage{Name: "glibc"}),
		pypi("a", "1.0"),
		{ID: "lock", Package: analyzer.Package{Type: "pypi", Name: "a", Version: "0.6", Declared: true}},
		{ID: "odd", Package: analyzer.Package{Type: "unheard-of", Name: "a", Version: "1"}},
	}
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}, Components: components}
	const noData = "no data unheard-of"
	for _, c := range []struct {
		id   string
		want []string
	}{
		{"CVE-1", []string{
			"affected: libc61:9 as glibc by CVE-1; 2.36-8 < 2.36-9 (fixed); upgrade to 2.36-9",
			"fixed: libc-bin2.36-9 as glibc by CVE-1; 2.36-9 = 2.36-9 (fixed)",
			noData,
		}},
		{"CVE-2", []string{
			"not affected: libc61:9 as glibc by CVE-2",
			"not affected: libc-bin2.36-9 as glibc by CVE-2",
			noData,
		}},
		{"GHSA-3", []string{
			"affected: a1.0 as a by CVE-3; 1.0 = 1.0 (listed)",
			"fixed: a1.0 as a by GHSA-3; 1.0 > 0.5 (introduced); 1.0 > 0.9 (fixed); 1.0 < 2 (introduced)",
			"skipped since declared, not installed: lock as a by CVE-3",
			"skipped since declared, not installed: lock as a by GHSA-3; 0.6 > 0.5 (introduced); 0.6 < 0.9 (fixed); 0.6 < 2 (introduced); upgrade to 0.9",
			noData,
		}},
		{"CVE-4", []string{
			"uncertain: a1.0 as a by CVE-4; 1.0 > 0.1 (introduced); 1.0 ? what? (last affected)",
			"skipped since declared, not installed: lock as a by CVE-4; 0.6 > 0.1 (introduced); 0.6 ? what? (last affected)",
			noData,
		}},
		{"CVE-5", []string{
			"out of range: a1.0 as a by CVE-5; 1.0 < 3 (introduced)",
			"skipped since declared, not installed: lock as a by CVE-5; 0.6 < 3 (introduced)",
			noData,
		}},
		{"CVE-7", []string{
			"affected: a1.0 as a by ERR-6",
			"skipped since declared, not installed: lock as a by ERR-6",
			noData,
		}},
		{"ERR-6", []string{
			"affected: a1.0 as a by ERR-6",
			"skipped since declared, not installed: lock as a by ERR-6",
			noData,
		}},
		{"CVE-9", []string{"no advisory", noData}},
	} {
		t.Run(c.id, func(t *testing.T) {
			list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, c.id)
			if err != nil {
				t.Fatal(err)
			}
			if got := told(list); !slices.Equal(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
	if _, err := (matcher.Matcher{Source: failing{}}).Explain(t.Context(), report, "CVE-1"); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want %v", err, errFailing)
	}
}

// What a match says and what an explanation says agree, for every advisory of generated data.
func TestExplainAgrees(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	var source advisories
	for i := range 60 {
		source = append(source, matcher.Advisory{
			ID: fmt.Sprintf("CVE-%02d", i), Key: key,
			Ranges: []matcher.Range{
				{Introduced: fmt.Sprint(i % 4), Fixed: fmt.Sprint(i % 7)},
				{Introduced: fmt.Sprint(i % 5), LastAffected: fmt.Sprint(i % 3)},
			},
		})
	}
	for v := range 8 {
		report := &analyzer.Report{Components: []analyzer.Component{pypi("a", fmt.Sprint(v))}}
		m := matcher.Matcher{Source: source}
		result, err := m.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range source {
			matched := slices.ContainsFunc(result.Matches, func(m matcher.Match) bool { return m.ID == a.ID })
			list, err := m.Explain(t.Context(), report, a.ID)
			if err != nil || len(list) != 1 {
				t.Fatalf("%s: %v, %v", a.ID, list, err)
			}
			if (list[0].Outcome == matcher.OutcomeAffected) != matched {
				t.Errorf("version %d, %s: matched is %v, explained as %s", v, a.ID, matched, list[0].Outcome)
			}
		}
	}
}

// With a database, what is not installed is told from what nobody has heard of.
func TestExplainNotInstalled(t *testing.T) {
	var b db.Builder
	for _, name := range []string{"b", "c"} {
		if err := b.Add(matcher.Advisory{ID: "CVE-1", Feed: "osv", Key: matcher.PackageKey("pypi", "", name)}); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	report := &analyzer.Report{Components: []analyzer.Component{pypi("a", "1")}}
	for id, want := range map[string][]string{
		"CVE-1": {"not installed as b by CVE-1", "not installed as c by CVE-1"},
		"CVE-2": {"no advisory"},
	} {
		list, err := matcher.Matcher{Source: d}.Explain(t.Context(), report, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

// A package that is there, of which only other releases of the distribution have an advisory, is told from one that is not.
func TestExplainOtherRelease(t *testing.T) {
	var source found
	for _, name := range []string{"zlib", "glibc"} {
		source.advisories = append(source.advisories, matcher.Advisory{
			ID: "CVE-1", Feed: "debian", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "11", Name: name},
		})
	}
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}, Components: []analyzer.Component{
		deb("zlib1g", "1:1.2.13", &analyzer.SourcePackage{Name: "zlib"}),
	}}
	list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, "CVE-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"other release as zlib by CVE-1", "not installed as glibc by CVE-1", "no data deb"}
	if got := told(list); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// found are advisories that can be found by their identifiers.
type found struct{ advisories }

func (f found) Find(_ context.Context, ids ...string) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range f.advisories {
			if slices.Contains(ids, a.ID) && !yield(a, nil) {
				return
			}
		}
	}
}

func ExampleMatcher_Explain() {
	report := &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", Package: analyzer.Package{Type: "pypi", Name: "Django", Version: "3.2.2"}},
	}}
	source := advisories{{
		ID: "GHSA-xxxx", Aliases: []string{"CVE-2021-0000"}, Key: matcher.PackageKey("pypi", "", "django"),
		Ranges: []matcher.Range{{Introduced: "3.0", Fixed: "3.2.2"}},
	}}
	list, err := matcher.Matcher{Source: source}.Explain(context.Background(), report, "CVE-2021-0000")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, x := range list {
		fmt.Println(x.Outcome, "by", x.Advisory.ID)
		for _, c := range x.Comparisons {
			fmt.Println(x.Version, c)
		}
	}
	// Output:
	// fixed by GHSA-xxxx
	// 3.2.2 > 3.0 (introduced)
	// 3.2.2 = 3.2.2 (fixed)
}
