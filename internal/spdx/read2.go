package spdx

import (
	"cmp"
	"strings"

	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// readPackage reads a package of SPDX 2.
func (s *Reader) readPackage(r *jsonstream.Reader) error {
	var p struct {
		SPDXID, Name, VersionInfo, Supplier, Originator, SourceInfo string
		LicenseDeclared, LicenseConcluded, PrimaryPackagePurpose    string
		Summary, Description                                        string
		Checksums                                                   []struct{ Algorithm, ChecksumValue string }
		ExternalRefs                                                []struct{ ReferenceType, ReferenceLocator string }
		Annotations                                                 []struct{ Annotator, Comment string }
	}
	if err := r.Value(&p); err != nil {
		return err
	}
	e := &entry{Entry: sbomreport.Entry{
		Ref: reference(p.SPDXID), Kind: kindOf(p.PrimaryPackagePurpose), Name: p.Name, Version: p.VersionInfo,
		Summary: cmp.Or(p.Summary, p.Description), Supplier: cmp.Or(agent(p.Supplier), agent(p.Originator)),
	}, license: p.LicenseDeclared}
	if e.license == "" || e.license == "NOASSERTION" || e.license == "NONE" {
		e.license = p.LicenseConcluded
	}
	for _, x := range p.ExternalRefs {
		switch strings.ToLower(x.ReferenceType[strings.LastIndexByte(x.ReferenceType, '/')+1:]) {
		case "purl":
			e.PURL = cmp.Or(e.PURL, x.ReferenceLocator)
		case "cpe23type", "cpe22type":
			e.CPEs = append(e.CPEs, x.ReferenceLocator)
		}
	}
	for _, c := range p.Checksums {
		e.hash(c.Algorithm, c.ChecksumValue)
	}
	for _, a := range p.Annotations {
		e.annotation(a.Annotator, a.Comment)
	}
	e.fromSource(p.SourceInfo)
	return s.add(e)
}

func (e *entry) hash(algorithm, value string) {
	if algorithm == "" || value == "" {
		return
	}
	if e.Hashes == nil {
		e.Hashes = make(map[string]string)
	}
	e.Hashes[strings.ReplaceAll(strings.ToLower(algorithm), "_", "-")] = value
}

// annotation reads a property: "hullmark:layer=1", or trivy's "PkgType: debian".
func (e *entry) annotation(annotator, comment string) {
	if name, value, ok := strings.Cut(comment, "="); ok && strings.HasPrefix(name, "hullmark:") {
		switch name {
		case "hullmark:ref":
			e.Ref = value
		case "hullmark:group":
			e.Group = value
			e.Name = strings.TrimPrefix(e.Name, value+"/")
		default:
			e.Properties = append(e.Properties, sbomreport.Property{Name: name, Value: value})
		}
		return
	}
	if name, value, ok := strings.Cut(comment, ": "); ok && strings.HasPrefix(annotator, "Tool: trivy") {
		e.Properties = append(e.Properties, sbomreport.Property{Name: "aquasecurity:trivy:" + name, Value: value})
	}
}

// readRelationship reads a relation of SPDX 2.
func (s *Reader) readRelationship(r *jsonstream.Reader) error {
	var x struct {
		SpdxElementID, RelationshipType, RelatedSpdxElement, Comment string
	}
	if err := r.Value(&x); err != nil {
		return err
	}
	return s.relate(reference(x.SpdxElementID), reference(x.RelatedSpdxElement), x.RelationshipType, x.Comment)
}

// relate adds a relation to the Collector. Its kind is in capitals in SPDX 2 and in camel case in SPDX 3.
func (s *Reader) relate(from, to, kind, comment string) error {
	switch kind {
	case "DESCRIBES", "describes":
		return s.described(to)
	case "DESCRIBED_BY":
		return s.described(from)
	case "DEPENDS_ON", "dependsOn":
		return s.out.AddDependency(from, to)
	case "DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF", "DEV_DEPENDENCY_OF",
		"BUILD_DEPENDENCY_OF", "TEST_DEPENDENCY_OF":
		return s.out.AddDependency(to, from)
	case "CONTAINS", "contains":
		return s.out.AddOwnership(from, to)
	case "CONTAINED_BY":
		return s.out.AddOwnership(to, from)
	case "OTHER", "other":
		if strings.HasPrefix(comment, "ownership-by-file-overlap") { // syft
			return s.out.AddOwnership(from, to)
		}
	}
	return nil
}
