// Package sampletest makes a small image, advisories and the assessment of the image, for tests of the neighbours of the service.
package sampletest

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// Now is the time of assessments.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// base has a distribution with three packages, the files of openssl, and a program of no package.
var base = map[string]string{
	"etc/os-release": "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
	"var/lib/dpkg/status": "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u2\nDescription: x\n\n" +
		"Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u2\nDescription: x\n\n" +
		"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b2\nDescription: x\n\n",
	"var/lib/dpkg/info/openssl.list":       "/.\n/usr\n/usr/bin\n/usr/bin/openssl\n",
	"var/lib/dpkg/info/libssl3:amd64.list": "/.\n/usr\n/usr/lib\n/usr/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu/libssl.so.3\n",
	"var/lib/dpkg/info/bash.list":          "/.\n/bin\n/bin/bash\n",
	"usr/bin/openssl":                      "\x7fELF program",
	"usr/lib/x86_64-linux-gnu/libssl.so.3": "\x7fELF library",
	"bin/bash":                             "\x7fELF shell",
	"opt/tool":                             "\x7fELF tool",
}

// application has a package of npm.
var application = map[string]string{
	"srv/app/node_modules/lodash/package.json": `{"name": "lodash", "version": "4.17.15", "license": "MIT"}`,
	"srv/app/node_modules/lodash/lodash.js":    "module.exports = {}\n",
}

// Image returns the image, with two layers.
func Image(t testing.TB) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layer(t, base), layer(t, application))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Architecture, config.OS = "amd64", "linux"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

func layer(t testing.TB, files map[string]string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Advisories returns a database with advisories about openssl, bash and lodash.
func Advisories(t testing.TB) *db.DB {
	t.Helper()
	var b db.Builder
	day := Now.AddDate(0, 0, -1)
	debian := func(name string) matcher.Key {
		return matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: name}
	}
	b.AddFeed(db.FeedInfo{Name: "debian", Date: day, Records: 2})
	b.AddFeed(db.FeedInfo{Name: "osv", Date: day, Records: 1})
	for _, a := range []matcher.Advisory{
		{ID: "CVE-2024-5535", Key: debian("openssl"), Feed: "debian", Status: matcher.Fixed, Ranges: []matcher.Range{{Fixed: "3.0.14-1~deb12u1"}},
			Summary: "a buffer overread in SSL_select_next_proto", URLs: []string{"https://security-tracker.example/CVE-2024-5535"}, Weaknesses: []string{"CWE-200"},
			Severities: []matcher.Severity{{Source: "nvd", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H"}}, Published: day},
		{ID: "CVE-2022-3715", Key: debian("bash"), Feed: "debian", Status: matcher.Affected, Summary: "a heap overflow in parameter transformation",
			Severities: []matcher.Severity{{Source: "debian", Level: matcher.Negligible, Word: "unimportant"}}},
		{ID: "GHSA-35jh-r3h4-6jhm", Aliases: []string{"CVE-2021-23337"}, Key: matcher.Key{Type: "npm", Name: "lodash"}, Feed: "osv", Status: matcher.Fixed,
			Ranges: []matcher.Range{{Fixed: "4.17.21"}}, Summary: "command injection", URLs: []string{"https://advisories.example/GHSA-35jh-r3h4-6jhm", "not a URL"},
			Severities: []matcher.Severity{{Source: "ghsa", Level: matcher.High, Score: 7.2, Vector: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", Word: "HIGH"}}},
	} {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Assess returns the assessment of the image, by a scan.
func Assess(t testing.TB) *report.Assessment {
	t.Helper()
	p := assess.Pipeline{Name: "registry.example/shop/web:1", Scanner: scan.Scanner{Analyzers: all.All()}, Source: Advisories(t), Now: Now}
	a, err := p.Image(t.Context(), Image(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Digest returns the digest of the image's manifest.
func Digest(t testing.TB) string {
	t.Helper()
	d, err := Image(t).Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
