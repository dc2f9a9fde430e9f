package scan

import "strings"

// maxLinks is the number of symbolic links that a path may go through, as in Linux.
const maxLinks = 40

// maxResolved is the length in bytes of the longest path that links may produce.
const maxResolved = 4096

// resolve follows the symbolic links of a path within the root: absolute targets start at the root, ".." ends there. It
// reports false for a loop.
func (t *tree) resolve(p string) (string, bool) {
	if t.direct(p) {
		return p, true
	}
	links := 0
	n, at, rest := &t.root, ".", p
	for rest != "" {
		element, after, _ := strings.Cut(rest, "/")
		rest = after
		switch element {
		case "", ".":
			continue
		case "..":
			at = dirOf(at)
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
			return "", false
		}
		rest = child.link + "/" + rest
		if len(rest) > maxResolved {
			return "", false
		}
		if strings.HasPrefix(child.link, "/") {
			at = "."
		}
		n = t.find(at)
	}
	return at, true
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
