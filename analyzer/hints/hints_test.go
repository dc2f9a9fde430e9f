package hints

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/npm"
	"github.com/hullmark/hullmark/analyzer/osrelease"
)

// read returns the packages and diagnostics of a hints file, a line each.
func read(t testing.TB, content string) string {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile("anchore_hints.json", 0o644, []byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range r.Packages {
		line := p.PURL(nil)
		if !p.Stated {
			line += " NOT STATED"
		}
		for _, more := range []struct {
			name string
			list []string
		}{{"licenses", p.Licenses}, {"files", p.Files}} {
			if len(more.list) > 0 {
				line += " " + more.name + "=" + strings.Join(more.list, ",")
			}
		}
		lines = append(lines, line)
	}
	for _, d := range r.Diagnostics {
		lines = append(lines, fmt.Sprintf("%s: %s", d.Code, d))
	}
	return strings.Join(lines, "\n")
}

func TestAnalyze(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"the least of a package", `{"packages":[{"name":"musl","version":"1.1.20-r8","type":"apkg"}]}`, `pkg:apk/musl@1.1.20-r8`},
		{"all fields of a package of a distribution", `{"packages":[{"name":"musl-utils","version":"1.1.20","release":"r8","origin":"A <a@example.com>",
			"license":"MIT","size":"61440","source":"musl","arch":"amd64","files":["/lib/ld-musl-x86_64.so.1"],"type":"apkg"}]}`,
			`pkg:apk/musl-utils@1.1.20-r8?arch=x86_64&upstream=musl licenses=MIT`},
		{"all fields of a gem", `{"packages":[{"name":"wicked","versions":["0.6.1","0.6.2"],"licenses":["MIT","GPL-2+"],"origins":["schneems"],
			"source":"https://example.com","files":["/usr/lib/x.rb"],"location":"/app/gems/specifications/wicked-0.9.0.gemspec","type":"gem"}]}`, `
			pkg:gem/wicked@0.6.1 licenses=MIT,GPL-2.0-or-later files=app/gems/specifications/wicked-0.9.0.gemspec,usr/lib/x.rb
			pkg:gem/wicked@0.6.2 licenses=MIT,GPL-2.0-or-later files=app/gems/specifications/wicked-0.9.0.gemspec,usr/lib/x.rb`},
		{"rpm", `{"packages":[
			{"name":"zlib","version":"987654:1.2.11-16.el8_2","type":"rpm","license":"zlib"},
			{"name":"fedora-gpg-keys","version":"35","release":"0.4","arch":"noarch","type":"rpm","source":"fedora-repos-35-0.4.src.rpm"}]}`, `
			pkg:rpm/zlib@1.2.11-16.el8_2?epoch=987654 licenses=Zlib
			pkg:rpm/fedora-gpg-keys@35-0.4?arch=noarch&upstream=fedora-repos`},
		{"dpkg", `{"packages":[
			{"name":"libssl3","version":"3.0.11-1~deb12u2","type":"dpkg","source":"openssl (3.0.11-1)","arch":"x86_64","release":"N/A"},
			{"name":"adduser","version":"3.134","type":"dpkg","source":"adduser-3.134"}]}`, `
			pkg:deb/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl%403.0.11-1
			pkg:deb/adduser@3.134`},
		{"languages", `{"packages":[
			{"name":"@babel/core","version":"7.0.0","type":"npm"},
			{"name":"Django","version":"4.2","type":"python","location":"/virtual/pypkg/site-packages"},
			{"name":"github.com/a/b","version":"v1.2.3","type":"go","license":"Apache2.0"},
			{"name":"log4j-core","version":"2.14.1","type":"java","origin":"org.apache.logging.log4j","location":"/log4j-core-2.14.1.jar"},
			{"name":"a.b:c","version":"1","type":"java"},
			{"name":"d","version":"1","type":"java","origin":"The D Project"},
			{"name":"symfony/http-kernel","version":"5.0.0","type":"composer"},
			{"name":"tool","version":"2.1","type":"binary","files":["/usr/local/bin/tool"]}]}`, `
			pkg:npm/%40babel/core@7.0.0
			pkg:pypi/django@4.2
			pkg:golang/github.com/a/b@v1.2.3 licenses=Apache-2.0
			pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1 files=log4j-core-2.14.1.jar
			pkg:maven/a.b/c@1
			pkg:maven/d@1
			pkg:composer/symfony/http-kernel@5.0.0
			pkg:generic/tool@2.1 files=usr/local/bin/tool`},
		{"single values as lists, and lists as single values", `{"packages":[{"name":"a","version":2.1,"license":["MIT"],"files":"/a","type":"NPM"}]}`,
			`pkg:npm/a@2.1 licenses=MIT files=a`},
		{"no packages", `{}`, ``},
		{"null", `{"packages":null}`, ``},
		{"other members", `{"comment":{"a":[1]},"packages":[{"name":"a","version":"1","type":"gem","metadata":{"b":{}},"x":1}]}`, `pkg:gem/a@1`},

		// One bad record costs no other.
		{"missing fields", `{"packages":[{"version":"1","type":"gem"},{"name":"a","type":"gem"},{"name":"a","version":"1"},{"name":"b","version":"1","type":"gem"}]}`, `
			pkg:gem/b@1
			malformed: package 1: field name is not a name: ""
			malformed: package 2: a: no version
			malformed: package 3: no type`},
		{"no record", `{"packages":["a",7,null,[],{"name":"b","version":"1","type":"gem"}]}`, `
			pkg:gem/b@1
			malformed: package 1: not an object with the fields of a package
			malformed: package 2: not an object with the fields of a package
			malformed: package 3: no type
			malformed: package 4: not an object with the fields of a package`},
		{"fields of a wrong kind", `{"packages":[{"name":"a","version":"1","type":"gem","license":{"x":1},"source":["b"]},{"name":{},"version":"1","type":"gem"}]}`, `
			pkg:gem/a@1
			malformed: package 1: field source is not a text
			malformed: package 1: field license is not a text
			malformed: package 2: field name is not a text
			malformed: package 2: field name is not a name: ""`},
		{"paths out of the root", `{"packages":[{"name":"a","version":"1","type":"gem","files":["../../etc/passwd","/","a//b","x\u0000y"]}]}`, `
			pkg:gem/a@1 files=a/b,etc/passwd
			malformed: package 1: not a path: "x\x00y"`},
		{"names over lines", `{"packages":[{"name":"a\nb","version":"1","type":"gem"},{"name":"a","version":"1 2","type":"gem"}]}`, `
			malformed: package 1: field name is not a name: "a\nb"
			malformed: package 2: a: not a version: "1 2"`},
		{"a version without a release", `{"packages":[{"name":"a","version":"1","type":"rpm"}]}`, `
			pkg:rpm/a@1
			malformed: package 1: a: version "1" has no release`},

		// Damaged files keep the packages before the damage.
		{"cut off", `{"packages":[{"name":"a","version":"1","type":"gem"},{"name":"b"`, "\npkg:gem/a@1\nmalformed: byte 64: unexpected EOF"},
		{"empty", ``, `malformed: byte 0: unexpected EOF`},
		{"a list at the top", `[{"name":"a","version":"1","type":"gem"}]`, `malformed: byte 0: an array instead of an object`},
		{"packages in an object", `{"packages":{"a":"1"}}`, `malformed: byte 12: an object instead of an array`},
	} {
		want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
		if got := read(t, c.content); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

// TestReports repeats situations that users of Anchore Engine reported.
func TestReports(t *testing.T) {
	for _, c := range []struct{ report, name, content, want string }{
		{"anchore-engine 591", "packages of a distribution in an image without a database", `{"packages":[
			{"name":"musl","version":"1.1.20-r8","type":"apkg"},{"name":"bash","version":"5.0-4","type":"dpkg"},{"name":"zlib","version":"1.2.11-16.el8","type":"rpm"}]}`, `
			pkg:apk/musl@1.1.20-r8
			pkg:deb/bash@5.0-4
			pkg:rpm/zlib@1.2.11-16.el8`},
		{"anchore-engine 947", "a type that another part of the program did not know ended the reading of all", `{"packages":[
			{"name":"x","version":"1","type":"unheard-of"},{"name":"kind","version":"v0.10.0","type":"go"}]}`, `
			pkg:golang/kind@v0.10.0
			unsupported: package 1: type "unheard-of": unsupported`},
		{"anchore-engine 1006", "a type that is null failed the analysis of the image", `{"packages":[{"name":"x","version":"1","type":null},{"name":"y","version":"1","type":"gem"}]}`, `
			pkg:gem/y@1
			malformed: package 1: no type`},
		{"anchore-engine 703", "types in upper case, as Anchore's own reports have them", `{"packages":[{"name":"alpine-keys","version":"2.2","release":"r3","sourcepkg":"alpine-keys","type":"APKG"}]}`,
			`pkg:apk/alpine-keys@2.2-r3`},
		{"anchore-engine 1279", "a product without a vendor got a CPE that matches nothing: no CPE is made up", `{"packages":[{"name":"tool","version":"1","type":"binary"}]}`,
			`pkg:generic/tool@1`},
	} {
		want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
		if got := read(t, c.content); got != want {
			t.Errorf("%s: %s:\n got %s\nwant %s", c.report, c.name, got, want)
		}
	}
}

// TestImages scans images in which hints meet the packages that other analyzers find.
func TestImages(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", New(), apk.New(), npm.New(), osrelease.New())
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{
		`{"packages":[{"name":"a","version":"1","type":"gem"}]}`, `{"packages":[{"name":"a","version":1,"versions":["2"],"type":"RPM","release":"3"}]}`,
		`{"packages":[{"name":"a/b","version":"1","type":"go","files":["/x","../y"],"source":"s-1-2.src.rpm"}]}`, `[`, ``,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("anchore_hints.json", 0o644, []byte(content)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Packages {
			if !p.Stated || p.Name == "" || p.Version == "" || p.Type == "" || p.Vendor != "" || p.System && p.Files != nil {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestPaths bounds the paths of packages, which would be the product of versions and files.
func TestPaths(t *testing.T) {
	list := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+",", i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	text := fmt.Sprintf(`{"packages": [{"type": "npm", "name": "a", "versions": [%s], "files": [%s]}, {"type": "npm", "name": "b", "version": 1, "files": ["/x"]}]}`, list("%d", 1000), list(`"/%d"`, 1000))
	r, err := New().Analyze(t.Context(), analyzer.NewFile("anchore_hints.json", 0o644, []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	paths := 0
	for _, p := range r.Packages {
		paths += len(p.Files)
	}
	if len(r.Packages) != 1001 || paths > maxPaths || paths < maxPaths-1000 || len(r.Packages[1000].Files) != 1 {
		t.Errorf("%d packages, %d paths", len(r.Packages), paths)
	}
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.TooLarge {
		t.Errorf("%v", r.Diagnostics)
	}
}
