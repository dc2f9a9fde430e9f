package scan_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestReports recreates what users have reported about other readers of layers. Each wants what is visible in a container.
func TestReports(t *testing.T) {
	file := func(p, content string) oracleEntry { return oracleEntry{"file", p, content} }
	dir := func(p string) oracleEntry { return oracleEntry{"dir", p, ""} }
	link := func(p, to string) oracleEntry { return oracleEntry{"symlink", p, to} }
	hard := func(p, to string) oracleEntry { return oracleEntry{"hardlink", p, to} }
	gone := func(p string) oracleEntry { return oracleEntry{"whiteout", p, ""} }
	opaque := func(p string) oracleEntry { return oracleEntry{"opaque", p, ""} }
	type layer = []oracleEntry
	for _, c := range []struct {
		report, right string
		layers        []layer
		want          []string // package, path and layer
	}{
		{"github.com/anchore/stereoscope/pull/694", "an opaque directory in the place of a link leaves the link's target alone",
			[]layer{{file("target/keep.list", "keep"), link("link", "/target")}, {dir("link"), opaque("link"), file("link/new.list", "new")}},
			[]string{"keep target/keep.list 0", "new link/new.list 1"}},
		{"the same, without an entry of the directory", "the opaque directory is the target of the link",
			[]layer{{file("target/gone.list", "gone"), link("link", "/target")}, {opaque("link"), file("link/new.list", "new")}},
			[]string{"new target/new.list 1"}},
		{"github.com/aquasecurity/trivy/issues/2637", "a link in the place of a directory removes its files, without any whiteout",
			[]layer{{file("test/log4j.list", "log4j"), file("other/a.list", "a")}, {link("test", "other")}},
			[]string{"a other/a.list 0"}},
		{"github.com/appc/docker2aci/issues/98", "a file lives on under its other name when the first is deleted",
			[]layer{{file("LINK-A", "both"), hard("LINK-Z.list", "LINK-A")}, {gone("LINK-A")}},
			[]string{"both LINK-Z.list 0"}},
		{"github.com/cvmfs/cvmfs/pull/4286", "a hard link may have its target in an earlier layer",
			[]layer{{file("data", "old")}, {hard("a.list", "data"), gone("data")}},
			[]string{"old a.list 1"}},
		{"github.com/goldmann/docker-squash/issues/116", "a whiteout does not keep a later link away",
			[]layer{{file("dir/dir/file.list", "file"), file("newdir/file.list", "file")}, {gone("dir/dir")}, {link("dir/dir", "/newdir")}},
			[]string{"file newdir/file.list 0"}},
		{"github.com/apple/container/issues/1797", "the directory of a hard link needs no entry",
			[]layer{{file("bin/app", "app"), hard("bin/app.runfiles/_main/app.list", "bin/app")}},
			[]string{"app bin/app.runfiles/_main/app.list 0"}},
		{"github.com/containerd/containerd/issues/6991", "an opaque directory hides a link of the lower layer that its own link replaces",
			[]layer{{file("doc/a.list", "old"), link("doc/b", "a.list")}, {dir("doc"), opaque("doc"), link("doc/b", "c.list"), file("doc/c.list", "new")}},
			[]string{"new doc/c.list 1"}},
		{"github.com/containerd/containerd/issues/13030", "a file of the first layer is gone after its whiteout",
			[]layer{{file("will-be-deleted.list", "a"), file("b.list", "b")}, {gone("will-be-deleted.list")}, {file("c.list", "c")}},
			[]string{"b b.list 0", "c c.list 2"}},
		{"github.com/e2b-dev/infra/pull/3215", "a link that leads above the root stays in the image",
			[]layer{{link("nix/links", "/../../../../store"), link("rel", "../../../store")}, {file("nix/links/a.list", "a"), file("rel/b.list", "b")}},
			[]string{"a store/a.list 1", "b store/b.list 1"}},
		{"github.com/kubernetes-sigs/bom/issues/368", "a database is read through the link at its place",
			[]layer{{file("usr/lib/etc/packages", "rpm"), link("etc", "usr/lib/etc")}},
			[]string{"rpm usr/lib/etc/packages 0"}},
		{"github.com/greenbone/openvas-scanner/pull/2068", "a database that the last layer deletes has no packages",
			[]layer{{file("etc/packages", "rpm"), file("a.list", "a")}, {gone("etc/packages")}},
			[]string{"a a.list 0"}},
		{"github.com/anchore/syft/issues/5019", "every name of a file is a file",
			[]layer{{file("a.list", "a"), hard("b.list", "a.list"), hard("c.list", "b.list")}},
			[]string{"a a.list 0", "a b.list 0", "a c.list 0"}},
		{"github.com/moby/moby/pull/17819", "an opaque directory keeps what its own layer put there before, hidden directories too",
			[]layer{{file("d/old.list", "old"), file("d/.b/old.list", "old")},
				{dir("d"), dir("d/.b"), file("d/.b/x.list", "x"), file("d/a.list", "a"), opaque("d"), file("d/z.list", "z")}},
			[]string{"x d/.b/x.list 1", "a d/a.list 1", "z d/z.list 1"}},
		{"github.com/concourse/registry-image-resource/pull/284", "a directory that is deleted and made again in one layer has its new files only",
			[]layer{{file("foo/old.list", "old"), file("foo/bar/old.list", "old")}, {dir("foo"), opaque("foo"), file("foo/new.list", "new")}},
			[]string{"new foo/new.list 1"}},
		{"github.com/opencontainers/image-spec/issues/144", "the same, by a whiteout before the directory",
			[]layer{{file("foo/bar/old.list", "old"), file("foo/a.list", "a")}, {gone("foo/bar"), dir("foo/bar"), file("foo/bar/data.list", "data")}},
			[]string{"a foo/a.list 0", "data foo/bar/data.list 1"}},
		{"github.com/GoogleContainerTools/kaniko/issues/2308", "whiteouts of the files of a directory that a link replaces do not keep later files away",
			[]layer{{file("a/x.list", "old"), file("a/y.list", "old")}, {link("a", "b"), gone("a/x.list"), gone("a/y.list"), dir("b"), file("b/x.list", "new")}},
			[]string{"new b/x.list 1"}},
		{"github.com/GoogleContainerTools/kaniko/issues/2050", "whiteouts of files that no layer has hide nothing",
			[]layer{{file("usr/a.list", "a")}, {gone("usr/lib/ruby/gems/x"), gone("usr/b"), opaque("usr/lib/ruby/cache"), file("usr/b/c.list", "c")}},
			[]string{"a usr/a.list 0", "c usr/b/c.list 1"}},
		{"github.com/containers/fuse-overlayfs/issues/279", "a whiteout does not remove the link that takes the file's place",
			[]layer{{file("etc/packages", "old")}, {gone("etc/packages"), file("a3", "new"), link("etc/packages", "../a3")}},
			[]string{"new a3 1"}},
		{"github.com/goldmann/docker-squash/issues/118", "a file and its hard link, replaced together by a later layer, are the new file",
			[]layer{{file("a.list", "one"), hard("b.list", "a.list")}, {file("a.list", "two"), hard("b.list", "a.list")}},
			[]string{"two a.list 1", "two b.list 1"}},
		{"github.com/boxlite-ai/boxlite/issues/187", "a file below a link to a directory is in that directory",
			[]layer{{file("store/p@1/p/x.list", "x"), link("app/node_modules/p", "../../store/p@1/p"), file("app/node_modules/p/y.list", "y")}, {file("app/node_modules/p/z.list", "z")}},
			[]string{"x store/p@1/p/x.list 0", "y store/p@1/p/y.list 0", "z store/p@1/p/z.list 1"}},
		{"github.com/microsoft/hcsshim/issues/1120", "a hard link to a link is a link, of its own directory",
			[]layer{{file("usr/lib/p", "rpm"), link("opt/l", "../usr/lib/p"), hard("etc/packages", "opt/l")}},
			[]string{"rpm usr/lib/p 0"}},
		{"github.com/camallo/dkregistry-rs/issues/149", "a link replaces a link, and leaves its target alone",
			[]layer{{file("b/x.list", "x"), link("a", "b")}, {link("a", "c"), file("c/y.list", "y")}, {file("a/z.list", "z")}},
			[]string{"x b/x.list 0", "y c/y.list 1", "z c/z.list 2"}},
	} {
		t.Run(strings.ReplaceAll(c.report, "/", " "), func(t *testing.T) {
			got := scanned(t, oracleImage(t, c.layers))
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.right, got, c.want)
			}
		})
	}
}

