package verify

import (
	"path"
	"strings"
)

// A links follows the symbolic links of an image.
type links struct {
	targets  map[string]string // as they stand in the links, by path
	resolved map[string]string // paths that links lead to
	parents  map[string]string // directories without links, by directory
}

// maxDepth is the most links that lead to one another, as for the kernel.
const maxDepth = 40

// parent returns a path with the links in its directory followed.
func (l *links) parent(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return p
	}
	dir := p[:i]
	real, ok := l.parents[dir]
	if !ok {
		if real, ok = l.walk("", dir, 0); !ok {
			real = dir
		}
		if l.parents == nil {
			l.parents = make(map[string]string)
		}
		l.parents[dir] = real
	}
	if real == dir {
		return p
	}
	return join(real, p[i+1:])
}

// resolve returns the path that a link leads to, with all links followed. The path's own directory must be free of links.
func (l *links) resolve(link string) (string, bool) { return l.follow(link, 0) }

// walk returns the path that rest leads to from a directory.
func (l *links) walk(at, rest string, depth int) (string, bool) {
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if at = path.Dir(at); at == "." {
				at = ""
			}
			continue
		}
		if at = join(at, name); len(at) > maxPath {
			return "", false
		}
		if _, ok := l.targets[at]; ok {
			if at, ok = l.follow(at, depth+1); !ok {
				return "", false
			}
		}
	}
	return at, true
}

const maxPath = 4096

// loop stands for links that lead nowhere.
const loop = "\x00"

// follow resolves one link. Each link is resolved once.
func (l *links) follow(link string, depth int) (string, bool) {
	if to, ok := l.resolved[link]; ok {
		return to, to != loop
	}
	if depth > maxDepth {
		return "", false
	}
	if l.resolved == nil {
		l.resolved = make(map[string]string)
	}
	l.resolved[link] = loop // while it is being resolved
	target := l.targets[link]
	at := path.Dir(link)
	if at == "." || strings.HasPrefix(target, "/") {
		at = ""
	}
	to, ok := l.walk(at, target, depth)
	if ok {
		l.resolved[link] = to
	}
	return to, ok
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
