package matcher

import "time"

// An Analysis is the word on a match of somebody who knows the image: a statement of a VEX document. Package matcher/vex
// reads them and joins them to matches.
type Analysis struct {
	Status Status // Affected, NotAffected, Fixed (the installed version is), or UnderInvestigation

	Justification string    // why it is NotAffected, in the words of OpenVEX: "vulnerable_code_not_present"
	Detail        string    // more about it, or about what to do, in the author's words
	Author        string    // who says so, where the document does
	Time          time.Time // when it was said; zero where the document does not say
	Document      string    // the document, as it was called when it was read: a file
	Place         string    // of the statement in it: "statements[2]"
	Product       string    // what in the statement names the component, or the image that it is in

	Overruled []Analysis // what other statements say of the same match, the strongest first; they have no Overruled
}

// Suppressed reports whether somebody who knows the image says that the vulnerability does not matter in it.
func (m *Match) Suppressed() bool {
	return m.Analysis != nil && (m.Analysis.Status == NotAffected || m.Analysis.Status == Fixed)
}
