package matcher

import "time"

// An Analysis is a statement about a match in a VEX document, by an author with knowledge of the image. Package matcher/vex reads
// the documents and adds the analyses to matches. Or it is the Matcher's own, by its Evidence, which a VEX statement overrules.
type Analysis struct {
	Status Status // Affected, NotAffected, Fixed (the installed version is), or UnderInvestigation

	Justification string    // the reason for NotAffected, as OpenVEX spells it: "vulnerable_code_not_present"
	Detail        string    // an explanation or advice, in the author's words
	Author        string    // "" if the document names no author
	Time          time.Time // time of the statement; zero if unknown
	Expires       time.Time // last moment at which it holds; zero for no end
	Document      string    // name of the document, as its reader gave it: a file
	Place         string    // place of the statement in the document: "statements[2]"
	Product       string    // the statement's name of the component, or of its image

	// Evidence is the code of the Matcher's reason: EvidenceSymbols. It is "" for a statement of a VEX document. With
	// Evidence, there is no Author, Document, Place, Product or Time.
	Evidence string

	Overruled []Analysis // other statements about the same match, the strongest first; they have no Overruled
}

// Suppressed reports whether an analysis states that the image is not affected, or fixed.
func (m *Match) Suppressed() bool {
	return m.Analysis != nil && (m.Analysis.Status == NotAffected || m.Analysis.Status == Fixed)
}
