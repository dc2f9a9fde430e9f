package report

import (
	"fmt"
	"time"

	"github.com/hullmark/hullmark/internal/plural"
)

// A Note limits what an Assessment can say: an ecosystem without advisories, a release without support.
type Note struct {
	Code NoteCode
	Text string // a sentence for a person
}

// A NoteCode is the kind of a Note.
type NoteCode string

const (
	NoteUncovered NoteCode = "uncovered"   // no advisories for an ecosystem of the image
	NoteSampled   NoteCode = "sampled"     // only some advisories for it
	NoteEndOfLife NoteCode = "end-of-life" // its release is no longer supported
	NoteNothing   NoteCode = "nothing"     // no package could be checked
)

// Notes returns what a reader has to know before trusting the findings, in the order of Ecosystems. Every format shows them.
func (a *Assessment) Notes() []Note {
	if a.Result == nil {
		return nil
	}
	var list []Note
	if a.Matched() == 0 {
		list = append(list, Note{NoteNothing, "No packages could be checked. The image may still be vulnerable."})
	}
	for i := range a.Ecosystems {
		e := &a.Ecosystems[i]
		if e.Sampled() {
			list = append(list, Note{NoteSampled, fmt.Sprintf("The database has only some advisories for %s: %s could not be checked completely.", e.Name(), plural.Count(e.Packages, "package"))})
		} else if !e.Covered() {
			list = append(list, Note{NoteUncovered, fmt.Sprintf("No advisories for %s: %s could not be checked.", e.Name(), plural.Count(e.Packages, "package"))})
		}
		if e.EndOfLife {
			list = append(list, Note{NoteEndOfLife, e.endOfLife()})
		}
	}
	return list
}

func (e *Ecosystem) endOfLife() string {
	if e.Supported.IsZero() {
		return fmt.Sprintf("Support for %s has ended: its publisher records no new vulnerabilities.", e.Name())
	}
	return fmt.Sprintf("Support for %s ended on %s: its publisher records no new vulnerabilities.", e.Name(), e.Supported.Format(time.DateOnly))
}
