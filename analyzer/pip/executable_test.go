package pip_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// application returns an archive with the given entries behind a prefix. Metadata of a distribution comes from its name.
func application(t *testing.T, prefix string, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString(prefix)
	w := zip.NewWriter(&out)
	w.SetOffset(int64(out.Len()))
	for i, name := range names {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".whl") {
			e.Write(application(t, "", "w-9.dist-info/METADATA"))
			continue
		}
		fmt.Fprintf(e, "Metadata-Version: 2.1\nName: dist%d\nVersion: 1.%d\n", i, i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestApplications finds the distributions in zipped applications, by extension and by content.
func TestApplications(t *testing.T) {
	const shebang = "#!/opt/python/bin/python3.11 -I\n"
	main := "__main__.py"
	files := map[string][]byte{
		"srv/a.pex":        application(t, shebang, main, ".deps/x-1-py3-none-any.whl/x-1.dist-info/METADATA"),
		"srv/b.pyzw":       application(t, "", main, "site-packages/b-1.dist-info/METADATA", "lib/c.egg-info/PKG-INFO", "EGG-INFO/PKG-INFO"),
		"usr/bin/tool":     application(t, shebang, "site-packages/d-1.dist-info/METADATA", main),
		"usr/bin/packed":   application(t, shebang, main, ".deps/w-9-py3-none-any.whl"),
		"usr/bin/plain":    application(t, "", main, "e-1.dist-info/METADATA"),
		"srv/job.zip":      application(t, "", main, "f-1.dist-info/METADATA"),
		"srv/data.zip":     application(t, "", "data", "g-1.dist-info/METADATA"),
		"usr/bin/java":     application(t, "#!/bin/sh\n", "META-INF/MANIFEST.MF", "h-1.dist-info/METADATA"),
		"usr/bin/script":   []byte("#!/bin/sh\n# PK\x05\x06\n"),
		"srv/broken.pyz":   []byte("#!/usr/bin/env python3\nPK\x03\x04"),
		"usr/bin/deep":     application(t, shebang, "pkg/__main__.py", "i-1.dist-info/METADATA"),
		"usr/lib/l-1.whl":  application(t, "", "l-1.dist-info/METADATA", "l/_vendor/m-1.dist-info/METADATA"),
		"usr/share/README": []byte("PK\x03\x04"),
	}
	fsys := make(fstest.MapFS)
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data, Mode: 0o755}
	}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{pip.New(), pip.Executables()}}
	report, err := s.ScanFS(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, c := range report.Components {
		fmt.Fprintf(&got, "%s %s!%s\n", c.PURL, c.Path, c.ArchivePath)
	}
	for _, d := range report.Diagnostics {
		fmt.Fprintf(&got, "%s: %s\n", d.Path, d.Message)
	}
	const want = `pkg:pypi/dist0@1.0 usr/bin/packed!.deps/w-9-py3-none-any.whl!w-9.dist-info/METADATA
pkg:pypi/dist0@1.0 usr/bin/tool!site-packages/d-1.dist-info/METADATA
pkg:pypi/dist0@1.0 usr/lib/l-1.whl!l-1.dist-info/METADATA
pkg:pypi/dist1@1.1 srv/a.pex!.deps/x-1-py3-none-any.whl/x-1.dist-info/METADATA
pkg:pypi/dist1@1.1 srv/b.pyzw!site-packages/b-1.dist-info/METADATA
pkg:pypi/dist1@1.1 srv/job.zip!f-1.dist-info/METADATA
pkg:pypi/dist1@1.1 usr/bin/plain!e-1.dist-info/METADATA
pkg:pypi/dist2@1.2 srv/b.pyzw!lib/c.egg-info/PKG-INFO
pkg:pypi/dist3@1.3 srv/b.pyzw!EGG-INFO/PKG-INFO
srv/broken.pyz: pip: archive: not a zip archive: no end of central directory
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
