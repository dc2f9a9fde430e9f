package spdx

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// An element is a node of the graph of SPDX 3, with the short names of its context.
type element struct {
	Type     string `json:"type"`
	AtType   string `json:"@type"`
	SPDXID   string `json:"spdxId"`
	AtID     string `json:"@id"`
	Name     string `json:"name"`
	Summary  string `json:"summary"`
	Comment  string `json:"comment"`
	Version  string `json:"software_packageVersion"`
	PURL     string `json:"software_packageUrl"`
	Purpose  string `json:"software_primaryPurpose"`
	Source   string `json:"software_sourceInfo"`
	Supplied string `json:"suppliedBy"`

	Originated jsonstream.OneOrMore[string] `json:"originatedBy"`
	Root       jsonstream.OneOrMore[string] `json:"rootElement"`
	Verified   []struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"hashValue"`
	} `json:"verifiedUsing"`
	Identifiers []struct {
		Type  string `json:"externalIdentifierType"`
		Value string `json:"identifier"`
	} `json:"externalIdentifier"`

	From     string                       `json:"from"`
	To       jsonstream.OneOrMore[string] `json:"to"`
	Relation string                       `json:"relationshipType"`

	Subject   string `json:"subject"`
	Statement string `json:"statement"`

	Expression string `json:"simplelicensing_licenseExpression"`
	Text       string `json:"simplelicensing_licenseText"`
}

// readElement reads an element of SPDX 3.
func (s *Reader) readElement(r *jsonstream.Reader) error {
	var x element
	if err := r.Value(&x); err != nil {
		return err
	}
	id, kind := cmp.Or(x.SPDXID, x.AtID), cmp.Or(x.Type, x.AtType)
	switch kind[strings.LastIndexAny(kind, "_/")+1:] {
	case "SpdxDocument", "Sbom", "Bom":
		for _, ref := range x.Root {
			if err := s.described(ref); err != nil {
				return err
			}
		}
	case "Package":
		return s.add(x.entry(id))
	case "Relationship", "LifecycleScopedRelationship":
		return s.readRelation(&x)
	case "LicenseExpression":
		return s.named(id, x.Expression)
	case "SimpleLicensingText", "CustomLicense":
		return s.named(id, cmp.Or(x.Name, id[strings.LastIndexAny(id, "/#")+1:]))
	case "ListedLicense":
		return s.named(id, id[strings.LastIndexAny(id, "/#")+1:])
	case "Organization", "Person", "Agent", "SoftwareAgent":
		return s.named(id, x.Name)
	}
	return nil
}

func (x *element) entry(id string) *entry {
	e := &entry{Entry: sbomreport.Entry{
		Ref: id, Kind: kindOf(x.Purpose), Name: x.Name, Version: x.Version, PURL: x.PURL, Summary: x.Summary,
	}, supplier: x.Supplied}
	if e.supplier == "" && len(x.Originated) > 0 {
		e.supplier = x.Originated[0]
	}
	for _, i := range x.Identifiers {
		switch i.Type {
		case "packageUrl", "purl":
			e.PURL = cmp.Or(e.PURL, i.Value)
		case "cpe23", "cpe22":
			e.CPEs = append(e.CPEs, i.Value)
		}
	}
	for _, h := range x.Verified {
		e.hash(h.Algorithm, h.Value)
	}
	e.fromSource(x.Source)
	return e
}

func (s *Reader) readRelation(x *element) error {
	for _, to := range x.To {
		declared := x.Relation == "hasDeclaredLicense"
		if !declared && x.Relation != "hasConcludedLicense" {
			if err := s.relate(x.From, to, x.Relation, x.Comment); err != nil {
				return err
			}
			continue
		}
		if len(s.licensed) >= 4*s.max {
			return fmt.Errorf("licences: more than %d: %w", len(s.licensed), sbomreport.ErrLimit)
		}
		s.licensed = append(s.licensed, pair{x.From, to, declared})
	}
	return nil
}
