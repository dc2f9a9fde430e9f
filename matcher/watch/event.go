package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// A Kind says what happened to a vulnerability in a package.
type Kind string

const (
	Appeared        Kind = "appeared"         // the package versions are affected, or may be, and were not
	Disappeared     Kind = "disappeared"      // they are no longer
	FixAvailable    Kind = "fix-available"    // a fixed version is known, and none was
	SeverityChanged Kind = "severity-changed" // to another level
	Exploited       Kind = "exploited"        // it became known that the vulnerability is exploited
	StatusChanged   Kind = "status-changed"   // the publisher's assessment, or its certainty, or a fix or exploitation was withdrawn
	Renamed         Kind = "renamed"          // it has another identifier now, mostly its CVE
)

// A State is what events report about a vulnerability in a package version.
type State struct {
	Status    matcher.Status
	Uncertain bool
	Fixable   bool // a fixed version is known
	Level     matcher.Level
	Exploited bool
}

func stateOf(m *matcher.Match) State {
	return State{m.Status, m.Uncertain != "", m.Fixed != "", m.Severity.Level, !m.Enrichment.Exploited.IsZero()}
}

// An Event is one change of a vulnerability in versions of a package.
type Event struct {
	ID            string // identifies the change between the two sources; a comparison that is made again gives the same
	Kind          Kind
	Vulnerability string
	Was           string      // the identifier before, of Renamed; else ""
	Package       matcher.Key // that the advisory is about
	Old, New      State       // Old is zero if it appeared, New if it disappeared
	Subjects      []int       // numbers of the package versions in the Index, sorted
}

// identify sets the ID: a hash of both sources and the subject of the event. The numbers of subjects are not part of it, because an index that
// is merged gives others.
func (e *Event) identify(old, new matcher.SourceInfo) {
	k := e.Package
	h := sha256.New()
	for _, s := range []string{old.Hash, new.Hash, string(e.Kind), e.Vulnerability, e.Was, k.Type, k.Namespace, k.Name, k.Release, fmt.Sprint(e.Old, e.New)} {
		fmt.Fprintf(h, "%d %s\n", len(s), s)
	}
	e.ID = hex.EncodeToString(h.Sum(nil))
}

// kinds returns the events that turn one state into another.
func kinds(old, new State) []Kind {
	var list []Kind
	if !old.Fixable && new.Fixable {
		list = append(list, FixAvailable)
	}
	if old.Level != new.Level {
		list = append(list, SeverityChanged)
	}
	if !old.Exploited && new.Exploited {
		list = append(list, Exploited)
	}
	if old.Status != new.Status || old.Uncertain != new.Uncertain || old.Fixable && !new.Fixable || old.Exploited && !new.Exploited {
		list = append(list, StatusChanged)
	}
	return list
}

func compareEvents(a, b *Event) int {
	if c := strings.Compare(a.Vulnerability, b.Vulnerability); c != 0 {
		return c
	}
	if c := matcher.CompareKeys(a.Package, b.Package); c != 0 {
		return c
	}
	return strings.Compare(string(a.Kind)+a.ID, string(b.Kind)+b.ID)
}
