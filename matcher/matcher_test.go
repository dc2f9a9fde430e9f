package matcher_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// advisories is a Source for tests.
type advisories []matcher.Advisory

func (a advisories) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, x := range a {
			if slices.Contains(keys, x.Key) && !yield(x, nil) {
				return
			}
		}
	}
}

func (a advisories) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	var rows []matcher.Coverage
	for _, k := range keys {
		row := matcher.Coverage{Type: k.Type}
		if k.Release != "" {
			row.Namespace, row.Release = k.Namespace, k.Release
		}
		if slices.ContainsFunc(a, func(x matcher.Advisory) bool { return x.Key.Type == k.Type && x.Key.Release == k.Release }) {
			row.Feed = "test"
		}
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func pypi(name, version string) analyzer.Component {
	return analyzer.Component{ID: name + version, Package: analyzer.Package{Type: "pypi", Name: name, Version: version}}
}

func deb(name, version string, origin *analyzer.SourcePackage) analyzer.Component {
	return analyzer.Component{ID: name + version, Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: version, System: true, SourcePackage: origin}}
}

func match(t *testing.T, source matcher.Source, components ...analyzer.Component) *matcher.Result {
	t.Helper()
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12", Codename: "bookworm"}, Components: components}
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// What one advisory says of an installed version: a verdict "id status", the fix, and whether it is uncertain.
func TestJudge(t *testing.T) {
	from := func(bounds ...string) []matcher.Range {
		var list []matcher.Range
		for i := 0; i < len(bounds); i += 2 {
			list = append(list, matcher.Range{Introduced: bounds[i], Fixed: bounds[i+1]})
		}
		return list
	}
	for _, c := range []struct {
		name     string
		advisory matcher.Advisory
		version  string
		want     string
	}{
		{"below the fix", matcher.Advisory{Ranges: from("0", "2.0")}, "1.9", "affected, fixed in 2.0"},
		{"at the fix", matcher.Advisory{Ranges: from("0", "2.0")}, "2.0", ""},
		{"before it was introduced", matcher.Advisory{Ranges: from("1.0", "2.0")}, "0.9", ""},
		{"where it was introduced", matcher.Advisory{Ranges: from("1.0", "2.0")}, "1.0", "affected, fixed in 2.0"},
		{"no fix", matcher.Advisory{Ranges: from("1.0", "")}, "9", "affected"},
		{"second branch", matcher.Advisory{Ranges: from("1.0", "1.5", "2.0", "2.5")}, "2.1", "affected, fixed in 2.5"},
		{"between branches", matcher.Advisory{Ranges: from("1.0", "1.5", "2.0", "2.5")}, "1.7", ""},
		{"lowest of several fixes", matcher.Advisory{Ranges: from("0", "3", "0", "2")}, "1", "affected, fixed in 2"},
		{"last affected", matcher.Advisory{Ranges: []matcher.Range{{LastAffected: "1.5"}}}, "1.5", "affected"},
		{"a build of the last affected", matcher.Advisory{Ranges: []matcher.Range{{LastAffected: "1.5"}}}, "1.5+cu117", "affected"},
		{"a build of one that is listed", matcher.Advisory{Versions: []string{"1.5"}}, "1.5+cu117", "affected"},
		{"a build before the fix", matcher.Advisory{Ranges: []matcher.Range{{Fixed: "1.5"}}}, "1.4+cu117", "affected, fixed in 1.5"},
		{"a build of the fix", matcher.Advisory{Ranges: []matcher.Range{{Fixed: "1.5"}}}, "1.5+cu117", ""},
		{"another build than the one listed", matcher.Advisory{Versions: []string{"1.5+cpu"}}, "1.5+cu117", ""},
		{"after the last affected", matcher.Advisory{Ranges: []matcher.Range{{LastAffected: "1.5"}}}, "1.6", ""},
		{"listed", matcher.Advisory{Versions: []string{"1.0", "1.1"}}, "1.1.0", "affected"},
		{"listed, fixed by a range", matcher.Advisory{Versions: []string{"1.1"}, Ranges: from("2", "3")}, "1.1", "affected, fixed in 3"},
		{"not listed", matcher.Advisory{Versions: []string{"1.0"}}, "1.2", ""},
		{"not affected", matcher.Advisory{Status: matcher.NotAffected}, "1.0", ""},
		{"not affected, whatever else it says", matcher.Advisory{Status: matcher.NotAffected, Ranges: from("0", "2")}, "1.0", ""},
		{"every version", matcher.Advisory{Status: matcher.EndOfLife}, "1.0", "end-of-life"},
		{"nobody knows yet", matcher.Advisory{Status: matcher.UnderInvestigation}, "what?", "under-investigation"},
		{"installed version cannot be compared", matcher.Advisory{Ranges: from("0", "2")}, "what?", "affected, uncertain"},
		{"installed version cannot be compared, but is listed", matcher.Advisory{Versions: []string{"what?"}}, "what?", "affected"},
		{"bound cannot be compared", matcher.Advisory{Ranges: from("0", "what?")}, "1.0", "affected, uncertain"},
		{"bound cannot be compared, another range holds", matcher.Advisory{Ranges: from("0", "what?", "0", "2")}, "1.0", "affected, fixed in 2"},
		{"listed version cannot be compared", matcher.Advisory{Versions: []string{"what?", "1.0"}}, "1.0", "affected"},
		{"commits only", matcher.Advisory{Ranges: []matcher.Range{{Introduced: "abc", Repo: "https://example.com/x"}}}, "1.0", "affected, uncertain"},
		{"commits and versions", matcher.Advisory{Versions: []string{"2"}, Ranges: []matcher.Range{{Repo: "https://example.com/x"}}}, "1.0", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.advisory.ID, c.advisory.Key = "CVE-1", matcher.PackageKey("pypi", "", "a")
			result := match(t, advisories{c.advisory}, pypi("a", c.version))
			got := ""
			for _, m := range result.Matches {
				got += m.Status.String()
				if m.Fixed != "" {
					got += ", fixed in " + m.Fixed
				}
				if m.Uncertain != "" {
					got += ", uncertain"
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Packages of a distribution are looked up by source package and compared by its version; those of others by normal name.
func TestKeys(t *testing.T) {
	key := matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "glibc"}
	source := advisories{
		{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: "2.36-9"}}},
		{ID: "CVE-2", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "libc6"}},
		{ID: "CVE-3", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "11", Name: "glibc"}},
		{ID: "CVE-4", Key: matcher.PackageKey("pypi", "", "Zope.Interface__x")},
	}
	result := match(t, source,
		deb("libc6", "1:9", &analyzer.SourcePackage{Name: "glibc", Version: "2.36-8"}),
		deb("libc7", "1:1", &analyzer.SourcePackage{Name: "glibc", Version: "2.36-9"}),
		deb("glibc", "2.36-8", nil),
		pypi("zope-interface.X", "1"))
	var got []string
	for _, m := range result.Matches {
		got = append(got, m.Component+" "+m.ID)
	}
	if s := strings.Join(got, ", "); s != "libc61:9 CVE-1, glibc2.36-8 CVE-1, zope-interface.X1 CVE-4" {
		t.Errorf("got %s", s)
	}
}

// What several feeds say of one vulnerability is one match that keeps them all. Aliases join, also in chains and circles.
func TestAliases(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	say := func(feed, id string, status matcher.Status, aliases ...string) matcher.Advisory {
		return matcher.Advisory{ID: id, Key: key, Feed: feed, Status: status, Aliases: aliases}
	}
	result := match(t, advisories{
		say("x", "GHSA-1", matcher.UnderInvestigation, "CVE-1"),
		say("y", "PYSEC-1", matcher.WillNotFix, "GHSA-1"),
		say("z", "CVE-1", matcher.Affected, "PYSEC-1"),
		say("x", "GHSA-2", matcher.Affected, "GHSA-3"),
		say("x", "GHSA-3", matcher.Affected, "GHSA-2"),
		say("x", "CVE-4", matcher.Affected),
	}, pypi("a", "1"))
	var got []string
	for _, m := range result.Matches {
		var from []string
		for _, a := range m.Advisories {
			from = append(from, a.Feed+":"+a.ID)
		}
		got = append(got, fmt.Sprintf("%s %v %s from %s", m.ID, m.Aliases, m.Status, strings.Join(from, " ")))
	}
	want := []string{
		"CVE-1 [GHSA-1 PYSEC-1] affected from z:CVE-1 y:PYSEC-1 x:GHSA-1",
		"CVE-4 [] affected from x:CVE-4",
		"GHSA-2 [GHSA-3] affected from x:GHSA-2 x:GHSA-3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is not matched is listed, with the reason.
func TestSkipped(t *testing.T) {
	system := deb("python3-a", "1", nil)
	system.Vendor = "Debian Python Team <team+python@tracker.debian.org>"
	foreign := deb("vendor-a", "1", nil)
	foreign.Namespace = "vendor.example"
	owned, vendored, declared, nameless := pypi("a", "1"), pypi("b", "1"), pypi("c", "1"), pypi("d", "")
	owned.Owner, vendored.Owner, declared.Declared = system.ID, foreign.ID, true
	source := advisories{}
	for _, name := range []string{"a", "b", "c", "d"} {
		source = append(source, matcher.Advisory{ID: "CVE-" + name, Key: matcher.PackageKey("pypi", "", name)})
	}
	result := match(t, source, system, foreign, owned, vendored, declared, nameless)
	if len(result.Matches) != 1 || result.Matches[0].ID != "CVE-b" {
		t.Errorf("matches %v, want CVE-b only: what a third party's package owns is nobody else's to fix", result.Matches)
	}
	want := []matcher.Skipped{
		{Component: "a1", Reason: matcher.OwnedByDistro, Evidence: "python3-a 1 has a maintainer at debian.org; advisories of debian 12 are missing or incomplete"},
		{Component: "c1", Reason: matcher.OnlyDeclared}, {Component: "d", Reason: matcher.NoVersion},
	}
	if !slices.Equal(result.Skipped, want) {
		t.Errorf("skipped %v, want %v", result.Skipped, want)
	}
	cached, tested := pypi("a", "1"), pypi("b", "1")
	cached.Path, tested.Path = "opt/conda/pkgs/a-1-0/lib/a-1.dist-info/METADATA", "usr/lib/python3.12/test/b-1.dist-info/METADATA"
	places := &analyzer.Report{Components: []analyzer.Component{cached, tested}}
	for _, include := range [][]analyzer.Place{nil, {analyzer.Cached, analyzer.TestData}} {
		result, err := matcher.Matcher{Source: source, Include: include}.Match(t.Context(), places)
		want := []matcher.Skipped{{Component: "a1", Reason: matcher.OnlyCached}, {Component: "b1", Reason: matcher.OnlyTestData}}[:2-len(include)]
		if err != nil || len(result.Matches) != len(include) || !slices.Equal(result.Skipped, want) {
			t.Errorf("include %v: %v, %v, want skipped %v", include, result, err, want)
		}
	}
	report := &analyzer.Report{Components: []analyzer.Component{declared}}
	all, err := matcher.Matcher{Source: source, Declared: true}.Match(t.Context(), report)
	if err != nil || len(all.Matches) != 1 {
		t.Errorf("with Declared: %v, %v, want one match", all, err)
	}
}

// An ecosystem that nobody was asked about has a row that says so, also a distribution that nobody could name.
func TestCoverage(t *testing.T) {
	c := deb("a", "1", nil)
	c.Namespace = ""
	report := &analyzer.Report{Components: []analyzer.Component{c, pypi("a", "1"), {ID: "x", Package: analyzer.Package{Type: "unheard-of", Name: "a", Version: "1"}}}}
	source := advisories{{ID: "CVE-1", Key: matcher.PackageKey("pypi", "", "b")}}
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	want := []matcher.Coverage{{Type: "deb"}, {Type: "pypi", Feed: "test"}, {Type: "unheard-of"}}
	if !slices.Equal(result.Coverage, want) {
		t.Errorf("coverage %+v, want %+v", result.Coverage, want)
	}
}

func TestSourceError(t *testing.T) {
	report := &analyzer.Report{Components: []analyzer.Component{pypi("a", "1")}}
	if _, err := (matcher.Matcher{Source: failing{}}).Match(t.Context(), report); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want %v", err, errFailing)
	}
}

// What a caller leaves out is an error, not a panic, and so is a Source that answers what it was not asked.
func TestMisuse(t *testing.T) {
	report := &analyzer.Report{Components: []analyzer.Component{pypi("a", "1")}}
	asked := matcher.Advisory{ID: "CVE-1", Key: matcher.PackageKey("pypi", "", "a")}
	keyless, other := matcher.Advisory{ID: "CVE-2", Feed: "x"}, asked
	other.Key.Name = "b"
	for _, c := range []struct {
		name   string
		source matcher.Source
		report *analyzer.Report
		want   string
	}{
		{"no source", nil, report, "matcher: no source of advisories"},
		{"no source, nothing to match", nil, &analyzer.Report{}, "matcher: no source of advisories"},
		{"no report", advisories{}, nil, "matcher: no report"},
		{"an advisory without a key", careless{asked, keyless}, report, `matcher: the source yields advisory "CVE-2" of feed "x" for "///", which was not requested`},
		{"an advisory of another package", careless{other}, report, `matcher: the source yields advisory "CVE-1" of feed "" for "pypi///b", which was not requested`},
		{"fine", careless{asked}, report, ""},
	} {
		m := matcher.Matcher{Source: c.source}
		_, err := m.Match(t.Context(), c.report)
		if got := text(err); got != c.want {
			t.Errorf("%s: Match: %q, want %q", c.name, got, c.want)
		}
		_, err = m.Explain(t.Context(), c.report, "CVE-1")
		if got := text(err); got != c.want {
			t.Errorf("%s: Explain: %q, want %q", c.name, got, c.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// careless yields all its advisories, whatever it is asked.
type careless advisories

func (c careless) Advisories(context.Context, []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range c {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (careless) Coverage(context.Context, []matcher.Key) ([]matcher.Coverage, error) { return nil, nil }

var errFailing = errors.New("disk on fire")

type failing struct{ advisories }

func (failing) Advisories(context.Context, []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) { yield(matcher.Advisory{}, errFailing) }
}

func TestChooseSeverity(t *testing.T) {
	word := func(source, word string) matcher.Severity {
		var level matcher.Level
		if err := level.UnmarshalText([]byte(word)); err != nil {
			t.Fatal(err)
		}
		return matcher.Severity{Source: source, Word: word, Level: level}
	}
	vector := func(v string) matcher.Severity { return matcher.Severity{Source: "nvd", Vector: v} }
	const (
		v2  = "AV:N/AC:L/Au:N/C:C/I:C/A:C"                                      // 10.0
		v31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"                    // 9.8
		low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"                    // 1.8
		v4  = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N" // 6.9
	)
	distro := matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "a"}
	for _, c := range []struct {
		name       string
		component  analyzer.Component
		advisories []matcher.Advisory
		want       string
	}{
		{"nothing", pypi("a", "1"), []matcher.Advisory{{}}, "unknown 0.0"},
		{"a vector is scored", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector(v31)}}}, "critical 9.8"},
		{"version 2 has no critical", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector(v2)}}}, "high 10.0"},
		{"the highest version", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector(v2), vector(v31), vector(v4)}}}, "medium 6.9"},
		{"a word before a vector", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector(v31), word("ghsa", "MODERATE")}}}, "medium 0.0"},
		{"the highest of equals", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector(low)}}, {Severities: []matcher.Severity{vector(v31)}}}, "critical 9.8"},
		{"the distribution first", deb("a", "1", nil), []matcher.Advisory{{Severities: []matcher.Severity{word("ghsa", "CRITICAL")}}, {Key: distro, Severities: []matcher.Severity{word("debian", "unimportant")}}}, "negligible 0.0"},
		{"unless it does not know", deb("a", "1", nil), []matcher.Advisory{{Severities: []matcher.Severity{word("ghsa", "CRITICAL")}}, {Key: distro, Severities: []matcher.Severity{word("debian", "not yet assigned")}}}, "critical 0.0"},
		{"a vector that is none", pypi("a", "1"), []matcher.Advisory{{Severities: []matcher.Severity{vector("CVSS:3.1/nonsense")}}}, "unknown 0.0"},
	} {
		s := matcher.ChooseSeverity(&c.component, c.advisories, nil)
		if got := fmt.Sprintf("%s %.1f", s.Level, s.Score); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func ExampleMatcher_Match() {
	report := &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", PURL: "pkg:pypi/django@3.2.1", Package: analyzer.Package{Type: "pypi", Name: "Django", Version: "3.2.1"}},
	}}
	source := advisories{{ // or a db.DB
		ID: "GHSA-xxxx", Aliases: []string{"CVE-2021-0000"}, Key: matcher.PackageKey("pypi", "", "django"),
		Ranges: []matcher.Range{{Introduced: "3.0", Fixed: "3.2.2"}},
	}}
	result, err := matcher.Matcher{Source: source}.Match(context.Background(), report)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range result.Matches {
		fmt.Printf("%s: component %s is %s, fixed in %s\n", m.ID, m.Component, m.Status, m.Fixed)
	}
	// Output: CVE-2021-0000: component 1 is affected, fixed in 3.2.2
}

