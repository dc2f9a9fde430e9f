package osv

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher"
)

// TestKind says what records warn of, and which parts of packages they are about. Members of an unexpected type count as missing.
func TestKind(t *testing.T) {
	for _, tt := range []struct {
		name, record, block string
		kind                matcher.Kind
		weaknesses          []string
		parts               []matcher.Part
	}{
		{"plain", `"id":"GHSA-1"`, ``, matcher.Vulnerability, nil, nil},
		{"weaknesses", `"id":"GHSA-1","database_specific":{"cwe_ids":["CWE-89","CWE-79","x"]}`, ``, matcher.Vulnerability, []string{"CWE-79", "CWE-89"}, nil},
		{"malware", `"id":"MAL-2024-1"`, ``, matcher.Malware, nil, nil},
		{"malware by its alias", `"id":"GHSA-1","aliases":["MAL-2024-1"]`, ``, matcher.Malware, nil, nil},
		{"malware of GitHub", `"id":"GHSA-1","database_specific":{"cwe_ids":["CWE-506"]}`, ``, matcher.Malware, []string{"CWE-506"}, nil},
		{"unmaintained", `"id":"RUSTSEC-1"`, `"database_specific":{"informational":"unmaintained"}`, matcher.Unmaintained, nil, nil},
		{"unsound", `"id":"RUSTSEC-1"`, `"database_specific":{"informational":"unsound"}`, matcher.Unsound, nil, nil},
		{"a new word", `"id":"RUSTSEC-1"`, `"database_specific":{"informational":"abandoned"}`, matcher.Notice, nil, nil},
		{"no word", `"id":"RUSTSEC-1"`, `"database_specific":{"informational":null}`, matcher.Vulnerability, nil, nil},
		{"Rust", `"id":"RUSTSEC-1"`, `"ecosystem_specific":{"affects":{"arch":[],"os":["windows"],"functions":["a::b"]}}`, matcher.Vulnerability, nil,
			[]matcher.Part{{Symbols: []string{"a::b"}, Systems: []string{"windows"}}}},
		{"Rust without", `"id":"RUSTSEC-1"`, `"ecosystem_specific":{"affects":{"arch":["x86"],"os":[],"functions":[]}}`, matcher.Vulnerability, nil, nil},
		{"Go", `"id":"GO-1"`, `"ecosystem_specific":{"imports":[{"path":"p/q","symbols":["T.M"],"goos":["js"]},{"path":"p/r"}]}`, matcher.Vulnerability, nil,
			[]matcher.Part{{Path: "p/q", Symbols: []string{"T.M"}, Systems: []string{"js"}}, {Path: "p/r"}}},
		{"wrong types", `"id":"GHSA-1","database_specific":{"cwe_ids":7}`, `"ecosystem_specific":{"imports":{},"affects":[]},"database_specific":{"informational":[]}`,
			matcher.Vulnerability, nil, nil},
	} {
		if tt.block != "" {
			tt.block = "," + tt.block
		}
		recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{`+tt.record+`,"affected":[{"package":{"ecosystem":"crates.io","name":"x"},"versions":["1"]`+tt.block+`}]}`))
		if len(errs) > 0 || fatal != nil || len(recs) != 1 || len(recs[0].Advisories) != 1 {
			t.Errorf("%s: %v, %v, %v", tt.name, recs, errs, fatal)
			continue
		}
		a := recs[0].Advisories[0]
		if a.Kind != tt.kind || !reflect.DeepEqual(a.Weaknesses, tt.weaknesses) || !reflect.DeepEqual(a.Parts, tt.parts) {
			t.Errorf("%s: got %v, %q, %+v", tt.name, a.Kind, a.Weaknesses, a.Parts)
		}
	}
}
