package scan_test

import (
	"slices"
	"strings"
	"testing"
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
