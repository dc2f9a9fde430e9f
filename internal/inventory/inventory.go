// Package inventory makes a report of what an SBOM states, whoever wrote it. A document names packages in the words of its
// format, and whatever its format has no word for in those of the tool that wrote it: the source package of a binary one,
// which is what advisories name, is a qualifier of the PURL for some and a property for others. Readers of formats hand over
// entries; what they amount to is decided here.
package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// ErrLimit says that a document holds more than a reader accepts.
var ErrLimit = jsonstream.ErrLimit

// Analyzer is what the diagnostics of a document that was read name as their analyzer.
const Analyzer = "sbom"

// An Entry is what a document says of one package.
type Entry struct {
	Ref        string // the document's name for it, unique in the document
	Kind       string // "library", "operating-system", "file", "container", ..., in the words of CycloneDX
	PURL       string // "" where it has none
	CPE        string // the product that it is, "" where it has none
	Group      string // part of the name that stands before it, where the format has such a part
	Name       string
	Version    string
	Summary    string // what it is, for a person
	Supplier   string
	Licenses   []string
	Hashes     map[string]string // by algorithm, as in analyzer.Package
	Path       string            // file that it was found in
	Excluded   bool              // not part of what was delivered
	SourceOf   string            // name of the binary package that this is the source of, where it is no package that is installed
	Properties []Property        // what tools add, by the names of CycloneDX's properties
}

// A Property is a name and a value that a format attaches to things without knowing their meaning.
type Property struct{ Name, Value string }

// Has reports whether e has a property.
func (e *Entry) Has(name string) bool {
	return slices.ContainsFunc(e.Properties, func(p Property) bool { return p.Name == name })
}

// A Collector gathers what a document states. Add and the others may be called in any order; Report makes an end.
type Collector struct {
	max          int
	components   []analyzer.Component
	own          []bool                            // of components: written by this module, so that nothing is left to guess
	hints        []hint                            // of components: what is decided when all of the document is known
	sources      map[string]analyzer.SourcePackage // of binary packages, by their type and name
	distro       *analyzer.Distro
	refs         map[string]int32 // number of every reference that is mentioned
	byRef        map[int32]int    // index of a component by the number of its reference
	dependencies []edge
	ownerships   []edge
	paths        map[int32]string // path of a file by the number of its reference
	problems     map[string]*problem
	duplicates   map[string]int // how often a reference stood for another package
	image        analyzer.ImageInfo
	layers       []analyzer.Layer
	findings     []analyzer.FileFinding
	noted        []analyzer.Diagnostic
}

// A hint is what an entry says of the distribution that its package is of, and of the package's owner.
type hint struct {
	distro, codename string
	owner            string // reference
}

// An edge says that one reference needs or owns another.
type edge struct{ from, to int32 }

// A loss is something that a document does not say, or that a report has no place for.
type problem struct {
	kind  analyzer.DiagnosticKind
	count int
	first string
}

// New returns a Collector of up to max packages, four times as many references, and sixteen times as many relations.
func New(max int) *Collector {
	return &Collector{max: max, refs: make(map[string]int32), byRef: make(map[int32]int), problems: make(map[string]*problem), duplicates: make(map[string]int)}
}

// Image sets what the document says of the image, and of its layers, bottom first.
func (c *Collector) Image(image analyzer.ImageInfo, layers []analyzer.Layer) {
	c.image, c.layers = image, layers
}

// Digest returns the digest of the image, "" where none is known.
func (c *Collector) Digest() string { return c.image.Digest }

// SetDigest sets the digest of the image.
func (c *Collector) SetDigest(digest string) { c.image.Digest = digest }

// Distro sets the distribution. The first one counts.
func (c *Collector) Distro(d *analyzer.Distro) {
	if c.distro != nil {
		if c.distro.ID != d.ID || c.distro.VersionID != d.VersionID {
			c.Diagnose(analyzer.Unsupported, "distributions after the first", d.ID+" "+d.VersionID)
		}
		return
	}
	c.distro = d
}

// Finding adds a finding.
func (c *Collector) Finding(f analyzer.FileFinding) error {
	if len(c.findings) >= c.max {
		return fmt.Errorf("findings: more than %d: %w", c.max, ErrLimit)
	}
	c.findings = append(c.findings, f)
	return nil
}

// Note adds a diagnostic that the document itself carries.
func (c *Collector) Note(d analyzer.Diagnostic) error {
	if len(c.noted) >= c.max {
		return fmt.Errorf("diagnostics: more than %d: %w", c.max, ErrLimit)
	}
	c.noted = append(c.noted, d)
	return nil
}

