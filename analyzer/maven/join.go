package maven

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const (
	maxParents   = 32        // longest chain of parents
	maxLookups   = 1 << 20   // lookups of managed dependencies, for all projects together
	maxFacts     = 32 << 20  // bytes of all projects together, encoded
	maxHeld      = 160 << 20 // bytes that they take in memory, with their packages
	maxInherited = 1 << 16   // inherited dependencies, of all projects together
)

// A reactor holds the projects of an image, which complete one another.
type reactor struct {
	byPath   map[string]*project
	byName   map[coordinates]*project // the first in the order of paths
	lookups  int
	inherits int
	nested   int // calls of link within others

	varied map[[2]*project]map[dependencyKey]*dependency // project.varying of the second, by keys that the first resolves
}

// A project is a pom with its links to other projects.
type project struct {
	pom
	path    string
	linked  bool     // parent is set
	parent  *project // nil if the project has no parent or the parent is missing
	depth   int      // number of parents
	missing string   // why a stated parent is missing

	managed map[dependencyKey]*dependency // managed dependencies without properties in their keys
	varying []*dependency                 // managed dependencies whose keys the inheriting project resolves
	imports []*dependency                 // projects that contribute their managed dependencies
}

// join completes the dependencies of each pom.xml from its parents and the projects that it imports. The rules are those of
// Maven's model builder: Inheritance Assembly, Import of dependency management, Model Interpolation.
func join(ctx context.Context, facts []analyzer.Fact) []analyzer.Joined {
	r := reactor{byPath: make(map[string]*project), byName: make(map[coordinates]*project)}
	projects := make([]*project, len(facts))
	joined := make([]analyzer.Joined, len(facts))
	size, held := 0, int64(0)
	for i, f := range facts {
		size += len(f.Data)
		held += decodedSize(f.Data)
		if size > maxFacts || held > maxHeld {
			joined[i].Err = fmt.Errorf("maven: pom.xml: projects of more than %d bytes, or %d in memory, in the image: %w", maxFacts, maxHeld, analyzer.ErrTooLarge)
			continue
		}
		p := &project{path: f.Path}
		if err := json.Unmarshal(f.Data, &p.pom); err != nil {
			joined[i].Err = fmt.Errorf("maven: pom.xml: %w", err)
			continue
		}
		projects[i] = p
		held += int64(len(p.Dependencies)) * membudget.PackageSize
		p.sort()
		r.byPath[p.path] = p
		r.name(p)
	}
	for _, p := range r.unnamed(projects) {
		if ctx.Err() != nil {
			return nil
		}
		r.link(p)
		r.name(p)
	}
	for i, p := range projects {
		if ctx.Err() != nil {
			return nil
		}
		if p == nil || path.Base(p.path) != "pom.xml" || !p.incomplete() {
			continue
		}
		joined[i].Result, joined[i].Err = r.complete(p)
	}
	return joined
}

// decodedSize estimates the memory in bytes of a project: its text, and the entries of its objects and fields in lists and maps.
func decodedSize(fact []byte) int64 {
	const object, field = 192, 48
	return int64(len(fact) + object*bytes.Count(fact, []byte("{")) + field*bytes.Count(fact, []byte(":")))
}

// unnamed returns the projects whose coordinates have properties of their parents, those near the root first.
func (r *reactor) unnamed(projects []*project) []*project {
	var list []*project
	for _, p := range projects {
		if p != nil && !p.coordinates().complete() {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b *project) int { return strings.Count(a.path, "/") - strings.Count(b.path, "/") })
	return list
}

// name enters a project under its coordinates if they are complete.
func (r *reactor) name(p *project) {
	if c := p.coordinates(); c.complete() && r.byName[c] == nil {
		r.byName[c] = p
	}
}

// sort divides the managed dependencies of p into managed, varying and imports.
func (p *project) sort() {
	p.managed = make(map[dependencyKey]*dependency, len(p.Managed))
	for i := range p.Managed {
		d := &p.Managed[i]
		if p.pom.imports(*d) {
			p.imports = append(p.imports, d)
			continue
		}
		if strings.Contains(d.GroupID+d.ArtifactID+d.Type+d.Classifier, "${") {
			p.varying = append(p.varying, d)
			continue
		}
		if k := p.key(*d); p.managed[k] == nil {
			p.managed[k] = d
		}
	}
}

// complete returns the dependencies that a project declares or inherits.
func (r *reactor) complete(p *project) (*analyzer.Result, error) {
	r.link(p)
	last := p
	for last.parent != nil {
		last = last.parent
		if r.inherits += len(last.Dependencies); r.inherits > maxInherited {
			return nil, fmt.Errorf("maven: pom.xml: projects inherit more than %d dependencies: %w", maxInherited, analyzer.ErrTooLarge)
		}
	}
	r.varied = make(map[[2]*project]map[dependencyKey]*dependency)
	packages, unknown := p.declared(func(k dependencyKey) (dependency, bool) { return r.find(p, k, nil) })
	result := &analyzer.Result{Packages: packages}
	if r.lookups > maxLookups {
		return result, fmt.Errorf("maven: pom.xml: more than %d managed dependencies of all projects: %w", maxLookups, analyzer.ErrTooLarge)
	}
	where := "in this file or its parents"
	if last.missing != "" {
		where = fmt.Sprintf("in this file, and %s", last.missing)
	}
	result.Diagnostics = noVersion(unknown, where)
	return result, nil
}

