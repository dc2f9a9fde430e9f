package matcher

import (
	"context"
	"iter"
	"time"
)

// A Key identifies the package that an advisory is about: a PURL without version and, for distributions, the release.
type Key struct {
	Type      string // PURL type: "deb", "pypi"
	Namespace string // PURL namespace: "debian", "@angular", "org.apache.commons"; "" if the type has no namespaces
	Release   string // the distribution's release as distro.ReleaseOf spells it; "" for language ecosystems
	Name      string // source package of a distribution, else the package, in the normal form of its type
}

// An Advisory is one publisher's statement about one vulnerability in one package.
type Advisory struct {
	ID      string   // the publisher's: "CVE-2019-9169", "GHSA-...", "DSA-4500-1", "TEMP-0841856-B18BAF"
	Aliases []string // other identifiers of the same vulnerability, sorted
	Key     Key

	// A version is affected if it lies in any of Ranges or equals one of Versions. An advisory with neither makes no
	// statement about single versions: its Status holds for all of them.
	Ranges   []Range
	Versions []string

	Kind   Kind
	Status Status
	Reason string // the publisher's own word for Status: "no-dsa: Minor issue", "unimportant"

	// Updates are the identifiers of the publisher's updates that fix it, sorted: "RHSA-2019:1789", "DSA-4500-1". An update may fix
	// several vulnerabilities, and is no alias of any.
	Updates []string

	Severities []Severity // as each source gives it
	Weaknesses []string   // identifiers of the kinds of weakness, sorted: "CWE-79"
	Parts      []Part     // the parts of the package that have the vulnerability; the whole package if empty
	Summary    string
	URLs       []string
	Feed       string    // name of its feed: "debian", "osv"
	Published  time.Time // zero if unknown
	Modified   time.Time // zero if unknown
}

// A Range is a half-open run of versions, in the order of its ecosystem.
type Range struct {
	Introduced   string // first affected version; "" or "0" is the beginning
	Fixed        string // first version that is no longer affected; "" if unknown
	LastAffected string // last version known to be affected, used if Fixed is empty; "" if unknown
	Repo         string // if not empty, the bounds are commits of this repository, which cannot be compared with versions
}

// A Status is a publisher's assessment of the package.
type Status uint8

const (
	Affected           Status = iota // affected, with or without a fix in Ranges
	Fixed                            // affected until the fix in Ranges
	NotAffected                      // checked, and not affected in any version
	WillNotFix                       // affected, and the publisher has decided against a fix
	Deferred                         // affected, and the publisher has put a fix off
	UnderInvestigation               // not known yet
	EndOfLife                        // affected or not checked, since support has ended
)

// A Part is a part of a package that has a vulnerability.
type Part struct {
	Path    string   // import path of a package in a Go module: "golang.org/x/net/http2"; "" if the publisher names none
	Symbols []string // functions, types and methods: "Transport.RoundTrip"; all if empty
	Systems []string // the operating systems on which it has the vulnerability, as Go and Rust name them: "windows"; all if empty
}

// A Kind classifies an advisory.
type Kind uint8

const (
	Vulnerability Kind = iota // the package has a vulnerability
	Malware                   // the package itself does harm; counts as critical
	Unmaintained              // information: the package has no maintainer any more
	Unsound                   // information: a Rust API that can break memory safety
	Notice                    // other information
)

// Informational reports whether an advisory of the kind describes no vulnerability.
func (k Kind) Informational() bool { return k == Unmaintained || k == Unsound || k == Notice }

// A Severity is one source's rating of a vulnerability.
type Severity struct {
	Source string // "debian", "nvd", "ghsa"
	Level  Level
	Score  float64 // CVSS base score; 0 if unknown
	Vector string  // CVSS vector: "CVSS:3.1/AV:N/..."; version 2 has no prefix
	Word   string  // the source's own word: "high**", "MODERATE"
}

// A Level is a step of severity. Levels are ordered.
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
	// Advisories yields the advisories of keys, which are distinct, in any order, and none of other keys. A key without
	// advisories is not an error. The sequence ends with the first error.
	Advisories(ctx context.Context, keys []Key) iter.Seq2[Advisory, error]

	// Coverage returns, for each distinct ecosystem among keys (Type, and for distributions Namespace and Release), a row
	// for each feed that has advisories, or one row with an empty Feed if there are no advisories.
	Coverage(ctx context.Context, keys []Key) ([]Coverage, error)
}

// A Namer is a Source that finds packages by name alone. With it, the matcher looks up Maven archives that don't state their group, and
// products of any vendor.
type Namer interface {
	// Named returns the keys of packages with advisories that have the Type and Name of one of keys, in any Namespace and without
	// a Release. They are sorted and distinct.
	Named(ctx context.Context, keys []Key) ([]Key, error)
}

// Coverage states the origin and age of the advisories of one ecosystem.
type Coverage struct {
	Type      string
	Namespace string    // for distributions
	Release   string    // for distributions
	Feed      string    // "" if there are no advisories
	Date      time.Time // date of the feed's data
	Sampled   bool      // the feed has only some advisories of the ecosystem: no match proves nothing
	Missing   bool      // the feed has advisories of the ecosystem, but the source could not get them: no match proves nothing
	EndOfLife bool      // the publisher no longer supports this release and records no new vulnerabilities
}
