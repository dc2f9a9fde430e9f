package matcher_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/version"
)

// TestTrivy matches the packages of Trivy's integration tests with the database of those, and wants what Trivy finds: all of
// it, with the same fixes, and nothing else. testdata/trivy.txt has the facts.
func TestTrivy(t *testing.T) {
	source := readTrivy(t, filepath.Join(corpus.Dir(t), "feeds/peers/trivy/fixtures-db"))
	text, err := os.ReadFile("testdata/trivy.txt")
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "|")
		system, installed, want := strings.Fields(fields[0]), strings.Fields(fields[1]), strings.Fields(fields[2])
		c := analyzer.Component{ID: installed[0], Package: analyzer.Package{Type: system[0], Version: installed[1]}}
		report := &analyzer.Report{}
		if len(system) == 3 {
			report.Distro = &analyzer.Distro{ID: system[1], VersionID: system[2]}
			c.System, c.Namespace, c.Name = true, system[1], installed[0]
			if len(installed) == 3 {
				c.SourcePackage = &analyzer.SourcePackage{Name: installed[2]}
			}
		} else {
			c.Namespace, c.Name = split(installed[0])
		}
		report.Components = []analyzer.Component{c}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range result.Matches {
			if m.Uncertain != "" {
				t.Errorf("%s: %s is uncertain: %s", line, m.ID, m.Uncertain)
			}
			fixed := m.Fixed
			switch {
			case slices.Contains(want, m.ID+"=?"):
				fixed = "?"
			case fixed == "":
				fixed = "-"
			}
			got = append(got, m.ID+"="+fixed)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %q", line, got)
		}
		pairs += len(want)
	}
	t.Logf("%d advisories, %d pairs of package and vulnerability", len(source), pairs)
}

// split parts the namespace from a name.
func split(name string) (namespace, rest string) {
	dir, base := path.Split(name)
	return strings.TrimSuffix(dir, "/"), base
}

// A bucket of Trivy's database: in it are others, at last keys with values.
type bucket struct {
	Bucket string
	Pairs  []struct {
		bucket `yaml:",inline"`
		Key    string
		Value  yaml.Node
	}
}

// An entry is the value of a vulnerability in a package.
type entry struct {
	FixedVersion                        string `yaml:"FixedVersion"`
	Status                              int    `yaml:"Status"`
	VulnerableVersions, PatchedVersions []string
	Entries                             []struct {
		FixedVersion string `yaml:"FixedVersion"`
		Affected     []int  `yaml:"Affected"`
		Status       int    `yaml:"Status"`
		Cves         []struct {
			ID string `yaml:"ID"`
		} `yaml:"Cves"`
	} `yaml:"Entries"`
}

// UnmarshalYAML reads the two lists under their names, which are not in lower case.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	type plain entry
	var lists struct {
		Vulnerable []string `yaml:"VulnerableVersions"`
		Patched    []string `yaml:"PatchedVersions"`
	}
	if err := n.Decode((*plain)(e)); err != nil {
		return err
	}
	err := n.Decode(&lists)
	e.VulnerableVersions, e.PatchedVersions = lists.Vulnerable, lists.Patched
	return err
}

