package sbom

import (
	"cmp"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/internal/spdx"
)

const unknown = "NOASSERTION"

// A translator writes the document of a builder as SPDX 2.3. Properties of CycloneDX become annotations.
type translator struct {
	*builder
	created    string
	refs, lics spdx.Identifiers
	doc        spdx.Document
}

// spdx makes the parts of a document of SPDX, with its namespace.
func (b *builder) spdx(bom *cyclonedx.BOM) ([]part, error) {
	t := translator{builder: b, created: cmp.Or(bom.Metadata.Timestamp, "1970-01-01T00:00:00Z")}
	t.translate(bom)
	head := t.doc
	head.Packages, head.Relationships = nil, nil
	text, err := compact(&head)
	if err != nil {
		return nil, err
	}
	chunks := appendChunks(nil, "packages", &t.doc.Packages)
	parts, err := assemble(text, appendChunks(chunks, "relationships", &t.doc.Relationships))
	if err != nil {
		return nil, err
	}
	setSerialNumber(parts...)
	return parts, nil
}

func (t *translator) translate(bom *cyclonedx.BOM) {
	root := bom.Metadata.Component
	t.doc = spdx.Document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: t.refs.Reference("DOCUMENT"), DocumentNamespace: unsealed,
		Name: root.Name, CreationInfo: spdx.CreationInfo{Created: t.created, Creators: t.creators()},
	}
	advisories := advisoriesOf(bom)
	p := t.thing(root, unknown)
	if root.Type == cyclonedx.ComponentTypeFile { // a root file system
		p.PrimaryPackagePurpose = "OTHER"
	}
	p.Annotations = t.annotate(p.Annotations, bom.Metadata.Properties)
	t.doc.Packages = append(make([]spdx.Package, 0, len(*bom.Components)+1), p)
	t.relate("SPDXRef-DOCUMENT", "DESCRIBES", p.SPDXID)
	first := 0
	if t.distro != "" {
		first = 1
	}
	owner := make(map[string]string)
	for i := range *bom.Components {
		c := &(*bom.Components)[i]
		var p spdx.Package
		if k := i - first; k >= 0 && k < len(t.components) {
			declared := t.report.Components[k].Licenses
			p = t.thing(c, t.declaredLicense(declared))
			t.describe(&p, k)
			if o, ok := t.byID[t.report.Components[k].Owner]; ok && t.report.Components[k].Owner != "" {
				owner[c.BOMRef] = t.components[o]
			}
		} else {
			p = t.thing(c, unknown)
		}
		for _, url := range advisories[c.BOMRef] {
			p.ExternalRefs = append(p.ExternalRefs, spdx.ExternalRef{Category: "SECURITY", Type: "advisory", Locator: url})
		}
		t.doc.Packages = append(t.doc.Packages, p)
	}
	for _, node := range *bom.Dependencies {
		if node.Dependencies == nil {
			continue
		}
		for _, to := range *node.Dependencies {
			kind := "DEPENDS_ON"
			if node.Ref == t.image || owner[to] == node.Ref {
				kind = "CONTAINS"
			}
			t.relate(t.refs.Reference(node.Ref), kind, t.refs.Reference(to))
		}
	}
}

func (t *translator) relate(from, kind, to string) {
	t.doc.Relationships = append(t.doc.Relationships, spdx.Relationship{From: from, Kind: kind, To: to})
}

func (t *translator) creators() []string {
	tool := t.options.Tool
	if tool.Name == "" {
		return []string{"Tool: hullmark"}
	}
	list := []string{"Tool: " + tool.Name}
	if tool.Version != "" {
		list[0] += "-" + tool.Version
	}
	if tool.Vendor != "" {
		list = append(list, "Organization: "+tool.Vendor)
	}
	return list
}

