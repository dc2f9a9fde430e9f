// Package rpm reads what rpm(8) knows of the packages it installed: its database in each of its formats (Berkeley DB,
// NDB, SQLite with a pending write-ahead log), in every place where distributions keep it, and the text manifest that
// Azure Linux (formerly CBL-Mariner) leaves in images without a database.
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

// New returns the analyzer. Packages are of type "rpm" and System; their Namespace is left to the distribution.
//
// A Version is [epoch:]version-release, without an epoch of 0. SourcePackage is the source package by its file name; its Version
// has the epoch of the binary package, the only one that a header states. Both epochs are the same wherever the versions
// are, and nearly always elsewhere, and without one the advisories that name source packages with their epochs could not be
// compared.
//
// Depends are the names in Requires that another package can answer to: packages, capabilities such as
// "libc.so.6()(64bit)", and paths; left out are features of rpm itself ("rpmlib(...)") and what a package provides
// itself. A boolean dependency counts as all the names that may be needed to fulfil it. A path is added to Provides of the
// package that owns the file.
//
// Keys that were imported ("gpg-pubkey") are in the database but are no packages, and are left out.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "rpm",
		Version: 1,
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
		},
		With: []string{walName, journalName, manifestName},
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	var pkgs []analyzer.Package
	var err error
	switch path.Base(f.Path) {
	case manifestName:
		pkgs, err = analyzeManifest(f)
	case listName:
		pkgs, err = analyzeList(f)
	default:
		pkgs, err = analyzeDatabase(ctx, f)
	}
	if err != nil && errors.Is(err, context.Cause(ctx)) {
		return nil, err
	}
	return &analyzer.Result{Packages: pkgs}, err
}

// maxErrors is how many errors of a file are named one by one.
const maxErrors = 16

// problems collects what is wrong in a file, up to a bound.
type problems struct {
	errs []error
	more int
}

func (p *problems) add(err error) {
	if len(p.errs) == maxErrors {
		p.more++
		return
	}
	switch {
	case errors.Is(err, rpmdb.ErrUnsupported):
		err = kindError{err, analyzer.ErrUnsupported}
	case errors.Is(err, rpmdb.ErrTooLarge):
		err = kindError{err, analyzer.ErrTooLarge}
	}
	p.errs = append(p.errs, err)
}

func (p *problems) join() error {
	if p.more > 0 {
		p.errs = append(p.errs, fmt.Errorf("rpm: %d more errors", p.more))
	}
	return errors.Join(p.errs...)
}

// A kindError is an error of another package under one of this module's kinds.
type kindError struct{ err, kind error }

func (e kindError) Error() string   { return e.err.Error() }
func (e kindError) Unwrap() []error { return []error{e.err, e.kind} }

// evr returns a version as this module writes it.
func evr(epoch uint32, version, release string) string {
	if epoch == 0 {
		return version + "-" + release
	}
	return fmt.Sprintf("%d:%s-%s", epoch, version, release)
}

// origin returns the source package that a file name of the form name-version-release.src.rpm or .nosrc.rpm tells, nil
// for any other.
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

// cutNVR cuts name-version-release. Only the name may have dashes of its own.
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
