package report

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
)

// VEX applies statements about vulnerabilities to matches. Package matcher/vex implements it.
type VEX interface {
	// Apply returns a copy of the result in which each match that a statement decides has an Analysis, and a row for each
	// document. The names are those by which statements may refer to the image beside its digests: references such as
	// "registry.example/app:1", and the serial numbers of its SBOMs, "urn:uuid:...", to which BOM-Links may lead.
	Apply(report *analyzer.Report, result *matcher.Result, names []string) (*matcher.Result, []VEXDocument)
}

// A VEXDocument counts the effects of one VEX document.
type VEXDocument struct {
	Name       string // the name under which it was read
	Format     string // "OpenVEX", "CSAF", "CycloneDX", "SPDX"
	ID         string
	Author     string
	Statements int

	Named      int      // statements that name something in the image, whatever the vulnerability
	Decided    int      // matches whose Analysis is of the document
	Suppressed int      // number of these that the document suppresses
	Agreed     int      // matches that another document decides in the same way
	Overruled  int      // matches that another document decides otherwise
	Problems   []string // statements that could not be read
	Unmatched  []string // statements without a match, each with the reason and the package or match that it may mean
	Unresolved []string // BOM-Links to BOMs that are not among the documents, sorted
	Truncated  bool     // its wildcards name so much that not all of them were followed
}

// String describes the document in a line: "app.vex.json: OpenVEX, 3 statements: decides 2 matches, suppresses 2 of them".
func (d *VEXDocument) String() string {
	head := fmt.Sprintf("%s: %s, %s: ", d.Name, d.Format, english.Count(d.Statements, "statement"))
	switch {
	case d.Statements == 0:
		return head + "has nothing to apply"
	case d.Named == 0:
		return head + "matches nothing in the image"
	case d.Decided+d.Agreed+d.Overruled == 0:
		return head + english.Count(d.Named, "statement") + " about packages of the image, none about a vulnerability found in them"
	}
	var parts []string
	if d.Decided > 0 {
		parts = append(parts, fmt.Sprintf("decides %s, suppresses %d of them", english.Count(d.Decided, "match"), d.Suppressed))
	}
	if d.Agreed > 0 {
		parts = append(parts, "agrees with another document on "+english.Count(d.Agreed, "match"))
	}
	if d.Overruled > 0 {
		parts = append(parts, "is overruled on "+english.Count(d.Overruled, "match"))
	}
	if d.Truncated {
		parts = append(parts, "some of its wildcards were not followed")
	}
	return head + strings.Join(parts, "; ")
}
