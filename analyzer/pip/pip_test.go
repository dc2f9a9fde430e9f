package pip

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

func run(t testing.TB, name, text string) (*analyzer.Result, error) {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
	if r == nil {
		r = &analyzer.Result{}
	}
	return r, diagnostic.Err(r, err)
}

func TestMetadata(t *testing.T) {
	r, err := run(t, "srv/site-packages/Foo_Bar.Baz-1.0.dist-info/METADATA", `Metadata-Version: 2.1
Name: Foo_Bar.Baz
Version: 1.0.post1
Version: 3.0
Summary: continued
  on the next line
License: BSD
Classifier: License :: OSI Approved :: MIT License
Classifier: Programming Language :: Python
Requires-Dist: Requests[socks] (>=2.0)
Requires-Dist: typing_extensions>=4 ; python_version < "3.11"
Requires-Dist: pytest ; extra == 'test'
Requires-Dist: zope.interface

Name: not a header
`)
	if err != nil || len(r.Packages) != 1 {
		t.Fatalf("got %+v, error %v", r.Packages, err)
	}
	p := r.Packages[0]
	for _, c := range []struct{ field, got, want string }{
		{"Type", p.Type, "pypi"},
		{"Name", p.Name, "Foo_Bar.Baz"},
		{"Version", p.Version, "1.0.post1"},
		{"Provides", fmt.Sprint(p.Provides), "[foo-bar-baz]"},
		{"Depends", fmt.Sprint(p.Depends), "[requests typing-extensions zope-interface]"},
		{"Licenses", fmt.Sprint(p.Licenses), "[MIT]"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.field, c.got, c.want)
		}
	}
}

func TestLicenses(t *testing.T) {
	const mitText = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and\n associated documentation files (the \"Software\"), to deal in the Software without restriction"
	for _, c := range []struct {
		expression, licence, classifiers, want string
	}{
		{"MIT OR Apache-2.0", "ignored", "BSD License", "[MIT OR Apache-2.0]"},
		{"", "BSD-3-Clause", "BSD License", "[BSD-3-Clause]"},
		{"", "Apache License, Version 2.0", "", "[Apache-2.0]"},
		{"", "Dual", "MIT License|BSD License", "[MIT BSD License]"},
		{"", "BSD", "BSD License", "[BSD]"},
		{"", "", "BSD License", "[BSD License]"},
		{"", "", "OSI Approved", "[]"},
		{"", "UNKNOWN", "", "[]"},
		{"", mitText, "", "[MIT]"},
	} {
		var classifiers []string
		for s := range strings.SplitSeq(c.classifiers, "|") {
			if s != "" {
				classifiers = append(classifiers, "OSI Approved :: "+s)
			}
		}
		if got := fmt.Sprint(licenses(c.expression, c.licence, classifiers)); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

// TestBeside reads the files that accompany metadata: fragments, which the engine joins by directory.
func TestBeside(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{
			"venv/lib/site-packages/a-1.dist-info/RECORD",
			"a/__init__.py,sha256=x,12\r\n\"a/odd, \"\"name\"\".py\",,\n../../bin/a,,\n/etc/a.conf,,\na/__init__.cpython-311.pyc,,\n",
			`["venv/lib/site-packages/a/__init__.py" "venv/lib/site-packages/a/odd, \"name\".py" "venv/bin/a" "etc/a.conf" "venv/lib/site-packages/a/__init__.cpython-311.pyc"] [] map[] map[]`,
		},
		{"x/a-1.dist-info/RECORD", "../../../../../etc/passwd,,\n", `["etc/passwd"] [] map[] map[]`},
		{"lib/a-1.egg-info/installed-files.txt", "../a.py\nPKG-INFO\n", `["lib/a.py" "lib/a-1.egg-info/PKG-INFO"] [] map[] map[]`},
		{"lib/a-1.egg-info/requires.txt", "Six>=1\n\n[test]\npytest\n\n[:python_version < '3']\nenum34\n", `[] [six enum34] map[] map[]`},
		{
			"lib/a-1.dist-info/direct_url.json", `{"url": "https://user:secret@git.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "0123"}}`,
			`[] [] map[vcs_url:git+https://git.example/a.git@0123] map[]`,
		},
		{
			"lib/a-1.dist-info/direct_url.json", `{"url": "file:///src/a", "dir_info": {"editable": true}}`,
			`[] [] map[download_url:file:///src/a editable:true] map[]`,
		},
		{
			"lib/a-1.dist-info/direct_url.json", `{"url": "https://files.example/a.whl", "archive_info": {"hash": "sha256=AB12"}}`,
			`[] [] map[download_url:https://files.example/a.whl] map[sha256:ab12]`,
		},
	} {
		r, err := run(t, c.path, c.text)
		if err != nil || len(r.Fragments) != 1 {
			t.Errorf("%s: %d fragments, error %v", c.path, len(r.Fragments), err)
			continue
		}
		f := r.Fragments[0]
		if got := fmt.Sprintf("%q %v %v %v", f.Files, f.Depends, f.Qualifiers, f.Hashes); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.path, got, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"a.dist-info/METADATA", "Version: 1\n", "no Name"},
		{"a.dist-info/METADATA", "", "no Name"},
		{"a.dist-info/METADATA", "Name: a/../b\n", `not a name: "a/../b"`},
		{"a.egg-info", "Name: a\n", "a: no Version"},
		{"a.dist-info/METADATA", "Name: a\nVersion: 1\nnonsense\nLicense: MIT\n", `line 3: not a header: "nonsense"`},
		{"a.dist-info/METADATA", "Name: a\nVersion: 1\nLicense: " + strings.Repeat("x", maxValue+1), "line 3: license is longer than 262144 bytes"},
		{"a.dist-info/RECORD", "a,,\n<<<<<<< HEAD\n", `line 2: not a path, a digest and a size: "<<<<<<< HEAD"`},
		{"a.dist-info/RECORD", strings.Repeat("x\n", 20), "4 more problems"},
		{"a.dist-info/direct_url.json", "{}", `pip: direct URL: not a URL: ""`},
		{"a.dist-info/direct_url.json", "[", "pip: direct URL: unexpected end of JSON input"},
		{"a.egg", "PK", "pip: archive: not a zip archive: no end of central directory"},
	} {
		if _, err := run(t, c.path, c.text); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s %.40q: error %v, want %s", c.path, c.text, err, c.want)
		}
	}
}

