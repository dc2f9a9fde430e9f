package matcher_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// TestGrype matches the packages of Grype's matcher tests with the records of those, and wants what they want, and nothing
// else. testdata/grype.txt has the facts.
func TestGrype(t *testing.T) {
	text, err := os.ReadFile("testdata/grype.txt")
	if err != nil {
		t.Fatal(err)
	}
	records := readGrype(t)
	cases := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "|")
		prefix, system := strings.TrimSpace(fields[0]), strings.Fields(fields[1])
		installed, want := strings.Fields(fields[2]), strings.Fields(fields[3])
		var source advisories
		for name, list := range records {
			if strings.HasPrefix(name, prefix) {
				source = append(source, list...)
			}
		}
		if len(source) == 0 {
			t.Fatalf("%s: no advisories", prefix)
		}
		c := analyzer.Component{ID: "1", Package: analyzer.Package{Type: system[0], Version: installed[1]}}
		report := &analyzer.Report{}
		if len(system) == 3 {
			report.Distro = &analyzer.Distro{ID: system[1], VersionID: system[2]}
			c.System, c.Namespace, c.Name = true, system[1], installed[0]
		} else {
			c.Namespace, c.Name = split(installed[0])
		}
		for _, more := range installed[2:] {
			name, value, _ := strings.Cut(more, "=")
			switch name {
			case "source":
				c.SourcePackage = &analyzer.SourcePackage{Name: value}
			case "module":
				c.Qualifiers = map[string]string{"rpmmod": value}
			default:
				t.Fatalf("%s: %s", line, more)
			}
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
			for _, a := range m.Advisories {
				got = append(got, a.ID)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %q", line, got)
		}
		cases++
	}
	t.Logf("%d cases", cases)
}

// readGrype returns the advisories of each file.
func readGrype(t *testing.T) map[string]advisories {
	t.Helper()
	archive := tar.NewReader(bytes.NewReader(corpus.Read(t, "feeds/peers/grype/matcher-testdata.tar.zst")))
	records := make(map[string]advisories)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(h.Name, "/results/") || h.Typeflag != tar.TypeReg {
			continue
		}
		var envelope struct {
			Schema string
			Item   json.RawMessage
		}
		if err := json.NewDecoder(archive).Decode(&envelope); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		name := strings.TrimPrefix(h.Name, "./")
		switch {
		case strings.Contains(envelope.Schema, "/vulnerability/os/"):
			records[name] = grypeDistribution(t, envelope.Item)
		case strings.Contains(envelope.Schema, "/github-security-advisory/"):
			records[name] = grypeLanguage(t, envelope.Item)
		case strings.Contains(name, "/govulndb/"):
			for r, err := range osv.Feed().Parse(bytes.NewReader(envelope.Item)) {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				records[name] = append(records[name], r.Advisories...)
			}
		}
	}
}

// grypeDistribution reads a record of a distribution: a fix of "0" says that the package is not affected, one of "None" that
// there is none.
func grypeDistribution(t *testing.T, item []byte) advisories {
	t.Helper()
	var record struct {
		Vulnerability struct {
			Name, NamespaceName string
			FixedIn             []struct{ Name, Version, Module string }
		}
	}
	if err := json.Unmarshal(item, &record); err != nil {
		t.Fatal(err)
	}
	v := record.Vulnerability
	id, release, _ := strings.Cut(v.NamespaceName, ":")
	typ := "rpm"
	switch id {
	case "debian", "ubuntu":
		typ = "deb"
	case "alpine", "wolfi":
		typ = "apk"
	}
	var list advisories
	for _, f := range v.FixedIn {
		a := matcher.Advisory{ID: v.Name, Feed: id, Key: matcher.Key{
			Type: typ, Namespace: id, Release: distro.ReleaseOf(id, release, ""), Name: rpmname.Module(f.Module, f.Name),
		}}
		switch f.Version {
		case "0":
			a.Status = matcher.NotAffected
		case "None":
		default:
			a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: f.Version}}
		}
		list = append(list, a)
	}
	return list
}

func grypeLanguage(t *testing.T, item []byte) advisories {
	t.Helper()
	var record struct {
		Advisory struct {
			ID      string   `json:"ghsaId"`
			CVE     []string `json:"CVE"`
			FixedIn []struct{ Ecosystem, Name, Range string }
		}
	}
	if err := json.Unmarshal(item, &record); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{"java": "maven", "python": "pypi", "go": "golang"}
	var list advisories
	for _, f := range record.Advisory.FixedIn {
		typ := f.Ecosystem
		if types[typ] != "" {
			typ = types[typ]
		}
		namespace, name := split(strings.Replace(f.Name, ":", "/", 1))
		list = append(list, matcher.Advisory{
			ID: record.Advisory.ID, Aliases: record.Advisory.CVE, Feed: "github",
			Key: matcher.PackageKey(typ, namespace, name), Ranges: []matcher.Range{rangeOf(t, f.Range)},
		})
	}
	return list
}
