package analyzer

// A Package is one package as one file describes it.
type Package struct {
	// Namespace is the PURL namespace, for types that have one. Of a System package it names who built it: an analyzer
	// leaves it empty where nothing says that it was not the distribution, and the merge sets it to the distribution's ID.
	Namespace string

	Type    string // PURL type: "deb", "rpm", "apk", "pypi", "npm", "maven", "gem", "composer", ...
	Name    string // as the ecosystem writes it
	Version string // as the ecosystem writes it, epoch included: "1:2.25.2-6"
	Arch    string // the ecosystem's own word: "amd64", "all", "x86_64", "noarch"

	System        bool              // installed by the distribution's package manager
	Vendor        string            // who built or maintains a System package
	SourcePackage *SourcePackage    // what it was built from, where that has a name or version of its own
	Qualifiers    map[string]string // further PURL qualifiers, such as rpmmod

	Licenses []string // SPDX expressions where they parse, else as declared
	Files    []string // paths it owns, slash-separated, relative to the root, without a leading slash
	Depends  []string // names of packages of the same Type that it needs, with their namespace where that is part of the name: "@scope/name"
	Provides []string // names that it also answers to in Depends of others

	Hashes      map[string]string // digests that the file states for the package, hexadecimal, by algorithm: "sha1", "sha256", "sha512"
	Declared    bool              // stated by a lock file or manifest: not evidence of installation
	Dev         bool              // needed for development only
	ArchivePath string            // path within the file, for archives: "BOOT-INF/lib/x.jar"
}

// A SourcePackage is the package that a binary package was built from. Advisories of distributions name it.
type SourcePackage struct {
	Name    string
	Version string
}

// A Distro is the Linux distribution of an image, in the words of os-release(5).
type Distro struct {
	ID        string   // "debian"
	VersionID string   // "12", "3.19.1", "" for rolling releases
	Codename  string   // "bookworm"
	Name      string   // the pretty name: "Debian GNU/Linux 12 (bookworm)"
	Like      []string // ID_LIKE: a hint, not proof
	CPE       string   // CPE_NAME

	// Rank orders several answers of one image: the lowest is believed, the others only fill what it leaves empty,
	// if they name the same ID or none.
	Rank int
}

// A Finding is something worth reporting that is not a package: malware, a secret, a set-uid file.
type Finding struct {
	Rule     string // what found it, stable and short: "clamav:Eicar-Test-Signature"
	Title    string // one line for a person
	Detail   string // more, if there is more
	Severity string // "critical", "high", "medium", "low", "info", or ""
	Line     int    // line in the file, counted from 1; 0 where there is none
}
