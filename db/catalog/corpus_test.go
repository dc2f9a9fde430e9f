package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// reports yields the reports of the images, of a part of the fixtures and field cases, and of the SBOMs of the corpus.
func reports(t *testing.T, each func(name string, r *analyzer.Report)) {
	dir := corpus.Dir(t)
	analyzers := append(all.All(), content.All()...)
	var refs []string
	images, _ := filepath.Glob(filepath.Join(dir, "images/*/oci-layout"))
	for _, l := range images {
		refs = append(refs, "oci:"+filepath.Dir(l))
	}
	for _, pattern := range []string{"fixtures/*/*/expected.json", "field/*/*/expected.json"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range names {
			var want struct{ Image *struct{ Kind, Path string } }
			text, err := os.ReadFile(name)
			if err != nil || json.Unmarshal(text, &want) != nil {
				t.Fatal(name, err)
			}
			ref := "rootfs:" + filepath.Dir(name)
			if i := want.Image; i != nil {
				ref = strings.Replace(i.Kind, "docker", "docker-archive", 1) + ":" + filepath.Join(filepath.Dir(name), i.Path)
			}
			refs = append(refs, ref)
		}
	}
	documents, _ := filepath.Glob(filepath.Join(dir, "sboms", "*.gz"))
	if os.Getenv("HULLMARK_SLOW") == "" { // a part of all kinds; .ci/slow reads the rest
		refs, documents = every(refs[len(images):], 12), every(documents, 4)
		refs = append(refs, "oci:"+filepath.Join(dir, "images/debian-base"), "oci:"+filepath.Join(dir, "images/rpm-sqlite"))
		analyzers = all.All()
	}
	n := 0
	for _, ref := range refs {
		img, err := source.Open(t.Context(), ref, source.Options{})
		if err != nil {
			continue // hostile
		}
		r, err := scan.Scanner{Analyzers: analyzers}.Scan(t.Context(), img)
		img.Close()
		if err == nil {
			n++
			each(ref, r)
		}
	}
	for _, name := range documents {
		r, err := sbom.Decode(bytes.NewReader(corpus.Read(t, strings.TrimPrefix(name, dir+"/"))), sbom.Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		n++
		each(name, r)
	}
	if n < len(refs)*4/5 || n < 40 {
		t.Errorf("%d reports of %d", n, len(refs))
	}
}

// every returns each nth text.
func every(list []string, n int) (out []string) {
	for i := 0; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

// TestCorpus requires for every report of the corpus that its parts give the report again, and that the matches of its chunks, joined, are
// those of the report, in every format.
func TestCorpus(t *testing.T) {
	advisories := fake{}
	matches, chunks := 0, 0
	reports(t, func(name string, r *analyzer.Report) {
		for _, m := range []matcher.Matcher{
			{Source: advisories},
			{Source: advisories, Declared: true, Include: []analyzer.Place{analyzer.Cached, analyzer.TestData}, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
		} {
			n, k := checkReport(t, name, m, r)
			matches += n
			chunks += k
		}
		checkSubjects(t, name, matcher.Matcher{Source: advisories}, r)
	})
	t.Logf("%d matches in %d chunks", matches, chunks)
	if matches < 1000 {
		t.Errorf("%d matches", matches)
	}
}

// checkReport divides a report and restores it, and matches both.
func checkReport(t *testing.T, name string, m matcher.Matcher, r *analyzer.Report) (matches, chunks int) {
	t.Helper()
	refs, parts := Divide(r)
	again, err := Restore(r.Image, refs, parts)
	if err != nil {
		t.Fatal(name, err)
	}
	if !reflect.DeepEqual(again, r) {
		t.Errorf("%s: another report: %s", name, difference(again, r))
		return 0, 0
	}
	want, err := m.Match(t.Context(), r)
	if err != nil {
		t.Fatal(name, err)
	}
	got, err := Match(t.Context(), m, again, parts)
	if err != nil {
		t.Fatal(name, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: another result: %s", name, difference(got, want))
	}
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.SPDXJSON, sbom.CycloneDXXML} {
		if len(r.Components) > 200 || format == sbom.CycloneDXXML && len(r.Components) > 20 {
			continue
		}
		var a, b bytes.Buffer
		o := sbom.Options{Format: format}
		errA := sbom.Encode(&a, report.New(r, want, report.Options{Name: name}), o)
		errB := sbom.Encode(&b, report.New(again, got, report.Options{Name: name}), o)
		if (errA == nil) != (errB == nil) || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: another %v: %v, %v", name, format, errA, errB)
		}
	}
	for _, p := range parts {
		if p.Kind == Chunk {
			chunks++
		}
	}
	return len(want.Matches), chunks
}

// difference describes the first field in which two values differ.
func difference(a, b any) string {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range x.NumField() {
		f, g := x.Field(i).Interface(), y.Field(i).Interface()
		if reflect.DeepEqual(f, g) {
			continue
		}
		p, q := x.Field(i), y.Field(i)
		if p.Kind() == reflect.Slice {
			for k := range min(p.Len(), q.Len()) {
				if !reflect.DeepEqual(p.Index(k).Interface(), q.Index(k).Interface()) {
					s, u := jsonOf(p.Index(k).Interface()), jsonOf(q.Index(k).Interface())
					return x.Type().Field(i).Name + ": " + s[:min(len(s), 600)] + "\nwant " + u[:min(len(u), 600)]
				}
			}
		}
		return x.Type().Field(i).Name
	}
	return ""
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// checkSubjects requires that each component's matches are those of its Subject, and that the Subject has a key of every advisory that the
// matcher finds for it.
func checkSubjects(t *testing.T, name string, m matcher.Matcher, r *analyzer.Report) int {
	t.Helper()
	ids := make(map[string]bool)
	for i := range r.Components {
		if ids[r.Components[i].ID] {
			return 0
		}
		ids[r.Components[i].ID] = true
	}
	whole, err := m.Match(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string][]matcher.Match)
	for _, match := range whole.Matches {
		id := match.Component
		match.Component = ""
		want[id] = append(want[id], match)
	}
	subjects := matcher.Subjects(r)
	got, err := m.MatchSubjects(t.Context(), subjects)
	if err != nil {
		t.Fatal(err)
	}
	for i := range subjects {
		c := &r.Components[i]
		if !reflect.DeepEqual(got[i], want[c.ID]) {
			t.Errorf("%s: %s: %d matches, want %d:\n%s\nwant %s\nsubject %s", name, c.Label(), len(got[i]), len(want[c.ID]), jsonOf(got[i]), jsonOf(want[c.ID]), jsonOf(subjects[i]))
		}
		keys := subjects[i].Keys()
		for _, match := range got[i] {
			for _, a := range match.Advisories {
				if !slices.ContainsFunc(a.Key.Forms(), func(k matcher.Key) bool { return slices.Contains(keys, k) }) {
					t.Errorf("%s: %s: no key of %v in %v", name, c.Label(), a.Key, keys)
				}
			}
		}
	}
	return len(whole.Matches)
}
