// Package rpm reads the database of rpm(8) in all its formats (Berkeley DB, NDB, SQLite with a pending write-ahead log) and all
// directories that distributions use. It also reads the text manifest in images of Azure Linux (formerly CBL-Mariner) without a
// database, and what Red Hat's images state about the repositories of their packages.
package rpm

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

const (
	walName      = "rpmdb.sqlite-wal"
	journalName  = "rpmdb.sqlite-journal"
	manifestName = "container-manifest-2"
	listName     = "container-manifest-1"
)

// New returns the analyzer. Packages have type "rpm" and are System. Their Namespace is empty.
//
// Version is [epoch:]version-release, without an epoch of 0. SourcePackage comes from the file name of the source package. Its
// Version has the epoch of the binary package, because a header states no other. The two epochs are equal whenever the versions
// are, and nearly always otherwise. Advisories that name source packages with epochs need one for comparison.
//
// Depends holds the names in Requires that other packages can provide: packages, capabilities such as "libc.so.6()(64bit)", and
// paths. It omits features of rpm ("rpmlib(...)") and names that the package itself provides. A boolean dependency yields all
// names that can satisfy it. The package that owns a required path has the path in Provides.
//
// rpm opens one database of a directory. Of several with packages, the analyzer takes the newest format, and reports the others; it implements
// [analyzer.Joiner] for this.
//
// In Red Hat's images, it also reads the repositories that the image states: content manifests and labels below root/buildinfo and
// usr/share/buildinfo become Distro.Repositories, and the histories of dnf and yum the packages' qualifier repository_id.
//
// The analyzer omits imported keys ("gpg-pubkey"), which are in the database but are not packages.
func New() analyzer.Analyzer {
	return databases{analyzer.Func(analyzer.Info{
		Name:    "rpm",
		Version: 3,
		Patterns: []string{
			"var/lib/rpm/Packages",
			"var/lib/rpm/Packages.db",
			"var/lib/rpm/rpmdb.sqlite",
			"usr/lib/sysimage/rpm/Packages", // SUSE, and Fedora since 36
			"usr/lib/sysimage/rpm/Packages.db",
			"usr/lib/sysimage/rpm/rpmdb.sqlite",
			"usr/share/rpm/Packages", // rpm-ostree
			"usr/share/rpm/Packages.db",
			"usr/share/rpm/rpmdb.sqlite",
			"var/lib/rpmmanifest/" + manifestName,
			"var/lib/rpmmanifest/" + listName,
			"root/buildinfo/content_manifests/*.json",
			"root/buildinfo/" + labelsName,
			"usr/share/buildinfo/content_manifests/*.json",
			"usr/share/buildinfo/content-sets.json",
			"usr/share/buildinfo/" + labelsName,
			"var/lib/dnf/" + historyName,
			"var/lib/yum/yumdb/*/*/" + fromRepo,
		},
		Siblings: []string{walName, journalName, manifestName, historyWAL},
	}, analyze)}
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch path.Base(f.Path) {
	case manifestName:
		return analyzeManifest(ctx, f)
	case listName:
		return analyzeList(ctx, f)
	case historyName:
		return analyzeHistory(ctx, f)
	case fromRepo:
		return analyzeFromRepo(f)
	}
	if path.Ext(f.Path) == ".json" {
		return analyzeBuildinfo(ctx, f)
	}
	r, err := analyzeDatabase(ctx, f)
	if r != nil && len(r.Packages) > 0 {
		r.Fact = []byte("packages")
	}
	return r, err
}

// kindOf wraps an error of package rpmdb with the error of package analyzer for its kind.
func kindOf(err error) error {
	switch {
	case errors.Is(err, rpmdb.ErrUnsupported):
		return kindError{err, analyzer.ErrUnsupported}
	case errors.Is(err, rpmdb.ErrTooLarge):
		return kindError{err, analyzer.ErrTooLarge}
	}
	return err
}

// A kindError wraps an error of package rpmdb and the error of package analyzer for its kind.
type kindError struct{ err, kind error }

func (e kindError) Error() string   { return e.err.Error() }
func (e kindError) Unwrap() []error { return []error{e.err, e.kind} }

// evr returns [epoch:]version-release.
func evr(epoch uint32, version, release string) string {
	if epoch == 0 {
		return version + "-" + release
	}
	return fmt.Sprintf("%d:%s-%s", epoch, version, release)
}

// origin returns the source package of a file name name-version-release.src.rpm or .nosrc.rpm, or nil for other names.
func origin(file string, epoch uint32) *analyzer.SourcePackage {
	stem, ok := strings.CutSuffix(file, ".src.rpm")
	if !ok {
		if stem, ok = strings.CutSuffix(file, ".nosrc.rpm"); !ok {
			return nil
		}
	}
	name, version, release, ok := cutNVR(stem)
	if !ok {
		return nil
	}
	return &analyzer.SourcePackage{Name: name, Version: evr(epoch, version, release)}
}

// cutNVR splits name-version-release. Only the name may contain dashes.
func cutNVR(s string) (name, version, release string, ok bool) {
	r := strings.LastIndexByte(s, '-')
	if r < 0 {
		return "", "", "", false
	}
	v := strings.LastIndexByte(s[:r], '-')
	if v < 0 {
		return "", "", "", false
	}
	name, version, release = s[:v], s[v+1:r], s[r+1:]
	return name, version, release, name != "" && version != "" && release != ""
}
