package pattern

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	patterns := []string{
		0:  "var/lib/dpkg/status",
		1:  "var/lib/dpkg/info/*.list",
		2:  "**/package.json",
		3:  "**/*.dist-info/METADATA",
		4:  "**/*.jar",
		5:  "**",
		6:  "usr/share/doc/*/copyright",
		7:  "usr/bin/*",
		8:  "**/specifications/*.gemspec",
		9:  "**/*.tar.gz",
		10: "root-file",
		11: "lib/*/db/*-x*.txt",
		12: "**/*.",
	}
	var x Index
	for i, p := range patterns {
		if err := x.Add(i, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path string
		want string
	}{
		{"var/lib/dpkg/status", "0 12"},
		{"x/var/lib/dpkg/status", "12"},
		{"var/lib/dpkg/info/a.list", "1"},
		{"var/lib/dpkg/info/b/a.list", ""},
		{"var/lib/dpkg/info/a.md5sums", ""},
		{"package.json", "2"},
		{"a/b/package.json", "2"},
		{"a/xpackage.json", ""},
		{"a/b.dist-info/METADATA", "3 12"},
		{"b.dist-info/METADATA", "3 12"},
		{"b.dist-infox/METADATA", "12"},
		{"METADATA", "12"},
		{"a.jar", "4"},
		{"a/b/.jar", "4"},
		{"a.JAR", ""},
		{"usr/share/doc/bash/copyright", "6 12"},
		{"usr/share/doc/a/b/copyright", "12"},
		{"usr/share/doc/copyright", "12"},
		{"usr/bin/x", "7 12"},
		{"usr/bin/x/y", "12"},
		{"usr/bin/z.jar", "4 7"},
		{"a/specifications/b.gemspec", "8"},
		{"specifications/b.gemspec", "8"},
		{"xspecifications/b.gemspec", ""},
		{"a/b.tar.gz", "9"},
		{"a/b.gz", ""},
		{"root-file", "10 12"},
		{"a/root-file", "12"},
		{"lib/a/db/b-xc.txt", "11"},
		{"lib/a/db/bxc.txt", ""},
		{"opt/tool-1.2", "12"},
		{"opt/tool.", "12"},
		{"opt/.tool", ""},
	} {
		found := x.Find(c.path, nil)
		slices.Sort(found)
		want := strings.TrimSpace(c.want + " 5")
		got := strings.Trim(fmt.Sprint(found), "[]")
		wantSorted := strings.Fields(want)
		slices.SortFunc(wantSorted, func(a, b string) int { return len(a)*10 - len(b)*10 + strings.Compare(a, b) })
		if got != strings.Join(wantSorted, " ") {
			t.Errorf("%s: found %s, want %s", c.path, got, strings.Join(wantSorted, " "))
		}
	}
}

// The cost of a path that nobody wants must not grow with the number of analyzers, nor may it allocate.
func BenchmarkPatterns(b *testing.B) {
	for _, n := range []int{1, 20, 400} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var x Index
			for i := range n {
				for _, p := range []string{"var/lib/%d/status", "var/lib/%d/info/*.list", "**/package%d.json", "**/*.x%d", "usr/share/%d/*/copyright"} {
					if err := x.Add(i, fmt.Sprintf(p, i)); err != nil {
						b.Fatal(err)
					}
				}
			}
			var found []int
			b.ReportAllocs()
			for b.Loop() {
				found = x.Find("usr/lib/x86_64-linux-gnu/libcrypto.so.3", found[:0])
			}
			if len(found) != 0 {
				b.Fatal(found)
			}
		})
	}
}

// matchElement is compared with the plain definition of what a star means.
func FuzzGlob(f *testing.F) {
	f.Add("*.list", "a.list")
	f.Add("a*b*c", "abbc")
	f.Fuzz(func(t *testing.T, glob, s string) {
		if len(glob) > 12 || len(s) > 12 {
			return
		}
		var naive func(g, s string) bool
		naive = func(g, s string) bool {
			switch {
			case g == "":
				return s == ""
			case g[0] == '*':
				return naive(g[1:], s) || s != "" && naive(g, s[1:])
			}
			return s != "" && g[0] == s[0] && naive(g[1:], s[1:])
		}
		if got, want := matchElement(glob, s), naive(glob, s); got != want {
			t.Errorf("matchElement(%q, %q) = %v, want %v", glob, s, got, want)
		}
	})
}
