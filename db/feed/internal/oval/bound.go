package oval

import (
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/matcher"
)

// A Bound is the statement of a leaf about a package.
type Bound struct {
	Name        string
	Range       matcher.Range // empty for all versions
	NotAffected bool
}

// Package returns the statement of a leaf about a package. It reads the test, or the comment if the document has no such test.
func (c *Criterion) Package() (Bound, bool) {
	if t := c.Test; t != nil && t.Name != "" {
		switch s := &t.State; {
		case s.VersionOperation == "equals" && s.Version == "0": // SUSE's form of "not affected"
			return Bound{Name: t.Name, NotAffected: true}, true
		case s.EVR == "" && s.Version == "":
			return Bound{Name: t.Name}, true
		case s.EVR != "":
			if r, ok := rangeOf(s.Operation, s.EVR); ok {
				return Bound{Name: t.Name, Range: r}, true
			}
		}
	}
	for _, p := range comments {
		if m := p.pattern.FindStringSubmatch(c.Comment); m != nil {
			b := Bound{Name: m[1], NotAffected: p.operation == "none"}
			if len(m) > 2 {
				b.Range, _ = rangeOf(p.operation, m[2])
			} else if name, evr, _ := errata.NEVRA(m[1]); evr != "" { // in SUSE's comments, versions before this one
				b.Name, b.Range.Fixed = name, evr
			}
			return b, true
		}
	}
	return Bound{}, false
}

// rangeOf returns the affected range of an operation of the language.
func rangeOf(operation, evr string) (matcher.Range, bool) {
	switch operation {
	case "less than":
		return matcher.Range{Fixed: evr}, true
	case "less than or equal":
		return matcher.Range{LastAffected: evr}, true
	case "greater than", "greater than or equal": // versions above a bound, which has no release, begin with the first release of it
		return matcher.Range{Introduced: evr}, true
	}
	return matcher.Range{}, false
}

// comments has the forms of the comments that publishers generate beside the tests.
var comments = [...]struct {
	operation string
	pattern   *regexp.Regexp
}{
	{"less than", regexp.MustCompile(`^(?:Package )?(\S+)(?: DPKG)? is earlier than ([^\s,]+)(?:, affected by .*)?$`)},
	{"less than", regexp.MustCompile(`^(\S+) is <(\S+)(?: for .*)?$`)},
	{"less than or equal", regexp.MustCompile(`^Package (\S+) is installed with version (\S+) or earlier$`)},
	{"greater than", regexp.MustCompile(`^Package (\S+) is greater than ([^\s,]+)(?:, affected by .*)?$`)},
	{"none", regexp.MustCompile(`^(\S+) is not affected$`)},
	{"any", regexp.MustCompile(`^(\S+) is installed$`)},
}

// IsSignature reports whether a leaf is about the signature of a package, which tells nothing about vulnerabilities.
func (c *Criterion) IsSignature() bool { return strings.Contains(c.Comment, " is signed with ") }

// Module returns the module's stream that a leaf requires to be enabled: "nodejs:12".
func (c *Criterion) Module() (string, bool) {
	rest, ok := strings.CutPrefix(c.Comment, "Module ")
	module, ok2 := strings.CutSuffix(rest, " is enabled")
	return module, ok && ok2 && strings.Contains(module, ":")
}

// Join returns the intersection of two ranges of one package. One has the beginning, and the other the end.
func Join(a, b matcher.Range) matcher.Range {
	if a.Introduced == "" {
		a.Introduced = b.Introduced
	}
	if a.Fixed == "" && a.LastAffected == "" {
		a.Fixed, a.LastAffected = b.Fixed, b.LastAffected
	}
	return a
}
