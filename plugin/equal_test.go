package plugin_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// report scans an image and returns the report as JSON.
func report(t testing.TB, img v1.Image, s scan.Scanner) string {
	t.Helper()
	r, err := s.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestHomes scans every image of the analyzers' own tests, and real ones, with all analyzers in this process and in
// another one. The reports must be the same to the byte.
func TestHomes(t *testing.T) {
	leak.Check(t)
	p := start(t, self(t, "all"))
	said := make(map[string]bool) // analyzers that found something
	compare := func(t *testing.T, img v1.Image) {
		want := report(t, img, scan.Scanner{Analyzers: all.All()})
		for _, a := range all.All() {
			if name := a.Info().Name; strings.Contains(want, `"Analyzer":"`+name+`"`) {
				said[name] = true
			}
		}
		for _, parallel := range []int{1, 8} {
			if got := report(t, img, scan.Scanner{Analyzers: p.Analyzers(), Parallel: parallel}); got != want {
				t.Errorf("parallel %d: in another process:\n%s\nin this one:\n%s", parallel, got, want)
			}
		}
	}
	names, err := filepath.Glob("../analyzer/*/testdata/*.txtar")
	if err != nil || len(names) < 20 {
		t.Fatal(len(names), err)
	}
	for _, name := range append(names, corpus.Images(t)...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if filepath.Ext(name) != ".txtar" {
				compare(t, open(t, name))
				return
			}
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			img, err := imagetest.Txtar(archive)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, img)
		})
	}
	// Programs of Go are in no image of the tests. Those of Rust and .NET, which cargo and nuget-bundle read, are not to be had here.
	exe, err := os.Open(self(t, "all").Path)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	program, err := io.ReadAll(exe)
	if err != nil {
		t.Fatal(err)
	}
	layer := new(imagetest.Layer)
	layer.Add(tar.Header{Name: "usr/bin/hullmark", Mode: 0o755}, program)
	layer.Add(tar.Header{Name: "usr/bin/shop", Mode: 0o755}, javaProgram(t))
	layer.Add(tar.Header{Name: "usr/bin/tool", Mode: 0o755}, pythonProgram(t))
	layer.Add(tar.Header{Name: "usr/local/bin/app.phar", Mode: 0o755}, phpProgram())
	layer.File("nix/store/0-zlib/lib/libz.so", "")
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, img)
	for _, a := range all.All() {
		name := a.Info().Name
		if !said[name] && name != "osrelease" && name != "traces" && name != "cargo" && name != "nuget-bundle" {
			t.Errorf("%s found nothing: the test does not test it", name)
		}
	}
}

// TestHomesContent compares entries, records and findings of the content analyzers in both homes. Those that complete the whole
// report run in this process each time: in a plugin they say that they cannot (TestFinisher of package pluginpb).
func TestHomesContent(t *testing.T) {
	p := start(t, self(t, "content"))
	here, there := append(all.All(), content.All()...), all.All()
	finishes := make(map[string]bool)
	for _, a := range content.All() {
		if _, ok := a.(analyzer.Finisher); ok {
			finishes[a.Info().Name] = true
			there = append(there, a)
		}
	}
	for _, a := range p.Analyzers() {
		if !finishes[a.Info().Name] {
			there = append(there, a)
		}
	}
	if len(here) != len(there) || len(finishes) == len(content.All()) {
		t.Fatal(len(here), len(there), len(finishes))
	}
	names, err := filepath.Glob("../analyzer/*/testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range strings.Fields("accounts files hints history secrets verify") {
		more, err := filepath.Glob("../analyzer/" + dir + "/testdata/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, more...)
	}
	records := 0
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			img, err := imagetest.Txtar(archive)
			if err != nil {
				t.Fatal(err)
			}
			want, got := report(t, img, scan.Scanner{Analyzers: here}), report(t, img, scan.Scanner{Analyzers: there})
			if got != want {
				t.Errorf("in another process:\n%s\nin this one:\n%s", got, want)
			}
			records += strings.Count(want, `"Kind":`)
		})
	}
	if records == 0 {
		t.Errorf("%d images have no records: the test does not test them", len(names))
	}
}

// javaProgram returns an archive behind a script.
func javaProgram(t *testing.T) []byte {
	return zipped(t, "#!/bin/sh\nexec java -jar \"$0\"\n", map[string]string{
		"META-INF/MANIFEST.MF":                           "Manifest-Version: 1.0\n",
		"META-INF/maven/org.example/shop/pom.properties": "groupId=org.example\nartifactId=shop\nversion=1.0\n",
	})
}

// phpProgram returns a PHAR archive with a package that Composer installed.
func phpProgram() []byte {
	const name = "vendor/composer/installed.json"
	const content = `{"packages": [{"name": "a/b", "version": "v1.0.0"}], "dev-package-names": []}`
	u32 := binary.LittleEndian.AppendUint32
	m := append(u32(nil, 1), 0x11, 0x10)      // one file
	m = append(u32(u32(m, 0), 0), 0, 0, 0, 0) // no flags, alias or metadata
	m = append(u32(m, uint32(len(name))), name...)
	for _, n := range []int{len(content), 0, len(content), 0, 0, 0} { // size, time, stored size, checksum, flags, metadata
		m = u32(m, uint32(n))
	}
	out := []byte("#!/usr/bin/env php\n<?php\nPhar::mapPhar();\n__HALT_COMPILER(); ?>\r\n")
	return append(append(u32(out, uint32(len(m))), m...), content...)
}

// pythonProgram returns a zipped application.
func pythonProgram(t *testing.T) []byte {
	return zipped(t, "#!/usr/bin/env python3\n", map[string]string{
		"__main__.py":                 "import idna\n",
		"idna-3.7.dist-info/METADATA": "Metadata-Version: 2.1\nName: idna\nVersion: 3.7\n",
	})
}

// zipped returns an archive behind a first line.
func zipped(t *testing.T, first string, files map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(first)
	w := zip.NewWriter(&b)
	for name, text := range files {
		entry, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(entry, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHomesFixtures compares the reports of all analyzers about the cases of the corpus in both homes.
func TestHomesFixtures(t *testing.T) {
	p := start(t, self(t, "all"))
	formats := strings.Fields("apk-installed bun-lock composer-installed composer-lock dpkg-info dpkg-status dpkg-statusd gemfile-lock java-archive maven-pom npm-lock npm-package-json os-release php-pear pnpm-lock poetry-lock python-egg-wheel python-installed python-requirements rpm-bdb rpm-ndb rpm-sqlite ruby-gemspec uv-lock yarn-lock-berry yarn-lock-v1")
	corpus.Cases(t, formats, func(t *testing.T, c *corpus.Case) {
		scanned := func(list []analyzer.Analyzer) string {
			r, err := scan.Scanner{Analyzers: list}.ScanFS(t.Context(), c.Files)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		if here, there := scanned(all.All()), scanned(p.Analyzers()); here != there {
			t.Errorf("in another process:\n%s\nin this one:\n%s", there, here)
		}
	})
}

func open(t testing.TB, name string) v1.Image {
	t.Helper()
	img, err := source.Open(t.Context(), corpus.Image(t, name), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}
