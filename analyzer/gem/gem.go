// Package gem finds Ruby gems: those that RubyGems and Bundler installed, as their specifications say, and those that
// Bundler's lock files declare.
//
// A specification is Ruby. RubyGems writes the installed ones in one form, whose literals are read here; nothing is run.
// A gemspec that a person wrote is read as far as it is of literals too.
//
// Sources: Gem::Specification#to_ruby and Gem::StubSpecification of RubyGems, Bundler::LockfileParser of Bundler.
package gem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const typeGem = "gem"

// maxSize is the size in bytes of the largest file that is read; specifications that list every file have some 100 KB.
const maxSize = 16 << 20

// New returns the analyzer. Packages are of type "gem"; a platform other than "ruby" is the qualifier "platform", a
// repository the qualifier "vcs_url".
//
// A gemspec in a directory "specifications" or "specifications/default" is an installed gem, and so is one in a checkout
// that Bundler made of a repository ("bundler/gems/NAME-COMMIT"); any other is the source of a gem, and declared.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:     "gem",
		Version:  1,
		Patterns: []string{"**/*.gemspec", "**/Gemfile.lock", "**/gems.locked"},
		MaxSize:  maxSize,
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	if path.Ext(f.Path) != ".gemspec" {
		packages, err := parseLock(text)
		return &analyzer.Result{Packages: packages}, err
	}
	where := placeOf(f.Path)
	p, err := parseSpecification(string(text), where == specifications)
	if err != nil && where == elsewhere {
		return nil, nil // most sources of gems compute their version
	}
	if p.Name == "" {
		return nil, err
	}
	p.Declared = where == elsewhere
	return &analyzer.Result{Packages: []analyzer.Package{p}}, err
}

// A place says what a gemspec is there for.
type place int

const (
	elsewhere      place = iota
	specifications       // written by RubyGems
	checkout             // in a repository that Bundler checked out: installed, but written by a person
)

func placeOf(file string) place {
	dir := path.Dir(file)
	if path.Base(dir) == "specifications" || path.Base(dir) == "default" && path.Base(path.Dir(dir)) == "specifications" {
		return specifications
	}
	if gems := path.Dir(dir); path.Base(gems) == "gems" && path.Base(path.Dir(gems)) == "bundler" {
		return checkout
	}
	return elsewhere
}

var errNoSpecification = errors.New("no Gem::Specification")

// newPackage checks what RubyGems checks: names of letters, digits, ".", "-" and "_", and versions that begin with a
// digit.
func newPackage(name, version, platform string) (analyzer.Package, error) {
	if !isWord(name, "._-") {
		return analyzer.Package{}, fmt.Errorf("not a gem's name: %.100q", name)
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

// isWord reports whether s is of ASCII letters, digits and a few others, and not empty.
func isWord(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// cutLine returns the first line of text, without its end, and what follows.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}
