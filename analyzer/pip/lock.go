package pip

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Limits of lock files, which real files do not reach. The TOML library limits the nesting of values; maxLine limits the
// nesting of dotted keys.
const (
	maxLock = 16 << 20 // bytes
	maxLine = 1 << 20  // bytes
)

// A lockFile is a lock file in TOML. uv.lock, poetry.lock and pdm.lock have "package" tables; pylock.toml (PEP 751) has
// "packages".
type lockFile struct {
	Package  []lockPackage `toml:"package"`
	Packages []lockPackage `toml:"packages"`
}

// A lockPackage has the fields of all formats. A field has type any if its type differs among them.
type lockPackage struct {
	Name     string     `toml:"name"`
	Version  string     `toml:"version"`
	Category string     `toml:"category"` // poetry 1
	Groups   []string   `toml:"groups"`   // poetry 2, pdm
	Source   lockSource `toml:"source"`   // uv, poetry
	VCS      struct {
		Type   string `toml:"type"`
		URL    string `toml:"url"`
		Commit string `toml:"commit-id"`
	} `toml:"vcs"` // pylock
	Git       string     `toml:"git"`      // pdm
	Revision  string     `toml:"revision"` // pdm
	Path      string     `toml:"path"`     // pdm, of a local project
	Directory any        `toml:"directory"`
	Sdist     artifact   `toml:"sdist"`
	Archive   artifact   `toml:"archive"`
	Wheels    []artifact `toml:"wheels"`
	Files     []artifact `toml:"files"`

	Dependencies any                     `toml:"dependencies"` // tables (uv, pylock), one table (poetry), strings (pdm)
	Optional     map[string][]dependency `toml:"optional-dependencies"`
	Dev          map[string][]dependency `toml:"dev-dependencies"`
}

type lockSource struct {
	Type      string `toml:"type"`
	URL       string `toml:"url"`
	Resolved  string `toml:"resolved_reference"`
	Git       string `toml:"git"`
	Editable  string `toml:"editable"`
	Virtual   string `toml:"virtual"`
	Directory string `toml:"directory"`
}

type artifact struct {
	Hash   string            `toml:"hash"`
	Hashes map[string]string `toml:"hashes"`
}

type dependency struct {
	Name string `toml:"name"`
}