func zipOf(t testing.TB, files ...string) string {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestArchives(t *testing.T) {
	const meta = "Name: a\nVersion: 1\n"
	for _, c := range []struct{ path, text, want, err string }{
		{"x/a-1.egg", zipOf(t, "EGG-INFO/PKG-INFO", meta, "a/x.dist-info/METADATA", meta), "a 1 EGG-INFO/PKG-INFO", ""},
		{"x/a-1.whl", zipOf(t, "a.py", "", "a-1.dist-info/METADATA", meta), "a 1 a-1.dist-info/METADATA", ""},
		{"x/b.egg", zipOf(t, "b.py", ""), "", ""},
		{"x/bomb.whl", zipOf(t, "a-1.dist-info/METADATA", meta+strings.Repeat(" ", 32<<20)), "a 1 a-1.dist-info/METADATA", "too large"},
	} {
		r, err := run(t, c.path, c.text)
		got := ""
		for _, p := range r.Packages {
			got += p.Name + " " + p.Version + " " + p.ArchivePath
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%s: got %q, error %v; want %q, error %q", c.path, got, err, c.want, c.err)
		}
	}
}

func BenchmarkMetadata(b *testing.B) {
	text := "Metadata-Version: 2.1\nName: Example\nVersion: 1.2.3\nLicense: BSD-3-Clause\n" +
		strings.Repeat("Classifier: Programming Language :: Python :: 3\n", 20) +
		strings.Repeat("Requires-Dist: other-package (>=1.0)\n", 10) + "\n" + strings.Repeat("A long description.\n", 500)
	f := analyzer.NewFile("a.dist-info/METADATA", 0o644, []byte(text))
	a := New()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Analyze(b.Context(), f); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte("Name: a\nVersion: 1\nRequires-Dist: b[c] (>1) ; extra == 'x'\nLicense: MIT\n  x\n\nbody"))
	f.Add([]byte("Name: a\r\nClassifier: License :: OSI Approved :: MIT License\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var bad diagnostic.List
		if p, ok := parseMetadata(text, &bad, nil); ok != (p.Name != "") || !ok && len(bad.Diagnostics()) == 0 {
			t.Error("neither a package nor a problem")
		}
	})
}

func FuzzBeside(f *testing.F) {
	f.Add([]byte("a/b.py,sha256=x,1\n\"a,b\",,\n"))
	f.Add([]byte("[test]\nx>=1\n"))
	f.Add([]byte(`{"url": "https://a.example", "vcs_info": {"vcs": "git"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		files := parseRecord(text, "a/b", new(diagnostic.List), nil)
		for _, name := range append(files, parseInstalledFiles(text, "a/b", nil)...) {
			if name == "" || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "../") {
				t.Errorf("not a path below the root: %q", name)
			}
		}
		parseRequires(text, nil)
		var p analyzer.Package
		if err := parseDirectURL(text, &p); err == nil && p.Qualifiers == nil {
			t.Error("no qualifier")
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte(zipOf(f, "EGG-INFO/PKG-INFO", "Name: a\nVersion: 1\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := analyzeWheel(t.Context(), analyzer.NewFile("a.egg", 0o644, data))
		if r == nil && err == nil {
			t.Error("neither a result nor an error")
		}
	})
}
