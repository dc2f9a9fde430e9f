package purl

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestNearest(t *testing.T) {
	targets := []*Target{
		NewTarget(&analyzer.Component{Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "libc6", Version: "2.36-9", System: true,
			SourcePackage: &analyzer.SourcePackage{Name: "glibc"}}}, nil),
		NewTarget(&analyzer.Component{Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}}, nil),
	}
	for text, want := range map[string]string{
		"pkg:deb/debian/glibc@1": "pkg:deb/debian/glibc", "pkg:deb/ubuntu/libc6": "pkg:deb/debian/libc6", "pkg:npm/Lodas": "pkg:npm/lodash", "pkg:npm/Lodsah": "pkg:npm/lodash",
		"pkg:npm/loadsh": "pkg:npm/lodash", "pkg:pypi/lodash": "pkg:npm/lodash", "pkg:npm/express": "", "pkg:deb/debian/libx": "",
	} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Nearest(targets); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if d := difference("abcdef", "abcdef"); d != 0 {
		t.Errorf("equal names differ in %d", d)
	}
}
