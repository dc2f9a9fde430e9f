package maven

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// TestExecutables finds Java programs by content, wherever they are, and nothing in other files without an extension.
func TestExecutables(t *testing.T) {
	library := jar(t, manifestOf(), stating("org.a", "a", "1.0"))
	boot := jar(t, manifestOf("Main-Class: org.springframework.boot.loader.launch.JarLauncher", "Implementation-Title: shop", "Implementation-Version: 7.1"),
		member{"BOOT-INF/lib/a-1.0.jar", library})
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"usr/local/bin/shop":    "#!/bin/bash\n#\n#    .   ____          _\nexec java -jar \"$0\" \"$@\"\n" + boot,
		"srv/shop/shop-7.1":     boot,
		"etc/init.d/shop":       "#!/bin/sh\nexec /usr/local/bin/shop\n",
		"opt/app/LIB/A.JAR":     library,
		"opt/app/LIB/A.War":     library,
		"opt/app/document":      jar(t, member{"word/document.xml", ""}),
		"opt/app/python":        "#!/usr/bin/env python3\n" + jar(t, member{"__main__.py", ""}),
		"opt/app/text":          "#!/bin/sh\ngrep PK\x05\x06 # not an archive\n",
		"opt/app/cut":           boot[:len(boot)-10],
		"opt/app/data.original": boot,
		"opt/app/empty":         "",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o755}
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New(), Executables()}}.ScanFS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Components {
		got = append(got, strings.TrimSuffix(c.Path+"!"+c.ArchivePath, "!")+" "+c.Label())
	}
	slices.Sort(got)
	if want := []string{
		"opt/app/LIB/A.JAR pkg:maven/org.a/a@1.0",
		"opt/app/LIB/A.War pkg:maven/org.a/a@1.0",
		"srv/shop/shop-7.1 pkg:maven/shop@7.1",
		"srv/shop/shop-7.1!BOOT-INF/lib/a-1.0.jar pkg:maven/org.a/a@1.0",
		"usr/local/bin/shop pkg:maven/shop@7.1",
		"usr/local/bin/shop!BOOT-INF/lib/a-1.0.jar pkg:maven/org.a/a@1.0",
	}; !slices.Equal(got, want) {
		t.Errorf("found %s", strings.Join(got, "\n"))
	}
	if len(report.Diagnostics) > 0 || len(report.Findings) > 0 {
		t.Errorf("%+v, %+v", report.Diagnostics, report.Findings)
	}
}
