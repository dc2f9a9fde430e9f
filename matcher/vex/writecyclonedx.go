package vex

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/matcher"
)

// Properties of a vulnerability, for what CycloneDX has no members for.
const (
	propertyExpires       = "hullmark:vex:expires"       // RFC 3339
	propertyAuthor        = "hullmark:vex:author"        // author of the statement
	propertyJustification = "hullmark:vex:justification" // as OpenVEX spells it; CycloneDX has other words
	propertyLink          = "hullmark:vex:link"          // BOM-Link that names a component exactly
	propertyWithin        = "hullmark:vex:within"        // reference of the product that the affected components are parts of
)

// The shapes that are written, of CycloneDX 1.6.
type cdxOut struct {
	Schema          string            `json:"$schema"`
	BOMFormat       string            `json:"bomFormat"`
	SpecVersion     string            `json:"specVersion"`
	SerialNumber    string            `json:"serialNumber"`
	Version         int               `json:"version"`
	Metadata        cdxOutMetadata    `json:"metadata"`
	Components      []cdxOutComponent `json:"components,omitempty"`
	Vulnerabilities []cdxOutStatement `json:"vulnerabilities"`
	components      map[string]string // references, by names
	refs            map[string]bool
	names           map[string]int // components of a name
}

type cdxOutMetadata struct {
	Timestamp string       `json:"timestamp"`
	Authors   []cdxContact `json:"authors,omitempty"`
}

type cdxOutComponent struct {
	Type    string    `json:"type"`
	Ref     string    `json:"bom-ref"`
	Name    string    `json:"name"`
	Version string    `json:"version,omitempty"`
	Hashes  []cdxHash `json:"hashes,omitempty"`
	CPE     string    `json:"cpe,omitempty"`
	PURL    string    `json:"purl,omitempty"`

	Properties []cdxProperty `json:"properties,omitempty"`
}

type cdxOutSource struct {
	Name string `json:"name"`
}

type cdxOutReference struct {
	ID     string       `json:"id"`
	Source cdxOutSource `json:"source"`
}

type cdxOutAnalysis struct {
	State         string `json:"state"`
	Justification string `json:"justification,omitempty"`
	Detail        string `json:"detail,omitempty"`
	FirstIssued   string `json:"firstIssued,omitempty"`
	LastUpdated   string `json:"lastUpdated,omitempty"`
}

type cdxOutVersion struct {
	Version string `json:"version,omitempty"`
	Range   string `json:"range,omitempty"`
	Status  string `json:"status"`
}

type cdxOutAffects struct {
	Ref      string          `json:"ref"`
	Versions []cdxOutVersion `json:"versions,omitempty"`
}

type cdxOutStatement struct {
	ID         string            `json:"id"`
	References []cdxOutReference `json:"references,omitempty"`
	Analysis   cdxOutAnalysis    `json:"analysis"`
	Affects    []cdxOutAffects   `json:"affects"`
	Properties []cdxProperty     `json:"properties,omitempty"`
}

func (d *Document) writeCycloneDX() (text []byte, omitted []string, err error) {
	if d.Time.IsZero() {
		return nil, nil, fmt.Errorf("vex: %s: the document has no time", cmp.Or(d.Name, "document"))
	}
	out := cdxOut{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", BOMFormat: formatCycloneDX, SpecVersion: "1.6", Version: 1,
		Metadata: cdxOutMetadata{Timestamp: stamp(d.Time)}, components: make(map[string]string), refs: make(map[string]bool), names: make(map[string]int),
	}
	if d.Author != "" {
		out.Metadata.Authors = []cdxContact{{Name: d.Author}}
	}
	seen := make(written)
	for i := range d.statements {
		s := &d.statements[i]
		entries, why := out.entries(s)
		if why != "" {
			omitted = append(omitted, s.Place+": "+why)
			continue
		}
		for _, e := range entries {
			if seen.first(e) {
				out.Vulnerabilities = append(out.Vulnerabilities, e)
			}
		}
	}
	if len(out.Vulnerabilities) == 0 {
		return nil, omitted, ErrEmpty
	}
	if out.SerialNumber, err = uuid(&out); err != nil {
		return nil, omitted, err
	}
	text, err = indent(&out)
	return text, omitted, err
}