// TestReportedRefusals recreates reports about entries that mean nothing. The report names each and has the rest.
func TestReportedRefusals(t *testing.T) {
	for name, layer := range map[string]*imagetest.Layer{
		"github.com/opencontainers/image-spec/issues/1301, at the root":      new(imagetest.Layer).File(".wh.", ""),
		"github.com/opencontainers/image-spec/issues/1301, in a directory":   new(imagetest.Layer).File("d/.wh.", ""),
		"github.com/opencontainers/image-spec/issues/1301, of the directory": new(imagetest.Layer).File("d/.wh..", ""),
		"github.com/opencontainers/image-spec/issues/1204, to nothing":       new(imagetest.Layer).Hardlink("b.list", "nothing"),
		"github.com/opencontainers/image-spec/issues/1204, to a directory":   new(imagetest.Layer).Hardlink("b.list", "d"),
		"github.com/opencontainers/image-spec/issues/1204, to a later entry": new(imagetest.Layer).Hardlink("b.list", "c").File("c", "c"),
	} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			img, err := imagetest.Image(new(imagetest.Layer).Dir("d/").File("d/a.list", "a 1"), layer.File("z.list", "z 1"))
			if err != nil {
				t.Fatal(err)
			}
			found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Components) != 2 || len(found.Diagnostics) != 1 || found.Diagnostics[0].Code != analyzer.Refused || found.Diagnostics[0].Layer != 1 {
				t.Errorf("%d components, %+v", len(found.Components), found.Diagnostics)
			}
		})
	}
}