func readTrivy(t *testing.T, dir string) advisories {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	var list advisories
	for _, file := range files {
		switch filepath.Base(file) {
		case "cpe.yaml", "data-source.yaml", "k8s.yaml", "vulnerability.yaml":
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var buckets []bucket
		if err := yaml.Unmarshal(text, &buckets); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, source := range buckets {
			for _, p := range source.Pairs {
				for _, v := range p.Pairs {
					var e entry
					if err := v.Value.Decode(&e); err != nil {
						t.Fatalf("%s: %s: %v", file, v.Key, err)
					}
					list = append(list, trivyAdvisories(t, source.Bucket, p.Bucket, strings.TrimSpace(v.Key), &e)...)
				}
			}
		}
	}
	return list
}

// trivyAdvisories translates one entry.
func trivyAdvisories(t *testing.T, source, name, id string, e *entry) advisories {
	t.Helper()
	a := matcher.Advisory{ID: id, Feed: source}
	if source == "Red Hat" { // by numbers of CPEs, of which cpe.yaml explains two
		var list advisories
		releases := map[int]string{857: "6", 869: "7"}
		for _, x := range e.Entries {
			for _, n := range x.Affected {
				if releases[n] == "" {
					continue
				}
				a.Key = matcher.Key{Type: "rpm", Namespace: "rhel", Release: releases[n], Name: name}
				a.Status, a.Ranges = trivyStatus(x.Status, x.FixedVersion)
				for _, c := range x.Cves {
					if a.ID = id; c.ID != "" {
						a.ID, a.Aliases = c.ID, nil
					}
					list = append(list, a)
				}
			}
		}
		return list
	}
	if ecosystem, _, ok := strings.Cut(source, "::"); ok {
		types := map[string]string{"pip": "pypi", "rubygems": "gem", "go": "golang", "erlang": "hex"}
		typ := ecosystem
		if types[ecosystem] != "" {
			typ = types[ecosystem]
		}
		namespace, base := split(strings.Replace(name, ":", "/", 1))
		a.Key = matcher.PackageKey(typ, namespace, base)
		a.Ranges = trivyRanges(t, typ, e)
		return advisories{a}
	}
	distributions := map[string]string{
		"alpine": "apk alpine", "debian": "deb debian", "ubuntu": "deb ubuntu", "alma": "rpm almalinux", "rocky": "rpm rocky",
		"amazon linux": "rpm amzn", "Oracle Linux": "rpm ol", "Photon OS": "rpm photon", "openSUSE Leap": "rpm opensuse-leap",
		"openSUSE": "rpm opensuse-tumbleweed", "CBL-Mariner": "rpm mariner", "SUSE Linux Enterprise": "rpm sles",
		"SUSE Linux Enterprise Micro": "rpm sle-micro",
	}
	i := strings.LastIndexByte(source, ' ')
	typ, id, ok := strings.Cut(distributions[source[:i]], " ")
	if !ok {
		t.Fatalf("unknown source %q; known are %q", source, slices.Sorted(maps.Keys(distributions)))
	}
	a.Key = matcher.Key{Type: typ, Namespace: id, Release: distro.ReleaseOf(id, source[i+1:], ""), Name: name}
	a.Status, a.Ranges = trivyStatus(e.Status, e.FixedVersion)
	return advisories{a}
}

func trivyStatus(status int, fixed string) (matcher.Status, []matcher.Range) {
	switch {
	case fixed != "":
		return matcher.Fixed, []matcher.Range{{Fixed: fixed}}
	case status == 5:
		return matcher.WillNotFix, nil
	case status == 7:
		return matcher.EndOfLife, nil
	}
	return matcher.Affected, nil
}

// trivyRanges translates constraints: what is vulnerable, or where that is not said all that is not patched.
func trivyRanges(t *testing.T, typ string, e *entry) []matcher.Range {
	t.Helper()
	var ranges []matcher.Range
	for _, c := range e.VulnerableVersions {
		ranges = append(ranges, rangeOf(t, c))
	}
	if len(ranges) > 0 {
		return ranges
	}
	var patched []matcher.Range
	for _, c := range e.PatchedVersions {
		patched = append(patched, rangeOf(t, c))
	}
	slices.SortFunc(patched, func(a, b matcher.Range) int {
		order, err := version.Compare(typ, a.Introduced, b.Introduced)
		if err != nil {
			t.Fatal(err)
		}
		return order
	})
	from := ""
	for _, p := range patched {
		ranges = append(ranges, matcher.Range{Introduced: from, Fixed: p.Introduced})
		from = p.Fixed
	}
	if from != "" {
		ranges = append(ranges, matcher.Range{Introduced: from})
	}
	return ranges
}

func rangeOf(t *testing.T, constraint string) matcher.Range {
	t.Helper()
	if rest, ok := strings.CutPrefix(constraint, "["); ok { // Maven's form: [2.9.0,2.9.10.7)
		from, to, ok := strings.Cut(strings.TrimSuffix(rest, ")"), ",")
		if !ok {
			t.Fatalf("constraint %q", constraint)
		}
		return matcher.Range{Introduced: from, Fixed: to}
	}
	var r matcher.Range
	bounds := map[string]*string{">=": &r.Introduced, "<": &r.Fixed, "<=": &r.LastAffected}
	terms := regexp.MustCompile(`([<>=]+) *([^ ,]+)`).FindAllStringSubmatch(constraint, -1)
	for _, term := range terms {
		if bounds[term[1]] == nil {
			t.Fatalf("constraint %q", constraint)
		}
		*bounds[term[1]] = term[2]
	}
	if len(terms) == 0 {
		t.Fatalf("constraint %q", constraint)
	}
	return r
}