// Codes go out as text and come back the same.
func TestCodes(t *testing.T) {
	for code, want := range map[string]string{
		string(matcher.OwnedByDistro): "owned by a package of the distribution", string(matcher.OnlyDeclared): "declared, not installed",
		string(matcher.NoVersion): "no version", string(matcher.OnlyCached): "in a cache of a package manager",
		string(matcher.OnlyTestData): "test data of a package",
	} {
		if got := matcher.SkipReason(code).Text(); got != want || strings.Contains(code, " ") {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	for s := matcher.Affected; s <= matcher.EndOfLife; s++ {
		text, err := s.MarshalText()
		var back matcher.Status
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("status %s comes back as %s", text, back)
		}
	}
	for l := matcher.Unknown; l <= matcher.Critical; l++ {
		text, err := l.MarshalText()
		var back matcher.Level
		if err != nil || back.UnmarshalText(text) != nil || back != l {
			t.Errorf("level %s comes back as %s", text, back)
		}
	}
	if err := new(matcher.Status).UnmarshalText([]byte("Affected")); err == nil {
		t.Error("an unknown status is read")
	}
}

// A named branch of Composer has no order among versions, so that it is in no range. An advisory about every version, or about the
// branch itself, holds: https://github.com/owncloud/core/pull/41785.
func TestComposerBranches(t *testing.T) {
	key := matcher.PackageKey("composer", "acme", "lib")
	source := advisories{
		{ID: "CVE-1", Feed: "a", Key: key, Ranges: []matcher.Range{{Fixed: "2.0.0"}}},
		{ID: "CVE-2", Feed: "a", Key: key, Ranges: []matcher.Range{{Introduced: "1.0.0"}}},
		{ID: "CVE-3", Feed: "a", Key: key, Ranges: []matcher.Range{{}}},
		{ID: "CVE-4", Feed: "a", Key: key, Versions: []string{"dev-main"}},
		{ID: "CVE-5", Feed: "a", Key: key, Ranges: []matcher.Range{{Introduced: "dev-main", Fixed: "dev-other"}}},
	}
	for version, want := range map[string]string{
		"dev-main": "CVE-3 CVE-4", "dev-other": "CVE-3", "master": "CVE-3", "dev-main as 1.0.x-dev": "CVE-3 CVE-4", "1.x-dev": "CVE-1 CVE-2 CVE-3",
		"1.5.0": "CVE-1 CVE-2 CVE-3", "2.0.0": "CVE-2 CVE-3",
	} {
		component := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "composer", Namespace: "acme", Name: "lib", Version: version}}
		result := match(t, source, component)
		var ids []string
		for _, m := range result.Matches {
			ids = append(ids, m.ID+m.Uncertain)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
	report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Type: "composer", Namespace: "acme", Name: "lib", Version: "dev-main"}}}}
	list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, "CVE-1")
	if err != nil || len(list) != 1 || list[0].Outcome != matcher.OutcomeOutOfRange || len(list[0].Comparisons) != 1 || !strings.Contains(list[0].Comparisons[0].Error, "branch") {
		t.Errorf("%+v, %v", list, err)
	}
}
