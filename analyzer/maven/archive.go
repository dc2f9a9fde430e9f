package maven

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

const (
	maxManifest   = 1 << 20  // largest manifest, in bytes
	maxProperties = 64 << 10 // largest pom.properties, in bytes
	maxPOM        = 4 << 20  // largest pom.xml, in bytes
	maxSBOM       = 16 << 20 // largest SBOM, in bytes
)

// analyzeArchive identifies the libraries in an archive and in the archives within it.
func analyzeArchive(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if isRoshal(f) {
		return nil, nil
	}
	return analyzeEntries(ctx, f, entryKind)
}

// isRoshal reports whether a file is an archive of the program RAR, which shares its extension with resource adapters.
func isRoshal(f *analyzer.File) bool {
	const magic = "Rar!"
	var head [len(magic)]byte
	n, _ := f.Open().ReadAt(head[:], 0)
	return string(head[:n]) == magic
}

// analyzeEntries is analyzeArchive, with a choice of the entries to read.
func analyzeEntries(ctx context.Context, f *analyzer.File, choose func(name []byte) zipwalk.Kind) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	m := membudget.New(ctx, f, maxPackages)
	var bad diagnostic.List
	limits := zipwalk.Limits{Hold: func(n int64) error { return f.Hold(ctx, n) }}
	var entries classCount // of the archive that Walk visits next
	var listed []analyzer.Package
	kind := func(name []byte) zipwalk.Kind {
		entries.add(name)
		return choose(name)
	}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kind, func(z *zipwalk.Archive) {
		a := archive{name: f.Path, zip: z, manifest: make(manifest), entries: entries, known: make(map[coordinates]int), problems: &bad, meter: m}
		entries = classCount{}
		if z.Inside != "" {
			a.name = z.Inside[strings.LastIndex(z.Inside, zipwalk.Separator)+1:]
		}
		a.analyze(r)
		listed = append(listed, a.listed...)
		m.Free(a.decoded)
	}, bad.Add)
	addListed(r, listed)
	r.Diagnostics = bad.Diagnostics()
	if err = cmp.Or(err, m.Err()); err != nil {
		return r, fmt.Errorf("maven: %w", err)
	}
	return r, nil
}

// entryKind selects the entries to read. It works on bytes because archives have many entries.
func entryKind(name []byte) zipwalk.Kind {
	base := name[bytes.LastIndexByte(name, '/')+1:]
	dot := bytes.LastIndexByte(base, '.')
	if dot < 0 {
		return zipwalk.Skip
	}
	switch ext := base[dot:]; len(ext) {
	case len(".MF"):
		if len(name) == len("META-INF/MANIFEST.MF") && bytes.EqualFold(name, []byte("META-INF/MANIFEST.MF")) {
			return zipwalk.Wanted
		}
	case len(".jar"), len(".jmod"):
		if string(ext) == ".xml" {
			if string(base) == "pom.xml" && bytes.Contains(name, []byte("META-INF/maven/")) {
				return zipwalk.Wanted
			}
			return zipwalk.Skip
		}
		if string(ext) == ".json" {
			if bytes.HasPrefix(name, []byte("META-INF/sbom/")) || bytes.HasPrefix(name, []byte("META-INF/")) && bytes.HasSuffix(base, []byte(".cdx.json")) {
				return zipwalk.Wanted
			}
			return zipwalk.Skip
		}
		for _, e := range extensions {
			if bytes.EqualFold(ext, []byte(e)) {
				return zipwalk.Nested
			}
		}
	case len(".properties"):
		if string(base) == "pom.properties" {
			return zipwalk.Wanted
		}
	}
	return zipwalk.Skip
}

// An archive holds the state of the archive that is being visited.
type archive struct {
	name     string // path of the file, or name of the entry
	zip      *zipwalk.Archive
	manifest manifest
	sections []manifest // about Java packages
	entries  classCount
	stated   []stated
	known    map[coordinates]int // index in stated
	partial  coordinates         // from the first incomplete pom.properties
	listed   []analyzer.Package  // by SBOMs in the archive
	problems *diagnostic.List
	meter    *membudget.Meter
	decoded  int64 // bytes held for decoded texts, until the visit ends
}

// decoding holds the memory of a decoded text.
func (a *archive) decoding(text []byte, marks string) error {
	n := membudget.DecodedSize(text, marks)
	err := a.meter.Bytes(n)
	if err == nil {
		a.decoded += n
	}
	return err
}

