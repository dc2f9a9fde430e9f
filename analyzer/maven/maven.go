// Package maven finds Java libraries in archives of all kinds, at any depth of nesting, and the libraries that pom.xml files
// and lock files of Gradle and sbt declare.
//
// Maven leaves metadata in the archives that it builds. Archives that other tools built often lack it. For those the package
// derives coordinates from the manifest and the file name; [New] describes how.
package maven

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const typeMaven = "maven"

// extensions lists the file extensions of archives that hold Java classes or other such archives: Java's own, those of
// application servers and OSGi containers, resource adapters, services of Axis, libraries of Android, packages of Liferay, Jenkins
// plugins, and modules of the JDK.
var extensions = [...]string{".jar", ".war", ".ear", ".rar", ".par", ".sar", ".nar", ".aar", ".esa", ".jpi", ".hpi", ".kar", ".far", ".lpkg", ".jmod"}

// New returns the analyzer. Packages have type "maven". Namespace is the group ID and Name the artifact ID; Depends names
// packages as "group/artifact". ArchivePath is the path of a nested archive within the file, "BOOT-INF/lib/x.jar", with "!"
// between levels.
//
// Each pom.properties in an archive is a package, and so is each pom.xml without a pom.properties beside it. A shaded archive
// has several. The package of the archive itself has the archive's SHA-1 in Hashes, and its licences. Servlet containers unpack
// archives, so a pom.properties on disk is a package, too.
//
// The packages of an archive of sources or documentation, "NAME-VERSION-sources.jar", are Declared if it has no classes.
//
// An archive without such metadata is a package if its name and version are known. New trusts, in this order, the headers of
// Jenkins plugins, the directory of a Maven repository, the file name, and the manifest's Implementation-, Bundle- and
// Specification- headers. The group comes from the same places, from a table of well-known libraries, from names that by custom
// begin with the group, such as that of a module, or from the Java packages of the classes. If no group is certain, Namespace is empty, and
// so is that of its PURL; the matcher then looks for the artifact in all groups. An archive without a version yields a Finding
// with rule "maven:unidentified" and the archive's SHA-1.
//
// Dependencies of a pom.xml on disk are Declared, including inherited ones. Properties, parents, dependencyManagement and
// imported projects complete them. A parent is found by relativePath or, like an imported project, by its coordinates in any
// pom.xml or repository *.pom of the image. The analyzer implements [analyzer.Joiner] for this; Analyze uses one file only.
// If no file of the image states a version, the analyzer reports it as Unsupported. Lines of gradle.lockfile and of sbt's
// build.sbt.lock are Declared. Packages for tests only are Dev.
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "maven", Version: 6}
	for _, ext := range extensions { // Java and systems that ignore case accept capitals
		info.Patterns = append(info.Patterns, "**/*"+ext, "**/*"+strings.ToUpper(ext), "**/*."+strings.ToUpper(ext[1:2])+ext[2:])
	}
	info.Patterns = append(info.Patterns, "**/pom.xml", "**/*.pom", "**/*gradle.lockfile", "**/dependency-locks/*.lockfile", "**/build.sbt.lock", "**/META-INF/maven/*/*/pom.properties")
	return joiner{analyzer.Func(info, analyze)}
}

// A joiner adds Join to the analyzer.
type joiner struct{ analyzer.Analyzer }

func (joiner) Join(ctx context.Context, facts []analyzer.Fact) []analyzer.Joined {
	return join(ctx, facts)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch base := path.Base(f.Path); {
	case base == "pom.xml", strings.HasSuffix(base, ".pom"):
		return analyzeProject(ctx, f)
	case base == "pom.properties":
		return analyzeUnpacked(f)
	case base == "build.sbt.lock":
		return analyzeText(ctx, f, parseSbtLock)
	case strings.HasSuffix(base, ".lockfile"):
		return analyzeText(ctx, f, parseGradleLock)
	}
	return analyzeArchive(ctx, f)
}

const (
	maxLock     = 16 << 20 // bytes of the largest lock file that is read
	maxPackages = 64 << 20 // bytes of the largest result
)

// analyzeText parses a file of packages.
func analyzeText(ctx context.Context, f *analyzer.File, parse func([]byte, *membudget.Meter) (*analyzer.Result, error)) (*analyzer.Result, error) {
	if f.Size() > maxLock {
		return nil, fmt.Errorf("maven: %s: %d bytes, more than %d: %w", path.Base(f.Path), f.Size(), maxLock, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	return parse(text, membudget.New(ctx, f, maxPackages))
}
