package npm

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
)

// maxEntry is the size in bytes of the largest entry of a pnpm-lock.yaml that is read; real ones have a few hundred.
// The entries are parsed one by one, which bounds the memory that YAML takes, and keeps what a damaged place leaves whole.
const maxEntry = 256 << 10

// A pnpmEntry is the value of a package in "packages". Up to version 6 of the format it also has the dependencies and
// whether it is for development; since version 9 the former are in "snapshots", a list for each set of peers, and the
// latter follows from them.
type pnpmEntry struct {
	Name, Version string // where the key does not say
	Resolution    struct {
		Integrity, Tarball, Type, Repo, Commit string
	}
	Dependencies         map[string]pnpmVersion
	OptionalDependencies map[string]pnpmVersion `yaml:"optionalDependencies"`
	DevDependencies      map[string]pnpmVersion `yaml:"devDependencies"` // of an importer
	Dev                  bool
}

// A pnpmVersion is a resolved version, or the object that holds it beside its specifier.
type pnpmVersion string

func (v *pnpmVersion) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		*v = pnpmVersion(n.Value)
		return nil
	}
	var object struct{ Version string }
	err := n.Decode(&object)
	*v = pnpmVersion(object.Version)
	return err
}

// A pnpmReader collects the sections of a pnpm-lock.yaml.
type pnpmReader struct {
	packages                []analyzer.Package
	keys                    []string         // of packages, parallel
	snapshots               map[string][]int // packages by key
	depends                 graph            // by key of a snapshot, peers included
	production, development []string         // what the importers need
	problems                problems
}

// parsePNPM reads pnpm-lock.yaml of the versions 5, 6 and 9 of its format. Of several documents in one file, all count.
func parsePNPM(text []byte) ([]analyzer.Package, error) {
	r := pnpmReader{snapshots: make(map[string][]int), depends: make(graph)}
	for e := range yamlEntries(text) {
		if e.err == nil {
			e.err = r.entry(e)
		}
		if e.err != nil {
			r.problems.add(fmt.Errorf("npm: pnpm-lock.yaml: line %d: %w", e.line, e.err))
		}
	}
	r.resolve()
	return r.packages, r.problems.err()
}

func (r *pnpmReader) entry(e yamlEntry) error {
	if e.section != "packages" && e.section != "snapshots" && e.section != "importers" {
		return nil
	}
	if len(e.text) > maxEntry {
		return fmt.Errorf("an entry of more than %d bytes: %w", maxEntry, analyzer.ErrTooLarge)
	}
	var values map[string]pnpmEntry
	err := yaml.Unmarshal(e.text, &values)
	for _, key := range slices.Sorted(maps.Keys(values)) { // one, in all that pnpm writes
		value := values[key]
		switch e.section {
		case "packages":
			err = errors.Join(err, r.add(key, &value))
		case "snapshots":
			for _, list := range []map[string]pnpmVersion{value.Dependencies, value.OptionalDependencies} {
				for name, version := range list {
					r.depends[key] = append(r.depends[key], pnpmTarget(name, string(version)))
				}
			}
			base := withoutPeers(key)
			for _, i := range r.snapshots[base] {
				r.packages[i].Depends = append(r.packages[i].Depends, value.needs()...)
			}
		case "importers":
			for _, list := range []map[string]pnpmVersion{value.Dependencies, value.OptionalDependencies} {
				for name, version := range list {
					r.production = append(r.production, pnpmTarget(name, string(version)))
				}
			}
			for name, version := range value.DevDependencies {
				r.development = append(r.development, pnpmTarget(name, string(version)))
			}
		}
	}
	return err
}

// add makes a package of an entry of "packages"; directories of the application are none.
func (r *pnpmReader) add(key string, e *pnpmEntry) error {
	if e.Resolution.Type == "directory" {
		return nil
	}
	name, version := pnpmKey(key)
	if e.Name != "" {
		name = e.Name
	}
	if e.Version != "" {
		version = e.Version
	}
	p, ok := newPackage(name, version)
	if !ok {
		return fmt.Errorf("not a package: %.200q", key)
	}
	p.Declared, p.Dev = true, e.Dev
	p.Depends = e.needs()
	setIntegrity(&p, e.Resolution.Integrity)
	if e.Resolution.Type == "git" {
		setSource(&p, gitSpec(e.Resolution.Repo, e.Resolution.Commit))
	} else {
		setSource(&p, e.Resolution.Tarball)
	}
	r.snapshots[key] = append(r.snapshots[key], len(r.packages))
	r.packages, r.keys = append(r.packages, p), append(r.keys, key)
	return nil
}

// needs returns the names of the packages that an entry depends on.
func (e *pnpmEntry) needs() []string {
	var names []string
	for _, list := range []map[string]pnpmVersion{e.Dependencies, e.OptionalDependencies} {
		for name, version := range list {
			target, resolved := pnpmKey(pnpmTarget(name, string(version)))
			if resolved == "" || !validName(target) {
				target = name
			}
			if validName(target) {
				names = append(names, target)
			}
		}
	}
	return names
}

// resolve does what is left when all sections have been read.
func (r *pnpmReader) resolve() {
	only := r.depends.developmentOnly(r.production, r.development)
	production := make(map[string]bool)
	development := make(map[string]bool)
	for key := range r.depends.reach(slices.Concat(r.production, r.development)) {
		if only[key] {
			development[withoutPeers(key)] = true
		} else {
			production[withoutPeers(key)] = true
		}
	}
	for i := range r.packages {
		p := &r.packages[i]
		slices.Sort(p.Depends)
		p.Depends = slices.Compact(p.Depends)
		p.Dev = p.Dev || development[r.keys[i]] && !production[r.keys[i]]
	}
}

// gitSpec returns a repository and a commit in the form in which other lock files write them.
func gitSpec(repository, commit string) string {
	if !isGit(repository) {
		repository = "git+" + repository
	}
	return repository + "#" + commit
}
