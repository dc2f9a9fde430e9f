package scan

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	// maxLinks is the number of symbolic links that a path may lead through, as in Linux.
	maxLinks = 40

	// maxUnpackLinks is that number for the names in a layer, as in containerd.
	maxUnpackLinks = 255

	// maxResolved is the length in bytes of the longest path that links may produce, as in Linux.
	maxResolved = 4096

	// maxSteps is the number of elements of paths with links that a merge follows, which takes some seconds. The names after them lead nowhere, and
	// the merge ends with an error.
	maxSteps = 10_000_000
)

// resolve follows the symbolic links of a path as the kernel does in a container: absolute targets start at the root, ".." ends there.
// It returns false for a loop.
func (t *tree) resolve(p string) (string, bool) {
	if t.direct(p) {
		return p, true
	}
	at, _, ok := t.walk(p, true)
	return at, ok
}

// walk follows the symbolic links of a path. Without absolute, an absolute target leads to nothing.
func (t *tree) walk(p string, absolute bool) (at string, n *node, ok bool) {
	links := 0
	n, at = &t.root, "."
	for rest := p; rest != ""; {
		if t.steps++; t.steps > maxSteps {
			return "", nil, false
		}
		element, after, _ := strings.Cut(rest, "/")
		rest = after
		switch element {
		case "", ".":
			continue
		case "..":
			at = dirOf(at)
			t.steps += strings.Count(at, "/")
			n = t.find(at)
			continue
		}
		var child *node
		if n != nil {
			child = t.child(n, element)
		}
		if child == nil || child.link == "" {
			at, n = join(at, element), child
			continue
		}
		if links++; links > maxLinks {
			return "", nil, false
		}
		if rest = child.link + "/" + rest; len(rest) > maxResolved {
			return "", nil, false
		}
		if strings.HasPrefix(child.link, "/") {
			if !absolute {
				return "", nil, false
			}
			at = "."
		}
		t.steps += strings.Count(at, "/")
		n = t.find(at)
	}
	return at, n, true
}

// direct reports whether a clean path leads through no symbolic link, as nearly all do.
func (t *tree) direct(p string) bool {
	n := &t.root
	if p == "." {
		return true
	}
	for element := range strings.SplitSeq(p, "/") {
		if n = t.child(n, element); n == nil {
			return true
		}
		if n.link != "" {
			return false
		}
	}
	return true
}

// unpacked returns the directory in which containerd places an entry whose name has the directory p. It returns false where containerd
// fails.
//
// containerd (RootPath in github.com/containerd/continuity/fs) replaces links one by one from the left, joins a relative target with the
// path so far, in which it cancels ".." and the element before, and starts again until a round meets no link. The path so far may have
// links: then the target of a later one applies to the wrong directory. An absolute link in the path so far leads out of the root, to
// nothing.
func (t *tree) unpacked(p string) (string, bool) {
	if t.direct(p) {
		return p, true
	}
	for links := 0; ; {
		before := links
		at, dir := ".", &t.root // dir is nil if it does not exist
		for element := range strings.SplitSeq(p, "/") {
			if t.steps++; t.steps > maxSteps {
				return "", false
			}
			at = join(at, element)
			var n *node
			if dir != nil {
				n = t.child(dir, element)
			}
			if n == nil || n.link == "" {
				dir = n
				continue
			}
			if links++; links > maxUnpackLinks {
				return "", false
			}
			if strings.HasPrefix(n.link, "/") {
				at = clean(n.link)
			} else {
				at = clean(dirOf(at) + "/" + n.link)
			}
			if len(at) > maxResolved {
				return "", false
			}
			t.steps += strings.Count(at, "/")
			if _, dir, _ = t.walk(at, false); dir != nil && dir.link != "" {
				dir = nil
			}
		}
		if p = at; links == before {
			return p, true
		}
	}
}

// linkLimitError returns an error if paths have more links than the merge follows.
func (t *tree) linkLimitError() error {
	if t.steps > maxSteps {
		return &analyzer.LimitError{What: "elements of paths that lead through symbolic links", Limit: maxSteps}
	}
	return nil
}
