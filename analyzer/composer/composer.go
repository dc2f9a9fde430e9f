// Package composer finds PHP packages: those that Composer installed, those that its lock files declare, and those that
// PEAR and PECL installed.
//
// Sources: the documentation of Composer (schema, InstalledVersions), Composer\Repository\FilesystemRepository, which
// writes both installed.json and installed.php, and PEAR_Registry, whose files are in the format of PHP's serialize.
package composer

import (
	"context"
	"fmt"
	"path"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	typeComposer = "composer"
	typePEAR     = "pear"
)

// maxSize is the size in bytes of the largest file that is read; the largest real ones have a few megabytes.
const maxSize = 32 << 20

// maxPHP is the size in bytes of the largest file in one of PHP's own notations: as values these take many times as much.
const maxPHP = 4 << 20

// New returns the analyzer. Packages of Composer are of type "composer", with the vendor as their Namespace and the
// version as it was tagged, a "v" in front included; Depends and Provides hold whole names, "vendor/name", and none of
// PHP itself and its extensions. Provides are the packages that one replaces or provides. A branch has a version such as
// "dev-main", the qualifier "alias" with the version that it stands for, if it says so, and "vcs_url" with its commit.
//
// Packages of PEAR and PECL are of type "pear", with the channel as their Namespace.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "composer",
		Version: 1,
		Patterns: []string{
			"**/composer/installed.json", // the directory above is named vendor by default
			"**/composer/installed.php",
			"**/composer.lock",
			"**/.registry/*.reg",
			"**/.registry/*/*.reg", // of other channels than PEAR's own
		},
		With:    []string{installedJSON},
		MaxSize: maxSize,
	}, analyze)
}

const installedJSON = "installed.json"

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	base := path.Base(f.Path)
	if base == "installed.php" && f.Sibling(installedJSON) != nil {
		return nil, nil // says less of the same
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	var packages []analyzer.Package
	switch {
	case base == installedJSON:
		packages, err = parseInstalled(text)
	case base != "composer.lock" && len(text) > maxPHP:
		err = fmt.Errorf("composer: more than %d bytes: %w", maxPHP, analyzer.ErrTooLarge)
	case base == "installed.php":
		packages, err = parseInstalledPHP(string(text))
	case base == "composer.lock":
		packages, err = parseLock(text)
	default:
		packages, err = parseRegistry(string(text), f.Path)
	}
	return &analyzer.Result{Packages: packages}, err
}