// link sets the parents of a project and of its parents.
func (r *reactor) link(p *project) {
	var below []*project // the parent of each is the next
	for q := p; q != nil && !q.linked; q = q.parent {
		q.linked = true
		below = append(below, q)
		if q.Parent == (pomParent{}) {
			continue
		}
		switch q.parent = r.parentOf(q); {
		case q.parent == nil:
			q.missing = fmt.Sprintf("its parent %.300s is not in the image", q.parentName())
		case slices.Contains(below, q.parent):
			q.parent, q.missing = nil, "its parents form a cycle"
		}
	}
	for _, q := range slices.Backward(below) { // from the top down
		if q.parent == nil {
			continue
		}
		if q.depth = q.parent.depth + 1; q.depth > maxParents {
			q.parent, q.depth, q.missing = nil, 0, fmt.Sprintf("it has more than %d parents", maxParents)
			continue
		}
		q.above = &q.parent.pom
	}
}

// parentName returns the stated coordinates of the parent.
func (p *project) parentName() coordinates {
	return p.resolve(coordinates{p.Parent.GroupID, p.Parent.ArtifactID, p.Parent.Version})
}

// parentOf returns the parent of a project: the project at relativePath if it has the right coordinates, or else any project
// with these coordinates. Properties in them may be those of the parent itself, such as ${revision}.
func (r *reactor) parentOf(p *project) *project {
	want := p.parentName()
	at := "../pom.xml"
	if p.Parent.RelativePath != nil {
		at = strings.TrimSpace(*p.Parent.RelativePath)
	}
	if at != "" && path.Base(p.path) == "pom.xml" {
		at = path.Join(path.Dir(p.path), strings.ReplaceAll(at, `\`, "/"))
		q := r.byPath[at]
		if q == nil {
			q = r.byPath[path.Join(at, "pom.xml")]
		}
		if q != nil && q != p {
			if strings.Contains(want.version+want.group+want.artifact, "${") {
				if !r.above(q, p) {
					return nil
				}
				want = q.resolve(want)
			}
			has := q.coordinates()
			ranged := strings.ContainsAny(want.version, "[(")
			if has.group == want.group && has.artifact == want.artifact && (has.version == want.version || ranged) {
				return q
			}
		}
	}
	if q := r.byName[want]; q != p {
		return q
	}
	return nil
}

// above links q, whose properties may name p's parent, and reports whether that is possible: p must not be one of q's parents.
func (r *reactor) above(q, p *project) bool {
	if r.nested == maxParents {
		return false
	}
	r.nested++
	r.link(q)
	r.nested--
	for ; q != nil; q = q.parent {
		if q == p {
			return false
		}
	}
	return true
}

// find returns the managed dependency with a key: that of the project or its nearest parent with the key, or else that of the
// projects that they import. Properties of p don't apply to imported projects. seen holds the imported projects that find has
// visited.
func (r *reactor) find(p *project, k dependencyKey, seen map[*project]bool) (dependency, bool) {
	for q := p; q != nil; q = q.parent {
		if r.lookups++; r.lookups > maxLookups {
			return dependency{}, false
		}
		d := q.managed[k]
		if d == nil {
			d = r.vary(p, q)[k]
		}
		if d != nil {
			return p.resolved(*d), true
		}
	}
	for q := p; q != nil; q = q.parent {
		for _, d := range q.imports {
			other := r.byName[p.resolve(coordinates{d.GroupID, d.ArtifactID, d.Version})]
			if other == nil || other == p || seen[other] {
				continue
			}
			if seen == nil {
				seen = make(map[*project]bool)
			}
			seen[other] = true
			r.link(other)
			if d, ok := r.find(other, k, seen); ok {
				return d, true
			}
		}
	}
	return dependency{}, false
}

// vary returns the managed dependencies of q that have properties in their keys, by the keys that p resolves.
func (r *reactor) vary(p, q *project) map[dependencyKey]*dependency {
	if len(q.varying) == 0 {
		return nil
	}
	m, ok := r.varied[[2]*project{p, q}]
	if !ok && r.lookups <= maxLookups {
		m = make(map[dependencyKey]*dependency)
		for _, d := range q.varying {
			r.lookups++
			if k := p.key(*d); m[k] == nil {
				m[k] = d
			}
		}
		r.varied[[2]*project{p, q}] = m
	}
	return m
}
