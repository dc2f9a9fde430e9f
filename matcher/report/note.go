package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A Note limits the meaning of an Assessment: an ecosystem without advisories, a release without support.
type Note struct {
	Code      NoteCode
	Ecosystem matcher.Key // that it is about, without a name; zero for a Note about the whole image
	Text      string      // a sentence for a person
}

// A NoteCode is the kind of a Note.
type NoteCode string

const (
	NoteUncovered NoteCode = "uncovered"   // no advisories for an ecosystem of the image
	NoteSampled   NoteCode = "sampled"     // only some advisories for it
	NoteEndOfLife NoteCode = "end-of-life" // its release is no longer supported
	NoteNothing   NoteCode = "nothing"     // no package could be checked
	NoteBase      NoteCode = "base"        // the distribution takes its packages from another, whose advisories are used
	NoteUnread    NoteCode = "unread"      // a package database could not be read completely
	NoteLazy      NoteCode = "lazy"        // layers were read by their tables of contents
	NoteExcluded  NoteCode = "excluded"    // packages or findings were left out on request
	NoteExpired   NoteCode = "expired"     // an Ignore has expired
	NoteNotRun    NoteCode = "not-run"     // an analyzer looked at no file, or not at all files
	NoteStated    NoteCode = "stated"      // only hints files and notes in programs name some packages
)

// note collects the limits of the findings, in the order of Ecosystems.
func (a *Assessment) note() {
	var list []Note
	if seen, but := a.seen(); seen == 0 {
		list = append(list, Note{Code: NoteNothing, Text: "No packages could be checked" + but + ". The image may still be vulnerable."})
	}
	if unread := a.unread(); len(unread) > 0 {
		list = append(list, Note{Code: NoteUnread, Text: "Packages may be missing. Package data could not be read: " + unreadText(unread)})
	}
	if lazy := a.lazyLayers(); lazy != "" {
		list = append(list, Note{Code: NoteLazy, Text: "Read by the table of contents only, which may hide files: " + lazy + "."})
	}
	list = slices.Concat(list, a.exclusionNotes(), a.expiredNotes(), a.notRunNotes(), a.statedNotes())
	if d := a.Report.Distro; d != nil {
		if base, release, ok := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name); ok {
			name := strings.TrimSpace(d.ID + " " + d.VersionID)
			list = append(list, Note{Code: NoteBase, Text: fmt.Sprintf("Packages of %s come from %s, whose advisories apply.", name, strings.TrimSpace(base+" "+release))})
		}
	}
	for i := range a.Ecosystems {
		e := &a.Ecosystems[i]
		if len(e.Missing) > 0 && e.Packages > 0 {
			code := NoteUncovered
			if e.Sampled {
				code = NoteSampled
			}
			list = append(list, Note{code, e.Key, fmt.Sprintf("The advisories of %s for %s could not be fetched: %s could not be checked completely.",
				strings.Join(e.Missing, ", "), e.Name(), english.Count(e.Packages, "package"))})
		} else if e.Sampled {
			list = append(list, Note{NoteSampled, e.Key, fmt.Sprintf("The database has only some advisories for %s: %s could not be checked completely.", e.Name(), english.Count(e.Packages, "package"))})
		} else if e.Packages == 0 && !e.Covered { // products of CPE names are packages of other types
			list = append(list, Note{NoteUncovered, e.Key, fmt.Sprintf("Packages of %s were not read.", e.Name())})
		} else if !e.Covered {
			list = append(list, Note{NoteUncovered, e.Key, fmt.Sprintf("No advisories for %s: %s could not be checked.", e.Name(), english.Count(e.Packages, "package"))})
		}
		if e.EndOfLife {
			list = append(list, Note{NoteEndOfLife, e.Key, e.endOfLife(a.Time)})
		}
	}
	a.Notes = list
}

// statedNotes counts the packages that only hints files of the image and notes in its programs name.
func (a *Assessment) statedNotes() []Note {
	var names []string
	for i := range a.Report.Components {
		if c := &a.Report.Components[i]; c.Stated {
			names = append(names, c.Name+" "+c.Version)
		}
	}
	if len(names) == 0 {
		return nil
	}
	const most = 3
	text := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		text += ", ..."
	}
	return []Note{{Code: NoteStated, Text: fmt.Sprintf("Only hints files and notes in programs name %s: %s.", english.Count(len(names), "package"), text)}}
}

// lazyLayers lists the layers that were read by their tables of contents: "layers 0, 3 to 5 of 7".
func (a *Assessment) lazyLayers() string {
	var runs []string
	lazy := 0
	for i := 0; i < len(a.Report.Layers); i++ {
		first := i
		for i < len(a.Report.Layers) && a.Report.Layers[i].Lazy {
			i++
		}
		switch n := i - first; {
		case n == 1:
			runs = append(runs, fmt.Sprint(first))
		case n > 1:
			runs = append(runs, fmt.Sprintf("%d to %d", first, i-1))
		}
		lazy += i - first
	}
	if lazy == 0 {
		return ""
	}
	word := "layers"
	if lazy == 1 {
		word = "layer"
	}
	return fmt.Sprintf("%s %s of %d", word, strings.Join(runs, ", "), len(a.Report.Layers))
}

// endOfLife gives the date, unless a feed says earlier than our table that support has ended.
func (e *Ecosystem) endOfLife(now time.Time) string {
	if e.Supported.IsZero() || !now.IsZero() && e.Supported.After(now) {
		return fmt.Sprintf("Support for %s has ended: its publisher records no new vulnerabilities.", e.Name())
	}
	return fmt.Sprintf("Support for %s ended on %s: its publisher records no new vulnerabilities.", e.Name(), e.Supported.Format(time.DateOnly))
}
