package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// installedText is a database as apk-tools 2 and 3 write it.
var installedText = strings.Join([]string{
	"C:" + q1("index"),
	"P:musl", "V:1.2.5-r1", "A:x86_64",
	"F:lib",
	"R:ld-musl-x86_64.so.1", "a:0:0:755", "Z:" + q1("loader"),
	"R:libc.musl-x86_64.so.1", "a:0:0:777", "Z:" + q1("ld-musl-x86_64.so.1"),
	"F:var", "F:var/lock", "M:0:0:1777", "F:root", "M:0:0:700",
	"",
	"P:base", "V:3-r0", "A:x86_64",
	"F:etc", "R:motd", "Z:" + q1("hello"),
	"R:shadow", "a:0:42:640", "Z:" + q2("secret"),
	"F:etc/init.d", "R:service", "a:0:0:755", "Z:" + q1("script"),
	"F:etc/apk", "F:bin", "R:su", "a:0:0:4755:" + q1("attributes"), "Z:" + q1("su"),
	"R:plain", "R:tool", "a:0:0:755", "Z:X1" + fmt.Sprintf("%x", content(0, "tool").Digest("sha1")),
	"F:var", "F:srv", "M:0:0:755",
	"",
	"P:other", "V:1-r0", "A:x86_64", "F:srv", "M:5:5:750", "F:var",
	"", "",
}, "\n")

// installedImage is the image of installedText.
var installedImage = memory{
	"lib": dir(0o755), "lib/ld-musl-x86_64.so.1": content(0o755, "loader"), "lib/libc.musl-x86_64.so.1": symlink("ld-musl-x86_64.so.1"),
	"var": dir(0o755), "var/lock": dir(0o777 | fs.ModeSticky), "root": dir(0o700), "srv": dir(0o700),
	"etc": dir(0o755), "etc/motd": content(0o644, "hello"), "etc/shadow": owned(content(0o640, "secret"), 0, 42),
	"etc/init.d": dir(0o755), "etc/init.d/service": content(0o755, "script"), "etc/apk": dir(0o755),
	"bin": dir(0o755), "bin/su": content(0o755|fs.ModeSetuid, "su"), "bin/plain": content(0o644, "not recorded"), "bin/tool": content(0o755, "tool"),
	"bin/sh": symlink("/bin/busybox"), // of a trigger: no package has it
}

// apkLines returns differences in the form of "apk audit --check-permissions": X for missing files, U for contents, x for attributes, M
// and m for modes and owners of files and directories.
func apkLines(r *Result, image memory) (lines []string) {
	for _, d := range r.Differences {
		a, letter := d.Attributes, "M"
		switch {
		case d.Missing:
			letter = "X"
		case a&analyzer.AttrContent != 0 && image[d.Path].Mode.IsDir(): // apk does not find the file
			letter = "X"
		case a&analyzer.AttrContent != 0:
			letter = "U"
		case a&analyzer.AttrCapabilities != 0:
			letter = "x"
		case image[d.Path].Mode.IsDir():
			letter = "m"
		}
		lines = append(lines, letter+" "+d.Path)
	}
	slices.Sort(lines)
	return lines
}

