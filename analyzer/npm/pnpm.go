package npm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
)

// maxEntry is the size in bytes of the largest entry of a pnpm-lock.yaml that is read; real ones have a few hundred.
// The entries are parsed one by one, which bounds the memory that YAML takes, and keeps what a damaged place leaves whole.
const maxEntry = 256 << 10

// A pnpmEntry is the value of a package in "packages". Up to version 6 of the format it also has the dependencies and
// whether it is for development; since version 9 the former are in "snapshots", a list for each set of peers, and the
// latter follows from what the importers, the directories of the application, need.
type pnpmEntry struct {
	name, version string            // where the key does not say
	resolution    map[string]string // integrity, tarball, type, repo, commit
	depends       []pnpmNeed        // the optional ones included
	development   []pnpmNeed        // of an importer
	dev           bool
}

// A pnpmNeed is a dependency and what it is resolved to.
type pnpmNeed struct{ name, version string }

// A pnpmReader collects the sections of a pnpm-lock.yaml.
type pnpmReader struct {
	packages                []analyzer.Package
	keys                    []string // of packages, parallel
	byKey                   map[string]int
	depends                 graph    // by key of a snapshot, peers included
	production, development []string // what the importers need
	problems                problems
}

// parsePNPM reads pnpm-lock.yaml of the versions 5, 6 and 9 of its format. Of several documents in one file, all count.
func parsePNPM(text []byte) ([]analyzer.Package, error) {
	r := pnpmReader{byKey: make(map[string]int), depends: make(graph)}
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
	var document yaml.Node
	if err := yaml.Unmarshal(e.text, &document); err != nil {
		return err
	}
	if len(document.Content) != 1 {
		return errors.New("not an entry")
	}
	for key, node := range yamlMembers(document.Content[0]) { // one, in all that pnpm writes
		value := readPNPMEntry(node)
		switch e.section {
		case "packages":
			if err := r.add(key, &value); err != nil {
				return err
			}
		case "snapshots":
			r.depends[key] = append(r.depends[key], targets(value.depends)...)
			if i, ok := r.byKey[withoutPeers(key)]; ok {
				r.packages[i].Depends = append(r.packages[i].Depends, value.needs()...)
			}
		case "importers":
			r.production = append(r.production, targets(value.depends)...)
			r.development = append(r.development, targets(value.development)...)
		}
	}
	return nil
}

func readPNPMEntry(node *yaml.Node) (e pnpmEntry) {
	for key, value := range yamlMembers(node) {
		switch key {
		case "name":
			e.name = value.Value
		case "version":
			e.version = value.Value
		case "dev":
			e.dev = value.Value == "true"
		case "resolution":
			e.resolution = make(map[string]string)
			for k, v := range yamlMembers(value) {
				e.resolution[k] = v.Value
			}
		case "dependencies", "optionalDependencies":
			e.depends = append(e.depends, readPNPMNeeds(value)...)
		case "devDependencies":
			e.development = readPNPMNeeds(value)
		}
	}
	return e
}

// readPNPMNeeds reads a list of dependencies. Those of importers are objects of a specifier and a version.
func readPNPMNeeds(node *yaml.Node) (list []pnpmNeed) {
	for name, value := range yamlMembers(node) {
		need := pnpmNeed{name, value.Value}
		for key, v := range yamlMembers(value) {
			if key == "version" {
				need.version = v.Value
			}
		}
		list = append(list, need)
	}
	return list
}

// targets returns the keys of dependencies.
func targets(list []pnpmNeed) []string {
	keys := make([]string, 0, len(list))
	for _, n := range list {
		keys = append(keys, pnpmTarget(n.name, n.version))
	}
	return keys
}

// add makes a package of an entry of "packages"; directories of the application are none.
func (r *pnpmReader) add(key string, e *pnpmEntry) error {
	source := e.resolution["tarball"]
	switch {
	case e.resolution["type"] == "directory", isLocal(source):
		return nil
	case e.resolution["type"] == "git":
		source = gitSpec(e.resolution["repo"], e.resolution["commit"])
	}
	name, version := pnpmKey(key)
	p, err := newDeclared(cmp.Or(e.name, name), cmp.Or(e.version, version), source)
	if err != nil {
		return fmt.Errorf("%.200q: %w", key, err)
	}
	p.Dev = e.dev
	p.Depends = e.needs()
	setIntegrity(&p, e.resolution["integrity"])
	if _, ok := r.byKey[key]; !ok {
		r.byKey[key] = len(r.packages)
	}
	r.packages, r.keys = append(r.packages, p), append(r.keys, key)
	return nil
}

// needs returns the names of the packages that an entry depends on.
func (e *pnpmEntry) needs() []string {
	var names []string
	for _, n := range e.depends {
		target, version := pnpmKey(pnpmTarget(n.name, n.version))
		if version == "" || !validName(target) {
			target = n.name
		}
		if validName(target) {
			names = append(names, target)
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
		p.Depends = sortedSet(p.Depends)
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
