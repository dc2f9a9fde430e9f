package osv

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher"
)

// GitHub states some upper bounds only in database_specific.last_known_affected_version_range:
// https://github.com/github/advisory-database/issues/470.
func TestLastKnown(t *testing.T) {
	type r = matcher.Range
	for _, tt := range []struct {
		name, block string // JSON
		ranges      []r
		versions    []string
		err         string
	}{
		{"below", `"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}],"database_specific":{"last_known_affected_version_range":"< 1.5.1"}`,
			[]r{{Introduced: "1.0.0", Fixed: "1.5.1"}}, nil, ""},
		{"up to", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.5.1"}`,
			[]r{{LastAffected: "1.5.1"}}, nil, ""},
		{"both ends", `"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}],"database_specific":{"last_known_affected_version_range":">= 1.0.0, < 2.0.0"}`,
			[]r{{Introduced: "1.0.0", Fixed: "2.0.0"}}, nil, ""},
		{"a fix is known", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.6.0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.5.1"}`,
			[]r{{Fixed: "1.6.0"}}, nil, ""},
		{"the range begins later", `"ranges":[{"type":"SEMVER","events":[{"introduced":"3.0.0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.5.1"}`,
			[]r{{Introduced: "3.0.0"}}, nil, ""},
		{"commits", `"ranges":[{"type":"GIT","repo":"https://git.example/x","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.5.1"}`,
			[]r{{Repo: "https://git.example/x"}}, nil, ""},
		{"listed beyond", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"versions":["1.5.0","1.5.1","1.6.0","x"],"database_specific":{"last_known_affected_version_range":"<= 1.5.1"}`,
			[]r{{LastAffected: "1.5.1"}}, []string{"1.5.0", "1.5.1", "x"}, ""},
		{"no bound", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":">= 1.5.1"}`,
			[]r{{}}, nil, "no upper bound"},
		{"no range", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"1.5.1"}`,
			[]r{{}}, nil, "is not a range"},
		{"of another type", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":[1]}`,
			[]r{{}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","affected":[{"package":{"ecosystem":"npm","name":"x"},`+tt.block+`}]}`))
			if fatal != nil || len(recs) != 1 || len(recs[0].Advisories) != 1 {
				t.Fatalf("%v, %v, %v", recs, errs, fatal)
			}
			a := recs[0].Advisories[0]
			if !reflect.DeepEqual(a.Ranges, tt.ranges) || !reflect.DeepEqual(a.Versions, tt.versions) {
				t.Errorf("got %+v, %q, want %+v, %q", a.Ranges, a.Versions, tt.ranges, tt.versions)
			}
			if tt.err == "" && len(errs) > 0 || tt.err != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.err)) {
				t.Errorf("errors %v, want %q", errs, tt.err)
			}
		})
	}
}