// A stated package has its metadata in the archive.
type stated struct {
	coordinates
	pom *pom // nil without a pom.xml
}

// analyze adds the packages of the archive to r. The walk visits nested archives separately.
func (a *archive) analyze(r *analyzer.Result) {
	a.read()
	own := a.ownPackage()
	sum, err := a.sha1()
	a.problem("SHA-1", err)
	for i, s := range a.stated {
		p := s.pkg()
		if s.pom != nil {
			p.Licenses, p.Depends = s.pom.licenses(), s.pom.needs()
		}
		if i == own {
			p.Hashes = map[string]string{"sha1": sum}
			if p.Licenses == nil {
				p.Licenses = a.manifest.licenses()
			}
		}
		p.ArchivePath, p.Declared = a.zip.Inside, a.isText()
		if r.Packages, err = a.meter.Append(r.Packages, p); err != nil {
			return
		}
	}
	if own >= 0 {
		return
	}
	if a.manifest.version() == "" {
		base := stem(a.name)
		a.manifest.describe(a.sections, base)
	}
	e := evidence{name: a.name, partial: a.partial, manifest: a.manifest, home: a.entries.home(), native: a.entries.one(), groups: wellKnown()}
	c := e.identify()
	switch {
	case len(a.stated) == 0 && c.version != "":
		p := c.pkg()
		p.Hashes = map[string]string{"sha1": sum}
		p.Licenses, p.ArchivePath, p.Declared = a.manifest.licenses(), a.zip.Inside, a.isText()
		r.Packages, _ = a.meter.Append(r.Packages, p)
	case !strings.EqualFold(path.Ext(a.name), ".jmod"): // a part of the JDK
		detail := "sha1:" + sum
		if a.zip.Inside != "" {
			detail = a.zip.Inside + " " + detail
		}
		if c.version != "" {
			detail += ", by its name or manifest " + strings.TrimPrefix(c.String(), ":")
		}
		const finding = 256 // bytes, in a list that grows
		if a.meter.Bytes(finding+int64(len(detail))) != nil {
			return
		}
		r.Findings = append(r.Findings, analyzer.Finding{
			Rule: "maven:unidentified", Title: "An archive that does not say which library it is", Detail: detail, Severity: "info",
		})
	}
}

// isText reports whether the archive has the sources or the documentation of a library, and no code.
func (a *archive) isText() bool {
	base := stem(a.name)
	return a.entries.total == 0 && (strings.HasSuffix(base, "-sources") || strings.HasSuffix(base, "-javadoc"))
}

