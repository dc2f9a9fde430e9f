package vex

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/matcher"
)

// The shapes of CycloneDX, https://cyclonedx.org/docs/1.6/json/#vulnerabilities, as far as this package needs them.
type cdxDocument struct {
	SerialNumber string `json:"serialNumber"`
	Version      int    `json:"version"`
	Metadata     struct {
		Timestamp string        `json:"timestamp"`
		Authors   []cdxContact  `json:"authors"`
		Supplier  cdxContact    `json:"supplier"`
		Component *cdxComponent `json:"component"`
	} `json:"metadata"`
	Components      []cdxComponent     `json:"components"`
	Vulnerabilities []cdxVulnerability `json:"vulnerabilities"`
}

type cdxContact struct {
	Name string `json:"name"`
}

type cdxComponent struct {
	Ref        string         `json:"bom-ref"`
	PURL       string         `json:"purl"`
	CPE        string         `json:"cpe"`
	Hashes     []cdxHash      `json:"hashes"`
	Components []cdxComponent `json:"components"`
	Properties []cdxProperty  `json:"properties"`
}

type cdxHash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type cdxVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Updated  string `json:"updated"`
	Analysis *struct {
		State         string       `json:"state"`
		Justification string       `json:"justification"`
		Response      list[string] `json:"response"`
		Detail        string       `json:"detail"`
		FirstIssued   string       `json:"firstIssued"`
		LastUpdated   string       `json:"lastUpdated"`
	} `json:"analysis"`
	Affects    []cdxAffects  `json:"affects"`
	Properties []cdxProperty `json:"properties"`
}

type cdxProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cdxAffects struct {
	Ref      string           `json:"ref"`
	Versions list[cdxVersion] `json:"versions"`
}

type cdxVersion struct {
	Version string `json:"version"`
	Range   string `json:"range"`
	Status  string `json:"status"`
	State   string `json:"state"` // the spelling of the format's examples
}

// A bom holds the components of a CycloneDX document by their references.
type bom struct {
	serial  string // "urn:uuid:...", lower case; ""
	version int
	byRef   map[string]*cdxComponent
}

// cycloneDXML reads a document in XML.
func (d *Document) cycloneDXML(text []byte) error {
	if !bytes.Contains(text[:min(len(text), 4096)], []byte("cyclonedx.org/schema/bom")) {
		return errNotVEX
	}
	var b cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatXML).Decode(&b); err != nil {
		return err
	}
	asJSON, err := json.Marshal(&b)
	if err != nil {
		return err
	}
	return d.cycloneDX(asJSON)
}

func (d *Document) cycloneDX(text []byte) error {
	var in cdxDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return jsonError(text, err)
	}
	d.Format = formatCycloneDX
	d.Time = d.instant("metadata.timestamp", in.Metadata.Timestamp)
	d.Author = in.Metadata.Supplier.Name
	for _, a := range in.Metadata.Authors {
		d.Author = cmp.Or(d.Author, a.Name)
	}
	d.bom = &bom{serial: strings.ToLower(in.SerialNumber), version: max(in.Version, 1), byRef: make(map[string]*cdxComponent)}
	if d.bom.serial != "" {
		d.ID = fmt.Sprintf("urn:cdx:%s/%d", strings.TrimPrefix(d.bom.serial, "urn:uuid:"), d.bom.version)
	}
	if c := in.Metadata.Component; c != nil {
		d.bom.add([]cdxComponent{*c})
	}
	d.bom.add(in.Components)
	for i := range in.Vulnerabilities {
		d.cdxVulnerability(fmt.Sprintf("vulnerabilities[%d]", i), &in.Vulnerabilities[i])
	}
	return nil
}

func (b *bom) add(list []cdxComponent) {
	for i := range list {
		c := &list[i]
		if _, twice := b.byRef[c.Ref]; c.Ref != "" && !twice {
			b.byRef[c.Ref] = c
		}
		b.add(c.Components)
	}
}

// splitVersions returns a product in its affected versions, and in those that are not.
func splitVersions(p product, list []cdxVersion) (affected, safe product) {
	affected, safe = p, p
	for _, v := range list {
		r := cmp.Or(v.Range, v.Version)
		switch cmp.Or(v.Status, v.State, "affected") {
		case "unaffected":
			safe.Ranges = append(safe.Ranges[:len(safe.Ranges):len(safe.Ranges)], r)
		case "affected", "unknown":
			affected.Ranges = append(affected.Ranges[:len(affected.Ranges):len(affected.Ranges)], r)
		}
	}
	return affected, safe
}

