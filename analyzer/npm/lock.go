package npm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
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

// A nested package is the value of a name in "dependencies", without the packages in it.
type nested struct {
	Version   string // or the specifier, if it is not a version
	Resolved  lenient
	Integrity lenient
	Dev       bool
	Requires  requirements
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

// A lockReader reads a lock file of npm.
type lockReader struct {
	*jsonstream.Reader
	meter           *membudget.Meter
	packages, older []analyzer.Package // of "packages" and of "dependencies"
}

// parseLock reads package-lock.json, npm-shrinkwrap.json or node_modules/.package-lock.json. Versions 2 and 3 describe each
// directory of the tree in "packages". Version 1 has nested "dependencies" only; version 2 repeats them for older npm.
func parseLock(source []byte, m *membudget.Meter) (*analyzer.Result, error) {
	r := lockReader{Reader: jsonstream.NewLimited(source, maxValue), meter: m}
	hasPackages := false
	var bad diagnostic.List
	err := r.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return errNotObject
		case key == "packages":
			hasPackages = true
			return r.Members(r.locked)
		case key == "dependencies" && !hasPackages:
			return r.Members(r.nested)
		}
		return r.Skip()
	})
	if !hasPackages {
		r.packages = r.older
	}
	return result(r.packages, &bad, "lock file", err)
}

// locked reads the package of a directory.
func (r *lockReader) locked(dir string) (err error) {
	var entry locked
	if err := r.Value(&entry); err != nil {
		return err
	}
	p, err := entry.locate(dir)
	return r.add(&r.packages, p, err)
}

// nested reads the package of a name in "dependencies" and the packages nested in it.
func (r *lockReader) nested(name string) error {
	var n nested
	err := r.Members(func(key string) error {
		switch key {
		case "version":
			return r.Value(&n.Version)
		case "resolved":
			return r.Value(&n.Resolved)
		case "integrity":
			return r.Value(&n.Integrity)
		case "dev":
			return r.Value(&n.Dev)
		case "requires":
			return r.Value(&n.Requires)
		case "dependencies":
			return r.Members(r.nested)
		}
		return r.Skip()
	})
	if err != nil {
		return err
	}
	p, err := n.locate(name)
	return r.add(&r.older, p, err)
}

// add appends a package that has a name, and notes the error of locate.
func (r *lockReader) add(to *[]analyzer.Package, p analyzer.Package, err error) error {
	if err != nil {
		r.Note(err)
	}
	if p.Name == "" {
		return nil
	}
	*to, err = r.meter.Append(*to, p)
	return err
}

// result returns the packages read so far, and the error that ended the reading.
func result(packages []analyzer.Package, bad *diagnostic.List, name string, err error) (*analyzer.Result, error) {
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
	names := make([]string, 0, len(e.Dependencies)+len(e.OptionalDependencies)+len(e.PeerDependencies))
	for _, list := range []map[string]lenient{e.Dependencies, e.OptionalDependencies, e.PeerDependencies} {
		for name, specifier := range list {
			if target := aliased(name, string(specifier)); validName(target) && !e.PeerDependenciesMeta[name].Optional {
				names = append(names, target)
			}
		}
	}
	return sortedSet(names)
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
