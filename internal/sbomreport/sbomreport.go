// Package sbomreport converts SBOMs of any tool to reports. Formats lack fields for data that matching needs, so each tool
// writes such data in its own way. The source package, which advisories name, is a qualifier of the PURL for some tools and a
// property for others. Readers of formats add entries to a Collector, which interprets them.
package sbomreport

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/limit"
)

// ErrLimit reports that a document exceeds a limit.
var ErrLimit = limit.ErrExceeded

// Analyzer is the analyzer in the diagnostics of a document.
const Analyzer = "sbom"

// An Entry is a package in a document.
type Entry struct {
	Ref        string // unique reference in the document
	Kind       string // as in CycloneDX: "library", "operating-system", "file", "container", ...
	PURL       string
	CPEs       []string // CPE names; a package may be several products
	Group      string   // the part of the name before Name, in formats that have such a field
	Name       string
	Version    string
	Summary    string // description for people
	Supplier   string
	Licenses   []string
	Hashes     map[string]string // by algorithm, as in analyzer.Package
	Path       string            // the file that contained the package
	Excluded   bool              // not part of the delivered product
	SourceOf   string            // name of the binary package if the entry is only its source package
	Properties []Property        // data of tools, by the names of CycloneDX's properties
}

// A Property is a name and a value that a tool defines rather than the format.
type Property struct{ Name, Value string }

// Has reports whether e has a property with a name.
func (e *Entry) Has(name string) bool {
	return slices.ContainsFunc(e.Properties, func(p Property) bool { return p.Name == name })
}

// A Collector converts the content of a document to a report. The order of calls does not matter, except that Report is the
// last.
type Collector struct {
	max          int
	components   []analyzer.Component
	own          []bool                            // own[i]: this module wrote components[i], which is therefore complete
	hints        []hint                            // hints[i]: data of components[i] that Report resolves
	sources      map[string]analyzer.SourcePackage // by type and name of the binary package
	distro       *analyzer.Distro
	others       []*analyzer.Distro // further ones in the document
	refs         map[string]int32   // number of each reference
	byRef        map[int32]int      // index of a component by the number of its reference
	dependencies []edge
	ownerships   []edge
	paths        map[int32]string // path of a file, by the number of its reference
	problems     map[string]*problem
	duplicates   map[string]int // how many packages share a reference with an earlier one
	image        analyzer.ImageInfo
	layers       []analyzer.Layer
	findings     []analyzer.FileFinding
	records      []analyzer.FileRecord
	examined     []analyzer.Examination
	noted        []analyzer.FileDiagnostic
}

// A hint holds the distribution and owner that an entry states for its package.
type hint struct {
	distro, codename string
	owner            string // reference
}

// An edge connects a reference with one that it depends on or owns.
type edge struct{ from, to int32 }

// A problem counts the cases of a diagnostic: missing data, or data that a report can't hold.
type problem struct {
	code  analyzer.DiagnosticCode
	count int
	first string
}

// New returns a Collector for up to max packages, four times as many references, and 16 times as many relations of a kind.
func New(max int) *Collector {
	return &Collector{max: max, refs: make(map[string]int32), byRef: make(map[int32]int), problems: make(map[string]*problem), duplicates: make(map[string]int)}
}

// Image sets the image and its layers, bottom first.
func (c *Collector) Image(image analyzer.ImageInfo, layers []analyzer.Layer) {
	c.image, c.layers = image, layers
}

// Digest returns the digest of the image, or "".
func (c *Collector) Digest() string { return c.image.Digest }

// SetDigest sets the digest of the image.
func (c *Collector) SetDigest(digest string) { c.image.Digest = digest }

// maxDistros bounds the distributions of a document.
const maxDistros = 100

// Distro sets the distribution. It reports further distributions: the packages that state one of them belong to it.
func (c *Collector) Distro(d *analyzer.Distro) {
	if c.distro != nil {
		if c.distro.ID != d.ID || c.distro.VersionID != d.VersionID {
			c.Diagnose(analyzer.Unsupported, "distributions after the first", d.ID+" "+d.VersionID)
			if len(c.others) < maxDistros {
				c.others = append(c.others, d)
			}
		}
		return
	}
	c.distro = d
}

// Finding adds a finding. It returns an error if the document has too many.
func (c *Collector) Finding(f analyzer.FileFinding) error {
	if len(c.findings) >= c.max {
		return fmt.Errorf("findings: more than %d: %w", c.max, ErrLimit)
	}
	c.findings = append(c.findings, f)
	return nil
}

// Record adds a record. It returns an error if the document has too many.
func (c *Collector) Record(r analyzer.FileRecord) error {
	if len(c.records) >= c.max {
		return fmt.Errorf("records: more than %d: %w", c.max, ErrLimit)
	}
	c.records = append(c.records, r)
	return nil
}

// Examined adds examinations. It returns an error if the document has too many.
func (c *Collector) Examined(list []analyzer.Examination) error {
	if len(c.examined)+len(list) > c.max {
		return fmt.Errorf("examinations: more than %d: %w", c.max, ErrLimit)
	}
	c.examined = append(c.examined, list...)
	return nil
}

// Note adds a diagnostic that the document contains.
func (c *Collector) Note(d analyzer.FileDiagnostic) error {
	if len(c.noted) >= c.max {
		return fmt.Errorf("diagnostics: more than %d: %w", c.max, ErrLimit)
	}
	c.noted = append(c.noted, d)
	return nil
}

// Diagnose counts a case of a problem. The cases of a problem become one diagnostic with their number and the first example.
func (c *Collector) Diagnose(code analyzer.DiagnosticCode, what, example string) {
	l := c.problems[what]
	if l == nil {
		if len(c.problems) >= 256 { // some problems contain text of the document
			what = "further kinds"
			if l = c.problems[what]; l != nil {
				l.count++
				return
			}
		}
		l = &problem{code: code, first: example}
		c.problems[what] = l
	}
	l.count++
}

// number returns the number of a reference, or false if the document has too many.
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

// AddDependency adds a dependency of one reference on another.
func (c *Collector) AddDependency(from, to string) error { return c.relate(&c.dependencies, from, to) }

// AddOwnership adds that the package of owner owns the file that contains the package of owned.
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

// SetPath sets the path of a reference that denotes a file. In the document, the file depends on the packages that it contains.
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

// AddOwn adds a component that this module wrote. Its ID is its reference, and owner is the reference of its Owner or "". The
// component is complete except for Owner and the Depends in relations.
func (c *Collector) AddOwn(k analyzer.Component, owner string) error {
	return c.put(k, hint{owner: owner}, true)
}

// Add adds the package of an entry.
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
			c.Diagnose(analyzer.Malformed, "duplicate packages", k.ID)
			return nil
		}
		c.Diagnose(analyzer.Malformed, "references of several packages", k.ID)
		base := k.ID
		for taken := true; taken; _, taken = c.refs[k.ID] {
			c.duplicates[base]++ // so that a duplicate does not try the numbers of earlier ones
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

// identify returns an ID for a component without a reference: a hash of its identity and path.
func identify(k *analyzer.Component) string {
	h := sha256.New()
	for _, s := range []string{k.PURL, k.Namespace, k.Name, k.Version, k.Path, k.ArchivePath} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// same reports whether two components are equal for matching and reports.
func same(a, b *analyzer.Component) bool {
	return a.PURL == b.PURL && a.Name == b.Name && a.Version == b.Version && a.Path == b.Path && a.ArchivePath == b.ArchivePath &&
		a.Declared == b.Declared && maps.Equal(a.Hashes, b.Hashes)
}
