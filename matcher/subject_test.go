package matcher_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestSubjectPlaces requires that the path of a Subject stands for the place of its component, since a Matcher skips by the place.
func TestSubjectPlaces(t *testing.T) {
	for _, c := range []struct {
		path     string
		declared bool
		want     analyzer.Place
	}{
		{"srv/app/node_modules/a/package.json", false, analyzer.Installed},
		{"usr/lib/python3/dist-packages/~ip-21.0.dist-info/METADATA", false, analyzer.Cached},
		{"srv/app/node_modules/a/test/node_modules/b/package.json", false, analyzer.TestData},
		{"srv/app/package-lock.json", true, analyzer.LockFile},
	} {
		for _, owned := range []bool{false, true} {
			r := &analyzer.Report{
				Distro: &analyzer.Distro{ID: "debian", VersionID: "12"},
				Components: []analyzer.Component{
					{ID: "o", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "o", Version: "1-1", System: true}},
					{ID: "a", Path: c.path, Package: analyzer.Package{Type: "npm", Name: "a", Version: "1", Declared: c.declared}},
				},
			}
			if owned {
				r.Components[1].Owner, r.Components[1].Path = "o", "usr/"+c.path
			}
			s := matcher.Subjects(r)[1]
			if got := s.Component.Place(); got != c.want || (s.Owner != nil) != owned {
				t.Errorf("%s: place %s, owner %v, want %s, %v", c.path, got, s.Owner, c.want, owned)
			}
		}
	}
}

func TestForms(t *testing.T) {
	for key, want := range map[matcher.Key]int{
		{Type: "deb", Namespace: "debian", Release: "12", Name: "a"}: 1,
		{Type: "maven", Namespace: "org.example", Name: "a"}:         2,
		{Type: "cpe", Namespace: "example", Name: "a"}:               2,
		{Type: "maven"}: 1,
	} {
		if got := key.Forms(); len(got) != want || got[0] != key {
			t.Errorf("%v: %v", key, got)
		}
	}
	if got := (matcher.Key{Type: "rpm", Namespace: "rhel", Release: "9/rhel_eus:9.2", Name: "a"}).Forms(); len(got) != 1 || got[0].Release != "" {
		t.Errorf("Red Hat's product: %v", got)
	}
}