// TestReportedCosts recreates reports about the memory and time of scanners, and about layers that other readers cut short.
func TestReportedCosts(t *testing.T) {
	t.Run("github.com anchore grype issues 1509: files of no interest cost only their names", func(t *testing.T) {
		l := new(imagetest.Layer).File("a.list", "a 1")
		for i := range 300_000 {
			l.File(fmt.Sprintf("srv/files/%03d/%d", i%1000, i), "")
		}
		img, err := imagetest.Image(l)
		if err != nil {
			t.Fatal(err)
		}
		peak := hostile.Peak(func() {
			if found, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}).Scan(t.Context(), img); err != nil || len(found.Components) != 1 {
				t.Error(found, err)
			}
		})
		if t.Logf("%d MiB of heap", peak>>20); peak > 48<<20 {
			t.Errorf("%d MiB of heap", peak>>20)
		}
	})
	t.Run("github.com podman-desktop podman-desktop pull 19166: a layer that inflates too much is refused", func(t *testing.T) {
		var stored bytes.Buffer
		w, err := zstd.NewWriter(&stored, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err == nil {
			_, err = io.Copy(w, hostile.Repeat("", strings.Repeat("\x00", 4096), "", 2<<30))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		var limit *analyzer.LimitError
		if _, err := (scan.Scanner{}).Scan(t.Context(), imageOf(t, blob(t, stored.Bytes(), nil))); !errors.As(err, &limit) {
			t.Errorf("%d KiB of zstd: %v", stored.Len()>>10, err)
		}
	})
	t.Run("github.com awslabs soci-snapshotter pull 1871: all members of a gzip layer are read", func(t *testing.T) {
		raw, err := new(imagetest.Layer).File("a.list", "a 1").File("b.list", "b 1").Bytes()
		if err != nil {
			t.Fatal(err)
		}
		var stored []byte
		for part := range slices.Chunk(raw, 300) {
			stored = append(stored, gz(t, part)...)
		}
		if got, want := scanned(t, imageOf(t, blob(t, stored, raw))), []string{"a a.list 0", "b b.list 0"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestManyRefusals has a bound for hard links to nothing, of which a layer of 2 MB can have half a million.
func TestManyRefusals(t *testing.T) {
	const links = 1000
	layer := new(imagetest.Layer)
	for i := range links {
		layer.Hardlink(fmt.Sprintf("d/%d.list", i), "nothing")
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(found.Diagnostics); n != 101 || !slices.ContainsFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool {
		return d.Code == analyzer.Refused && d.Message == "900 more"
	}) {
		t.Errorf("%d diagnostics: %+v", n, found.Diagnostics)
	}
}
