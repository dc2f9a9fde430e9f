// Package gem finds Ruby gems that RubyGems and Bundler installed, by their specifications, and gems that Bundler's lock files
// declare.
//
// A specification is a Ruby program. RubyGems writes those of installed gems in one form. The package reads their literals and
// runs nothing. Of other gemspecs it reads only the attributes that are literals.
//
// Sources: Gem::Specification#to_ruby and Gem::StubSpecification of RubyGems, Bundler::LockfileParser of Bundler.
package gem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const typeGem = "gem"

// The sizes in bytes of the largest files that are read. Specifications that list every file have some 100 KB.
const (
	maxArchive = 256 << 20
	maxSize    = 16 << 20 // other files
)

// maxSpecification is the size in bytes of the largest gemspec that is read. Its literals take several times as much memory.
const maxSpecification = 4 << 20

// maxPackages is the size in bytes of the largest result.
const maxPackages = 64 << 20

// New returns the analyzer. Packages have type "gem". The qualifier "platform" holds a platform other than "ruby", and
// "vcs_url" a repository.
//
// A gemspec in a directory "specifications" or "specifications/default" is an installed gem. So is a gemspec in a repository
// that Bundler checked out ("bundler/gems/NAME-COMMIT"), at its top or up to two directories below it, where Bundler looks for
// gemspecs. Any other gemspec is the source of a gem and Declared. Gems that JRuby loads from its archives "*jruby*.jar", or from a
// war, are installed; ArchivePath is the path of their specification in the archive.
//
// Lock files in a gem are for its developers and are ignored.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:     "gem",
		Version:  3,
		Patterns: []string{"**/*.gemspec", "**/Gemfile.lock", "**/gems.locked", "**/*jruby*.jar", "**/*.war"},
		MaxSize:  maxArchive,
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	ext := path.Ext(f.Path)
	if ext == ".jar" || ext == ".war" {
		return analyzeArchive(ctx, f)
	}
	if f.Size() > maxSize {
		return nil, fmt.Errorf("gem: %s: %d bytes, more than %d: %w", path.Base(f.Path), f.Size(), maxSize, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	if ext != ".gemspec" {
		if inGem(f.Path) {
			return nil, nil
		}
		return parseLock(text, membudget.New(ctx, f, maxPackages))
	}
	if len(text) > maxSpecification {
		return nil, fmt.Errorf("gem: gemspec: %d bytes, more than %d: %w", len(text), maxSpecification, analyzer.ErrTooLarge)
	}
	where := placeOf(f.Path)
	p, err := parseSpecification(string(text), where == specifications)
	if err != nil && where == elsewhere {
		return nil, nil // the sources of most gems compute the version
	}
	if p.Name == "" {
		return nil, err
	}
	p.Declared = where == elsewhere
	packages, full := membudget.New(ctx, f, maxPackages).Append(nil, p)
	return &analyzer.Result{Packages: packages}, cmp.Or(err, full)
}

// A place is the kind of directory that holds a gemspec.
type place int

const (
	elsewhere      place = iota
	specifications       // written by RubyGems
	checkout             // a repository that Bundler checked out: installed, but not written by RubyGems
)

// maxBelow is the number of directories below a checkout in which Bundler looks for gemspecs, with "{,*,*/*}.gemspec".
const maxBelow = 2

func placeOf(file string) place {
	dir := path.Dir(file)
	if path.Base(dir) == "specifications" || path.Base(dir) == "default" && path.Base(path.Dir(dir)) == "specifications" {
		return specifications
	}
	for range 1 + maxBelow {
		gems := path.Dir(dir)
		if path.Base(gems) == "gems" && path.Base(path.Dir(gems)) == "bundler" {
			return checkout
		}
		dir = gems
	}
	return elsewhere
}

// inGem reports whether a file is in the directory of an installed gem: gems/NAME-VERSION.
func inGem(file string) bool {
	elements := strings.Split(path.Dir(file), "/")
	for i, element := range elements[1:] {
		name, version, ok := strings.Cut(element, "-")
		for ok && (version == "" || version[0] < '0' || version[0] > '9') {
			_, version, ok = strings.Cut(version, "-")
		}
		if ok && name != "" && elements[i] == "gems" {
			return true
		}
	}
	return false
}

var errNoSpecification = errors.New("no Gem::Specification")

// newPackage returns a package after the checks of RubyGems: a name has letters, digits, ".", "-" and "_", and a version begins
// with a digit. With an error the package has the fields that are valid.
func newPackage(name, version, platform string) (analyzer.Package, error) {
	if !isWord(name, "._-") {
		return analyzer.Package{}, fmt.Errorf("not a gem name: %.100q", name)
	}
	p := analyzer.Package{Type: typeGem, Name: strings.Clone(name)}
	if !isWord(version, ".-") || version[0] < '0' || version[0] > '9' {
		return p, fmt.Errorf("%s: not a version: %.100q", name, version)
	}
	p.Version = strings.Clone(version)
	if platform == "" || platform == "ruby" {
		return p, nil
	}
	if !isWord(platform, "._-") {
		return p, fmt.Errorf("%s: not a platform: %.100q", name, platform)
	}
	p.Qualifiers = map[string]string{"platform": strings.Clone(platform)}
	return p, nil
}

// isWord reports whether s is not empty and has only ASCII letters, digits and the given others.
func isWord(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// cutLine returns the first line of text without its end, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}
