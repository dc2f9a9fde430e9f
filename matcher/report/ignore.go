package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
)

// An Ignore hides the matches of one vulnerability, or the findings of one rule of an analyzer, because a person decided so. Package
// matcher/ignore reads documents of them. An Ignore hides nothing that a VEX statement or a policy hides, and does not change the
// decisions of a policy.
type Ignore struct {
	ID      string    // any identifier of the vulnerability, the rule of a finding in a file, or the digest of a secret, in any letter case; "" for all vulnerabilities of Package
	Package string    // name of the package or its source package, or a PURL without qualifiers, with or without version; "" for all
	Type    string    // PURL type of the package; "" for all
	Version string    // version of the package, as its ecosystem writes it; "" for all
	Path    string    // pattern for the file of the package or of the finding, as in an Exclusion; "" for all
	Reason  string    // for a person; "" if none was given
	Expires time.Time // last moment at which it holds; zero for no end
	Origin  string    // where it was written: "--ignore", ".hullmarkignore:3"
}

// An IgnoreUse is the effect of an Ignore.
type IgnoreUse struct {
	Ignore
	Matches  int  // hidden by it
	Findings int  // in files, hidden by it
	Expired  bool // Expires is over, or the time of the Assessment is unknown: it hides nothing
}

// ignores returns the uses of the ignores, before they hide anything.
func ignores(list []Ignore, now time.Time) []IgnoreUse {
	var uses []IgnoreUse
	for _, g := range list {
		uses = append(uses, IgnoreUse{Ignore: g, Expired: !g.Expires.IsZero() && (now.IsZero() || now.After(g.Expires))})
	}
	return uses
}

// covers reports whether an Ignore of a vulnerability is about a component.
func (g *Ignore) covers(c *analyzer.Component) bool {
	return (g.ID != "" || g.Package != "") && (g.Package == "" || g.names(c)) && (g.Type == "" || g.Type == c.Type) && (g.Version == "" || g.Version == c.Version) && (g.Path == "" || Exclusion{Path: g.Path}.matches(c.Path, c.ArchivePath))
}

// coversFile reports whether an Ignore of a rule is about a finding in a file. A package is the one that the file belongs to.
func (g *Ignore) coversFile(f *FileFinding) bool {
	if g.ID == "" {
		return false
	}
	if c := f.Package; (g.Type != "" || g.Version != "") && (c == nil || g.Type != "" && g.Type != c.Type || g.Version != "" && g.Version != c.Version) {
		return false
	}
	return (g.Package == "" || f.Package != nil && g.names(f.Package)) && (g.Path == "" || Exclusion{Path: g.Path}.matches(f.Path, ""))
}

// names reports whether Package names a component.
func (g *Ignore) names(c *analyzer.Component) bool {
	if strings.HasPrefix(g.Package, "pkg:") {
		purl := plainPURL(c)
		name, _, _ := cutLast(purl, "@")
		return g.Package == purl || g.Package == name
	}
	return g.Package == c.Name || c.SourcePackage != nil && g.Package == c.SourcePackage.Name || c.Namespace != "" && g.Package == c.Namespace+"/"+c.Name
}

// Subject returns the ID of an Ignore, or its package.
func (g *Ignore) Subject() string {
	if g.ID == "" {
		return g.Package
	}
	return g.ID
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// reason describes an Ignore that hides something.
func (g *Ignore) reason() Reason {
	text := "ignored by " + g.Origin
	if g.Reason != "" {
		text += ": " + g.Reason
	}
	return Reason{ReasonIgnored, text}
}

// expiredNotes reports ignores that no longer hide anything.
func (a *Assessment) expiredNotes() []Note {
	const most = 5
	var list []Note
	more := 0
	for i := range a.Ignored {
		if g := &a.Ignored[i]; g.Expired && len(list) == most {
			more++
		} else if g.Expired {
			text := fmt.Sprintf("%s ignores %s no longer: it expired on %s.", g.Origin, g.Subject(), g.Expires.UTC().Format(time.DateOnly))
			list = append(list, Note{Code: NoteExpired, Text: text})
		}
	}
	if more > 0 {
		list = append(list, Note{Code: NoteExpired, Text: fmt.Sprintf("%s more expired.", english.Count(more, "entry"))})
	}
	return list
}
