package vex_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/vex"
)

// reported is an image with what the reports are about.
func reported() *analyzer.Report {
	debian := &analyzer.Distro{ID: "debian", VersionID: "12", Codename: "bookworm"}
	golang := func(id, path, namespace, name, version string, depends ...string) analyzer.Component {
		return component(id, analyzer.Package{Type: "golang", Namespace: namespace, Name: name, Version: version, Depends: depends}, path, nil)
	}
	r := &analyzer.Report{Distro: debian, Image: analyzer.ImageInfo{Digest: digest, Platform: "linux/amd64"}}
	ssl := analyzer.Package{Type: "deb", Name: "libssl3", Version: "3.0.19-1~deb12u2", Arch: "amd64", System: true, SourcePackage: &analyzer.SourcePackage{Name: "openssl"}}
	cxx := analyzer.Package{Type: "deb", Name: "libstdc++6", Version: "12.2.0-14+deb12u1", Arch: "amd64", System: true, SourcePackage: &analyzer.SourcePackage{Name: "gcc-12"}}
	epoch := analyzer.Package{Type: "deb", Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Arch: "amd64", System: true, SourcePackage: &analyzer.SourcePackage{Name: "zlib"}}
	r.Components = []analyzer.Component{
		component("libssl3", ssl, "var/lib/dpkg/status", debian),
		component("libstdc++6", cxx, "var/lib/dpkg/status", debian),
		component("zlib1g", epoch, "var/lib/dpkg/status", debian),
		golang("gosu", "usr/local/bin/gosu", "github.com/tianon", "gosu", "v1.19.0", "golang.org/x/sys", "stdlib"),
		golang("sys-in-gosu", "usr/local/bin/gosu", "golang.org/x", "sys", "v0.1.0"),
		golang("stdlib-in-gosu", "usr/local/bin/gosu", "", "stdlib", "1.18.2"),
		golang("stdlib", "usr/bin/other", "", "stdlib", "1.18.2"),
	}
	return r
}

