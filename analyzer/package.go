package analyzer

// A Package is a package as a file describes it.
type Package struct {
	// Namespace is the PURL namespace, for types that have one. For a System package it names the builder. An analyzer leaves it
	// empty unless the file shows that the distribution did not build the package; the scan then sets the distribution's ID.
	Namespace string

	Type    string // PURL type: "deb", "rpm", "apk", "pypi", "npm", "maven", "gem", "composer", ...
	Name    string // as the ecosystem writes it
	Version string // as the ecosystem writes it, epoch included: "1:2.25.2-6"
	Arch    string // the ecosystem's own word: "amd64", "all", "x86_64", "noarch"

	System        bool              // installed by the distribution's package manager
	Declared      bool              // by a lock file or manifest: not evidence of installation
	Stated        bool              // by a hints file, or a note in a program, only: it adds a package, and never shows that another is absent, owned or not affected
	Dev           bool              // needed for development only
	Vendor        string            // builder or maintainer of a System package
	Signer        uint64            // ID of the OpenPGP key that signed a System package, by its database; not verified
	SourcePackage *SourcePackage    // nil if it has the name and version of the package
	Qualifiers    map[string]string // further PURL qualifiers, such as rpmmod

	Licenses []string // SPDX expressions if they parse, else as declared
	Files    []string // paths that the package owns, slash-separated, relative to the root, without a leading slash
	Depends  []string // names of required packages of the same Type, with a namespace that is part of the name: "@scope/name"
	Provides []string // further names of the package in Depends of others
	Recorded Recorded // records of the package database about the files, for package analyzer/verify; "" without its analyzers

	Functions   *Functions        // functions of the package in a program; nil if unknown
	Hashes      map[string]string // digests in the file, hexadecimal, by algorithm: "sha1", "sha256", "sha512"
	ArchivePath string            // path within the file, if that is an archive: "BOOT-INF/lib/x.jar"
}

// Functions are sets of functions of a program, in a form that the matcher reads.
type Functions struct {
	Linked  string // those of the package
	Inlined string // those that the compiler moved into others and whose package is unknown: the same for all packages of the program
}

// A SourcePackage is the source of a binary package. Advisories of distributions name source packages.
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

	// Repositories are the package repositories whose content the image states to have, sorted: IDs such as
	// "rhel-9-for-x86_64-baseos-rpms", and CPE names of products, "cpe:/a:redhat:enterprise_linux:9::appstream". Those of several
	// answers add up. A package may have its own in the qualifier repository_id.
	Repositories []string

	// Rank orders several answers for an image. The answer with the lowest Rank counts. Others fill its empty fields, if they have
	// the same ID or none.
	Rank int
}

// A Finding is something worth reporting that is not a package: malware, a secret, a set-uid file.
type Finding struct {
	Rule     string // a stable, short name of the rule that found it: "clamav:Eicar-Test-Signature"
	Title    string // one line for a person
	Detail   string // more, if there is more
	Severity string // "critical", "high", "medium", "low", "info", or ""
	Line     int    // line in the file, counted from 1; 0 if the finding has no line
}
