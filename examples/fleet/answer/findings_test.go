package answer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// npm returns a report with so many packages, in three layers.
func npm(n int) *analyzer.Report {
	r := new(analyzer.Report)
	for i := range n {
		name := fmt.Sprint("p", i)
		c := analyzer.Component{ID: fmt.Sprintf("%04d", n-i), Package: analyzer.Package{Type: "npm", Name: name, Version: "1.0.0"}, PURL: "pkg:npm/" + name + "@1.0.0"}
		c.Layer = i % 3
		r.Components = append(r.Components, c)
	}
	return r
}

// TestFindings compares pages of findings, and the assessment of a page's packages, with the assessment of the image. One matching serves all pages,
// until the advisories or the content of the image change.
func TestFindings(t *testing.T) {
	ctx := t.Context()
	levels := []matcher.Level{matcher.Low, matcher.High, matcher.High, matcher.Critical, matcher.Unknown}
	open := func(n int) *counting {
		file := filepath.Join(t.TempDir(), "advisories.db")
		var list []matcher.Advisory
		for i := range n {
			a := fleettest.NPM(fmt.Sprintf("X-%d", i%70), fmt.Sprint("p", i/5), "2.0.0", levels[i%5])
			a.Status = []matcher.Status{matcher.Affected, matcher.WillNotFix}[i%2]
			list = append(list, a)
		}
		fleettest.WriteAdvisories(t, file, list...)
		opened, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { opened.Close() })
		return &counting{DB: opened}
	}
	source := open(200)
	memory := new(catalog.Memory)
	image := &store.Image{Digest: "sha256:00"}
	put := func(n int) {
		if err := catalog.Put(ctx, memory, catalog.Image{Digest: image.Digest}, npm(n)); err != nil {
			t.Fatal(err)
		}
	}
	put(40)
	a := answer.New(memory)
	request := func(s answer.Source) *answer.Request {
		return &answer.Request{Image: image, Source: s, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := a.Findings(ctx, request(source)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	asked := source.n
	full, err := answer.New(memory).Assess(ctx, request(source))
	if err != nil {
		t.Fatal(err)
	}
	if len(full.Result.Matches) != 200 || source.n != 2*asked {
		t.Fatalf("%d matches, %d questions for eight lists and %d for an assessment", len(full.Result.Matches), asked, source.n-asked)
	}
	system, layer := false, 2
	for name, q := range map[string]answer.Query{
		"all": {}, "by severity": {BySeverity: true}, "least": {Least: matcher.High, BySeverity: true}, "status": {Status: "will-not-fix"}, "with a fix": {WithFix: true, BySeverity: true},
		"package": {Package: "0007"}, "layer": {Layer: &layer}, "not of the system": {System: &system, BySeverity: true}, "none": {Package: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for i := range full.Result.Matches {
				m := &full.Result.Matches[i]
				c := full.Component(m.Component)
				if m.Severity.Level >= q.Least && (q.Status == "" || q.Status == m.Status.String()) && (!q.WithFix || m.Status != matcher.WillNotFix) && (q.Package == "" || q.Package == c.ID) &&
					(q.Layer == nil || c.Layer == layer) {
					key := m.ID + "\x01" + m.Component
					if q.BySeverity {
						key = fmt.Sprint(9-int(m.Severity.Level)) + "\x01" + key
					}
					want = append(want, key)
				}
			}
			slices.Sort(want)
			before := source.n
			f, err := a.Findings(ctx, request(source))
			if err != nil {
				t.Fatal(err)
			}
			if source.n != before {
				t.Error("the image is matched again")
			}
			var got []string
			for q.Limit = 7; ; {
				page, total := f.Page(&q)
				if total != len(want) {
					t.Fatalf("%d in all, want %d", total, len(want))
				}
				rest := len(page) > q.Limit
				page = page[:min(len(page), q.Limit)]
				only := make(map[string]bool)
				for _, r := range page {
					got = append(got, q.Key(r))
					only[r.Component()] = true
				}
				if len(page) > 0 {
					checkPage(t, a, request(source), only, full.Result.Matches)
				}
				if !rest {
					break
				}
				q.After = q.Key(page[len(page)-1])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	count := func(s answer.Source) int {
		f, err := a.Findings(ctx, request(s))
		if err != nil {
			t.Fatal(err)
		}
		_, total := f.Page(new(answer.Query))
		return total
	}
	if n := count(open(100)); n != 100 {
		t.Errorf("%d findings with other advisories, want 100", n)
	}
	put(10)
	if n := count(source); n != 50 {
		t.Errorf("%d findings of the image with other content, want 50", n)
	}
}

// checkPage compares the matches of some packages with those of all.
func checkPage(t *testing.T, a *answer.Answerer, r *answer.Request, only map[string]bool, all []matcher.Match) {
	r.Only = only
	part, err := a.Assess(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(slices.Clone(all), func(m matcher.Match) bool { return !only[m.Component] })
	if !reflect.DeepEqual(part.Result.Matches, want) {
		t.Errorf("%d matches of %d packages, want %d that are equal to those of the image", len(part.Result.Matches), len(only), len(want))
	}
}
