package npm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// maxEntry is the size in bytes of the largest entry of a pnpm-lock.yaml that is read; real ones have a few hundred. Entries
// are parsed one by one, which bounds the memory of the YAML parser and confines damage to one entry.
const maxEntry = 256 << 10

// A pnpmEntry is the value of a package in "packages". Up to version 6 of the format it also has the dependencies and a flag
// for development. Since version 9 "snapshots" has the dependencies, one list for each set of peers, and the flag follows from
// the dependencies of the importers, which are directories of the application.
type pnpmEntry struct {
	name, version string            // if the key lacks them
	resolution    map[string]string // integrity, tarball, type, repo, commit
	depends       []pnpmNeed        // including optional dependencies
	development   []pnpmNeed        // development dependencies of an importer
	dev           bool
}

// A pnpmNeed is the name of a dependency and its resolution.
type pnpmNeed struct{ name, version string }

// A pnpmReader collects the sections of a pnpm-lock.yaml.
type pnpmReader struct {
	packages                []analyzer.Package
	keys                    []string // keys[i] is the key of packages[i]
	byKey                   map[string]int
	depends                 graph    // by key of a snapshot, with its peers
	production, development []string // keys that the importers need
	bad                     diagnostic.List
	meter                   *membudget.Meter
}

// parsePNPM reads all documents of a pnpm-lock.yaml in version 5, 6 or 9 of the format.
func parsePNPM(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	r := pnpmReader{meter: m, byKey: make(map[string]int), depends: make(graph)}
	for e := range yamlEntries(text) {
		if e.err == nil {
			e.err = r.entry(e)
		}
		if e.err != nil {
			if m.Err() != nil {
				return result(r.packages, &r.bad, fmt.Sprintf("pnpm-lock.yaml: line %d", e.line), e.err)
			}
			r.bad.Line(e.line, "%w", e.err)
		}
	}
	r.resolve()
	return result(r.packages, &r.bad, "pnpm-lock.yaml", nil)
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
	for key, node := range yamlMembers(document.Content[0]) { // pnpm writes one
		value := readPNPMEntry(node)
		if err := r.count(key, &value); err != nil {
			return err
		}
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

// count counts the key and the dependencies of an entry, in the graph and in the maps of resolve.
func (r *pnpmReader) count(key string, e *pnpmEntry) error {
	const node = 256 // bytes in the maps
	n := int64(node + len(key))
	for _, list := range [][]pnpmNeed{e.depends, e.development} {
		for _, need := range list {
			n += int64(node + len(need.name) + len(need.version))
		}
	}
	return r.meter.Bytes(n)
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

// readPNPMNeeds reads a list of dependencies. A dependency of an importer is an object with a specifier and a version.
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

// add appends the package of an entry of "packages". It ignores directories of the application.
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
	if r.packages, err = r.meter.Append(r.packages, p); err == nil {
		r.keys = append(r.keys, key)
	}
	return err
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

// resolve completes the dependencies and development flags after all sections have been read.
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

// gitSpec returns a repository and a commit in the form of other lock files, "git+https://host/repository#commit".
func gitSpec(repository, commit string) string {
	if !isGit(repository) {
		repository = "git+" + repository
	}
	return repository + "#" + commit
}