// Lose counts one case of something that is lost. Cases of the same kind become one diagnostic, with the first example.
func (c *Collector) Diagnose(kind analyzer.DiagnosticKind, what, example string) {
	l := c.problems[what]
	if l == nil {
		if len(c.problems) >= 256 { // kinds are few, but some name what the document says
			what = "further kinds"
			if l = c.problems[what]; l != nil {
				l.count++
				return
			}
		}
		l = &problem{kind: kind, first: example}
		c.problems[what] = l
	}
	l.count++
}

// number returns the number of a reference, and false where there are too many.
func (c *Collector) number(ref string) (int32, bool) {
	n, ok := c.refs[ref]
	if !ok {
		if len(c.refs) >= 4*c.max {
			return 0, false
		}
		n = int32(len(c.refs))
		c.refs[ref] = n
	}
	return n, true
}

// Needs says that one reference depends on another.
func (c *Collector) AddDependency(from, to string) error { return c.relate(&c.dependencies, from, to) }

// Owns says that the package of one reference owns the file that the other was found in.
func (c *Collector) AddOwnership(owner, owned string) error {
	return c.relate(&c.ownerships, owner, owned)
}

func (c *Collector) relate(list *[]edge, from, to string) error {
	a, ok := c.number(from)
	b, also := c.number(to)
	if !ok || !also {
		return fmt.Errorf("references: more than %d: %w", 4*c.max, ErrLimit)
	}
	if len(*list) >= 16*c.max {
		return fmt.Errorf("relations: more than %d: %w", 16*c.max, ErrLimit)
	}
	*list = append(*list, edge{a, b})
	return nil
}

// Place says that a reference stands for a file, which needs, in the words of the document, the packages that it names.
func (c *Collector) SetPath(ref, path string) error {
	n, ok := c.number(ref)
	if !ok {
		return fmt.Errorf("references: more than %d: %w", 4*c.max, ErrLimit)
	}
	if c.paths == nil {
		c.paths = make(map[int32]string)
	}
	c.paths[n] = path
	return nil
}

// Own adds a component that this module wrote, which is complete but for its Owner, the reference that is given, and for
// those of its Depends that the relations tell. Its ID is its reference.
func (c *Collector) AddOwn(k analyzer.Component, owner string) error {
	return c.put(k, hint{owner: owner}, true)
}

// Add adds an entry of any tool.
func (c *Collector) Add(e *Entry) error {
	k, h := c.convert(e)
	if e.SourceOf != "" && k.System {
		if len(c.sources) >= c.max {
			return fmt.Errorf("source packages: more than %d: %w", c.max, ErrLimit)
		}
		if c.sources == nil {
			c.sources = make(map[string]analyzer.SourcePackage)
		}
		c.sources[k.Type+"\x00"+e.SourceOf] = analyzer.SourcePackage{Name: k.Name, Version: k.Version}
		return nil
	}
	return c.put(k, h, false)
}

func (c *Collector) put(k analyzer.Component, h hint, own bool) error {
	if len(c.components) >= c.max {
		return fmt.Errorf("packages: more than %d: %w", c.max, ErrLimit)
	}
	if k.ID == "" {
		k.ID = identify(&k)
	}
	n, ok := c.number(k.ID)
	if !ok {
		return fmt.Errorf("references: more than %d: %w", 4*c.max, ErrLimit)
	}
	if i, ok := c.byRef[n]; ok {
		if same(&c.components[i], &k) {
			c.Diagnose(analyzer.Malformed, "packages that are stated twice", k.ID)
			return nil
		}
		c.Diagnose(analyzer.Malformed, "references that stand for several packages", k.ID)
		base := k.ID
		for taken := true; taken; _, taken = c.refs[k.ID] {
			c.duplicates[base]++ // so that many of one name do not each try all numbers
			k.ID = fmt.Sprintf("%s-%d", base, c.duplicates[base]+1)
		}
		if n, ok = c.number(k.ID); !ok {
			return fmt.Errorf("references: more than %d: %w", 4*c.max, ErrLimit)
		}
	}
	c.byRef[n] = len(c.components)
	c.components = append(c.components, k)
	c.hints = append(c.hints, h)
	c.own = append(c.own, own)
	return nil
}

// identify names a component whose document does not: a hash of what it is and where it lies.
func identify(k *analyzer.Component) string {
	h := sha256.New()
	for _, s := range []string{k.PURL, k.Namespace, k.Name, k.Version, k.Path, k.ArchivePath} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// same reports whether two components differ in nothing that a matcher or a reader of a report would see.
func same(a, b *analyzer.Component) bool {
	return a.PURL == b.PURL && a.Name == b.Name && a.Version == b.Version && a.Path == b.Path && a.ArchivePath == b.ArchivePath &&
		a.Declared == b.Declared && maps.Equal(a.Hashes, b.Hashes)
}
