package npm

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// A document is a JSON object whose members are looked at one by one. Unlike a struct it tells upper from lower case, as
// every reader of package.json does, and one member of an unexpected type does not spoil the others.
type document map[string]json.RawMessage

// text returns a member that is a string, else "".
func (d document) text(key string) string {
	var s string
	if json.Unmarshal(d[key], &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// object returns a member that is an object, else nil.
func (d document) object(key string) document {
	var o document
	if json.Unmarshal(d[key], &o) != nil {
		return nil
	}
	return o
}

// analyzeManifest reads a package.json according to where it lies.
func analyzeManifest(file string, text []byte) (*analyzer.Result, error) {
	where := placeOf(file)
	if where == application && releaseOf(path.Base(path.Dir(file))) == "" {
		return nil, nil
	}
	p, err := parseManifest(text)
	switch {
	case where == application && (err != nil || !isRelease(path.Dir(file), &p)), where == within && p.Version == "":
		return nil, err
	case p.Name == "":
		return nil, err // the settings of a directory: {"type": "module"}
	}
	p.Declared = where == within
	return &analyzer.Result{Packages: []analyzer.Package{p}}, err
}

// parseManifest reads a package.json. One without a name describes no package; one without a version may.
func parseManifest(text []byte) (analyzer.Package, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return analyzer.Package{}, fmt.Errorf("npm: package.json: %w", err)
	}
	name := d.text("name")
	if name == "" {
		return analyzer.Package{}, nil
	}
	p, ok := newPackage(name, d.text("version"))
	if !ok {
		return p, fmt.Errorf("npm: package.json: not a package name: %.100q", name)
	}
	p.Licenses = licenses(d["license"], d["licenses"])
	p.Depends = depends(d)
	// Before version 7, npm wrote what it had resolved into the installed manifest.
	setIntegrity(&p, d.text("_integrity"))
	setHexHash(&p, "sha1", d.text("_shasum"))
	setSource(&p, d.text("_resolved"))
	return p, nil
}

// depends returns the names of what a package needs at run time, sorted: its dependencies, the optional ones, and those
// of its peers that are not optional.
func depends(d document) []string {
	names := make(map[string]bool)
	add := func(list, except document) {
		for name := range list {
			if except.object(name).flag("optional") {
				continue
			}
			if target := aliased(name, list.text(name)); validName(target) {
				names[target] = true
			}
		}
	}
	add(d.object("dependencies"), nil)
	add(d.object("optionalDependencies"), nil)
	add(d.object("peerDependencies"), d.object("peerDependenciesMeta"))
	if len(names) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}

// flag returns a member that is true.
func (d document) flag(key string) bool { return string(d[key]) == "true" }

func validName(name string) bool {
	_, ok := newPackage(name, "")
	return ok
}

// licenses reads the licence in all forms that were ever in use: a name or expression; an object with a type; lists of
// either.
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
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return []string{s}
		}
	case '{':
		var o document
		if json.Unmarshal(raw, &o) == nil {
			for _, key := range []string{"type", "name"} {
				if s := o.text(key); s != "" {
					return []string{s}
				}
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