// TestReportedProducts names products as documents did that other scanners did not understand. The wanted components are
// those that the statement suppresses.
func TestReportedProducts(t *testing.T) {
	for _, c := range []struct {
		name     string
		products string // JSON
		image    string // its name; "" for podman's
		want     string
	}{
		// A qualifier may name the release of a point release. https://github.com/arthur-ai/arthur-engine/pull/1862
		{"distro and version", `{"@id":"pkg:oci/podman","subcomponents":[{"@id":"pkg:deb/debian/libssl3@3.0.19-1~deb12u2?distro=debian-12"}]}`, "", "libssl3"},
		{"source package", `{"@id":"pkg:deb/debian/openssl"}`, "", "libssl3"},
		{"source package of another version", `{"@id":"pkg:deb/debian/openssl@1"}`, "", ""},
		{"another arch", `{"@id":"pkg:deb/debian/libssl3@3.0.19-1~deb12u2?arch=arm64&distro=debian-12"}`, "", ""},
		{"another release", `{"@id":"pkg:deb/debian/libssl3?distro=debian-1"}`, "", ""},
		// "+" and ":" may be encoded or not. https://github.com/anchore/grype/issues/1836
		{"encoded plus", `{"@id":"pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64"}`, "", "libstdc++6"},
		{"plain plus", `{"@id":"pkg:deb/debian/libstdc++6@12.2.0-14+deb12u1?arch=amd64"}`, "", "libstdc++6"},
		{"encoded epoch", `{"@id":"pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1"}`, "", "zlib1g"},
		{"plain epoch", `{"@id":"pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1"}`, "", "zlib1g"},
		// repository_url has the image's name at its end, or not; Docker Hub has two names.
		// https://github.com/anchore/grype/issues/3657, https://github.com/anchore/grype/issues/2818
		{"repository_url with the name", `{"@id":"pkg:oci/podman?repository_url=registry.example%2Fubi10%2Fpodman&tag=10.2"}`, "", "all"},
		{"repository_url without the name", `{"@id":"pkg:oci/podman?repository_url=registry.example/ubi10"}`, "", "all"},
		{"another repository", `{"@id":"pkg:oci/podman?repository_url=registry.example%2Fubi9%2Fpodman"}`, "", ""},
		{"digest", `{"@id":"pkg:oci/podman@` + strings.Replace(digest, ":", "%3A", 1) + `"}`, "", "all"},
		{"another digest", `{"@id":"pkg:oci/podman@sha256%3A` + strings.Repeat("0", 64) + `?repository_url=registry.example%2Fubi10%2Fpodman"}`, "", ""},
		{"docker.io", `{"@id":"pkg:oci/nginx?repository_url=docker.io%2Flibrary%2Fnginx"}`, "nginx:1", "all"},
		{"index.docker.io", `{"@id":"pkg:oci/nginx?repository_url=index.docker.io/library"}`, "docker.io/library/nginx:1", "all"},
		// A digest that vexctl wrote twice names no image. https://github.com/anchore/grype/issues/1589
		{"digest of a digest", `{"@id":"pkg:oci/podman@sha256:` + digest + `"}`, "", ""},
		// A tag without a registry. https://github.com/anchore/grype/issues/1905
		{"tag", `{"@id":"pkg:oci/podman?tag=10.2"}`, "", "all"},
		{"another tag", `{"@id":"pkg:oci/podman?tag=9"}`, "", ""},
		// The standard library within a program is that program's alone. https://github.com/tianon/gosu/issues/157
		{"stdlib in a program", `{"@id":"pkg:golang/github.com/tianon/gosu","subcomponents":[{"@id":"pkg:golang/stdlib"}]}`, "", "stdlib-in-gosu"},
		{"stdlib with a version", `{"@id":"pkg:golang/github.com/tianon/gosu@v1.19","subcomponents":[{"@id":"pkg:golang/stdlib@1.18.2"}]}`, "", "stdlib-in-gosu"},
		{"stdlib of another version", `{"@id":"pkg:golang/github.com/tianon/gosu","subcomponents":[{"@id":"pkg:golang/stdlib@1.19"}]}`, "", ""},
		{"a module in a program", `{"@id":"pkg:golang/github.com/tianon/gosu","subcomponents":[{"@id":"pkg:golang/golang.org/x/sys@v0.1.0"}]}`, "", "sys-in-gosu"},
		{"beside a module", `{"@id":"pkg:golang/golang.org/x/sys","subcomponents":[{"@id":"pkg:golang/stdlib"}]}`, "", ""},
		// A product that govulncheck could not name is no product of the image. https://github.com/golang/go/issues/68152
		{"unknown product", `{"@id":"Unknown Product","subcomponents":[{"@id":"pkg:golang/stdlib"}]}`, "", ""},
		{"unknown product alone", `{"@id":"Unknown Product"}`, "", ""},
		// A name that is no package URL names the image. https://github.com/anchore/grype/issues/3476
		{"name of the image", `{"@id":"registry.example/ubi10/podman:10.2"}`, "", "all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.image == "" {
				c.image = "registry.example/ubi10/podman:10.2"
			}
			text := `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[` +
				`{"vulnerability":{"name":"CVE-1"},"products":[` + c.products + `],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`
			if !json.Valid([]byte(text)) {
				t.Fatal(text)
			}
			doc, err := vex.Read(strings.NewReader(text), "x.json")
			if err != nil {
				t.Fatal(err)
			}
			scanned := reported()
			found := new(matcher.Result)
			var all, got []string
			for _, p := range scanned.Components {
				found.Matches = append(found.Matches, matcher.Match{ID: "CVE-1", Component: p.ID})
				all = append(all, p.ID)
			}
			result, _ := vex.Documents{doc}.Apply(scanned, found, []string{c.image})
			for i := range result.Matches {
				if result.Matches[i].Suppressed() {
					got = append(got, result.Matches[i].Component)
				}
			}
			want := strings.Fields(c.want)
			if c.want == "all" {
				want = all
			}
			if !slices.Equal(got, want) {
				t.Errorf("suppressed %q, want %q", got, want)
			}
		})
	}
}

// TestUnmatched reports each statement without a match, and the package or match that it may mean.
func TestUnmatched(t *testing.T) {
	scanned := reported()
	found := &matcher.Result{Matches: []matcher.Match{
		{ID: "CVE-1", Component: "libssl3", Advisories: []matcher.Advisory{{ID: "CVE-1", Updates: []string{"DSA-1-1"}}}}, {ID: "CVE-2", Component: "zlib1g"},
	}}
	for _, c := range []struct{ id, product, want string }{
		{"CVE-1", "pkg:deb/debian/openssl", ""},
		{"dsa-1-1", "pkg:deb/debian/libssl3", ""},
		{"CVE-1", "pkg:deb/debian/opensl", "statements[0]: CVE-1: nothing in the image is pkg:deb/debian/opensl; it may mean pkg:deb/debian/openssl"},
		{"CVE-1", "pkg:npm/nothing-like-it", "statements[0]: CVE-1: nothing in the image is pkg:npm/nothing-like-it"},
		{"CVE-2", "pkg:deb/debian/openssl", "statements[0]: CVE-2 was not found in pkg:deb/debian/openssl; it was found in " + scanned.Components[2].Label()},
		{"CVE-3", "pkg:deb/debian/openssl", "statements[0]: CVE-3 was not found in pkg:deb/debian/openssl"},
	} {
		text := `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[` +
			`{"vulnerability":{"name":"` + c.id + `"},"products":[{"@id":"` + c.product + `"}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`
		doc, err := vex.Read(strings.NewReader(text), "x.json")
		if err != nil {
			t.Fatal(err)
		}
		_, rows := vex.Documents{doc}.Apply(scanned, found, nil)
		if got := strings.Join(rows[0].Unmatched, "\n"); got != c.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", c.id, c.product, got, c.want)
		}
	}
}
