package vex_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
)

var update = flag.Bool("update", false, "rewrite what is wanted")

const (
	digest = "sha256:124c7d2707904eea7431fffe91522a01e5a861a624ee31d03372cc1d138a3126"
	own    = "urn:uuid:11111111-2222-8333-8444-555555555555" // of the SBOM that was written of the image
)

func component(id string, p analyzer.Package, path string, distro *analyzer.Distro) analyzer.Component {
	if p.System {
		p.Namespace = distro.ID
	}
	return analyzer.Component{Package: p, ID: id, PURL: p.PURL(distro), Path: path, Layer: 0}
}

// images are what documents speak of.
func images() map[string]*analyzer.Report {
	debian := &analyzer.Distro{ID: "debian", VersionID: "12", Codename: "bookworm"}
	rhel := &analyzer.Distro{ID: "rhel", VersionID: "9.4", CPE: "cpe:/o:redhat:enterprise_linux:9::baseos"}
	system := func(purlType, name, version, arch, source string) analyzer.Package {
		return analyzer.Package{Type: purlType, Name: name, Version: version, Arch: arch, System: true, SourcePackage: &analyzer.SourcePackage{Name: source}}
	}
	maven := func(name, version, inside string) analyzer.Package {
		group, name, _ := strings.Cut(name, ":")
		return analyzer.Package{Type: "maven", Namespace: group, Name: name, Version: version, ArchivePath: inside}
	}
	npm := func(name, version string) analyzer.Package {
		return analyzer.Package{Type: "npm", Name: name, Version: version}
	}
	libssl := system("rpm", "openssl-libs", "1:3.0.7-27.el9", "x86_64", "openssl")
	libssl.SourcePackage.Version = "1:3.0.7-27.el9"
	list := map[string]*analyzer.Report{
		"debian": {Distro: debian, Components: []analyzer.Component{
			component("libssl3", system("deb", "libssl3", "3.0.11-1~deb12u2", "amd64", "openssl"), "var/lib/dpkg/status", debian),
			component("tar", system("deb", "tar", "1.34+dfsg-1.2", "amd64", "tar"), "var/lib/dpkg/status", debian),
			component("app.war", maven("com.example:app", "1.0", ""), "opt/app.war", debian),
			component("log4j-in-app", maven("org.apache.logging.log4j:log4j-core", "2.14.1", "WEB-INF/lib/log4j-core-2.14.1.jar"), "opt/app.war", debian),
			component("log4j-beside", maven("org.apache.logging.log4j:log4j-core", "2.14.1", ""), "opt/lib/log4j-core-2.14.1.jar", debian),
			component("spring", maven("org.springframework.boot:spring-boot", "2.6.0-M3", ""), "opt/lib/spring-boot.jar", debian),
			component("jackson", maven("com.fasterxml.jackson.core:jackson-databind", "2.10.0", ""), "opt/lib/jackson.jar", debian),
			component("shop", npm("shop", "2.0.0"), "srv/shop/package.json", debian),
			component("lodash-in-shop", npm("lodash", "4.17.20"), "srv/shop/node_modules/lodash/package.json", debian),
			component("lodash", npm("lodash", "4.17.20"), "usr/lib/node_modules/lodash/package.json", debian),
		}},
		"rhel": {Distro: rhel, Components: []analyzer.Component{
			component("openssl-libs", libssl, "var/lib/rpm/rpmdb.sqlite", rhel),
			component("bash", system("rpm", "bash", "5.1.8-9.el9", "x86_64", "bash"), "var/lib/rpm/rpmdb.sqlite", rhel),
		}},
	}
	for _, r := range list {
		r.Image = analyzer.ImageInfo{ID: "sha256:" + strings.Repeat("1", 64), Digest: digest, Platform: "linux/amd64"}
	}
	return list
}

// found returns what was matched in them.
func found(scanned *analyzer.Report) *matcher.Result {
	of := map[string][]string{
		"libssl3": {"CVE-2023-5678"}, "openssl-libs": {"CVE-2023-5678"}, "tar": {"CVE-2005-2541"}, "bash": {"CVE-2022-3715"},
		"log4j-in-app": {"CVE-2021-44228"}, "log4j-beside": {"CVE-2021-44228"}, "spring": {"CVE-2021-44228"},
		"jackson": {"CVE-2020-25649"}, "lodash-in-shop": {"CVE-2021-23337"}, "lodash": {"CVE-2021-23337"},
	}
	aliases := map[string][]string{"CVE-2021-44228": {"GHSA-jfh8-c2jp-5v3q"}, "CVE-2021-23337": {"GHSA-35jh-r3h4-6jhm"}}
	r := new(matcher.Result)
	for _, c := range scanned.Components {
		for _, id := range of[c.ID] {
			r.Matches = append(r.Matches, matcher.Match{ID: id, Aliases: aliases[id], Component: c.ID})
		}
	}
	return r
}

// TestDocuments applies the documents of each file of testdata, in their order, to one of the images; the part "want" has what
// that comes to: a line for each match that a statement speaks of, what was overruled below it, and a line for each document.
func TestDocuments(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			scanned := images()["debian"]
			if bytes.Contains(a.Comment, []byte("Red Hat")) {
				scanned = images()["rhel"]
			}
			var docs []*vex.Document
			var want []byte
			var out strings.Builder
			for _, f := range a.Files {
				if f.Name == "want" {
					want = f.Data
					continue
				}
				d, err := vex.Read(bytes.NewReader(f.Data), f.Name)
				if err != nil {
					fmt.Fprintf(&out, "error: %v\n", err)
					continue
				}
				docs = append(docs, d)
			}
			before := found(scanned)
			result, usages := vex.Documents(docs).Apply(scanned, before, []string{"registry.example/team/app:1", "https://example.com/products/app", own})
			for i := range before.Matches {
				if before.Matches[i].Analysis != nil {
					t.Error("the result that was given is changed")
				}
			}
			write(&out, result, usages)
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(out.String())})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if out.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", out.String(), want)
			}
		})
	}
}

func write(b *strings.Builder, r *matcher.Result, usages []report.VEXDocument) {
	line := func(indent string, a *matcher.Analysis) {
		fmt.Fprintf(b, "%s%s, %s %s, by %s", indent, a.Status, a.Document, a.Place, a.Product)
		for _, s := range []string{a.Justification, a.Detail} {
			if s != "" {
				fmt.Fprintf(b, ", %s", s)
			}
		}
		b.WriteString("\n")
	}
	for i := range r.Matches {
		m := &r.Matches[i]
		if m.Analysis == nil {
			continue
		}
		mark := ""
		if m.Suppressed() {
			mark = " SUPPRESSED"
		}
		fmt.Fprintf(b, "%s in %s:%s\n", m.ID, m.Component, mark)
		line("    ", m.Analysis)
		for j := range m.Analysis.Overruled {
			line("    over ", &m.Analysis.Overruled[j])
		}
	}
	for i := range usages {
		u := &usages[i]
		fmt.Fprintf(b, "%s\n", u)
		for _, p := range u.Problems {
			fmt.Fprintf(b, "    %s\n", p)
		}
		for _, p := range u.Unresolved {
			fmt.Fprintf(b, "    unresolved %s\n", p)
		}
	}
}
