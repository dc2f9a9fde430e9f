package watch_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// A source is advisories and the enrichments of CVEs.
type source struct {
	hash       string
	advisories []matcher.Advisory
	enriched   map[string]matcher.Enrichment
}

func (s *source) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s.advisories {
			if slices.Contains(keys, a.Key) && !yield(a, nil) {
				return
			}
		}
	}
}

func (s *source) Find(_ context.Context, ids ...string) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s.advisories {
			if slices.ContainsFunc(append(a.Aliases, a.ID), func(id string) bool { return slices.Contains(ids, id) }) && !yield(a, nil) {
				return
			}
		}
	}
}

func (s *source) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	var rows []matcher.Coverage
	for _, k := range keys {
		rows = append(rows, matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release, Feed: "f"})
	}
	return rows, nil
}

func (s *source) Enrichments(_ context.Context, cves []string) (map[string]matcher.Enrichment, error) {
	return s.enriched, nil
}

func (s *source) Describe() matcher.SourceInfo { return matcher.SourceInfo{Hash: s.hash} }

// An index is package versions, by their numbers.
type index []matcher.Subject

func (x index) Subjects(_ context.Context, keys []matcher.Key) iter.Seq2[watch.Found, error] {
	return func(yield func(watch.Found, error) bool) {
		for i, s := range x {
			if slices.ContainsFunc(s.Keys(), func(k matcher.Key) bool { return slices.Contains(keys, k) }) && !yield(watch.Found{Number: i, Subject: s}, nil) {
				return
			}
		}
	}
}

// fleet has the versions 1.0 to 9.0 of a package of npm, and another package.
func fleet() index {
	r := &analyzer.Report{}
	for i := range 9 {
		r.Components = append(r.Components, analyzer.Component{ID: fmt.Sprint(i), Package: analyzer.Package{Type: "npm", Name: "left", Version: fmt.Sprintf("%d.0.0", i+1)}})
	}
	r.Components = append(r.Components, analyzer.Component{ID: "other", Package: analyzer.Package{Type: "npm", Name: "right", Version: "1.0.0"}})
	return matcher.Subjects(r)
}

func about(name, id, fixed string, level matcher.Level, aliases ...string) matcher.Advisory {
	a := matcher.Advisory{ID: id, Aliases: aliases, Feed: "f", Key: matcher.Key{Type: "npm", Name: name}, Severities: []matcher.Severity{{Source: "f", Level: level, Word: "w"}}}
	if fixed != "" {
		a.Ranges = []matcher.Range{{Fixed: fixed}}
	}
	return a
}

// compare returns the events between advisories, as texts, and the events.
func compare(t *testing.T, old, new *source, cves ...string) (texts []string, events []watch.Event) {
	t.Helper()
	old.hash, new.hash = "old", "new"
	u := watch.Update{Old: old, New: new, CVEs: cves, Changes: func(yield func(watch.Change, error) bool) {
		for i := range old.advisories {
			if !yield(watch.Change{Old: &old.advisories[i]}, nil) {
				return
			}
		}
		for i := range new.advisories {
			if !yield(watch.Change{New: &new.advisories[i]}, nil) {
				return
			}
		}
	}}
	if len(cves) > 0 {
		u.Changes = nil
	}
	events, err := watch.Compare(t.Context(), matcher.Matcher{}, u, fleet())
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		e := &events[i]
		texts = append(texts, fmt.Sprint(e.Kind, " ", e.Vulnerability, " ", e.Package.Name, " ", e.Subjects))
	}
	return texts, events
}

// TestEvents has the changes that users of other services missed or got twice.
func TestEvents(t *testing.T) {
	list := func(a ...matcher.Advisory) *source { return &source{advisories: a} }
	for name, c := range map[string]struct {
		old, new *source
		want     []string
	}{
		"nothing": {list(about("left", "CVE-1", "3.0.0", matcher.High)), list(about("left", "CVE-1", "3.0.0", matcher.High)), nil},
		// https://github.com/anchore/anchore-engine/issues/956: a message for each of hundreds of images. Here one event has all.
		"new":       {list(), list(about("left", "CVE-1", "4.0.0", matcher.High)), []string{"appeared CVE-1 left [0 1 2]"}},
		"withdrawn": {list(about("left", "CVE-1", "4.0.0", matcher.High)), list(), []string{"disappeared CVE-1 left [0 1 2]"}},
		// https://github.com/DependencyTrack/dependency-track/issues/2361: no message when the severity of a known vulnerability rose.
		"severity": {list(about("left", "CVE-1", "2.0.0", matcher.Low)), list(about("left", "CVE-1", "2.0.0", matcher.Critical)), []string{"severity-changed CVE-1 left [0]"}},
		"a fix":    {list(about("right", "CVE-1", "", matcher.Low)), list(about("right", "CVE-1", "2.0.0", matcher.Low)), []string{"fix-available CVE-1 right [9]"}},
		"a range that grows": {list(about("left", "CVE-1", "2.0.0", matcher.Low)), list(about("left", "CVE-1", "3.0.0", matcher.Low)), []string{
			"appeared CVE-1 left [1]"}},
		// https://github.com/DependencyTrack/dependency-track/issues/2181: one vulnerability in two databases was two findings.
		"an alias": {list(about("left", "GHSA-1", "2.0.0", matcher.Low)), list(about("left", "GHSA-1", "2.0.0", matcher.Low, "CVE-1"), about("left", "CVE-1", "2.0.0", matcher.Low)), []string{
			"renamed CVE-1 left [0]"}},
		"an alias that is withdrawn": {list(about("left", "GHSA-1", "2.0.0", matcher.Low, "CVE-1")), list(about("left", "GHSA-1", "2.0.0", matcher.Low)), []string{"renamed GHSA-1 left [0]"}},
		"two that are one now": {list(about("left", "GHSA-1", "2.0.0", matcher.Low), about("left", "CVE-1", "2.0.0", matcher.Low)), list(about("left", "GHSA-1", "2.0.0", matcher.Low, "CVE-1"), about("left", "CVE-1", "2.0.0", matcher.Low)), []string{
			"disappeared GHSA-1 left [0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, events := compare(t, c.old, c.new)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			_, again := compare(t, c.old, c.new)
			for i := range events {
				if events[i].ID != again[i].ID || events[i].ID == "" {
					t.Error("the same comparison gives another ID")
				}
			}
		})
	}
}

// TestExploited requires an event for a vulnerability that becomes known as exploited, although no advisory changes.
func TestExploited(t *testing.T) {
	all := []matcher.Advisory{about("left", "CVE-1", "2.0.0", matcher.High), about("left", "CVE-2", "2.0.0", matcher.High)}
	old, new := &source{advisories: all}, &source{advisories: all, enriched: map[string]matcher.Enrichment{"CVE-1": {Exploited: time.Unix(1, 0)}}}
	got, _ := compare(t, old, new, "CVE-1")
	if want := []string{"exploited CVE-1 left [0]"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAffected requires that an advisory that no source has yet tells which package versions it affects.
func TestAffected(t *testing.T) {
	got, err := watch.Affected(t.Context(), matcher.Matcher{}, fleet(), about("left", "DRAFT-1", "3.5.0", matcher.High))
	if want := []int{0, 1, 2}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func ExampleAffected() {
	draft := about("left", "DRAFT-1", "3.0.0", matcher.High)
	numbers, err := watch.Affected(context.Background(), matcher.Matcher{}, fleet(), draft)
	fmt.Println(len(numbers), "package versions,", err)
	// Output: 2 package versions, <nil>
}
