package maven

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// analyzeProject reads a pom.xml on disk: what it declares are its dependencies, the project itself is what is to be built.
// A *.pom, which describes what lies in a repository, declares nothing, but may be the parent of one that does.
func analyzeProject(f *analyzer.File) (*analyzer.Result, error) {
	if f.Size() > maxPOM {
		return nil, fmt.Errorf("maven: pom.xml: %d bytes, more than the %d that are read: %w", f.Size(), maxPOM, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	p, err := parsePOM(text)
	if err != nil {
		err = fmt.Errorf("maven: %w", err)
	}
	r := new(analyzer.Result)
	if path.Base(f.Path) != "pom.xml" && p.interpolate(p.Packaging) != "pom" {
		return r, err
	}
	if r.Fact, err = p.fact(err); path.Base(f.Path) != "pom.xml" {
		return r, err
	}
	var unknown []string
	if r.Packages, unknown = p.declared(nil); !p.incomplete() {
		err = errors.Join(err, noVersion(unknown, "in this file"))
	}
	return r, err
}

// fact returns what other projects may inherit, and err or why there is nothing.
func (p *pom) fact(err error) ([]byte, error) {
	if p.XMLName.Local != "project" {
		return nil, err
	}
	fact, e := json.Marshal(p)
	return fact, errors.Join(err, e)
}

// incomplete reports whether other files have a say in what p declares.
func (p *pom) incomplete() bool {
	return p.Parent != pomParent{} || slices.ContainsFunc(p.Managed, p.imports)
}

// imports reports whether a managed dependency stands for those that another project manages.
func (p *pom) imports(d dependency) bool { return p.interpolate(d.Scope) == "import" }

// declared returns the dependencies of p and of its parents that have a version, their own or a managed one. Those of p
// count before those of its parents. What is managed says find, or, if that is nil, p alone. Ranges are no versions.
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

// noVersion returns an error that names dependencies without a version, nil if there is none.
func noVersion(unknown []string, where string) error {
	if len(unknown) == 0 {
		return nil
	}
	const shown = 8
	names := strings.Join(unknown[:min(shown, len(unknown))], ", ")
	if more := len(unknown) - shown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("maven: pom.xml: no one version %s: %s: %w", where, names, analyzer.ErrUnsupported)
}

// A dependencyKey is what dependencyManagement matches dependencies by.
type dependencyKey struct{ group, artifact, kind, classifier string }

func (p *pom) key(d dependency) dependencyKey {
	return dependencyKey{p.interpolate(d.GroupID), p.interpolate(d.ArtifactID), orElse(p.interpolate(d.Type), "jar"), p.interpolate(d.Classifier)}
}

// exact returns the version that a requirement allows if it is one only: "[1.2]" is 1.2, a range is nothing, nor is the
// "2.x" with which Debian means any.
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

// needs returns the names of the libraries without which this one does not run, as "group/artifact".
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
