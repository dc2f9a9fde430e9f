package content_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
)

// lacking returns an image whose first n layers are foreign and not stored with it.
func lacking(t *testing.T, img v1.Image, n int) v1.Image {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	built := empty.Image
	for i, l := range layers {
		a := mutate.Addendum{Layer: l}
		if i < n {
			a.MediaType, a.URLs = types.DockerForeignLayer, []string{"https://invalid.example/layer"}
		}
		if built, err = mutate.Append(built, a); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: built})); err != nil {
		t.Fatal(err)
	}
	for _, l := range layers[:n] {
		digest, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "blobs", "sha256", digest.Hex)); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := source.Open(t.Context(), "oci:"+dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// TestAbsentLayers scans images whose base is stored elsewhere. Every analyzer that looks at files says so, and no file of a package counts as missing.
func TestAbsentLayers(t *testing.T) {
	img := imageOf(t, `
-- config.json --
{"config": {"Env": ["A=b"]}}
-- 0/usr/bin/su --
su
-- 0/etc/group --
root:x:0:
-- 1/base --
base
-- 2/usr/bin/tool !mode=4755 --
tool
-- 2/etc/debian_version --
12
-- 2/var/lib/dpkg/status --
Package: login
Status: install ok installed
Version: 1
Architecture: all
-- 2/var/lib/dpkg/info/login.list --
/usr/bin/su
/usr/bin/tool
-- 2/var/lib/dpkg/info/login.md5sums --
8884c9d863cddfe589ef3d05e5bad71a  usr/bin/su
7cfb3b1aedd632d8ae7cc974271f3652  usr/bin/tool
`)
	for n, want := range []string{"", "layer 0 is not stored with the image", "2 layers are not stored with the image, the first is layer 0"} {
		image := img
		if n > 0 {
			image = lacking(t, img, n)
		}
		cache := scan.NewMemCache(0)
		for range 2 {
			report, err := scan.Scanner{Analyzers: append(all.All(), content.All()...), Cache: cache}.Scan(t.Context(), image)
			if err != nil {
				t.Fatal(err)
			}
			said := 0
			for _, x := range report.Examined {
				switch packages := slices.Contains(x.Finds, "packages"); {
				case packages && x.NotRun != "", !packages && x.NotRun != want && x.Analyzer != "history":
					t.Errorf("%d layers: %s: not run: %q, want %q", n, x.Analyzer, x.NotRun, want)
				case !packages && x.NotRun != "":
					said++
				}
			}
			if n > 0 && said < 8 {
				t.Errorf("%d layers: %d analyzers say so", n, said)
			}
			found := func(rule string) bool {
				return slices.ContainsFunc(report.Findings, func(f analyzer.FileFinding) bool { return f.Rule == rule })
			}
			if !found("set-uid") || found("verify:missing") || found("verify:changed") {
				t.Errorf("%d layers: %+v", n, report.Findings)
			}
			i := slices.IndexFunc(report.Records, func(r analyzer.FileRecord) bool { return r.Kind == "package-verification" })
			if i < 0 || report.Records[i].Fields["missing"] != "" || n > 0 && report.Records[i].Fields["not-hashed"] != "1" {
				t.Errorf("%d layers: %+v", n, report.Records)
			}
		}
	}
}

// TestImmutable scans images for systems with an immutable /usr: the accounts and rules of packages are in /usr, and so is the database of packages.
func TestImmutable(t *testing.T) {
	img := imageOf(t, `
-- 0/etc/debian_version --
12
-- 0/usr/bin/su --
su
-- 0/usr/lib/passwd --
root:x:0:0::/root:/bin/sh
core:x:1000:1000::/var/home/core:/bin/sh
-- 0/usr/lib/group --
wheel:x:10:core
-- 0/usr/etc/passwd --
root:x:0:0::/root:/bin/sh
toor:x:0:0::/root:/bin/sh
-- 0/usr/etc/shadow !mode=600 --
root:!::::::
core::::::::
gone::::::::
-- 0/usr/etc/group --
root:x:0:
-- 0/usr/etc/gshadow !mode=600 --
wheel:!::
-- 0/usr/etc/sudoers --
@includedir /etc/sudoers.d
Cmnd_Alias EVERY = ALL
-- 0/etc/sudoers.d/coreos --
%sudo ALL=(ALL) NOPASSWD: EVERY
-- 0/var/lib/dpkg -> ../../usr/lib/sysimage/dpkg --
-- 0/usr/lib/sysimage/dpkg/status --
Package: login
Status: install ok installed
Version: 1
Architecture: all
-- 0/usr/lib/sysimage/dpkg/info/login.list --
/usr/bin/su
-- 0/usr/lib/sysimage/dpkg/info/login.md5sums --
8884c9d863cddfe589ef3d05e5bad71a  usr/bin/su
`)
	report, err := scan.Scanner{Analyzers: append(all.All(), content.All()...)}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		if f.Path == "" {
			continue // of the configuration
		}
		got = append(got, f.Path+" "+f.Title)
	}
	want := []string{
		"etc/sudoers.d/coreos %sudo may run EVERY as ALL without a password", "usr/etc/passwd account toor has UID 0: it is root by another name",
		"usr/etc/shadow core logs in without a password",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	i := slices.IndexFunc(report.Records, func(r analyzer.FileRecord) bool { return r.Kind == "package-verification" })
	if len(report.Components) != 1 || i < 0 || report.Records[i].Fields["state"] != "unchanged" {
		t.Errorf("%+v %+v %+v", report.Components, report.Records, report.Diagnostics)
	}
}
