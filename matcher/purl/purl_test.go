package purl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/purl"
)

func target(p analyzer.Package, d *analyzer.Distro) *purl.Target {
	if p.System {
		p.Namespace = d.ID
	}
	return purl.NewTarget(&analyzer.Component{Package: p, PURL: p.PURL(d)}, d)
}

// A pattern matches a package by each of its parts, and says whether by a version.
func TestMatch(t *testing.T) {
	debian := &analyzer.Distro{ID: "debian", VersionID: "12", Codename: "bookworm"}
	rhel := &analyzer.Distro{ID: "rhel", VersionID: "9.4"}
	suse := &analyzer.Distro{ID: "sles", VersionID: "15.5"}
	libssl := target(analyzer.Package{
		Type: "deb", Name: "libssl3", Version: "3.0.11-1", Arch: "amd64", System: true, SourcePackage: &analyzer.SourcePackage{Name: "openssl"},
	}, debian)
	openssl := target(analyzer.Package{
		Type: "rpm", Name: "openssl-libs", Version: "1:3.0.7-27.el9", System: true, SourcePackage: &analyzer.SourcePackage{Name: "openssl", Version: "1:3.0.7-27.el9"},
	}, rhel)
	bash := target(analyzer.Package{Type: "rpm", Name: "bash", Version: "5.1-1", System: true}, suse)
	django := target(analyzer.Package{Type: "pypi", Name: "Django", Version: "3.2.0"}, nil)
	core := target(analyzer.Package{Type: "npm", Namespace: "@angular", Name: "core", Version: "1.0.0"}, nil)
	for _, c := range []struct {
		pattern string
		target  *purl.Target
		want    string
	}{
		{"pkg:deb/debian/libssl3", libssl, "true false"},
		{"pkg:deb/debian/libssl3@3.0.11-1", libssl, "true true"},
		{"pkg:deb/debian/libssl3@3.0.11-2", libssl, "false true"},
		{"pkg:deb/debian/libssl3@3.*", libssl, "true true"},
		{"pkg:deb/debian/libssl*", libssl, "true false"},
		{"pkg:deb/*/libssl3", libssl, "true false"},
		{"pkg:deb/ubuntu/libssl3", libssl, "false false"},
		{"pkg:deb/ubuntu*/libssl3", libssl, "false false"},
		{"pkg:deb/debian/openssl", libssl, "true false"}, // the source package
		{"pkg:deb/debian/openssl?arch=source", libssl, "true false"},
		{"pkg:deb/debian/libssl3?arch=amd64", libssl, "true false"},
		{"pkg:deb/debian/libssl3?arch=arm64", libssl, "false false"},
		{"pkg:deb/debian/libssl3?distro=bookworm", libssl, "true false"},
		{"pkg:rpm/redhat/openssl-libs", openssl, "true false"},
		{"pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?epoch=1", openssl, "true true"},
		{"pkg:rpm/redhat/openssl-libs@1:3.0.7-27.el9", openssl, "true true"},
		{"pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1", openssl, "true true"},
		{"pkg:rpm/rhel/openssl-libs?distro=rhel-9", openssl, "true false"},
		{"pkg:rpm/redhat/openssl-libs?distro=redhat-9", openssl, "true false"},
		{"pkg:rpm/redhat/openssl-libs?distro=redhat-9.3", openssl, "false false"},
		{"pkg:rpm/redhat/openssl-libs?distro=rocky-9", openssl, "false false"},
		{"pkg:deb/debian/libssl3?distro=debian-bookworm", libssl, "true false"},
		{"pkg:deb/debian/libssl3?distro=debian-trixie", libssl, "false false"},
		{"pkg:pip/django", django, "true false"},
		{"pkg:rpm/suse/bash@5.1-1?epoch=0", bash, "true true"},
		{"pkg:pypi/DJANGO@3.2", django, "true true"},
		{"pkg:pypi/django#sub", django, "false false"},
		{"pkg:npm/%40angular/core", core, "true false"},
		{"pkg:npm/core", core, "false false"},
	} {
		p, err := purl.Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		ok, versioned := p.Match(c.target)
		if got := fmt.Sprint(ok, " ", versioned); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.pattern, c.target.PURL, got, c.want)
		}
		own, source := c.target.Keys()
		if key, exact := p.Key(); ok && exact && key != own && key != source {
			t.Errorf("%s: key %+v is not among %+v and %+v", c.pattern, key, own, source)
		} else if exact == strings.Contains(strings.SplitN(c.pattern, "@", 2)[0], "*") {
			t.Errorf("%s: exact %v", c.pattern, exact)
		}
	}
	if _, err := purl.Parse("openssl"); err == nil || !strings.HasPrefix(err.Error(), `purl: "openssl": `) {
		t.Errorf("Parse: %v", err)
	}
}

func Example() {
	pattern, err := purl.Parse("pkg:npm/lodash*@4.*")
	if err != nil {
		fmt.Println(err)
		return
	}
	component := analyzer.Component{PURL: "pkg:npm/lodash.merge@4.6.2", Package: analyzer.Package{Type: "npm", Name: "lodash.merge", Version: "4.6.2"}}
	target := purl.NewTarget(&component, nil)
	ok, versioned := pattern.Match(target)
	inRange, err := target.InRange("vers:npm/>=4.0.0|<4.6.2")
	fmt.Println(ok, versioned, inRange, err)
	// Output: true true false <nil>
}

// Hostile patterns and ranges give errors.
func FuzzPattern(f *testing.F) {
	f.Add("pkg:rpm/redhat/a@1:2?epoch=1&arch=src", "vers:rpm/>=1|!=2|<3")
	f.Add("pkg:npm/%40a/b*@*", "vers:npm/*")
	f.Add("pkg:deb/ubuntu*/x#y", "1.*")
	f.Fuzz(func(t *testing.T, pattern, versions string) {
		t1 := purl.NewTarget(&analyzer.Component{PURL: pattern, Package: analyzer.Package{Type: "rpm", Name: "a", Version: "1:2-3"}}, nil)
		if p, err := purl.Parse(pattern); err == nil {
			p.Match(t1)
			p.Key()
		}
		_, _ = t1.InRange(versions)
	})
}
