package npm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/problem"
)

// A locked package is the value of a directory in "packages".
type locked struct {
	Name                 string // empty if it is that of the directory
	Version              string
	Resolved             lenient // false for a bundled package in old files
	Integrity            lenient
	Link                 bool
	Dev                  bool
	License, Licenses    json.RawMessage
	Dependencies         map[string]lenient
	OptionalDependencies map[string]lenient
	PeerDependencies     map[string]lenient
	PeerDependenciesMeta map[string]struct{ Optional bool }
}

// A nested package is the value of a name in "dependencies".
type nested struct {
	Version      string // or the specifier, if it is not a version
	Resolved     lenient
	Integrity    lenient
	Dev          bool
	Requires     requirements
	Dependencies map[string]nested
}

// A lenient string is empty if the JSON value has another type.
type lenient string

func (t *lenient) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// requirements maps names to ranges. At the top of a lock file "requires" is just true.
type requirements map[string]lenient

func (r *requirements) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return json.Unmarshal(raw, (*map[string]lenient)(r))
}

// parseLock reads package-lock.json, npm-shrinkwrap.json or node_modules/.package-lock.json. Versions 2 and 3 describe each
// directory of the tree in "packages". Version 1 has nested "dependencies" only; version 2 repeats them for older npm.
func parseLock(source []byte) (*analyzer.Result, error) {
	r := jsonstream.New(source)
	var packages, older []analyzer.Package
	hasPackages := false
	var bad problem.List
	err := r.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return errNotObject
		case key == "packages":
			hasPackages = true
			return r.Members(func(dir string) error {
				var entry locked
				if err := r.Value(&entry); err != nil {
					return err
				}
				p, err := entry.locate(dir)
				if err != nil {
					r.Note(err)
				}
				if p.Name != "" {
					packages = append(packages, p)
				}
				return nil
			})
		case key == "dependencies" && !hasPackages:
			return r.Members(func(name string) error {
				var entry nested
				if err := r.Value(&entry); err != nil {
					return err
				}
				older = append(older, unnest(r, name, entry)...)
				return nil
			})
		}
		return r.Skip()
	})
	if !hasPackages {
		packages = older
	}
	return result(packages, &bad, "lock file", err)
}

// result returns what was read of a document, and the error that ended the reading.
func result(packages []analyzer.Package, bad *problem.List, name string, err error) (*analyzer.Result, error) {
	if err != nil {
		err = fmt.Errorf("npm: %s: %w", name, err)
	}
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, err
}

var errNotObject = errors.New("an array where an object is expected")

// locate returns the package of a directory. The result for the application, a workspace or a link has no Name.
func (e *locked) locate(dir string) (analyzer.Package, error) {
	name, ok := directoryName(dir)
	if !ok || e.Link {
		return analyzer.Package{}, nil
	}
	if e.Name != "" {
		name = e.Name
	}
	if isLocal(string(e.Resolved)) {
		return analyzer.Package{}, nil
	}
	p, err := newDeclared(name, e.Version, string(e.Resolved))
	if err != nil {
		return p, err
	}
	p.Dev = e.Dev
	p.Licenses = licenses(e.License, e.Licenses)
	p.Depends = e.depends()
	setIntegrity(&p, string(e.Integrity))
	return p, nil
}

// directoryName returns the name of the package in a directory of the tree, which follows the last "node_modules/".
func directoryName(dir string) (string, bool) {
	const modules = "node_modules/"
	i := strings.LastIndex(dir, modules)
	if i < 0 || i > 0 && dir[i-1] != '/' {
		return "", false
	}
	return dir[i+len(modules):], true
}

func (e *locked) depends() []string {
	var names []string
	for _, list := range []map[string]lenient{e.Dependencies, e.OptionalDependencies, e.PeerDependencies} {
		for name, specifier := range list {
			if target := aliased(name, string(specifier)); validName(target) && !e.PeerDependenciesMeta[name].Optional {
				names = append(names, target)
			}
		}
	}
	return sortedSet(names)
}

// unnest returns the package of a name in "dependencies" and the packages nested in it.
func unnest(r *jsonstream.Reader, name string, entry nested) []analyzer.Package {
	type level struct {
		name  string
		entry nested
	}
	var packages []analyzer.Package
	for todo := []level{{name, entry}}; len(todo) > 0; {
		current := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, below := range slices.Sorted(maps.Keys(current.entry.Dependencies)) {
			todo = append(todo, level{below, current.entry.Dependencies[below]})
		}
		p, err := current.entry.locate(current.name)
		if err != nil {
			r.Note(err)
		}
		if p.Name != "" {
			packages = append(packages, p)
		}
	}
	return packages
}

// locate returns the package of a name in "dependencies". Its version may be an alias, "npm:name@1.0", a repository, an
// archive, or a directory of the application, for which the result has no Name.
func (n *nested) locate(name string) (analyzer.Package, error) {
	version, source := n.Version, string(n.Resolved)
	switch {
	case strings.HasPrefix(version, "npm:"):
		name, version, _ = splitSpec(version[len("npm:"):])
	case isLocal(version):
		return analyzer.Package{}, nil
	case isGit(version), isRemote(version):
		version, source = "", version
	}
	p, err := newDeclared(name, version, source)
	if err != nil {
		return p, err
	}
	p.Dev = n.Dev
	for required, specifier := range n.Requires {
		if target := aliased(required, string(specifier)); validName(target) {
			p.Depends = append(p.Depends, target)
		}
	}
	p.Depends = sortedSet(p.Depends)
	setIntegrity(&p, string(n.Integrity))
	return p, nil
}
