package sbom

import (
	"cmp"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A builder makes one document.
type builder struct {
	report  *analyzer.Report
	result  *matcher.Result // nil where nothing was matched
	options Options
	version cyclonedx.SpecVersion

	excluded []report.Excluded
	hidden   []report.HiddenFindings

	nested     map[string][]analyzer.Component // that are no components of the document, by owner
	suppressed map[int]string                  // reasons for which findings of the report are hidden, by index

	names      namer
	image      string             // reference of the image or file system
	distro     string             // reference of the distribution, or ""
	components []string           // references of the report's components
	byID       map[string]int     // index of a component by its ID
	details    []properties       // properties of the report's components, beside their own
	files      []file             // files with findings or records, those that are written with the list of files at the end
	unlisted   int                // number of files that are not
	entries    int                // number of files that are written
	at         map[string]*file   // by path, of those in the list of files
	licenses   map[string]licence // by the declared text
	identities [3]struct {
		purl, name cyclonedx.EvidenceIdentityChoice
	}
}

func newBuilder(report *analyzer.Report, result *matcher.Result, o Options, version cyclonedx.SpecVersion) *builder {
	b := &builder{
		report: report, result: result, options: o, version: version,
		components: make([]string, len(report.Components)),
		byID:       make(map[string]int, len(report.Components)),
		licenses:   make(map[string]licence),
		identities: identities(),
	}
	b.names.taken = make(map[string]int, len(report.Components)+2)
	for i := range report.Components {
		id := report.Components[i].ID
		b.components[i] = b.names.unique(id)
		if _, ok := b.byID[id]; !ok {
			b.byID[id] = i
		}
		for _, declared := range report.Components[i].Licenses {
			if _, ok := b.licenses[declared]; !ok {
				b.licenses[declared] = classify(declared)
			}
		}
	}
	b.image = b.names.unique(cmp.Or(report.Image.ID, report.Image.Digest, "image"))
	if report.Distro != nil {
		b.distro = b.names.unique("distribution")
	}
	b.files = b.filesWithFindings()
	b.unlisted = len(b.files)
	if o.Files {
		b.list()
	}
	return b
}

// bom makes the document without its components, in the words of CycloneDX 1.6. It leaves out fields that the library does not take away for an
// older version, or writes wrongly.
func (b *builder) bom() (*cyclonedx.BOM, error) {
	vulnerabilities, err := b.vulnerabilities()
	if err != nil {
		return nil, err
	}
	b.details = b.coverageProperties()
	g := b.graph()
	for _, names := range []map[int][]string{g.unresolved, g.other} {
		for i, list := range names {
			for _, name := range list {
				b.details[i].add(propDepends, name)
			}
		}
	}
	compositions := b.compositions(g, vulnerabilities)
	bom := &cyclonedx.BOM{
		JSONSchema:   "http://cyclonedx.org/schema/bom-1.6.schema.json",
		XMLNS:        "http://cyclonedx.org/schema/bom/1.6",
		BOMFormat:    cyclonedx.BOMFormat,
		SpecVersion:  cyclonedx.SpecVersion1_6,
		SerialNumber: unsealed,
		Version:      1,
		Metadata:     b.metadata(),
		Dependencies: &g.edges,
		Compositions: &compositions,
	}
	if b.result != nil {
		bom.Vulnerabilities = &vulnerabilities // an empty list, too: the scan looked for them
	}
	return bom, nil
}

// count returns the number of components of the document without the list of files.
func (b *builder) count() int {
	n := len(b.components) + b.unlisted
	if b.distro != "" {
		n++
	}
	return n
}

// element returns component i of the document: the distribution, the packages, then files with findings or records. A component takes several times as much
// memory as its text, so that those of a large image are not kept.
func (b *builder) element(i int) cyclonedx.Component {
	if b.distro != "" {
		if i == 0 {
			return b.distribution()
		}
		i--
	}
	if i < len(b.components) {
		return b.component(i, b.details[i])
	}
	return b.file(&b.files[i-len(b.components)])
}

// elements returns all components of the document.
func (b *builder) elements() *[]cyclonedx.Component {
	list := make([]cyclonedx.Component, b.count())
	parallel(len(list), func(i int) { list[i] = b.element(i) })
	return &list
}

// coverageProperties returns for each component the reason why it has no result.
func (b *builder) coverageProperties() []properties {
	list := make([]properties, len(b.components))
	if b.result == nil {
		return list
	}
	for _, s := range b.result.Skipped {
		if i, ok := b.byID[s.Component]; ok {
			list[i].add(propSkipped, string(s.Reason))
		}
	}
	bare := make(map[matcher.Key]bool)
	for _, c := range b.result.Coverage {
		if c.Feed == "" {
			bare[matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}] = true
		}
	}
	if len(bare) == 0 {
		return list
	}
	for i := range b.report.Components {
		if len(list[i]) == 0 { // else it was not looked for
			ecosystem := matcher.EcosystemOf(&b.report.Components[i], b.report.Distro)
			list[i].add(propUncovered, trueProperty(bare[ecosystem]))
		}
	}
	return list
}

// instant formats a time, or returns "" for one that is unknown or that RFC 3339 cannot write.
func instant(t time.Time) string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}
