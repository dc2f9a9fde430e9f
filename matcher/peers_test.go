package matcher_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// TestClaircore takes packages and advisories of Claircore's own matcher tests, and wants the matches that it wants: all of
// them, and no others.
func TestClaircore(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "feeds/peers/claircore/matcher/*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := readClaircore(t, archive)
			result, err := matcher.Matcher{Source: c.source}.Match(t.Context(), c.report)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]bool)
			for _, m := range result.Matches {
				if m.Uncertain != "" {
					t.Errorf("%s in component %s is uncertain: %s", m.ID, m.Component, m.Uncertain)
				}
				for _, a := range m.Advisories {
					got[m.Component+" "+a.ID] = true
				}
			}
			t.Logf("%d components, %d advisories, %d matches", len(c.report.Components), len(c.source), len(got))
			if want := slices.Sorted(maps.Keys(c.want)); !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
				t.Errorf("got %q, want %q", slices.Sorted(maps.Keys(got)), want)
			}
		})
	}
}

// A claircore case: its packages are components with their numbers for IDs.
type claircore struct {
	report *analyzer.Report
	source advisories
	want   map[string]bool // package and advisory
}

type claircorePackage struct{ ID, Name, Version string }

type claircoreVulnerability struct {
	ID, Updater, Name string
	Package           claircorePackage
	Fixed             string `json:"fixed_in_version"`
}

func readClaircore(t *testing.T, archive *txtar.Archive) claircore {
	t.Helper()
	c := claircore{report: &analyzer.Report{}, want: make(map[string]bool)}
	var database struct {
		Records []struct{ Package claircorePackage }
		Known   map[string][]claircoreVulnerability `json:"vulnerabilities"`
	}
	var index struct{ Packages map[string]claircorePackage }
	var want struct {
		Vulnerabilities map[string]claircoreVulnerability
		Matches         map[string][]string `json:"package_vulnerabilities"`
	}
	load(t, archive, "Database", &database)
	load(t, archive, "IndexReport", &index)
	load(t, archive, "Want", &want)
	ecosystem := ""
	for _, about := range slices.Sorted(maps.Keys(database.Known)) {
		for _, v := range database.Known[about] {
			ecosystem = v.Updater
			c.source = append(c.source, advisoryOf(t, v))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(index.Packages)) {
		p := index.Packages[id]
		key := keyOf(t, ecosystem, p.Name)
		c.report.Components = append(c.report.Components, analyzer.Component{
			ID: id, Package: analyzer.Package{Type: key.Type, Namespace: key.Namespace, Name: key.Name, Version: p.Version},
		})
	}
	for id, numbers := range want.Matches {
		for _, n := range numbers {
			c.want[id+" "+want.Vulnerabilities[n].Name] = true
		}
	}
	return c
}

// advisoryOf translates bounds, which Claircore keeps as the query of a URL: fixed=2.9.11&introduced=2.8.0. One without
// any bound holds for all versions.
func advisoryOf(t *testing.T, v claircoreVulnerability) matcher.Advisory {
	t.Helper()
	bounds, err := url.ParseQuery(v.Fixed)
	if err != nil {
		t.Fatal(err)
	}
	a := matcher.Advisory{ID: v.Name, Feed: v.Updater, Key: keyOf(t, v.Updater, v.Package.Name)}
	if len(bounds) > 0 {
		a.Ranges = []matcher.Range{{
			Introduced: bounds.Get("introduced"), Fixed: bounds.Get("fixed"), LastAffected: bounds.Get("lastAffected"),
		}}
	}
	return a
}

// keyOf names a package of an updater: "osv/maven".
func keyOf(t *testing.T, updater, name string) matcher.Key {
	t.Helper()
	ecosystems := map[string]string{"osv/maven": "Maven", "osv/npm": "npm", "osv/pypi": "PyPI", "osv/rubygems": "RubyGems"}
	record := fmt.Sprintf(`{"id": "X-1", "affected": [{"package": {"ecosystem": %q, "name": %q}, "versions": ["1"]}]}`, ecosystems[updater], name)
	for rec, err := range osv.Feed().Parse(strings.NewReader(record)) {
		if err := errors.Join(err, rec.Err); err != nil {
			t.Fatalf("%s of %q: %v", name, updater, err)
		}
		return rec.Advisories[0].Key
	}
	t.Fatalf("%s of %q: no record", name, updater)
	return matcher.Key{}
}

// load reads a file of the archive, with the files that it refers to by {"$ref": "file:..."} in their places.
func load(t *testing.T, archive *txtar.Archive, name string, into any) {
	t.Helper()
	value, err := resolve(archive, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func resolve(archive *txtar.Archive, name string, depth int) (any, error) {
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 || depth > 8 {
		return nil, fmt.Errorf("no file %q, or a cycle", name)
	}
	var value any
	text := bytes.TrimLeft(archive.Files[i].Data, "\x1e") // each is a record of a JSON text sequence, RFC 7464
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var walk func(any) (any, error)
	walk = func(v any) (any, error) {
		var err error
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				return resolve(archive, strings.TrimPrefix(ref, "file:"), depth+1)
			}
			for k := range v {
				if v[k], err = walk(v[k]); err != nil {
					return nil, err
				}
			}
		case []any:
			for i := range v {
				if v[i], err = walk(v[i]); err != nil {
					return nil, err
				}
			}
		}
		return v, nil
	}
	return walk(value)
}
