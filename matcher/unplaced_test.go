package matcher_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// named is a Source that is a Namer.
type named struct {
	advisories
	err error
}

func (n named) Named(_ context.Context, keys []matcher.Key) ([]matcher.Key, error) {
	var found []matcher.Key
	for _, a := range n.advisories {
		for _, k := range keys {
			if a.Key.Type == k.Type && a.Key.Name == k.Name {
				found = append(found, matcher.Key{Type: k.Type, Namespace: a.Key.Namespace, Name: k.Name})
			}
		}
	}
	return found, n.err
}

func jar(group, name, version string) analyzer.Component {
	return analyzer.Component{ID: group + name + version, Package: analyzer.Package{Type: "maven", Namespace: group, Name: name, Version: version}}
}

// TestUnplaced looks up archives without a group by their names.
func TestUnplaced(t *testing.T) {
	about := func(id, group, name string) matcher.Advisory {
		return matcher.Advisory{ID: id, Feed: "test", Key: matcher.Key{Type: "maven", Namespace: group, Name: name}, Ranges: []matcher.Range{{Fixed: "2"}}}
	}
	source := named{advisories: advisories{about("CVE-1", "org.a", "only"), about("CVE-2", "org.b", "many"), about("CVE-3", "org.c", "many")}}
	result := match(t, source, jar("", "only", "1"), jar("", "only", "2"), jar("", "many", "1"), jar("", "none", "1"), jar("org.c", "many", "1"), jar("org.x", "only", "1"))
	var got []string
	for _, m := range result.Matches {
		got = append(got, m.Component+" "+m.ID+" "+m.Advisories[0].Key.Namespace+": "+m.Evidence+m.Uncertain)
	}
	const several = "the archive states no group; advisories about many are of org.b and org.c"
	want := []string{
		"only1 CVE-1 org.a: the archive states no group; of all groups, only org.a has advisories about only",
		"many1 CVE-2 org.b: " + several,
		"many1 CVE-3 org.c: " + several,
		"org.cmany1 CVE-3 org.c: ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(result.Coverage) != 1 || result.Coverage[0].Feed != "test" {
		t.Errorf("coverage %+v", result.Coverage)
	}

	report := &analyzer.Report{Components: []analyzer.Component{jar("", "only", "1"), jar("", "many", "1")}}
	list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, "CVE-1")
	if err != nil || len(list) != 1 || list[0].Outcome != matcher.OutcomeAffected || list[0].Evidence == "" || list[0].Key.Namespace != "org.a" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = (matcher.Matcher{Source: source}).Explain(t.Context(), report, "CVE-2"); err != nil || len(list) != 1 || list[0].Outcome != matcher.OutcomeUncertain || list[0].Doubt != several {
		t.Errorf("%+v, %v", list, err)
	}

	source.err = errors.New("unreadable")
	if _, err := (matcher.Matcher{Source: source}).Match(t.Context(), report); !errors.Is(err, source.err) {
		t.Errorf("error %v", err)
	}
}
