// Package maven finds Java libraries: in archives of all kinds, at any depth of nesting, and declared in pom.xml files and
// lock files of Gradle and sbt.
//
// What an archive consists of is taken from the metadata that Maven leaves in it. Archives that other tools built often
// have none: their coordinates are derived from the manifest and from the name of the file, in the manner described at
// [New].
package maven

import (
	"context"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const typeMaven = "maven"

// extensions are those of archives that hold Java classes or other archives of them, as files and within one another:
// Java's own, those of application servers and OSGi containers, Jenkins plugins, and modules of the JDK.
var extensions = [...]string{".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".far", ".jmod"}

// New returns the analyzer. Packages are of type "maven": Namespace is the group ID, Name the artifact ID; Depends names
// others as "group/artifact". Inside is the archive within the file, "BOOT-INF/lib/x.jar", with "!" between it and one
// further within.
//
// Of an archive, every pom.properties and, where there is none beside it, every pom.xml is a package: in a shaded archive
// there are several. The one that names the archive itself has its SHA-1 in Hashes, and its licences. A pom.properties on
// disk is that of an archive that was unpacked, as servlet containers do.
//
// An archive without such metadata is a package if it has a name and a version: in this order of trust, by the headers
// that Jenkins plugins have, the directory of a Maven repository that it lies in, its file name, and the manifest's
// Implementation-, Bundle- and Specification- headers. The group comes from there too, from what well-known libraries are
// published as, or is, where nothing tells, the artifact's own name, as in the repositories of Maven 1. An archive whose
// version nothing tells is no package but a Finding, "maven:unidentified", that holds its SHA-1.
//
// Dependencies of a pom.xml on disk are Declared, those that it inherits too, with what properties, parents,
// dependencyManagement and the projects that it imports say of them: parents where relativePath says, these and others also
// by their coordinates, in any pom.xml or, in a repository, *.pom of the image. To that end the analyzer is an
// [analyzer.Joiner]; Analyze alone knows what one file says. A version that no file of the image tells is an error that
// wraps analyzer.ErrUnsupported. Lines of gradle.lockfile and of sbt's build.sbt.lock are Declared. What is for tests only
// is Dev.
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "maven", Version: 2}
	for _, ext := range extensions {
		info.Patterns = append(info.Patterns, "**/*"+ext)
	}
	info.Patterns = append(info.Patterns, "**/pom.xml", "**/*.pom", "**/*gradle.lockfile", "**/dependency-locks/*.lockfile", "**/build.sbt.lock", "**/META-INF/maven/*/*/pom.properties")
	return joiner{analyzer.Func(info, analyze)}
}

// A joiner implements analyzer.Joiner.
type joiner struct{ analyzer.Analyzer }

func (joiner) Join(ctx context.Context, facts []analyzer.Fact) []analyzer.Joined {
	return join(ctx, facts)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch base := path.Base(f.Path); {
	case base == "pom.xml", strings.HasSuffix(base, ".pom"):
		return analyzeProject(f)
	case base == "pom.properties":
		return analyzeUnpacked(f)
	case base == "build.sbt.lock":
		return analyzeText(f, parseSbtLock)
	case strings.HasSuffix(base, ".lockfile"):
		return analyzeText(f, parseGradleLock)
	}
	return analyzeArchive(ctx, f)
}

// analyzeText lets a parser of packages read a file.
func analyzeText(f *analyzer.File, parse func([]byte) ([]analyzer.Package, error)) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	packages, err := parse(text)
	if len(packages) == 0 {
		return nil, err
	}
	return &analyzer.Result{Packages: packages}, err
}
