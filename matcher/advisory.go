package matcher

import (
	"context"
	"iter"
	"time"
)

// A Key names what an advisory is about: a PURL without version and, for distributions, the release.
type Key struct {
	Type      string // PURL type: "deb", "pypi"
	Namespace string // PURL namespace: "debian", "@angular", "org.apache.commons"; "" where the type has none
	Release   string // the distribution's release as package matcher spells it, see Release; "" for language ecosystems
	Name      string // source package of a distribution, else the package, in the normal form of its type
}

// An Advisory is one publisher's word on one vulnerability in one package.
type Advisory struct {
	ID      string   // the publisher's: "CVE-2019-9169", "GHSA-...", "DSA-4500-1", "TEMP-0841856-B18BAF"
	Aliases []string // other identifiers of the same vulnerability, sorted
	Key     Key

	// A version is affected if it lies in any of Ranges or equals one of Versions. An advisory with neither makes no
	// statement about single versions: its Status holds for all of them.
	Ranges   []Range
	Versions []string

	Status Status
	Reason string // the publisher's own word for Status: "no-dsa: Minor issue", "unimportant"

	Severities []Severity // every source's own
	Summary    string
	URLs       []string
	Feed       string    // name of the feed that it came from: "debian", "osv"
	Published  time.Time // zero where unknown
	Modified   time.Time // zero where unknown
}

// A Range is a half-open run of versions, in the order of its ecosystem.
type Range struct {
	Introduced   string // first affected version; "" or "0" is the beginning
	Fixed        string // first version that is not affected any more; "" is never
	LastAffected string // last version known to be affected, used where Fixed is empty; "" is none
	Repo         string // where not empty, the bounds are commits of this repository, which cannot be compared with versions
}

// A Status is what a publisher says of the package.
type Status uint8

const (
	Affected           Status = iota // affected, with or without a fix in Ranges
	Fixed                            // affected until the fix in Ranges
	NotAffected                      // looked at, and not affected in any version
	WillNotFix                       // affected, and the publisher has decided against a fix
	Deferred                         // affected, and the publisher has put a fix off
	UnderInvestigation               // nobody knows yet
	EndOfLife                        // affected or not looked at, since support has ended
)

// A Severity is how bad one source thinks a vulnerability is.
type Severity struct {
	Source string // who says so: "debian", "nvd", "ghsa"
	Level  Level
	Score  float64 // CVSS base score, 0 where there is none
	Vector string  // CVSS vector: "CVSS:3.1/AV:N/..."; version 2 has no prefix
	Word   string  // the source's own word: "high**", "MODERATE"
}

// A Level is a Severity in one of a few steps. Levels are ordered.
type Level uint8

// Levels of severity, lowest first.
const (
	Unknown Level = iota
	Negligible
	Low
	Medium
	High
	Critical
)

// A Source holds advisories. Package db implements it.
type Source interface {
	// Advisories yields the advisories of keys, which are distinct, in any order. Keys without advisories are no error;
	// an error ends it.
	Advisories(ctx context.Context, keys []Key) iter.Seq2[Advisory, error]

	// Coverage says, for each distinct ecosystem among keys (Type, and for distributions Namespace and Release),
	// whether there is data at all. It returns a row for each feed that has some, and one row with an empty Feed for an
	// ecosystem that has none.
	Coverage(ctx context.Context, keys []Key) ([]Coverage, error)
}

// Coverage says where advisories of one ecosystem came from, and how old they are.
type Coverage struct {
	Type      string
	Namespace string    // for distributions
	Release   string    // for distributions
	Feed      string    // "" where there is no data
	Date      time.Time // of the feed's data
	Sampled   bool
	EndOfLife bool // the publisher looks after this release no more, so that new vulnerabilities are not recorded
}