// sha1 returns the hexadecimal digest of the archive, which repositories index.
func (a *archive) sha1() (string, error) {
	h := sha1.New()
	if _, err := io.Copy(h, a.zip.Open()); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// problem records err for an entry. It ignores a nil err.
func (a *archive) problem(entry string, err error) {
	if err == nil {
		return
	}
	if a.zip.Inside != "" {
		entry = a.zip.Inside + zipwalk.Separator + entry
	}
	a.problems.At(entry, "%w", err)
}

// read reads manifests, pom.properties and pom.xml files. A pom.properties gives the coordinates, and the pom.xml beside it
// gives licences and dependencies.
func (a *archive) read() {
	poms := make(map[string]*pom) // by directory
	for _, f := range a.zip.Files {
		switch path.Base(f.Name) {
		case "pom.properties":
		case "pom.xml":
			if p := a.readPOM(f); p != nil {
				poms[path.Dir(f.Name)] = p
			}
		default:
			if strings.HasSuffix(f.Name, ".json") {
				a.list(f)
			} else if !a.readManifest(f) {
				return
			}
		}
	}
	described := make(map[string]bool)
	for _, f := range a.zip.Files {
		if dir := path.Dir(f.Name); path.Base(f.Name) == "pom.properties" && a.addProperties(f, poms[dir]) {
			described[dir] = true
		}
	}
	for _, f := range a.zip.Files { // not over poms: the order must be that of the archive
		dir := path.Dir(f.Name)
		if p := poms[dir]; p != nil && !described[dir] && path.Base(f.Name) == "pom.xml" {
			described[dir] = true
			a.addPOM(p, dir)
		}
	}
}

// readPOM reads a pom.xml. It returns nil if there is no memory for it.
func (a *archive) readPOM(f *zipwalk.File) *pom {
	text, err := f.Read(maxPOM)
	a.problem(f.Name, err)
	if len(text) == 0 || a.decoding(text, "<") != nil {
		return nil
	}
	p, err := parsePOM(text)
	a.problem(f.Name, err)
	return p
}

// readManifest reports whether there is memory for a manifest, which it reads.
func (a *archive) readManifest(f *zipwalk.File) bool {
	text, err := f.Read(maxManifest)
	a.problem(f.Name, err)
	if a.decoding(text, ":") != nil {
		return false
	}
	m, err := parseManifest(text)
	a.problem(f.Name, err)
	a.manifest.add(m)
	if a.manifest.version() == "" {
		a.sections = sectionsOf(text)
	}
	return true
}

// addProperties adds the package of a pom.properties, with the pom.xml beside it, and reports whether the coordinates are complete.
func (a *archive) addProperties(f *zipwalk.File, p *pom) bool {
	text, err := f.Read(maxProperties)
	a.problem(f.Name, err)
	c, err := parseProperties(text)
	if err != nil {
		c = c.orElse(directoryOf(path.Dir(f.Name)))
	}
	if !c.complete() {
		a.problem(f.Name, err)
		if a.partial == (coordinates{}) {
			a.partial = c
		}
		return false
	}
	a.add(stated{c, p})
	return true
}

// addPOM adds the package of a pom.xml without a pom.properties.
func (a *archive) addPOM(p *pom, dir string) {
	c := p.coordinates()
	if !c.complete() {
		c = c.orElse(directoryOf(dir))
	}
	switch {
	case c.complete():
		a.add(stated{c, p})
	case a.partial == (coordinates{}):
		a.partial = coordinates{}.orElse(c) // without unknown properties
	}
}

// add appends s unless its coordinates are known. A known package without a pom.xml takes that of s.
func (a *archive) add(s stated) {
	if i, ok := a.known[s.coordinates]; ok {
		if a.stated[i].pom == nil {
			a.stated[i].pom = s.pom
		}
		return
	}
	a.known[s.coordinates] = len(a.stated)
	a.stated = append(a.stated, s)
}

// directoryOf returns the group and artifact of a directory META-INF/maven/GROUP/ARTIFACT.
func directoryOf(dir string) coordinates {
	elements := strings.Split(dir, "/")
	if n := len(elements); n >= 4 && elements[n-4] == "META-INF" && elements[n-3] == "maven" {
		return coordinates{group: elements[n-2], artifact: elements[n-1]}
	}
	return coordinates{}
}

// orElse replaces missing or invalid coordinates of c with those of other. Coordinates that are invalid in both are empty.
func (c coordinates) orElse(other coordinates) coordinates {
	choose := func(a, b string) string {
		switch {
		case isCoordinate(a):
			return a
		case isCoordinate(b):
			return b
		}
		return ""
	}
	return coordinates{choose(c.group, other.group), choose(c.artifact, other.artifact), choose(c.version, other.version)}
}

// ownPackage returns the index of the stated package that is the archive itself rather than one merged into it, or -1. Its artifact ID
// is the file name, with or without the version, or the longest part of the name. If no artifact ID fits the name, as in
// "app.jar", the only package of the archive is its own, unless the manifest states another version.
func (a *archive) ownPackage() int {
	base := stem(a.name)
	name, version := splitVersion(base, "")
	if i := slices.IndexFunc(a.stated, func(s stated) bool { return base == s.artifact || base == s.artifact+"-"+s.version }); i >= 0 {
		return i
	}
	best, length := -1, 0
	for i, s := range a.stated {
		before, ends := strings.CutSuffix(name, s.artifact)
		fits := same(name, s.artifact) || strings.HasPrefix(base, s.artifact+"-"+s.version+"-") || ends && strings.TrimRight(before, "-._") != before
		if fits && len(s.artifact) > length {
			best, length = i, len(s.artifact)
		}
	}
	if best < 0 && len(a.stated) == 1 && (version == "" || version == a.stated[0].version) {
		if m := a.manifest.version(); m == "" || release(m) == release(a.stated[0].version) {
			return 0
		}
	}
	return best
}

// release returns the first two numbers of a version, which Maven and OSGi write alike: 27.0 for 27.0-jre and 27.0.0.jre.
func release(version string) string {
	numbers := strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	return strings.Join(numbers[:min(2, len(numbers))], ".")
}

// same reports whether two artifact IDs are equal except for case and separators.
func same(a, b string) bool {
	normal := strings.NewReplacer("_", "-", ".", "-")
	return strings.EqualFold(normal.Replace(a), normal.Replace(b))
}
