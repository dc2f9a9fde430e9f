// Package pattern matches the paths of files with the patterns of analyzer.Info.
package pattern

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// An Index finds the analyzers that want a path. Find does a few map look-ups and no allocation, whatever the number of
// analyzers.
type Index struct {
	exact map[string][]target // whole path
	dir   map[string][]target // directory, for patterns with "*" in the base name only
	base  map[string][]target // base name
	ext   map[string][]target // extension with its dot, for patterns that end in a suffix
	plain []target            // base names without an extension
	below []tree              // for patterns that end in "/**"
	every []target            // "**"
}

// A target is one pattern of one analyzer. Where rest is not empty, the path must match it as well.
type target struct {
	analyzer int
	rest     string // a glob over whole elements, or after "**/" over the last ones
	anywhere bool   // rest is to be matched against the last elements
}

// A tree is a directory, with its slash, and the analyzers that want the files below it.
type tree struct {
	dir    string
	wanted []target
}

// Compile adds the patterns of one analyzer to wanted. It adds the analyzer's needs beside files, which with names, to
// siblings.
func Compile(analyzer int, patterns, with []string, wanted, siblings *Index) error {
	for _, p := range patterns {
		if err := wanted.Add(analyzer, p); err != nil {
			return err
		}
		for _, name := range with {
			if err := siblings.Add(analyzer, Beside(p, name)); err != nil {
				return fmt.Errorf("with %q: %w", name, err)
			}
		}
	}
	return nil
}

// Beside returns the path of a file in the directory of p.
func Beside(p, name string) string { return p[:strings.LastIndexByte(p, '/')+1] + name }

// Add adds a pattern of an analyzer.
func (x *Index) Add(analyzer int, pattern string) error {
	bad := func(why string) error { return fmt.Errorf("pattern %q: %s", pattern, why) }
	t := target{analyzer: analyzer}
	if pattern == "**" {
		x.every = append(x.every, t)
		return nil
	}
	if pattern == "**/*." {
		x.plain = append(x.plain, t)
		return nil
	}
	rest, anywhere := strings.CutPrefix(pattern, "**/")
	if !fs.ValidPath(rest) || rest == "." {
		return bad("not a clean path relative to the root")
	}
	if dir, ok := strings.CutSuffix(rest, "/**"); ok && !anywhere && !strings.ContainsAny(dir, `*?[\`) {
		x.below = append(x.below, tree{dir + "/", []target{t}})
		return nil
	}
	if strings.Contains(rest, "**") || strings.ContainsAny(rest, `?[\`) {
		return bad(`only "*" within an element, "**/" in front and "/**" at the end of a directory are special`)
	}
	dir, base := path.Split(rest)
	dir = strings.TrimSuffix(dir, "/")
	t.anywhere = anywhere
	if strings.Contains(rest, "*") || anywhere && dir != "" {
		t.rest = rest
	}
	put := func(m *map[string][]target, key string) error {
		if *m == nil {
			*m = make(map[string][]target)
		}
		(*m)[key] = append((*m)[key], t)
		return nil
	}
	switch {
	case !anywhere && t.rest == "":
		return put(&x.exact, rest)
	case !anywhere && !strings.Contains(dir, "*"):
		return put(&x.dir, dir)
	case !strings.Contains(base, "*"):
		return put(&x.base, base)
	}
	// The text after the last "*" must hold the last dot, so that the extension of every match is known.
	suffix := base[strings.LastIndexByte(base, '*')+1:]
	ext := path.Ext(suffix)
	if ext == "" {
		return bad(`in any directory, a base name with "*" must end in an extension, as in "*.jar"`)
	}
	return put(&x.ext, ext)
}

// Empty reports whether the index has no pattern.
func (x *Index) Empty() bool {
	return x.exact == nil && x.dir == nil && x.base == nil && x.ext == nil && x.plain == nil && x.below == nil && x.every == nil
}

// Find appends to found the analyzers that want a path, each once, in ascending order of pattern kind.
func (x *Index) Find(p string, found []int) []int {
	slash := strings.LastIndexByte(p, '/')
	dir, base := "", p
	if slash >= 0 {
		dir, base = p[:slash], p[slash+1:]
	}
	if x.exact != nil {
		found = appendTargets(found, x.exact[p], p)
	}
	if x.dir != nil {
		found = appendTargets(found, x.dir[dir], p)
	}
	if x.base != nil {
		found = appendTargets(found, x.base[base], p)
	}
	dot := strings.LastIndexByte(base, '.')
	if x.ext != nil && dot >= 0 {
		found = appendTargets(found, x.ext[base[dot:]], p)
	}
	if x.plain != nil && !hasExtension(base, dot) {
		found = appendTargets(found, x.plain, p)
	}
	for _, t := range x.below { // few
		if strings.HasPrefix(p, t.dir) {
			found = appendTargets(found, t.wanted, p)
		}
	}
	return appendTargets(found, x.every, p)
}

// hasExtension reports whether a base name has an extension behind its last dot. A number is part of a version: "tool-1.2".
func hasExtension(base string, dot int) bool {
	return dot >= 0 && dot+1 < len(base) && (base[dot+1] < '0' || base[dot+1] > '9')
}

func appendTargets(found []int, targets []target, p string) []int {
next:
	for _, t := range targets {
		for _, f := range found {
			if f == t.analyzer {
				continue next
			}
		}
		if t.rest != "" && !matchElements(t.rest, p, t.anywhere) {
			continue
		}
		found = append(found, t.analyzer)
	}
	return found
}

// matchElements reports whether a path matches a glob element by element, from the end; with anywhere, the path may
// have further elements in front.
func matchElements(glob, p string, anywhere bool) bool {
	for {
		g, p1 := lastElement(&glob), lastElement(&p)
		if !matchElement(g, p1) {
			return false
		}
		switch {
		case glob == "":
			return anywhere || p == ""
		case p == "":
			return false
		}
	}
}

// lastElement cuts the last element off a path.
func lastElement(p *string) string {
	i := strings.LastIndexByte(*p, '/')
	last := (*p)[i+1:]
	*p = (*p)[:max(i, 0)]
	return last
}

// matchElement matches one element against a glob in which only "*" is special. It is linear but for the number of
// stars: each is bound greedily from the left.
func matchElement(glob, s string) bool {
	star := strings.IndexByte(glob, '*')
	if star < 0 {
		return glob == s
	}
	if !strings.HasPrefix(s, glob[:star]) {
		return false
	}
	s, glob = s[star:], glob[star+1:]
	for {
		star = strings.IndexByte(glob, '*')
		if star < 0 {
			return strings.HasSuffix(s, glob)
		}
		i := strings.Index(s, glob[:star])
		if i < 0 {
			return false
		}
		s, glob = s[i+star:], glob[star+1:]
	}
}
