package all_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/imagetest"
)

// TestLinkedDatabase compares images whose package database lies behind links with what dpkg-query says of the unpacked root.
func TestLinkedDatabase(t *testing.T) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip("dpkg is not installed: nothing to compare with")
	}
	const status = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: y\n\n" +
		"Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 2-1\nMaintainer: x\nDescription: y\n"
	type entry struct{ name, link, content string }
	for name, layers := range map[string][][]entry{
		"directory above": {{{"data/lib/dpkg/status", "", status}, {"data/lib/dpkg/info/a.list", "", "/opt/a\n"}, {"var", "data", ""}}},
		"directory":       {{{"opt/db/status", "", status}, {"opt/db/info/a.list", "", "/opt/a\n"}}, {{"var/lib/dpkg", "../../opt/db", ""}}},
		"file":            {{{"opt/status", "", status}}, {{"var/lib/dpkg/status", "../../../opt/status", ""}}},
		"chain":           {{{"usr/lib/sysimage/dpkg/status", "", status}, {"usr/share/db", "../lib/sysimage", ""}, {"var/lib", "../usr/share/db", ""}}},
		"own link":        {{{"var/lib/dpkg/arch", "", "amd64\n"}, {"a", "var/lib/dpkg", ""}, {"a/status", "", status}}},
		"lower link":      {{{"a", "var/lib/dpkg", ""}, {"var/lib/dpkg/status", "", ""}}, {{"a/status", "", status}}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			var image []*imagetest.Layer
			for _, layer := range layers {
				l := new(imagetest.Layer)
				for _, e := range layer {
					at := filepath.Join(root, e.name)
					if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
						t.Fatal(err)
					}
					var err error
					if e.link != "" {
						l.Symlink(e.name, e.link)
						err = os.Symlink(e.link, at)
					} else {
						l.File(e.name, e.content)
						err = os.WriteFile(at, []byte(e.content), 0o644)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				image = append(image, l)
			}
			out, err := exec.Command("dpkg-query", "--admindir="+root+"/var/lib/dpkg", "--show", "--showformat=${Package} ${Version}\n").Output()
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "="))
			img, err := imagetest.Image(image...)
			if err != nil {
				t.Fatal(err)
			}
			found, err := scan.Scanner{Analyzers: all.All()}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), os.DirFS(root))
			if err != nil {
				t.Fatal(err)
			}
			var got, fromRoot []string
			for _, c := range found.Components {
				got = append(got, fmt.Sprintf("%s=%s", c.Name, c.Version))
			}
			for _, c := range unpacked.Components {
				fromRoot = append(fromRoot, fmt.Sprintf("%s=%s", c.Name, c.Version))
			}
			if !slices.Equal(got, want) || !slices.Equal(fromRoot, want) {
				t.Errorf("the image has %q, its root %q, dpkg-query says %q", got, fromRoot, want)
			}
		})
	}
}
