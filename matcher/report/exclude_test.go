package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// TestExclusionPaths is what a pattern matches. Other scanners give the same words several
// meanings.
func TestExclusionPaths(t *testing.T) {
	for _, test := range []struct {
		pattern, file string
		want          bool
	}{
		{"/opt/app", "opt/app/a.jar", true},
		{"opt/app", "opt/app/a.jar", true},
		{"./opt/app", "opt/app/a.jar", true},
		{"opt/app/", "opt/app/a.jar", true},
		{"/opt/app", "opt/app", true},
		{"/opt/app", "opt/application/a.jar", false},
		{"/opt/app", "srv/opt/app/a.jar", false},
		{"**/app", "srv/opt/app/a.jar", true},
		{"**/app", "app/a.jar", true},
		{"**/.terraform", ".terraform/modules/x", true}, // aquasecurity/trivy#4853: "**" stands for no directory, too
		{"**/.terraform", "test/foo/.terraform/x", true},
		{"lib/apm-agent.jar", "lib/apm-agent.jar", true}, // aquasecurity/trivy#1479: a relative path
		{"/opt/**", "opt/a/b/c", true},
		{"/opt/**", "opt", false},
		{"/opt/*", "opt/a/b/c", true}, // a directory below /opt, and what is in it
		{"/opt/*.jar", "opt/a/b.jar", false},
		{"/opt/**/*.jar", "opt/b.jar", true},
		{"/opt/**/*.jar", "opt/a/c/b.jar", true},
		{"/opt/**/lib/*.jar", "opt/a/lib/c/lib/b.jar", true},
		{"/opt/**/lib/*.jar", "opt/a/lib/c/b.jar", false},
		{"node_modules", "srv/node_modules/a/package.json", true},
		{"node_modules/", "srv/node_modules/a/package.json", true},
		{"node_modules", "srv/my_node_modules/a/package.json", false},
		{"*.jar", "srv/a.jar", true},
		{"*.jar", "srv/a.jar.txt", false},
		{"**/*.jar", "a.jar", true},
		{"[ab].jar", "srv/b.jar", true},
		{"/", "any/thing", true},
		{"**", "any/thing", true},
		{"/**", "thing", true},
		{".", "any/thing", true},
		{"/a", "", false},
		{"../etc", "etc/passwd", true}, // there is nothing above the root
		{"Opt", "opt/a", false},
	} {
		if got := (Exclusion{Path: test.pattern}).matches(test.file, ""); got != test.want {
			t.Errorf("%q ~ %q: %v", test.pattern, test.file, got)
		}
	}
	if (Exclusion{Path: "/WEB-INF"}).matches("opt/app.war", "WEB-INF/lib/x.jar") {
		t.Error("a path within an archive is below its file")
	}
	if !(Exclusion{Path: "log4j-*.jar"}).matches("opt/app.war", "WEB-INF/lib/log4j-core-2.jar") {
		t.Error("a name within an archive")
	}
}

func TestExclude(t *testing.T) {
	component := func(id, analyzerName, path string) analyzer.Component {
		return analyzer.Component{ID: id, Analyzer: analyzerName, Path: path}
	}
	found := &analyzer.Report{
		Components: []analyzer.Component{component("1", "npm", "srv/a/package.json"), component("2", "npm", "opt/package.json"), component("3", "dpkg", "var/lib/dpkg/status")},
		Findings:   []analyzer.FileFinding{{Analyzer: "npm", Path: "srv/x"}, {Analyzer: "java", Path: "opt/y.jar"}},
		Records:    []analyzer.FileRecord{{Analyzer: "npm"}, {Analyzer: "npm", Path: "srv/x"}, {Analyzer: "java", Path: "opt/z"}, {Analyzer: "java"}},
		Examined:   []analyzer.Examination{{Analyzer: "java"}, {Analyzer: "npm"}},
		Diagnostics: []analyzer.FileDiagnostic{
			{Analyzer: "java", Path: "opt/bad.jar", Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed}},
			{Analyzer: "dpkg", Path: "var/lib/dpkg/status", Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed}},
		},
		Files: analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
			for _, p := range []string{"opt", "opt/y.jar", "srv/x", "var/lib"} {
				if !yield(&analyzer.ListedFile{Path: p, Owner: "3", Digests: []analyzer.Digest{{Algorithm: "md5", Sum: fmt.Sprintf("%016s", p)}}}) {
					return
				}
			}
		}),
	}
	list := []Exclusion{{Path: "/opt", Origin: "--exclude"}, {Analyzer: "npm", Origin: "--skip"}, {Path: "/var", Origin: "--exclude"}, {Path: "/none", Origin: "--exclude"}}
	rest, rows, err := Exclude(found, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(rest.Components) != 0 || len(rest.Findings) != 0 || len(rest.Records) != 1 || len(found.Components) != 3 || len(found.Records) != 4 {
		t.Errorf("left %+v of %+v", rest, found)
	}
	if len(rest.Diagnostics) != 1 || rest.Diagnostics[0].Analyzer != "dpkg" {
		t.Errorf("diagnostics %+v: that of the package database must stay", rest.Diagnostics)
	}
	for i, want := range []Excluded{{list[0], 1, 1, 1, 1, 2}, {list[1], 1, 1, 2, 0, 0}, {list[2], 1, 0, 0, 0, 1}, {list[3], 0, 0, 0, 0, 0}} {
		if rows[i] != want {
			t.Errorf("row %d: %+v, want %+v", i, rows[i], want)
		}
	}
	for f := range rest.Files.All() {
		if rest.Files.Len() != 1 || found.Files.Len() != 4 || f.Path != "srv/x" || f.Owner != "3" || f.Digest("md5") != "00000000000srv/x" {
			t.Errorf("%d files left, of them %+v", rest.Files.Len(), f)
		}
	}
	if rest, _, _ := Exclude(new(analyzer.Report), list); rest.Files != nil {
		t.Error("a list where there was none")
	}
	if rest.Examined[0].NotRun != "" || rest.Examined[1].NotRun != "left out by --skip npm" || found.Examined[1].NotRun != "" {
		t.Errorf("examined %+v: what is left out is not known", rest.Examined)
	}
	a := New(rest, nil, Options{Excluded: rows})
	if len(a.Notes) != 3 || a.Notes[0].Text != "Left out by --exclude /opt: 1 package, 1 finding, 1 record, 1 diagnostic, 2 listed files." || a.Notes[1].Text != "Left out by --skip npm: 1 package, 1 finding, 2 records." {
		t.Errorf("notes %+v", a.Notes)
	}
	for _, bad := range []Exclusion{{}, {Path: "["}, {Path: "/opt/[a/b]/**"}, {Path: `a\/b`}, {Path: strings.Repeat("a/", 100)}, {Path: strings.Repeat("a", 5000)}} {
		if _, _, err := Exclude(found, []Exclusion{bad}); !errors.Is(err, ErrPattern) {
			t.Errorf("%.20q: %v", bad.Path, err)
		}
	}
}

func FuzzExclusion(f *testing.F) {
	f.Add("/a/**/b*", "a/x/bc", "d")
	f.Fuzz(func(t *testing.T, pattern, file, archived string) {
		e := Exclusion{Path: pattern}
		if e.Check() == nil {
			e.matches(file, archived)
		}
	})
}