func (d *Document) cdxVulnerability(place string, v *cdxVulnerability) {
	if v.Analysis == nil || v.Analysis.State == "" {
		return // an entry of an SBOM, not a statement
	}
	a := v.Analysis
	s := statement{Place: place, Vulnerabilities: []string{v.ID}, Justification: a.Justification, Detail: a.Detail}
	for _, r := range v.References {
		s.Vulnerabilities = append(s.Vulnerabilities, r.ID)
	}
	s.Time = d.instant(place, cmp.Or(a.LastUpdated, a.FirstIssued, v.Updated))
	var within []identity
	word := ""
	for _, p := range v.Properties {
		switch p.Name {
		case propertyExpires:
			if s.Expires = d.instant(place, p.Value); s.Expires.IsZero() {
				return // instant has reported it
			}
		case propertyAuthor:
			s.Author = p.Value
		case propertyJustification:
			word = p.Value
		case propertyWithin:
			if of, ok := d.cdxProduct(p.Value); ok {
				within = append(within, of.identity)
			}
		}
	}
	switch a.State {
	case "not_affected", "false_positive":
		s.Status = matcher.NotAffected
		s.Justification = cmp.Or(s.Justification, strings.TrimPrefix(a.State, "not_affected"))
		if openJustification(word) {
			s.Justification = word
		}
	case "resolved", "resolved_with_pedigree":
		s.Status = matcher.Fixed
	case "exploitable":
		s.Status = matcher.Affected
		s.Detail = cmp.Or(s.Detail, strings.Join(a.Response, ", "))
	case "in_triage":
		s.Status = matcher.UnderInvestigation
	default:
		d.problem(place, "unknown analysis.state %q; ignored", a.State)
		return
	}
	unaffected := s
	unaffected.Status = matcher.NotAffected
	for j, x := range v.Affects {
		p, ok := d.cdxProduct(x.Ref)
		if !ok {
			d.problem(fmt.Sprintf("%s.affects[%d]", place, j), "has no reference")
			continue
		}
		p, safe := splitVersions(p, x.Versions)
		if len(safe.Ranges) > 0 {
			unaffected.Products = append(unaffected.Products, safe)
		}
		if len(p.Ranges) > 0 || len(safe.Ranges) == 0 {
			s.Products = append(s.Products, p)
		}
	}
	s.Products, unaffected.Products = inProducts(s.Products, within), inProducts(unaffected.Products, within)
	if len(s.Products) > 0 || len(unaffected.Products) == 0 {
		d.add(s)
	}
	if len(unaffected.Products) > 0 {
		d.add(unaffected)
	}
}

// inProducts returns products that are parts of others, if those are given.
func inProducts(parts []product, within []identity) []product {
	if len(within) == 0 || len(parts) == 0 {
		return parts
	}
	var ids []identity
	for _, p := range parts {
		ids = append(ids, p.identity)
	}
	var out []product
	for _, id := range within {
		out = append(out, product{identity: id, Subcomponents: ids})
	}
	return out
}

// cdxProduct returns the product of a reference. Apply resolves references to other documents.
func (d *Document) cdxProduct(ref string) (product, bool) {
	var p product
	if ref == "" {
		return p, false
	}
	c, here := d.bom.byRef[ref]
	if !here {
		p.name(ref)
		return p, true
	}
	if p.identity = c.identity(); len(p.Refs) == 0 {
		p.Refs = append(p.Refs, ref)
	}
	return p, true
}

func (c *cdxComponent) identity() identity {
	var id identity
	if c.PURL != "" {
		id.PURLs = append(id.PURLs, c.PURL)
	}
	if c.CPE != "" {
		id.CPEs = append(id.CPEs, c.CPE)
	}
	for _, h := range c.Hashes {
		id.hash(h.Alg, h.Content)
	}
	for _, p := range c.Properties {
		if p.Name == propertyLink && strings.HasPrefix(p.Value, "urn:cdx:") {
			id.Refs = append(id.Refs, p.Value)
		}
	}
	return id
}
