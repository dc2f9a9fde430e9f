package all_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A linkedEntry is an entry of a layer. A name that begins with ".wh." is a whiteout.
type linkedEntry struct{ name, link, hard, content string }

type linkedImage [][]linkedEntry

// unpack writes the layers to a directory, as a runtime does: directories of names lead through links within the root.
func (layers linkedImage) unpack(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, layer := range layers {
		for _, e := range layer {
			dir := filepath.Join(root, within(root, path.Dir(e.name)))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			hidden, whiteout := strings.CutPrefix(path.Base(e.name), ".wh.")
			at := filepath.Join(dir, hidden)
			err := os.RemoveAll(at)
			switch {
			case err != nil || whiteout:
			case e.link != "":
				err = os.Symlink(e.link, at)
			case e.hard != "":
				err = os.Link(filepath.Join(root, within(root, path.Dir(e.hard)), path.Base(e.hard)), at)
			default:
				err = os.WriteFile(at, []byte(e.content), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// within follows the links of a path within a root.
func within(root, name string) string {
	at := "/"
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil {
			at = next
			continue
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at
}

// check compares the packages of a scan of the image, and of one of its root, with those of another reader of the root.
func (layers linkedImage) check(t *testing.T, read func(t *testing.T, root string) []string) {
	t.Helper()
	var list []*imagetest.Layer
	for _, layer := range layers {
		l := new(imagetest.Layer)
		for _, e := range layer {
			switch {
			case e.link != "":
				l.Symlink(e.name, e.link)
			case e.hard != "":
				l.Hardlink(e.name, e.hard)
			default:
				l.File(e.name, e.content)
			}
		}
		list = append(list, l)
	}
	img, err := imagetest.Image(list...)
	if err != nil {
		t.Fatal(err)
	}
	root := layers.unpack(t)
	s := scan.Scanner{Analyzers: all.All()}
	image, err := s.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := s.ScanFS(t.Context(), os.DirFS(root)) // before read, which may write to the root
	if err != nil {
		t.Fatal(err)
	}
	var got, fromRoot []string
	for _, c := range image.Components {
		got = append(got, c.Name+"="+c.Version)
	}
	for _, c := range unpacked.Components {
		fromRoot = append(fromRoot, c.Name+"="+c.Version)
	}
	want := read(t, root)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) || !slices.Equal(fromRoot, want) {
		t.Errorf("the image has %q, its root %q, the package manager says %q", got, fromRoot, want)
	}
	if len(image.Diagnostics) > 0 || len(unpacked.Diagnostics) > 0 {
		t.Errorf("diagnostics: %+v, %+v", image.Diagnostics, unpacked.Diagnostics)
	}
}

// TestLinkedDatabase compares images whose package database lies behind links with what dpkg-query says of the unpacked root.
func TestLinkedDatabase(t *testing.T) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip("dpkg is not installed: nothing to compare with")
	}
	const status = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: y\n\n" +
		"Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 2-1\nMaintainer: x\nDescription: y\n"
	file := func(name, content string) linkedEntry { return linkedEntry{name: name, content: content} }
	link := func(name, to string) linkedEntry { return linkedEntry{name: name, link: to} }
	for name, layers := range map[string]linkedImage{
		"directory above": {{file("data/lib/dpkg/status", status), file("data/lib/dpkg/info/a.list", "/opt/a\n"), link("var", "data")}},
		"directory":       {{file("opt/db/status", status), file("opt/db/info/a.list", "/opt/a\n")}, {link("var/lib/dpkg", "../../opt/db")}},
		"file":            {{file("opt/status", status)}, {link("var/lib/dpkg/status", "../../../opt/status")}},
		"chain":           {{file("usr/lib/sysimage/dpkg/status", status), link("usr/share/db", "../lib/sysimage"), link("var/lib", "../usr/share/db")}},
		"own link":        {{file("var/lib/dpkg/arch", "amd64\n"), link("a", "var/lib/dpkg"), file("a/status", status)}},
		"lower link":      {{link("a", "var/lib/dpkg"), file("var/lib/dpkg/status", "")}, {file("a/status", status)}},
	} {
		t.Run(name, func(t *testing.T) {
			layers.check(t, func(t *testing.T, root string) []string {
				out, err := exec.Command("dpkg-query", "--admindir="+root+"/var/lib/dpkg", "--show", "--showformat=${Package}=${Version}\n").Output()
				if err != nil {
					t.Fatal(err)
				}
				return strings.Fields(string(out))
			})
		})
	}
}

// TestLinkedAPK compares images whose apk database lies behind links with its records in the unpacked root.
func TestLinkedAPK(t *testing.T) {
	const records = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:libc.musl-x86_64.so.1\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\nD:so:libc.musl-x86_64.so.1\n\n"
	const old, merged = "lib/apk/db", "usr/lib/apk/db"
	file := func(dir string) linkedEntry { return linkedEntry{name: dir + "/installed", content: records} }
	link := func(name, to string) linkedEntry { return linkedEntry{name: name, link: to} }
	hard := func(name, to string) linkedEntry { return linkedEntry{name: name, hard: to} }
	for name, layers := range map[string]linkedImage{
		"control":                  {{file(old)}},
		"merged usr":               {{file(merged), link("lib", "usr/lib")}},
		"merged usr, absolute":     {{file(merged), link("lib", "/usr/lib")}},
		"merged usr, other way":    {{file(old), link("usr/lib", "../lib")}},
		"names through merged usr": {{link("lib", "usr/lib")}, {file(old)}},
		"directory above":          {{file("data/db"), link("lib/apk", "../data")}},
		"directory":                {{file("var/apk")}, {link(old, "/var/apk")}},
		"directory, relative":      {{file("var/apk"), link(old, "../../var/apk")}},
		"above the root":           {{file("var/apk"), link(old, "../../../../var/apk")}},
		"file":                     {{file("opt"), link(old+"/installed", "/opt/installed")}},
		"chain":                    {{file("c"), link("b", "c"), link("a", "/b"), link(old, "../../a")}},
		"own link":                 {{link("a", old), file("a")}},
		"lower link":               {{link("a", "/"+old)}, {file("a")}},
		"lower link, twice":        {{link("a", "b"), link("b", "/"+old)}, {file("a")}},
		"hard link":                {{file("opt"), hard(old+"/installed", "opt/installed")}},
		"hard link, lower layer":   {{file("opt")}, {hard(old+"/installed", "opt/installed")}},
		"hard link through links":  {{file("opt"), link("a", "opt")}, {link("lib", "usr/lib"), hard("lib/apk/db/installed", "a/installed")}},
		"a second version":         {{linkedEntry{name: "opt/installed", content: "P:old\nV:1\n\n"}, link(old, "/opt")}, {file("opt")}},
		"replaced by a directory":  {{linkedEntry{name: "opt/installed", content: "P:old\nV:1\n\n"}, link(old, "/opt")}, {{name: "lib/apk/.wh.db"}}, {file(old)}},
	} {
		t.Run(name, func(t *testing.T) {
			layers.check(t, func(t *testing.T, root string) (list []string) {
				for _, at := range []string{old, merged} {
					at = within(root, at+"/installed")
					b, err := os.ReadFile(filepath.Join(root, at))
					if err != nil {
						continue
					}
					for record := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n\n") {
						fields := make(map[string]string)
						for line := range strings.Lines(record) {
							key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
							fields[key] = value
						}
						list = append(list, fields["P"]+"="+fields["V"])
					}
				}
				slices.Sort(list)
				return slices.Compact(list)
			})
		})
	}
}
