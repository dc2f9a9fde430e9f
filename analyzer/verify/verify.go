// Package verify compares the files of an image with the records of its package databases, as "rpm -V", "dpkg -V" and "apk
// audit" do, without these tools.
//
// [All] returns analyzers that read the records of the databases: digests, modes, owners, link targets. They find no packages of their
// own, but complete those of the analyzers of packages (Package.Recorded). One of them compares the records with the files of the merged image,
// at the end of a scan; [Check] does so for programs that have components and files of their own.
//
// A package whose database has no digests, or whose files were not hashed, is not verifiable. Nothing counts as unchanged unless it was
// compared.
package verify

import (
	"io/fs"
	"iter"

	"github.com/hullmark/hullmark/analyzer"
)

const finds = "package-verification"

// All returns the analyzers of this package.
func All() []analyzer.Analyzer {
	return []analyzer.Analyzer{
		newVerifier(),
		// Packages of apk-tools 2 have SHA-1, and those of apk-tools 3 SHA-256.
		newAPK(), digests("apk", []string{"sha1", "sha256"}, "etc/apk/**", "lib/apk/**", "usr/lib/apk/**", "etc/alpine-release"),
		newDpkg(), digests("dpkg", []string{"md5"}, "etc/apt/**", "etc/dpkg/**", "etc/debian_version", "var/lib/dpkg/**", "usr/lib/dpkg/**", ostree+"/**"),
		// rpm has recorded SHA-256 since 2009, and MD5 before. Packages that were built with SHA-1 or SHA-512 are not hashed.
		newRPM(), digests("rpm", []string{"sha256", "md5"}, "etc/dnf/**", "etc/rpm/**", "etc/yum.repos.d/**", "etc/zypp/**", "etc/redhat-release",
			"etc/pki/rpm-gpg/**", "usr/lib/sysimage/rpm/**", "usr/share/rpm/**", "var/lib/rpm/**", ostree+"/**"),
	}
}

// An Image is what Check needs of an image.
type Image struct {
	// Files yields the path and the entry of everything in the merged image, in any order: files, directories, links and devices.
	// Check iterates over it several times.
	Files iter.Seq2[string, File]

	// Users and Groups have the numbers of the image's users and groups, by name. rpm records names. A name that is missing has the
	// number 0, as for rpm. With a nil map, owners other than root are not verified.
	Users, Groups map[string]int

	// Records are those of the analyzers of this package: diversions and excluded paths.
	Records []analyzer.FileRecord

	// Partial says that a layer is not stored with the image. Files may then be in it: none counts as missing.
	Partial bool
}

// A File is an entry of the merged image. A hard link has the attributes and digests of its file.
type File struct {
	analyzer.Entry
	Layer int // that has the entry; -1 in a file system

	// Digest returns the raw digest of a regular file's content, or "" if it is not known. Nil means that none is.
	Digest func(algorithm string) string
}

// A Result is what Check found.
type Result struct {
	Verdicts    []Verdict    // one for each System component, in their order
	Differences []Difference // by component, then path; at most 200,000, with 32 MiB of paths
	Omitted     int          // number of further differences, which the verdicts and Findings count

	components []analyzer.Component
	omitted    map[group]int
}

// A group are the differences of a package with one rule and severity.
type group struct {
	component      int
	rule, severity string
}

// A Verdict sums up a package.
type Verdict struct {
	Component int // index
	State     State
	Files     int // that the database records
	Compared  int // contents that were compared
	NoDigest  int // regular files for which the database has no digest
	NotHashed int // regular files whose content the scan did not hash, and files that may be in a layer that it did not have
	Missing   int
	Differing int // files that differ, without those that are missing
}

// A State says whether the files of a package changed since its installation. Configuration files, times, and files that the package
// manager leaves out do not count.
type State string

const (
	Unchanged     State = "unchanged"      // everything was compared, and nothing differs
	Incomplete    State = "incomplete"     // nothing differs, but some contents could not be compared
	Changed       State = "changed"        // something differs
	NotVerifiable State = "not-verifiable" // the database has no digests, or no file was hashed
)

// A Difference is a file that is not as its package recorded it.
type Difference struct {
	Component  int    // index
	Path       string // in the image, with links to directories followed; that of the database if the file is missing
	Recorded   string // as the database has it, after diversions
	Missing    bool
	Attributes analyzer.Attributes // that differ
	Layer      int                 // that has the file; -1 if it is missing, and in a file system

	Config        bool // a configuration file
	Ghost         bool // a file that the package owns, but does not contain
	Documentation bool
	Excluded      bool // missing because an option of dpkg excludes it

	Rule     string // that is broken: "verify:changed"; "" without a Severity
	Severity string // "high", "medium", "low", "info"; "" if the difference is to be expected
	Detail   string // recorded and actual values: "mode 755, now 4755"
}

// batch bounds the files that are compared in one pass over the image, and the bytes of their paths.
const (
	batchFiles = 32_000
	batchBytes = 8 << 20

	maxDifferences     = 200_000
	maxDifferenceBytes = 32 << 20 // of their paths
)

// Check compares the files that components record with those of an image. It holds up to 32,000 recorded files at a time, and passes
// over the image once for each such batch, and once for its links.
func Check(components []analyzer.Component, image Image) *Result {
	r, _ := check(never, components, image, nil)
	return r
}

// never is the end of a check that goes on.
func never() error { return nil }

// check also sets the states of the places. It ends with the error of ended, which it calls before each package.
func check(ended func() error, components []analyzer.Component, image Image, places map[place]fileState) (*Result, error) {
	c := checker{ended: ended, image: image, places: places, result: &Result{components: components}}
	c.prepare()
	for i := range components {
		p := &components[i]
		if !p.System {
			continue
		}
		c.result.Verdicts = append(c.result.Verdicts, Verdict{Component: i})
		listed := p.Type == typeDeb && hasList(p.Recorded)
		for f := range p.Recorded.All() {
			if p.Type == typeDeb && f.Optional {
				if listed {
					continue // a file that another package replaced, or an old configuration file
				}
				f.Optional = f.Config
			}
			c.add(i, f)
		}
		if err := ended(); err != nil {
			return nil, err
		}
	}
	c.flush()
	c.finish()
	return c.result, ended()
}

// isRegular reports whether a mode is that of a regular file.
func isRegular(m fs.FileMode) bool { return m.Type() == 0 }