// parseLock reads a lock file in TOML. It omits the locked project and projects in local directories, because they don't come
// from an index, and packages without a version, such as some checkouts of repositories.
func parseLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	if len(text) > maxLock {
		return nil, fmt.Errorf("pip: lock file: %d bytes, more than %d: %w", len(text), maxLock, analyzer.ErrTooLarge)
	}
	var bad diagnostic.List
	var size lockSize
	line := 1
	for row := range bytes.Lines(text) {
		if len(row) > maxLine {
			bad.Line(line, "longer than %d bytes: %w", maxLine, analyzer.ErrTooLarge)
			return &analyzer.Result{Diagnostics: bad.Diagnostics()}, nil
		}
		line++
		size.add(row)
	}
	err := m.Decoded(text, "=,[")
	if err == nil {
		err = m.Bytes(size.bytes)
	}
	if size.steps > maxSteps {
		err = fmt.Errorf("too many keys in a table: %w", analyzer.ErrTooLarge)
	}
	if err != nil {
		return nil, fmt.Errorf("pip: lock file: %w", err)
	}
	var lock lockFile
	if err := toml.Unmarshal(text, &lock); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			bad.Line(row, "%w", err)
			return &analyzer.Result{Diagnostics: bad.Diagnostics()}, nil
		}
		return nil, fmt.Errorf("pip: lock file: %w", err)
	}
	all := append(lock.Package, lock.Packages...)
	dev := devOnly(all)
	var pkgs []analyzer.Package
	for i := range all {
		l := &all[i]
		switch {
		case l.isLocal() || l.Version == "":
			continue
		case !isName(l.Name):
			bad.At(fmt.Sprintf("package %d", i+1), "not a name: %.80q", l.Name)
			continue
		}
		p := declare(l.Name, l.Version)
		p.Dev = l.Category == "dev" || len(l.Groups) > 0 && !slices.Contains(l.Groups, "main") && !slices.Contains(l.Groups, "default") ||
			dev[l.Name]
		p.Depends = l.depends()
		p.Hashes = l.hashes()
		if url := l.vcsURL(); url != "" {
			p.Qualifiers = map[string]string{"vcs_url": url}
		}
		if pkgs, err = m.Append(pkgs, p); err != nil {
			return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, fmt.Errorf("pip: lock file: package %d: %w", i+1, err)
		}
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// declare returns a package that a file declares.
func declare(name, version string) analyzer.Package {
	p := analyzer.Package{Type: typePyPI, Name: name, Version: version, Declared: true}
	if normal := normalName(name); normal != name {
		p.Provides = []string{normal}
	}
	return p
}

func (l *lockPackage) isLocal() bool {
	s := &l.Source
	return s.Editable != "" || s.Virtual != "" || s.Directory != "" || s.Type == "directory" || l.Directory != nil || l.Path != ""
}

// depends returns the sorted normal names of the dependencies.
func (l *lockPackage) depends() []string {
	var names []string
	add := func(requirement string) {
		if name, ok := requirementName(requirement); ok {
			names = append(names, name)
		}
	}
	switch deps := l.Dependencies.(type) {
	case []any:
		for _, d := range deps {
			switch d := d.(type) {
			case string:
				add(d)
			case map[string]any:
				if name, ok := d["name"].(string); ok {
					add(name)
				}
			}
		}
	case map[string]any:
		for name := range deps {
			add(name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// hashes returns the digests of a package with one file, or nil if the package has several files for different platforms.
func (l *lockPackage) hashes() map[string]string {
	var files []artifact
	for _, a := range slices.Concat([]artifact{l.Sdist, l.Archive}, l.Wheels, l.Files) {
		if a.Hash != "" || len(a.Hashes) > 0 {
			files = append(files, a)
		}
	}
	if len(files) != 1 {
		return nil
	}
	hashes := make(map[string]string)
	if name, digest, ok := strings.Cut(files[0].Hash, ":"); ok && isHex(digest) {
		hashes[name] = digest
	}
	for name, digest := range files[0].Hashes {
		if isHex(digest) {
			hashes[name] = digest
		}
	}
	return hashes
}

// vcsURL returns the repository and commit of the package in the form of the PURL qualifier, or "".
func (l *lockPackage) vcsURL() string {
	at := func(vcs, url, commit string) string {
		if commit != "" {
			url += "@" + commit
		}
		return vcs + "+" + url
	}
	switch {
	case l.VCS.URL != "":
		return at(l.VCS.Type, l.VCS.URL, l.VCS.Commit)
	case l.Source.Git != "": // a URL with the requested revision as the query and the commit as the fragment
		url, commit, _ := strings.Cut(l.Source.Git, "#")
		url, _, _ = strings.Cut(url, "?")
		return at("git", url, commit)
	case l.Source.Type == "git":
		return at("git", l.Source.URL, l.Source.Resolved)
	case l.Git != "":
		return at("git", l.Git, l.Revision)
	}
	return ""
}

// devOnly returns the names of packages that the projects of a uv.lock reach through development groups only.
func devOnly(all []lockPackage) map[string]bool {
	byName := make(map[string]*lockPackage, len(all))
	var main, dev []string
	for i := range all {
		l := &all[i]
		byName[l.Name] = l
		for _, group := range l.Dev {
			for _, d := range group {
				dev = append(dev, d.Name)
			}
		}
		if l.isLocal() {
			main = append(main, l.Name)
		}
	}
	if len(dev) == 0 {
		return nil
	}
	reach := func(from []string, seen map[string]bool) {
		for len(from) > 0 {
			name := from[len(from)-1]
			from = from[:len(from)-1]
			l := byName[name]
			if l == nil || seen[name] {
				continue
			}
			seen[name] = true
			from = append(from, l.depends()...)
			for _, extra := range l.Optional {
				for _, d := range extra {
					from = append(from, d.Name)
				}
			}
		}
	}
	needed, only := make(map[string]bool), make(map[string]bool)
	reach(main, needed)
	reach(dev, only)
	for name := range needed {
		delete(only, name)
	}
	return only
}
