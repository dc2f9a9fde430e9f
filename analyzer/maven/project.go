package maven

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

// analyzeProject reads a pom.xml on disk. Its dependencies are the packages; the project itself has yet to be built. A *.pom
// describes an artifact of a repository. It declares no packages, but may be the parent of a pom.xml.
func analyzeProject(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if f.Size() > maxPOM {
		return nil, fmt.Errorf("maven: pom.xml: %d bytes exceed the limit of %d: %w", f.Size(), maxPOM, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	m := membudget.New(ctx, f, 0)
	if err := m.Decoded(text, "<"); err != nil {
		return nil, fmt.Errorf("maven: pom.xml: %w", err)
	}
	p, err := parsePOM(text)
	if err != nil {
		err = fmt.Errorf("maven: %w", err)
	}
	r := new(analyzer.Result)
	if path.Base(f.Path) != "pom.xml" && p.interpolate(p.Packaging) != "pom" {
		return r, err
	}
	// Its packages with the map of managed dependencies, and the fact.
	size := int64(len(p.Dependencies)+len(p.Managed))*2*membudget.PackageSize + 2*int64(len(text))
	if err := m.Bytes(size); err != nil {
		return nil, fmt.Errorf("maven: pom.xml: %w", err)
	}
	fact, factErr := p.fact()
	r.Fact, err = fact, cmp.Or(err, factErr)
	if path.Base(f.Path) != "pom.xml" {
		return r, err
	}
	var unknown []string
	if r.Packages, unknown = p.declared(nil); !p.incomplete() {
		r.Diagnostics = noVersion(unknown, "in this file")
	}
	return r, err
}

// fact encodes p for other projects that may inherit from it.
func (p *pom) fact() ([]byte, error) {
	if p.XMLName.Local != "project" {
		return nil, nil
	}
	return json.Marshal(p)
}

// incomplete reports whether the dependencies of p depend on other files.
func (p *pom) incomplete() bool {
	return p.Parent != pomParent{} || slices.ContainsFunc(p.Managed, p.imports)
}

// imports reports whether a managed dependency imports the managed dependencies of another project.
func (p *pom) imports(d dependency) bool { return p.interpolate(d.Scope) == "import" }

// declared returns the dependencies of p and of its parents that have a version, and the names of the others. Dependencies of p
// override those of its parents. find looks up managed dependencies; nil means those of p alone. A range is not a version.
func (p *pom) declared(find func(dependencyKey) (dependency, bool)) (packages []analyzer.Package, unknown []string) {
	if find == nil {
		managed := make(map[dependencyKey]dependency, len(p.Managed))
		for _, d := range p.Managed {
			if k := p.key(d); managed[k] == (dependency{}) {
				managed[k] = p.resolved(d)
			}
		}
		find = func(k dependencyKey) (dependency, bool) {
			d, ok := managed[k]
			return d, ok
		}
	}
	own := make(map[dependencyKey]bool)
	for q := p; q != nil; q = q.above {
		for _, d := range q.Dependencies {
			k := p.key(d)
			if q != p && own[k] {
				continue
			}
			if q == p && p.above != nil || q.above != nil {
				own[k] = true
			}
			d = p.resolved(d)
			if d.Version == "" || d.Scope == "" {
				if m, ok := find(k); ok {
					d.Version, d.Scope = orElse(d.Version, m.Version), orElse(d.Scope, m.Scope)
				}
			}
			c := coordinates{k.group, k.artifact, exact(d.Version)}
			if !isCoordinate(c.group) || !isCoordinate(c.artifact) || !isVersion(c.version) {
				unknown = append(unknown, fmt.Sprintf("%.100s:%.100s", c.group, c.artifact))
				continue
			}
			pkg := c.pkg()
			pkg.Declared, pkg.Dev = true, d.Scope == "test"
			packages = append(packages, pkg)
		}
	}
	return packages, unknown
}

// resolved returns a dependency with the properties in its version and scope replaced.
func (p *pom) resolved(d dependency) dependency {
	d.Version, d.Scope = p.interpolate(d.Version), p.interpolate(d.Scope)
	return d
}

// noVersion returns a diagnostic that names dependencies without a version, or none if unknown is empty.
func noVersion(unknown []string, where string) []analyzer.Diagnostic {
	if len(unknown) == 0 {
		return nil
	}
	const shown = 8
	names := strings.Join(unknown[:min(shown, len(unknown))], ", ")
	if more := len(unknown) - shown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return []analyzer.Diagnostic{{Code: analyzer.Unsupported, Message: fmt.Sprintf("no exact version %s: %s", where, names)}}
}

// A dependencyKey identifies a dependency in dependencyManagement.
type dependencyKey struct{ group, artifact, kind, classifier string }

func (p *pom) key(d dependency) dependencyKey {
	return dependencyKey{p.interpolate(d.GroupID), p.interpolate(d.ArtifactID), orElse(p.interpolate(d.Type), "jar"), p.interpolate(d.Classifier)}
}

// exact returns the only version that a requirement allows, or "": "[1.2]" allows 1.2 only. Debian writes "2.x" for any
// version.
func exact(requirement string) string {
	if strings.HasSuffix(requirement, ".x") {
		return ""
	}
	if inner, ok := strings.CutPrefix(requirement, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok || strings.Contains(inner, ",") {
			return ""
		}
		return strings.TrimSpace(inner)
	}
	if strings.ContainsAny(requirement, "[](),") {
		return ""
	}
	return requirement
}

// needs returns the names of the libraries that this one requires at run time, as "group/artifact".
func (p *pom) needs() []string {
	var names []string
	for _, d := range p.Dependencies {
		switch p.interpolate(d.Scope) {
		case "", "compile", "runtime":
		default:
			continue
		}
		c := p.resolve(coordinates{group: d.GroupID, artifact: d.ArtifactID})
		if p.interpolate(d.Optional) != "true" && isCoordinate(c.group) && isCoordinate(c.artifact) {
			names = append(names, c.group+"/"+c.artifact)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
