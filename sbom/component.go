package sbom

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
)

// component describes the ith package, with further properties.
func (b *builder) component(i int, about properties) cyclonedx.Component {
	c := &b.report.Components[i]
	licenses, exact := b.licensesOf(c.Licenses)
	out := cyclonedx.Component{
		BOMRef:     b.components[i],
		Type:       cyclonedx.ComponentTypeLibrary,
		Group:      c.Namespace,
		Name:       c.Name,
		Version:    version(c.Version),
		PackageURL: c.PURL,
		Licenses:   licenses,
		Evidence:   b.evidence(c),
	}
	products := strings.Fields(c.Qualifiers["cpe"])
	if len(products) > 0 && isCPE(products[0]) {
		out.CPE, products = products[0], products[1:]
		if c.Type == "generic" {
			out.PackageURL = "" // a generic PURL identifies nothing
		}
	}
	switch {
	case c.Dev:
		out.Scope = cyclonedx.ScopeExcluded
	case c.Declared:
		out.Scope = cyclonedx.ScopeOptional
	}
	if c.Vendor != "" {
		out.Supplier = &cyclonedx.OrganizationalEntity{Name: c.Vendor}
	}
	p := make(properties, 0, 6+len(about))
	p.add(propAnalyzer, c.Analyzer)
	p.add(propArch, c.Arch)
	p.add(propSystem, trueProperty(c.System))
	if c.Signer != 0 {
		p.add(propSigner, fmt.Sprintf("%016x", c.Signer))
	}
	p.add(propDeclared, trueProperty(c.Declared))
	p.add(propStated, trueProperty(c.Stated))
	p.add(propNested, trueProperty(c.Nested))
	p.add(propAltered, trueProperty(c.Altered))
	p.add(propDev, trueProperty(c.Dev))
	p.add(propInside, c.ArchivePath)
	if out.Evidence == nil {
		p.add(propPath, c.Path)
	}
	if c.Type != typeOf(c.PURL) {
		p.add(propType, c.Type)
	}
	if !exact {
		for _, l := range c.Licenses {
			p.add(propLicense, l)
		}
	}
	b.layer(&p, c.Layer)
	if owner, ok := b.byID[c.Owner]; ok && c.Owner != "" {
		p.add(propOwner, b.components[owner])
	}
	if c.SourcePackage != nil {
		p.add(propSourceName, c.SourcePackage.Name)
		p.add(propSourceVersion, c.SourcePackage.Version)
	}
	for _, name := range products {
		p.add(propCPE, name)
	}
	for _, name := range c.Provides {
		p.add(propProvides, name)
	}
	out.Hashes = hashesOf(c.Hashes, &p)
	for _, k := range b.nested[c.ID] {
		p.add(propNested, fmt.Sprintf("%s %d %s %s %s", k.ID, k.Layer, k.Analyzer, k.PURL, k.Path))
	}
	p = append(p, about...)
	out.Properties = p.list()
	return out
}

// typeOf returns the type that a PURL begins with.
func typeOf(purl string) string {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	kind, _, also := strings.Cut(rest, "/")
	if !ok || !also {
		return ""
	}
	return kind
}

// layer says which layer a thing came with.
func (b *builder) layer(p *properties, n int) {
	if n < 0 || len(b.report.Layers) == 0 {
		return
	}
	p.add(propLayer, strconv.Itoa(n))
	if n < len(b.report.Layers) {
		p.add(propLayer+":diff-id", b.report.Layers[n].DiffID)
	}
}

// evidence says where a package was found, and how sure that makes its identity: the record of a
// package manager is certain, an ecosystem's metadata beside the code nearly so, and a lock file names a package that may not
// be there.
func (b *builder) evidence(c *analyzer.Component) *cyclonedx.Evidence {
	if c.Path == "" || b.version < cyclonedx.SpecVersion1_5 {
		return nil
	}
	location := c.Path
	if c.ArchivePath != "" {
		location += "!" + c.ArchivePath
	}
	sure := likely
	switch {
	case c.Declared:
		sure = named
	case c.System:
		sure = certain
	}
	// All in one allocation.
	e := &struct {
		cyclonedx.Evidence
		list        []cyclonedx.EvidenceOccurrence
		occurrences [1]cyclonedx.EvidenceOccurrence
	}{}
	e.occurrences[0].Location = location
	if c.Layer >= 0 && b.options.Format == CycloneDXJSON { // cyclonedx-go 0.12 makes an attribute of it in XML
		e.occurrences[0].AdditionalContext = "layer " + strconv.Itoa(c.Layer)
	}
	e.list = e.occurrences[:]
	e.Occurrences = &e.list
	e.Identity = &b.identities[sure].purl
	if c.PURL == "" {
		e.Identity = &b.identities[sure].name
	}
	return &e.Evidence
}

// A certainty is an index of builder.identities.
type certainty uint8

const (
	named certainty = iota
	likely
	certain
)

// identities returns the evidence of identity for each certainty, which components share.
func identities() (list [3]struct {
	purl, name cyclonedx.EvidenceIdentityChoice
}) {
	for sure, confidence := range [...]float32{named: 0.5, likely: 0.9, certain: 1} {
		choice := func(field cyclonedx.EvidenceIdentityFieldType) cyclonedx.EvidenceIdentityChoice {
			return cyclonedx.EvidenceIdentityChoice{Identities: &[]cyclonedx.EvidenceIdentity{{
				Field:      field,
				Confidence: &confidence,
				Methods: &[]cyclonedx.EvidenceIdentityMethod{{
					Technique:  cyclonedx.EvidenceIdentityTechniqueManifestAnalysis,
					Confidence: &confidence,
				}},
			}}}
		}
		list[sure].purl = choice(cyclonedx.EvidenceIdentityFieldTypePURL)
		list[sure].name = choice(cyclonedx.EvidenceIdentityFieldTypeName)
	}
	return list
}

// hashesOf returns digests in order of their algorithms. Text that is no digest of an algorithm that the schemas name becomes
// a property.
func hashesOf(hashes map[string]string, p *properties) *[]cyclonedx.Hash {
	if len(hashes) == 0 {
		return nil
	}
	var list []cyclonedx.Hash
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		value := hashes[name]
		if alg, digits := hashAlgorithm(name); digits == len(value) && isHex(value) {
			list = append(list, cyclonedx.Hash{Algorithm: alg, Value: strings.ToLower(value)})
			continue
		}
		p.add(propHash, name+":"+value)
	}
	if list == nil {
		return nil
	}
	return &list
}

// hashAlgorithm returns the schemas' name of an algorithm, and how many hexadecimal digits its digests have: -1 for one
// that they do not know.
func hashAlgorithm(name string) (cyclonedx.HashAlgorithm, int) {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "") {
	case "md5":
		return cyclonedx.HashAlgoMD5, 32
	case "sha1":
		return cyclonedx.HashAlgoSHA1, 40
	case "sha256":
		return cyclonedx.HashAlgoSHA256, 64
	case "sha384":
		return cyclonedx.HashAlgoSHA384, 96
	case "sha512":
		return cyclonedx.HashAlgoSHA512, 128
	}
	return "", -1
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// version cuts a version to the length that the schemas allow. Nothing honest comes near it, and the PURL has it all.
func version(v string) string {
	const limit = 1024 // characters
	if len(v) <= limit || utf8.RuneCountInString(v) <= limit {
		return v
	}
	n := 0
	for i := range v {
		if n++; n > limit {
			return v[:i]
		}
	}
	return v
}
