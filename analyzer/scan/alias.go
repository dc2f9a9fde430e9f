package scan

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// An alias is a fixed place at which an analyzer wants files, and to which a symbolic link leads.
type alias struct {
	analyzer int
	from, to string // the place and the target: a file, or the directory of several
}

// name returns the name of the file p under which the analyzer wants it.
func (a alias) name(p string) string {
	if p == a.to {
		return a.from
	}
	return join(a.from, strings.TrimPrefix(strings.TrimPrefix(p, a.to), "/"))
}

// aliases find the aliases of a path.
type aliases struct {
	index pattern.Index
	list  []alias
	found []int
	buf   []alias
}

// find returns the aliases that lead to p. They are valid until the next call.
func (a *aliases) find(p string) []alias {
	a.found = a.index.Find(p, a.found[:0])
	a.buf = a.buf[:0]
	for _, i := range a.found {
		a.buf = append(a.buf, a.list[i])
	}
	return a.buf
}

// findAliases returns the aliases of a merged image, or nil. Package managers have their databases at fixed places, and some distributions have
// links there: to /usr, or to another volume. An analyzer that wants the target of the link, too, needs no alias.
func (r *run) findAliases(t *tree) (found *aliases, problems []analyzer.FileDiagnostic) {
	found = new(aliases)
	for i := range r.analyzers {
		info := &r.analyzers[i].info
		if info.Entries {
			continue
		}
		var own pattern.Index // index of all patterns, once one leads to an alias
		for _, p := range info.Patterns {
			from, rest := fixedPlace(p)
			if from == "" {
				continue
			}
			to, ok := t.resolve(from)
			if !ok {
				problems = append(problems, diagnosticOf(info.Name, -1, analyzer.Refused, from, "a loop of symbolic links"))
				continue
			}
			if to == from {
				continue
			}
			if own.Empty() {
				addAll(&own, info.Patterns)
			}
			target := to + rest
			if to == "." {
				target = strings.TrimPrefix(rest, "/")
			}
			if len(own.Find(target, nil)) > 0 {
				continue
			}
			if err := found.index.Add(len(found.list), target); err != nil || strings.Contains(to, "*") {
				problems = append(problems, diagnosticOf(info.Name, -1, analyzer.Unsupported, from, fmt.Sprintf("a symbolic link leads to %s, whose name cannot be a pattern", to)))
				continue
			}
			found.list = append(found.list, alias{i, from, to})
		}
	}
	if len(found.list) == 0 {
		found = nil
	}
	return found, problems
}

// addAll adds the patterns before the first that is not one.
func addAll(index *pattern.Index, patterns []string) {
	for k, p := range patterns {
		if index.Add(k, p) != nil {
			return
		}
	}
}

// fixedPlace splits a pattern into the path before the first element with "*" and the rest. It returns "" for a pattern that matches in
// any directory.
func fixedPlace(p string) (place, rest string) {
	star := strings.IndexByte(p, '*')
	if star < 0 {
		return p, ""
	}
	slash := strings.LastIndexByte(p[:star], '/')
	if slash < 0 {
		return "", ""
	}
	return p[:slash], p[slash:]
}