// The letters follow apk-audit(8).
func TestAPK(t *testing.T) {
	packages := components(analyze(t, newAPK(), "lib/apk/db/installed", installedText).Fragments...)
	m := installedImage
	for _, c := range []struct {
		name  string
		image memory
		want  []string
	}{
		{"as installed", m, nil},
		{"content", m.with("lib/ld-musl-x86_64.so.1", content(0o755, "Loader")), []string{"U lib/ld-musl-x86_64.so.1"}},
		{"content with SHA-256", m.with("etc/shadow", owned(content(0o640, "Secret"), 0, 42)), []string{"U etc/shadow"}},
		{"content with hexadecimal digest", m.with("bin/tool", content(0o755, "Tool")), []string{"U bin/tool"}},
		{"link leads elsewhere", m.with("lib/libc.musl-x86_64.so.1", symlink("evil.so")), []string{"U lib/libc.musl-x86_64.so.1"}},
		{"link replaced by its file", m.with("lib/libc.musl-x86_64.so.1", content(0o777, "loader")), []string{"U lib/libc.musl-x86_64.so.1"}},
		{"file replaced by a link", m.with("bin/tool", symlink("su")), []string{"U bin/tool"}},
		{"file replaced by a directory", m.with("bin/tool", dir(0o755)), []string{"X bin/tool"}},
		{"file replaced by a device", m.with("bin/tool", File{Entry: analyzer.Entry{Mode: fs.ModeDevice | fs.ModeCharDevice | 0o755, Major: 1, Minor: 3}}), []string{"U bin/tool"}},
		{"removed", m.without("bin/tool", "etc/motd", "lib/libc.musl-x86_64.so.1"), []string{"X bin/tool", "X etc/motd", "X lib/libc.musl-x86_64.so.1"}},
		{"directory removed", m.without("bin", "bin/su", "bin/plain", "bin/tool", "root"), []string{"X bin/plain", "X bin/su", "X bin/tool"}},
		{"file mode", m.with("bin/tool", content(0o755|fs.ModeSetuid, "tool")), []string{"M bin/tool"}},
		{"file mode that is the default", m.with("etc/motd", content(0o666, "hello")), []string{"M etc/motd"}},
		{"file owner", m.with("etc/motd", owned(content(0o644, "hello"), 1, 0)), []string{"M etc/motd"}},
		{"file group", m.with("etc/shadow", content(0o640, "secret")), []string{"M etc/shadow"}},
		{"directory mode", m.with("var/lock", dir(0o777)), []string{"m var/lock"}},
		{"directory owner", m.with("root", owned(dir(0o700), 5, 5)), []string{"m root"}},
		{"directory with the default mode", m.with("var", dir(0o777)), []string{"m var", "m var", "m var"}},
		{"directory about which packages disagree", m.with("srv", dir(0o777)), nil},
		{"capabilities", m.with("bin/tool", capable(content(0o755, "tool"), "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")), []string{"x bin/tool"}},
		{"attributes of which only a digest is recorded", m.with("bin/su", capable(content(0o755|fs.ModeSetuid, "su"), "x")), nil},
		{"a file without a digest", m.with("bin/plain", content(0o644, "changed")), nil},
		{"lib is a link to usr/lib", m.without("lib", "lib/ld-musl-x86_64.so.1", "lib/libc.musl-x86_64.so.1").
			with("lib", symlink("usr/lib")).with("usr/lib", dir(0o755)).
			with("usr/lib/ld-musl-x86_64.so.1", content(0o755, "loader")).with("usr/lib/libc.musl-x86_64.so.1", symlink("ld-musl-x86_64.so.1")), nil},
	} {
		if got := apkLines(Check(packages, c.image.image()), c.image); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Packages of apk-tools 3 have the first 20 bytes of SHA-256, and flags say what apk could not install.
func TestAPKFlags(t *testing.T) {
	short := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "Q1" + base64.StdEncoding.EncodeToString(sum[:20])
	}
	text := strings.Join([]string{
		"P:three", "V:1-r0", "A:x86_64", "f:S", "F:bin", "R:tool", "a:0:0:755", "Z:" + short("tool"), "R:link", "a:0:0:777", "Z:" + short("tool"),
		"R:loose", "a:0:0:755",
		"",
		"P:two", "V:1-r0", "A:x86_64", "f:x", "F:sbin", "R:tool", "a:0:0:755", "Z:" + q1("tool"),
		"", "",
	}, "\n")
	image := memory{
		"bin": dir(0o755), "bin/tool": content(0o755, "tool"), "bin/link": symlink("tool"), "bin/loose": content(0o755, "loose"),
		"sbin": dir(0o755), "sbin/tool": content(0o755, "tool"),
	}
	packages := components(analyze(t, newAPK(), "lib/apk/db/installed", text).Fragments...)
	for _, c := range []struct {
		name  string
		image memory
		want  []string
	}{
		{"as installed", image, nil},
		{"content", image.with("bin/tool", content(0o755, "Tool")), []string{"U bin/tool"}},
		{"link leads elsewhere", image.with("bin/link", symlink("evil")), []string{"U bin/link"}},
		{"content of a package of apk-tools 2", image.with("sbin/tool", content(0o755, "Tool")), []string{"U sbin/tool"}},
		{"capabilities that apk did not set", image.with("sbin/tool", capable(content(0o755, "tool"), netRaw)), nil},
		{"capabilities", image.with("bin/tool", capable(content(0o755, "tool"), netRaw)), []string{"x bin/tool"}},
		{"file without a digest became a link", image.with("bin/loose", symlink("tool")), []string{"U bin/loose"}},
	} {
		if got := apkLines(Check(packages, c.image.image()), c.image); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	tool := image["bin/tool"]
	tool.Digest = func(algorithm string) string { return map[string]string{"sha1": "not this one"}[algorithm] }
	if r := Check(packages, image.with("bin/tool", tool).image()); r.Verdicts[0].NotHashed != 1 || len(r.Differences) > 0 {
		t.Errorf("without SHA-256: %+v, %+v", r.Verdicts[0], r.Differences)
	}
}

// A package with a file without a digest is not called unchanged, and neither is one of which nothing could be compared.
func TestStates(t *testing.T) {
	packages := components(analyze(t, newAPK(), "lib/apk/db/installed", installedText).Fragments...)
	packages = append(packages,
		analyzer.Component{Package: analyzer.Package{Type: "apk", Name: "no-records", System: true}},
		analyzer.Component{Package: analyzer.Package{Type: "npm", Name: "not-system"}})
	states := func(m memory) (list []State) {
		for _, v := range Check(packages, m.image()).Verdicts {
			list = append(list, v.State)
		}
		return list
	}
	for _, c := range []struct {
		name  string
		image memory
		want  []State
	}{
		{"as installed", installedImage, []State{Unchanged, Incomplete, Unchanged, NotVerifiable}},
		{"configuration edited", installedImage.with("etc/motd", content(0o644, "bye")), []State{Unchanged, Incomplete, Unchanged, NotVerifiable}},
		{"program changed", installedImage.with("bin/tool", content(0o755, "bye")), []State{Unchanged, Changed, Unchanged, NotVerifiable}},
		{"all is gone", memory{}, []State{Changed, Changed, Unchanged, NotVerifiable}},
	} {
		if got := states(c.image); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	unhashed := make(memory)
	for name, f := range installedImage {
		f.Digest = nil
		unhashed[name] = f
	}
	if got := states(unhashed.without("lib/libc.musl-x86_64.so.1").with("lib/libc.musl-x86_64.so.1", symlink("ld-musl-x86_64.so.1"))); got[1] != NotVerifiable || got[0] != Incomplete {
		t.Errorf("without digests of the scan: %q", got)
	}
}

// Damaged lines are reported, and the others are read.
func TestInstalledDamaged(t *testing.T) {
	text := "P:a\nV:1\nF:bin\nR:ok\na:0:0\nZ:Q1short\nR:../up\nZ:" + q1("x") + "\nR:good\na:x:0:755\nZ:" + q1("good") + "\n\n"
	r := analyze(t, newAPK(), "lib/apk/db/installed", text)
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.String())
	}
	want := []string{
		`line 5: not an owner, group and mode: "0:0"`, `line 6: not a digest: "Q1short"`, `line 7: not the name of a file: "../up"`,
		`line 10: not an owner, group and mode: "x:0:755"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	var files []string
	for f := range r.Fragments[0].Recorded.All() {
		files = append(files, f.Path+" "+f.Attributes.String())
	}
	if want := []string{"bin mode,user,group", "bin/good content,capabilities", "bin/ok capabilities"}; !slices.Equal(files, want) {
		t.Errorf("got %q", files)
	}
}
