package maven

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// groupsText is the table of well-known libraries. Its first lines describe the format.
//
//go:embed groups.txt
var groupsText string

// A claim is the right of a group to a name.
type claim struct {
	group          string
	prefix, suffix string // the names of a family have both
	below          string // the first version that belongs to another group, or ""
}

// A groupTable holds the claims of groups.txt.
type groupTable struct {
	names    map[string][]claim
	families []claim
}

var wellKnown = sync.OnceValue(func() *groupTable { return parseGroups(groupsText) })

func parseGroups(text string) *groupTable {
	t := &groupTable{names: make(map[string][]claim)}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		for _, field := range fields[1:] {
			name, below, _ := strings.Cut(field, "<")
			prefix, suffix, family := strings.Cut(name, "*")
			c := claim{fields[0], prefix, suffix, below}
			if family {
				t.families = append(t.families, c)
			} else {
				t.names[name] = append(t.names[name], c)
			}
		}
	}
	return t
}

// find returns the group of an artifact, or "", and whether it follows from the name of a family.
func (t *groupTable) find(artifact, version string) (group string, family bool) {
	if group = choose(t.names[artifact], version); group != "" {
		return group, false
	}
	var best []claim
	length := 0
	for _, c := range t.families {
		n := len(c.prefix) + len(c.suffix)
		if n < length || len(artifact) < n || !strings.HasPrefix(artifact, c.prefix) || !strings.HasSuffix(artifact, c.suffix) {
			continue
		}
		if rest := artifact[len(c.prefix) : len(artifact)-len(c.suffix)]; strings.HasSuffix(c.prefix, "-") && strings.Trim(rest, "0123456789.") == "" {
			continue // a version: an agent's module for netty-4.0
		}
		if n > length {
			best, length = best[:0], n
		}
		best = append(best, c)
	}
	return choose(best, version), true
}

// choose returns the group whose claim has the lowest bound above a version.
func choose(claims []claim, version string) string {
	group, bound := "", ""
	for _, c := range claims {
		switch {
		case c.below == "" && bound == "":
			group = c.group
		case c.below != "" && before(version, c.below) && (bound == "" || before(c.below, bound)):
			group, bound = c.group, c.below
		}
	}
	return group
}

// before reports whether the leading numbers of a version precede those of a bound. An unknown version precedes nothing.
func before(version, bound string) bool {
	if version == "" {
		return false
	}
	for {
		var a, b string
		a, version, _ = strings.Cut(version, ".")
		b, bound, _ = strings.Cut(bound, ".")
		m, n := leadingNumber(a), leadingNumber(b)
		if m != n || bound == "" {
			return m < n
		}
	}
}

func leadingNumber(s string) int {
	end := 0
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return 0
	}
	return n
}
