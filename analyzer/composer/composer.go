// Package composer finds PHP packages that Composer installed, that its lock files declare, and that PEAR and PECL installed.
//
// Sources: the documentation of Composer (schema, InstalledVersions), Composer\Repository\FilesystemRepository, which writes
// installed.json and installed.php, and PEAR_Registry, whose files are in the format of PHP's serialize.
package composer

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const (
	typeComposer = "composer"
	typePEAR     = "pear"
)

// maxSize is the size in bytes of the largest file that is read. The largest real files have a few megabytes.
const maxSize = 32 << 20

// maxPHP is the size in bytes of the largest file in one of PHP's notations. Their values take many times as much memory.
const maxPHP = 4 << 20

// maxPackages is the size in bytes of the largest result.
const maxPackages = 64 << 20

// maxValue is the size in bytes of the largest package in JSON, as package jsonstream counts it. Larger ones would take much memory
// while they are decoded.
const maxValue = 4 << 20

// New returns the analyzer. Packages of Composer have type "composer", the vendor as Namespace, and the version as tagged, with
// its "v". Depends and Provides hold full names, "vendor/name", without PHP and its extensions. Provides lists the packages
// that a package replaces or provides. The version of a branch is like "dev-main". The qualifier "alias" holds the version that
// the branch stands for, if known, and "vcs_url" holds its commit.
//
// Lock files in a package in a directory vendor are for its developers and are ignored.
//
// Packages of PEAR and PECL have type "pear" and the channel as Namespace.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "composer",
		Version: 2,
		Patterns: []string{
			"**/composer/installed.json", // in vendor/ by default
			"**/composer/installed.php",
			"**/" + lockName,
			"**/.registry/*.reg",
			"**/.registry/*/*.reg", // other channels than PEAR's own
		},
		Siblings: []string{installedJSON},
		MaxSize:  maxSize,
	}, analyze)
}

const (
	installedJSON = "installed.json"
	lockName      = "composer.lock"
)

// inPackage reports whether a file is in a package that Composer installed: vendor/VENDOR/NAME.
func inPackage(file string) bool {
	names := strings.Split(path.Dir(file), "/")
	i := slices.Index(names, "vendor")
	return i >= 0 && len(names) > i+2
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	base := path.Base(f.Path)
	if base == "installed.php" && f.Sibling(installedJSON) != nil {
		return nil, nil // it has a subset of installed.json
	}
	if base == lockName && inPackage(f.Path) {
		return nil, nil
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	m := membudget.New(ctx, f, maxPackages)
	switch {
	case base == installedJSON:
		return parseInstalled(text, m)
	case base != lockName && len(text) > maxPHP:
		return nil, fmt.Errorf("composer: more than %d bytes: %w", maxPHP, analyzer.ErrTooLarge)
	case base == "installed.php":
		return parseInstalledPHP(string(text), m)
	case base == lockName:
		return parseLock(text, m)
	}
	return parseRegistry(string(text), f.Path, m)
}