// entries returns a statement as CycloneDX writes it: one entry for the products as a whole, and one for each product whose
// parts it names.
func (out *cdxOut) entries(s *statement) (list []cdxOutStatement, why string) {
	base := cdxOutStatement{ID: s.Vulnerabilities[0], Analysis: cdxOutAnalysis{Detail: s.Detail, LastUpdated: stamp(s.Time)}}
	for _, id := range distinct(s.Vulnerabilities)[1:] {
		base.References = append(base.References, cdxOutReference{id, cdxOutSource{sourceOf(id)}})
	}
	if s.Time.IsZero() {
		return nil, "has no time"
	}
	switch s.Status {
	case matcher.NotAffected:
		base.Analysis.State = "not_affected"
		if s.Justification == "false_positive" {
			base.Analysis.State = s.Justification
			break
		}
		if base.Analysis.Justification = cdxWord(s.Justification); openJustification(s.Justification) {
			base.Properties = append(base.Properties, cdxProperty{propertyJustification, s.Justification})
		}
		if s.Justification != "" && base.Analysis.Justification == "" {
			base.Analysis.Detail = strings.TrimSuffix(s.Justification+": "+s.Detail, ": ")
		}
	case matcher.Affected:
		base.Analysis.State = "exploitable"
	case matcher.Fixed:
		base.Analysis.State = "resolved"
	case matcher.UnderInvestigation:
		base.Analysis.State = "in_triage"
	default:
		return nil, fmt.Sprintf("VEX has no status %s", s.Status)
	}
	if !s.Expires.IsZero() {
		base.Properties = append(base.Properties, cdxProperty{propertyExpires, stamp(s.Expires)})
	}
	if s.Author != "" {
		base.Properties = append(base.Properties, cdxProperty{propertyAuthor, s.Author})
	}
	whole, seen := base, make(written)
	for i := range s.Products {
		p := &s.Products[i]
		if slices.Contains(p.Ranges, "") {
			return nil, "is about a range of versions without a name"
		}
		if len(p.Subcomponents) == 0 {
			whole.Affects = seen.add(whole.Affects, out.affects(&p.identity))
			continue
		}
		if len(p.Ranges) > 0 {
			return nil, "is about parts of a range of versions"
		}
		part := base
		part.Properties = slices.Clip(part.Properties)
		for _, a := range out.affects(&p.identity) {
			part.Properties = append(part.Properties, cdxProperty{propertyWithin, a.Ref})
		}
		if len(part.Properties) == len(base.Properties) {
			return nil, "its product has no name"
		}
		once := make(written)
		for j := range p.Subcomponents {
			part.Affects = once.add(part.Affects, out.affects(&p.Subcomponents[j]))
		}
		if len(part.Affects) == 0 {
			return nil, "the parts of its product have no names"
		}
		list = append(list, part)
	}
	if len(whole.Affects) > 0 {
		list = append([]cdxOutStatement{whole}, list...)
	}
	if len(list) == 0 {
		return nil, "its products have no names"
	}
	return list, ""
}

// add appends references that were not written before.
func (w written) add(list, more []cdxOutAffects) []cdxOutAffects {
	for _, a := range more {
		if w.first(a) {
			list = append(list, a)
		}
	}
	return list
}

// affects returns a reference for each name of an identity: any of them matches.
func (out *cdxOut) affects(id *identity) (list []cdxOutAffects) {
	var versions []cdxOutVersion
	for _, r := range id.Ranges {
		v := cdxOutVersion{Version: r, Status: "affected"} // by the statement
		if strings.HasPrefix(r, "vers:") {
			v = cdxOutVersion{Range: r, Status: "affected"}
		}
		versions = append(versions, v)
	}
	var links []cdxProperty
	for _, ref := range distinct(id.Refs) {
		if strings.HasPrefix(ref, "urn:cdx:") && len(id.PURLs)+len(id.CPEs) > 0 {
			links = append(links, cdxProperty{propertyLink, ref})
		}
	}
	add := func(name string, c cdxOutComponent) {
		key := fmt.Sprintf("%s %q", name, links)
		ref, ok := out.components[key]
		if !ok {
			ref = name
			if out.names[name]++; out.names[name] > 1 {
				ref = fmt.Sprintf("%s#link-%d", name, out.names[name])
			}
			for out.refs[ref] {
				ref += "-"
			}
			out.components[key], out.refs[ref] = ref, true
			c.Ref, c.Properties = ref, links
			out.Components = append(out.Components, c)
		}
		list = append(list, cdxOutAffects{ref, versions})
	}
	for _, p := range distinct(id.PURLs) {
		c := cdxOutComponent{Type: "library", Name: p, PURL: p}
		if u, err := packageurl.FromString(p); err == nil {
			c.Name, c.Version = strings.TrimPrefix(u.Namespace+"/"+u.Name, "/"), u.Version
			if u.Type == "oci" || u.Type == "docker" {
				c.Type = "container"
			}
		}
		add(p, c)
	}
	for _, cpe := range distinct(id.CPEs) {
		add(cpe, cdxOutComponent{Type: "operating-system", Name: cpe, CPE: cpe})
	}
	for _, h := range distinct(id.Hashes) {
		algorithm, digits, _ := strings.Cut(h, ":")
		if name := cdxHashes[algorithm]; name != "" && len(digits) == cdxDigits[name] && strings.Trim(digits, "0123456789abcdef") == "" {
			add(h, cdxOutComponent{Type: "container", Name: h, Hashes: []cdxHash{{name, digits}}})
		}
	}
	if len(links) > 0 {
		return list
	}
	for _, ref := range distinct(id.Refs) { // a BOM-Link, or the name of an image
		list = append(list, cdxOutAffects{ref, versions})
	}
	return list
}

// cdxHashes are CycloneDX's spellings of algorithms.
var cdxHashes = map[string]string{
	"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha3256": "SHA3-256", "sha3384": "SHA3-384", "sha3512": "SHA3-512",
}

// cdxDigits are the numbers of hexadecimal digits in a digest.
var cdxDigits = map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128}

// cdxWord returns CycloneDX's word for a justification, or "".
func cdxWord(word string) string {
	switch word {
	case "component_not_present", "vulnerable_code_not_present":
		return "code_not_present"
	case "vulnerable_code_not_in_execute_path", "vulnerable_code_cannot_be_controlled_by_adversary":
		return "code_not_reachable"
	case "inline_mitigations_already_exist":
		return "protected_by_mitigating_control"
	case "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment", "protected_by_compiler",
		"protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control":
		return word
	}
	return ""
}

// sourceOf returns the publisher of an identifier, which CycloneDX requires.
func sourceOf(id string) string {
	switch prefix, _, _ := strings.Cut(id, "-"); strings.ToUpper(prefix) {
	case "CVE":
		return "NVD"
	case "GHSA":
		return "GitHub"
	default:
		return cmp.Or(prefix, "unknown")
	}
}
