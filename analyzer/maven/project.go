package maven

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// analyzeProject reads a pom.xml on disk: what it declares are its dependencies, the project itself is what is to be built.
func analyzeProject(f *analyzer.File) (*analyzer.Result, error) {
	return analyzeText(f, func(text []byte) ([]analyzer.Package, error) {
		p, err := parsePOM(text)
		packages, unknown := p.declared()
		if err != nil {
			err = fmt.Errorf("maven: %w", err)
		}
		return packages, errors.Join(err, unknown)
	})
}

// declared returns the dependencies that have a version in this file, their own or that of dependencyManagement. Ranges
// are none. An error that wraps analyzer.ErrUnsupported names those without.
func (p *pom) declared() ([]analyzer.Package, error) {
	managed := make(map[dependencyKey]dependency, len(p.Managed))
	for _, d := range p.Managed {
		if k := p.key(d); managed[k] == (dependency{}) {
			managed[k] = d
		}
	}
	var packages []analyzer.Package
	var unknown []string
	for _, d := range p.Dependencies {
		if m, ok := managed[p.key(d)]; ok {
			d.Version, d.Scope = orElse(d.Version, m.Version), orElse(d.Scope, m.Scope)
		}
		c := p.resolve(coordinates{d.GroupID, d.ArtifactID, d.Version})
		c.version = exact(c.version)
		if !isCoordinate(c.group) || !isCoordinate(c.artifact) || !isVersion(c.version) {
			unknown = append(unknown, fmt.Sprintf("%.100s:%.100s", c.group, c.artifact))
			continue
		}
		pkg := c.pkg()
		pkg.Declared = true
		pkg.Dev = p.interpolate(d.Scope) == "test"
		packages = append(packages, pkg)
	}
	if len(unknown) == 0 {
		return packages, nil
	}
	const shown = 8
	names := strings.Join(unknown[:min(shown, len(unknown))], ", ")
	if more := len(unknown) - shown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return packages, fmt.Errorf("maven: pom.xml: no one version in this file: %s: %w", names, analyzer.ErrUnsupported)
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
