package npm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A lock is a package-lock.json, npm-shrinkwrap.json or node_modules/.package-lock.json. Versions 2 and 3 describe every
// directory of the tree in "packages"; version 1 only nests "dependencies", which version 2 repeats for older npm.
type lock struct {
	Packages     map[string]locked
	Dependencies map[string]nested
}

// A locked package is the value of one directory in "packages".
type locked struct {
	Name                 string // where it differs from the directory's
	Version              string
	Resolved             text // false for what is bundled, in old files
	Integrity            text
	Link                 bool
	Dev                  bool
	License, Licenses    json.RawMessage
	Dependencies         map[string]text
	OptionalDependencies map[string]text
	PeerDependencies     map[string]text
	PeerDependenciesMeta map[string]struct{ Optional bool }
}

// A nested package is the value of one name in "dependencies".
type nested struct {
	Version      string // or the specifier, where that is not a version
	Resolved     text
	Integrity    text
	Dev          bool
	Requires     requirements
	Dependencies map[string]nested
}

// A text is a string where other types are allowed and mean nothing.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// requirements maps names to ranges; at the top of a lock file, "requires" is merely true.
type requirements map[string]text

func (r *requirements) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return json.Unmarshal(raw, (*map[string]text)(r))
}

// parseLock reads a lock file of npm, of any version. What is of an unexpected type is left out, and the first such
// member is named in the error.
func parseLock(source []byte) ([]analyzer.Package, error) {
	var l lock
	err := json.Unmarshal(source, &l)
	if err != nil {
		err = fmt.Errorf("npm: lock file: %w", err)
		if !errors.As(err, new(*json.UnmarshalTypeError)) {
			return nil, err
		}
	}
	if l.Packages == nil {
		return l.nested(), err
	}
	var packages []analyzer.Package
	for _, dir := range slices.Sorted(maps.Keys(l.Packages)) {
		entry := l.Packages[dir]
		name, ok := directoryName(dir)
		if !ok || entry.Link {
			continue // the application itself, a workspace, or a link to one
		}
		if entry.Name != "" {
			name = entry.Name
		}
		p, ok := newPackage(name, entry.Version)
		if !ok {
			err = errors.Join(err, fmt.Errorf("npm: lock file: %.200q: not a package name: %.100q", dir, name))
			continue
		}
		p.Declared, p.Dev = true, entry.Dev
		p.Licenses = licenses(entry.License, entry.Licenses)
		p.Depends = entry.depends()
		setIntegrity(&p, string(entry.Integrity))
		setSource(&p, string(entry.Resolved))
		packages = append(packages, p)
	}
	return packages, err
}

// directoryName returns the name of the package that a directory of the tree is for: what follows the last
// "node_modules/".
func directoryName(dir string) (string, bool) {
	const modules = "node_modules/"
	i := strings.LastIndex(dir, modules)
	if i < 0 || i > 0 && dir[i-1] != '/' {
		return "", false
	}
	return dir[i+len(modules):], true
}

func (e *locked) depends() []string {
	names := make(map[string]bool)
	for _, list := range []map[string]text{e.Dependencies, e.OptionalDependencies, e.PeerDependencies} {
		for name, specifier := range list {
			if target := aliased(name, string(specifier)); validName(target) && !e.PeerDependenciesMeta[name].Optional {
				names[target] = true
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}

// nested returns the packages of a lock file of version 1.
func (l *lock) nested() []analyzer.Package {
	type level struct{ dependencies map[string]nested }
	var packages []analyzer.Package
	for todo := []level{{l.Dependencies}}; len(todo) > 0; {
		current := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, name := range slices.Sorted(maps.Keys(current.dependencies)) {
			entry := current.dependencies[name]
			if entry.Dependencies != nil {
				todo = append(todo, level{entry.Dependencies})
			}
			if p, ok := entry.locate(name); ok {
				packages = append(packages, p)
			}
		}
	}
	return packages
}

// locate makes a package of a name in "dependencies". Its version may be an alias, "npm:name@1.0", a repository, an
// archive, or a directory of the application, which is no package of its own.
func (n *nested) locate(name string) (analyzer.Package, bool) {
	version, source := n.Version, string(n.Resolved)
	switch {
	case strings.HasPrefix(version, "npm:"):
		name, version, _ = splitSpec(version[len("npm:"):])
	case strings.HasPrefix(version, "file:"), strings.HasPrefix(version, "link:"):
		return analyzer.Package{}, false
	case isGit(version), isRemote(version):
		version, source = "", version
	}
	p, ok := newPackage(name, version)
	if !ok {
		return p, false
	}
	p.Declared, p.Dev = true, n.Dev
	for required, specifier := range n.Requires {
		if target := aliased(required, string(specifier)); validName(target) {
			p.Depends = append(p.Depends, target)
		}
	}
	slices.Sort(p.Depends)
	setIntegrity(&p, string(n.Integrity))
	setSource(&p, source)
	return p, true
}
