package npm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/license"
)

// analyzeManifest reads a package.json. Its place decides whether it is a package.
func analyzeManifest(file string, text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	where := placeOf(file)
	if where == application && releaseOf(path.Base(path.Dir(file))) == "" {
		return nil, nil
	}
	p, err := parseManifest(text)
	if err != nil {
		err = fmt.Errorf("npm: package.json: %w", err)
	}
	switch {
	case where == application && (err != nil || !isRelease(path.Dir(file), &p) || isPrivate(text)), where == within && p.Version == "":
		return nil, err
	case p.Name == "":
		return nil, err // the settings of a directory: {"type": "module"}
	}
	p.Declared = where == within
	packages, full := m.Append(nil, p)
	return &analyzer.Result{Packages: packages}, cmp.Or(err, full)
}

// isPrivate reports whether a package.json forbids npm to publish the package, so that no registry has it. npm accepts every value
// that JavaScript takes for true.
func isPrivate(source []byte) bool {
	value := string(member(source, "private"))
	return !slices.Contains([]string{"", "false", "null", "0", `""`}, value)
}

// parseManifest reads a package.json. A manifest without a name yields no Name. A package may lack a Version.
func parseManifest(source []byte) (analyzer.Package, error) {
	if !json.Valid(source) {
		return analyzer.Package{}, json.Unmarshal(source, new(struct{}))
	}
	var name, version, integrity, shasum, resolved string
	var license, licenseList []byte
	var needed struct{ dependencies, optional, peers, peersMeta []byte }
	for key, value := range members(source) {
		switch key {
		case "name":
			name = text(value)
		case "version":
			version = text(value)
		case "license":
			license = value
		case "licenses":
			licenseList = value
		case "dependencies":
			needed.dependencies = value
		case "optionalDependencies":
			needed.optional = value
		case "peerDependencies":
			needed.peers = value
		case "peerDependenciesMeta":
			needed.peersMeta = value
		case "_integrity": // npm before version 7 wrote the resolution into the installed manifest
			integrity = text(value)
		case "_shasum":
			shasum = text(value)
		case "_resolved":
			resolved = text(value)
		}
	}
	if name == "" {
		return analyzer.Package{}, nil
	}
	p, ok := newPackage(name, version)
	if !ok {
		return p, fmt.Errorf("not a package name: %.100q", name)
	}
	p.Licenses = licenses(license, licenseList)
	p.Depends = append(names(needed.dependencies, nil), names(needed.optional, nil)...)
	p.Depends = sortedSet(append(p.Depends, names(needed.peers, needed.peersMeta)...))
	setIntegrity(&p, integrity)
	setHexHash(&p, "sha1", shasum)
	setSource(&p, resolved)
	return p, nil
}

// names returns the names of the dependencies in list, without those that meta marks as optional.
func names(list, meta []byte) []string {
	optional := make(map[string]bool)
	for name, about := range members(meta) {
		optional[name] = string(member(about, "optional")) == "true"
	}
	var found []string
	for name, specifier := range members(list) {
		if optional[name] {
			continue
		}
		if target := aliased(name, text(specifier)); validName(target) {
			found = append(found, target)
		}
	}
	return found
}

// sortedSet sorts names and removes duplicates.
func sortedSet(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func validName(name string) bool {
	_, ok := splitName(name)
	return ok
}

// licenses reads the licence in every form in use: a name or expression, an object with a type, or a list of either.
func licenses(fields ...json.RawMessage) []string {
	var list []string
	seen := make(map[string]bool)
	for _, raw := range fields {
		for _, s := range licenseNames(raw, true) {
			if e, _ := license.Normalize(s); e != "" && !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	return list
}

func licenseNames(raw json.RawMessage, lists bool) []string {
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		return []string{text(raw)}
	case '{':
		for _, key := range []string{"type", "name"} {
			if s := text(member(raw, key)); s != "" {
				return []string{s}
			}
		}
	case '[':
		var elements []json.RawMessage
		if lists && json.Unmarshal(raw, &elements) == nil {
			var names []string
			for _, e := range elements {
				names = append(names, licenseNames(e, false)...)
			}
			return names
		}
	}
	return nil
}