// thing translates a component.
func (t *translator) thing(c *cyclonedx.Component, license string) spdx.Package {
	p := spdx.Package{
		Name: c.Name, SPDXID: t.refs.Reference(c.BOMRef), VersionInfo: c.Version, Summary: c.Description,
		DownloadLocation: unknown, LicenseConcluded: unknown, LicenseDeclared: license, CopyrightText: unknown,
		PrimaryPackagePurpose: purposeOf(c.Type),
	}
	remark := func(name, value string) {
		p.Annotations = append(p.Annotations, spdx.Annotation{
			Annotator: "Tool: hullmark", Date: t.created, Type: "OTHER", Comment: name + "=" + value,
		})
	}
	if c.Group != "" {
		p.Name = c.Group + "/" + c.Name
		remark(propGroup, c.Group)
	}
	if p.SPDXID != "SPDXRef-"+c.BOMRef {
		remark(propRef, c.BOMRef)
	}
	if c.Supplier != nil {
		p.Supplier = spdx.Agent(c.Supplier.Name)
	}
	if c.Hashes != nil {
		for _, h := range *c.Hashes {
			p.Checksums = append(p.Checksums, spdx.Checksum{Algorithm: strings.ReplaceAll(string(h.Algorithm), "-", ""), Value: h.Value})
		}
	}
	if c.PackageURL != "" {
		p.ExternalRefs = append(p.ExternalRefs, spdx.ExternalRef{Category: "PACKAGE-MANAGER", Type: "purl", Locator: c.PackageURL})
	}
	if c.CPE != "" {
		kind := "cpe22Type"
		if strings.HasPrefix(c.CPE, "cpe:2.3:") {
			kind = "cpe23Type"
		}
		p.ExternalRefs = append(p.ExternalRefs, spdx.ExternalRef{Category: "SECURITY", Type: kind, Locator: c.CPE})
	}
	p.Annotations = t.annotate(p.Annotations, c.Properties)
	return p
}

// purposeOf returns SPDX's word for a type, as its JSON schema has it: with an underscore, where the specification's text has
// a hyphen.
func purposeOf(kind cyclonedx.ComponentType) string {
	return strings.ToUpper(strings.ReplaceAll(string(kind), "-", "_"))
}

func (t *translator) annotate(list []spdx.Annotation, properties *[]cyclonedx.Property) []spdx.Annotation {
	if properties == nil {
		return list
	}
	for _, q := range *properties {
		list = append(list, spdx.Annotation{Annotator: "Tool: hullmark", Date: t.created, Type: "OTHER", Comment: q.Name + "=" + q.Value})
	}
	return list
}

// describe adds the fields that the translation of a package's component lacks.
func (t *translator) describe(p *spdx.Package, k int) {
	c := &t.report.Components[k]
	remark := func(name, value string) {
		p.Annotations = append(p.Annotations, spdx.Annotation{Annotator: "Tool: hullmark", Date: t.created, Type: "OTHER", Comment: name + "=" + value})
	}
	if c.Path != "" {
		p.SourceInfo = spdx.Found + cmp.Or(c.Analyzer, "scan") + ": " + c.Path
		if strings.Contains(c.Path, ", ") || strings.Contains(c.Analyzer, ": ") {
			remark(propPath, c.Path)
		}
	}
	if len(c.Licenses) == 1 && strings.Contains(c.Licenses[0], " AND ") && t.licenses[c.Licenses[0]].text == c.Licenses[0] {
		remark(propLicense, c.Licenses[0])
	}
}

// declaredLicense joins licences that all hold. One that is not in SPDX's list is listed in the document.
func (t *translator) declaredLicense(declared []string) string {
	var list []licence
	for _, d := range declared {
		l := t.licenses[d]
		if l.text == "" {
			continue
		}
		if l.kind == licenceName {
			_, known := t.lics.Known(l.text)
			ref := t.lics.LicenseReference(l.text)
			if !known {
				t.doc.Extracted = append(t.doc.Extracted, spdx.Extracted{LicenseID: ref, ExtractedText: l.text, Name: l.text})
			}
			l.text = ref
		}
		list = append(list, l)
	}
	if len(list) == 0 {
		return unknown
	}
	return conjunction(list)
}

// advisoriesOf returns where the vulnerabilities of each component are explained.
func advisoriesOf(bom *cyclonedx.BOM) map[string][]string {
	if bom.Vulnerabilities == nil {
		return nil
	}
	m := make(map[string][]string)
	for i := range *bom.Vulnerabilities {
		v := &(*bom.Vulnerabilities)[i]
		if v.Source == nil || v.Source.URL == "" || v.Affects == nil {
			continue
		}
		for _, a := range *v.Affects {
			m[a.Ref] = append(m[a.Ref], v.Source.URL)
		}
	}
	return m
}
