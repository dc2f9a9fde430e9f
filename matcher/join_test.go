package matcher_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/matcher"
)

// A shelf is a source of a few advisories.
type shelf struct {
	advisories []matcher.Advisory
	coverage   []matcher.Coverage
	known      map[string]matcher.Enrichment
	info       matcher.SourceInfo
	err        error
}

func (s shelf) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s.advisories {
			if slices.Contains(keys, a.Key) && !yield(a, nil) {
				return
			}
		}
		if s.err != nil {
			yield(matcher.Advisory{}, s.err)
		}
	}
}

func (s shelf) Coverage(context.Context, []matcher.Key) ([]matcher.Coverage, error) {
	return slices.Clone(s.coverage), nil
}

func (s shelf) Find(_ context.Context, ids ...string) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s.advisories {
			if slices.Contains(ids, a.ID) && !yield(a, nil) {
				return
			}
		}
	}
}

func (s shelf) Named(_ context.Context, keys []matcher.Key) (list []matcher.Key, _ error) {
	for _, a := range s.advisories {
		for _, k := range keys {
			if a.Key.Type == k.Type && a.Key.Name == k.Name {
				list = append(list, a.Key)
			}
		}
	}
	return list, nil
}

func (s shelf) Enrichments(context.Context, []string) (map[string]matcher.Enrichment, error) {
	return s.known, nil
}

func (s shelf) Describe() matcher.SourceInfo { return s.info }

// bare is a source without anything optional.
type bare struct{ matcher.Source }

func TestJoin(t *testing.T) {
	key := func(name string) matcher.Key { return matcher.Key{Type: "npm", Name: name} }
	about := func(id, feed, name string) matcher.Advisory {
		return matcher.Advisory{ID: id, Feed: feed, Key: key(name)}
	}
	public := shelf{
		advisories: []matcher.Advisory{about("CVE-1", "osv", "a"), about("CVE-2", "osv", "b")},
		coverage:   []matcher.Coverage{{Type: "npm", Feed: "osv"}, {Type: "gem"}, {Type: "pypi"}},
		known:      map[string]matcher.Enrichment{"CVE-1": {EPSS: 0.5}},
		info:       matcher.SourceInfo{Hash: "11"},
	}
	own := shelf{
		advisories: []matcher.Advisory{about("ACME-1", "own", "a"), about("CVE-2", "own", "b")},
		coverage:   []matcher.Coverage{{Type: "npm", Feed: "own", Sampled: true}, {Type: "gem", Feed: "own", Sampled: true}, {Type: "pypi"}},
		known:      map[string]matcher.Enrichment{"CVE-1": {EPSS: 1}, "CVE-3": {EPSS: 0.1}},
		info:       matcher.SourceInfo{Hash: "22", Starter: true},
	}
	j := matcher.Join(public, bare{shelf{}}, own)
	ids := func(seq iter.Seq2[matcher.Advisory, error]) (list []string) {
		for a, err := range seq {
			if err != nil {
				return append(list, err.Error())
			}
			list = append(list, a.Feed+" "+a.ID)
		}
		return list
	}
	if got := ids(j.Advisories(t.Context(), []matcher.Key{key("a")})); !slices.Equal(got, []string{"osv CVE-1", "own ACME-1"}) {
		t.Errorf("advisories: %v", got)
	}
	if got := ids(j.(matcher.Finder).Find(t.Context(), "CVE-2")); !slices.Equal(got, []string{"osv CVE-2", "own CVE-2"}) {
		t.Errorf("found: %v", got)
	}
	rows, err := j.Coverage(t.Context(), nil)
	want := []matcher.Coverage{{Type: "npm", Feed: "osv"}, {Type: "pypi"}, {Type: "npm", Feed: "own", Sampled: true}, {Type: "gem", Feed: "own", Sampled: true}}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("coverage: %v, %v", rows, err)
	}
	if got, err := j.(matcher.Namer).Named(t.Context(), []matcher.Key{key("a")}); err != nil || !slices.Equal(got, []matcher.Key{key("a")}) {
		t.Errorf("named: %v, %v", got, err)
	}
	known, err := j.(matcher.Enricher).Enrichments(t.Context(), nil)
	if err != nil || len(known) != 2 || known["CVE-1"].EPSS != 0.5 || known["CVE-3"].EPSS != 0.1 {
		t.Errorf("enrichments: %v, %v", known, err)
	}
	info := j.(matcher.Describer).Describe()
	if other := matcher.Join(own, public).(matcher.Describer).Describe(); !info.Starter || info.Hash == "" || info.Hash == other.Hash {
		t.Errorf("descriptions: %v, %v", info, other)
	}

	public.err = errors.New("unreadable")
	if got := ids(matcher.Join(public, own).Advisories(t.Context(), []matcher.Key{key("a")})); !slices.Equal(got, []string{"osv CVE-1", "unreadable"}) {
		t.Errorf("after an error: %v", got)
	}
}
