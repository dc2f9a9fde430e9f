package dpkg

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const manifest = `{"jsonwall":"1.0","schema":"1.0","count":9}
{"kind":"content","slice":"base-files_base","path":"/etc/"}
{"kind":"package","name":"base-files","version":"13ubuntu10.1","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","arch":"amd64"}
{"kind":"package","name":"libssl3t64","version":"3.0.13-0ubuntu3.4","sha256":"x","arch":"amd64"}
{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base"]}
{"kind":"path","path":"/etc/os-release","mode":"0777","slices":["base-files_base","base-files_release-info"],"link":"../usr/lib/os-release"}
{"kind":"path","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3","mode":"0644","slices":["libssl3t64_libs"],"sha256":"0"}
{"kind":"slice","name":"base-files_base"}
`

func pack(t testing.TB, text string) string {
	t.Helper()
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestManifest(t *testing.T) {
	r, err := run(t, "var/lib/chisel/manifest.wall", pack(t, manifest))
	if err == nil || !strings.Contains(err.Error(), "no source packages: unsupported") {
		t.Errorf("error %v, want one about source packages", err)
	}
	var got []string
	for _, p := range r.Packages {
		got = append(got, fmt.Sprint(p.Name, " ", p.Version, " ", p.Arch, " ", p.System, " ", p.Files, " ", len(p.Hashes)))
	}
	want := `base-files 13ubuntu10.1 amd64 true [etc etc/os-release] 1
libssl3t64 3.0.13-0ubuntu3.4 amd64 true [usr/lib/x86_64-linux-gnu/libssl.so.3] 0`
	if strings.Join(got, "\n") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), want)
	}
}

func TestMalformedManifest(t *testing.T) {
	for _, c := range []struct {
		text, err string
		pkgs      int
	}{
		{pack(t, "{}\n"), "line 1: not the header of a manifest", 0},
		{pack(t, manifest)[:100], "unexpected EOF", 0},
		{pack(t, `{"jsonwall":"1.0"}`+"\n"+`{"kind":"package","name":"a","version":""}`+"\n"+`{"kind":"package","name":"b","version":"1"}`), `line 2: not a package: "a" ""`, 1},
		{pack(t, `{"jsonwall":"1.0"}`+"\n"+strings.Repeat("x", maxManifestLine+1)), "token too long", 0},
		{pack(t, `{"jsonwall":"1.0"}`+strings.Repeat("\n", maxManifest)), "too large", 0},
	} {
		r, err := run(t, "var/lib/chisel/manifest.wall", c.text)
		if err == nil || !strings.Contains(err.Error(), c.err) || len(r.Packages) != c.pkgs {
			t.Errorf("%d packages, error %v; want %d, %s", len(r.Packages), err, c.pkgs, c.err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(pack(f, manifest)))
	f.Add([]byte(manifest))
	for _, body := range []string{`{"kind":"package","name":"p#","version":"1"}`, `{"kind":"path","path":"/#","slices":["a_a","b_b","",null]}`, `{"kind":"path","path":"/../#","slices":["p#_"]}`, `[[[[`, ``} {
		f.Add([]byte(pack(f, `{"jsonwall":"1.0","count":999999999}`+"\n"+strings.Repeat(body+"\n", 20))))
	}
	f.Add([]byte(pack(f, strings.Repeat("x", maxManifestLine+1))))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseManifest(bytes.NewReader(data), nil)
		if err != nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("nameless package: %+v", p)
			}
		}
		if len(r.Packages) > 0 && len(r.Diagnostics) == 0 {
			t.Error("nothing is said of the missing sources")
		}
	})
}
