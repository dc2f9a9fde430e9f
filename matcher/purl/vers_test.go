package purl_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/purl"
)

func TestInRange(t *testing.T) {
	for _, c := range []struct {
		kind, text, version string
		want, bad           bool
	}{
		{"npm", "1.2.3", "1.2.3", true, false},
		{"pypi", "1.0", "1.0.0", true, false},
		{"npm", "1.2.3", "1.2.4", false, false},
		{"npm", "1.2.*", "1.2.4", true, false},
		{"npm", "<2", "1.0.0", false, true},
		{"npm", "vers:npm/*", "1.0.0", true, false},
		{"deb", "vers:all/*", "whatever", true, false},
		{"npm", "vers:npm/>=1.2.0|<2.0.0", "1.2.0", true, false},
		{"npm", "vers:npm/>=1.2.0|<2.0.0", "2.0.0", false, false},
		{"npm", "vers:npm/>=1.2.0|<2.0.0", "1.1.9", false, false},
		{"npm", "vers:npm/<2.0.0|>=1.2.0", "1.5.0", true, false}, // not sorted
		{"npm", "vers:npm/<1.0.0|>2.0.0", "0.1.0", true, false},
		{"npm", "vers:npm/<1.0.0|>2.0.0", "1.5.0", false, false},
		{"npm", "vers:npm/<1.0.0|>2.0.0", "2.0.1", true, false},
		{"npm", "vers:npm/<1.0.0|>2.0.0", "2.0.0", false, false},
		{"npm", "vers:npm/>=1.0.0|!=1.5.0|<2.0.0", "1.5.0", false, false},
		{"npm", "vers:npm/>=1.0.0|!=1.5.0|<2.0.0", "1.6.0", true, false},
		{"npm", "vers:npm/1.0.0|1.5.0|>=3.0.0|<=3.1.0", "1.5.0", true, false},
		{"npm", "vers:npm/1.0.0|1.5.0|>=3.0.0|<=3.1.0", "3.1.0", true, false},
		{"npm", "vers:npm/1.0.0|1.5.0|>=3.0.0|<=3.1.0", "2.0.0", false, false},
		{"npm", "vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "3.5.0", true, false},
		{"npm", "vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "2.5.0", false, false},
		{"deb", "vers:deb/<1%3A2.0-1", "1:1.9-1", true, false},
		{"maven", "vers:maven/>=2.0-beta9|<2.15.0", "2.14.1", true, false},
		{"npm", "vers:semver/>=2.9.0|<=4.1.0", "3.0.0", true, false},
		{"composer", "vers:composer/<2.0", "dev-main", false, false}, // a branch is in no range
		{"composer", "vers:composer/>=0|<2.0", "master", false, false},
		{"composer", "vers:composer/dev-main|<2.0", "dev-main", true, false},
		{"composer", "vers:composer/<2.0", "1.x-dev", true, false},
		{"npm", "vers:npm/", "1.0.0", false, true},
		{"npm", "vers:npm", "1.0.0", false, true},
		{"npm", "vers:npm/>=x y", "1.0.0", false, true},
		{"cocoapods", "vers:cocoapods/>=1", "1.0.0", false, true},
	} {
		target := purl.NewTarget(&analyzer.Component{Package: analyzer.Package{Type: c.kind, Version: c.version}}, nil)
		got, err := target.InRange(c.text)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s in %s %s: %v, %v", c.version, c.kind, c.text, got, err)
		}
	}
}
