package vex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// The shapes of OpenVEX, https://github.com/openvex/spec, of version 0.2.0; where 0.0.1 differs, it had a text for the
// vulnerability and texts for the products.
type openDocument struct {
	ID          string          `json:"@id"`
	Author      string          `json:"author"`
	Timestamp   string          `json:"timestamp"`
	LastUpdated string          `json:"last_updated"`
	Statements  []openStatement `json:"statements"`
}

type openStatement struct {
	Vulnerability openVulnerability `json:"vulnerability"`
	Timestamp     string            `json:"timestamp"`
	LastUpdated   string            `json:"last_updated"`
	Products      []openProduct     `json:"products"`
	Subcomponents []openComponent   `json:"subcomponents"` // of version 0.0.1
	Status        string            `json:"status"`
	StatusNotes   string            `json:"status_notes"`
	Justification string            `json:"justification"`
	Impact        string            `json:"impact_statement"`
	Action        string            `json:"action_statement"`
}

type openVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

func (v *openVulnerability) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &v.Name)
	}
	type plain openVulnerability
	return json.Unmarshal(b, (*plain)(v))
}

type openComponent struct {
	ID          string            `json:"@id"`
	Identifiers map[string]string `json:"identifiers"`
	Hashes      map[string]string `json:"hashes"`
}

func (c *openComponent) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.ID)
	}
	type plain openComponent
	return json.Unmarshal(b, (*plain)(c))
}

type openProduct struct {
	openComponent
	Subcomponents []openComponent
}

func (p *openProduct) UnmarshalJSON(b []byte) error {
	if err := p.openComponent.UnmarshalJSON(b); err != nil || b[0] == '"' {
		return err
	}
	var more struct {
		Subcomponents []openComponent `json:"subcomponents"`
	}
	err := json.Unmarshal(b, &more)
	p.Subcomponents = more.Subcomponents
	return err
}

func (d *Document) openVEX(text []byte) error {
	var in openDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return jsonError(text, err)
	}
	d.Format, d.ID, d.Author = "OpenVEX", in.ID, in.Author
	d.Time = d.instant("timestamp", cmp.Or(in.LastUpdated, in.Timestamp))
	issued := d.instant("timestamp", in.Timestamp) // statements without a time of their own are as old as the document
	for i := range in.Statements {
		s := &in.Statements[i]
		place := fmt.Sprintf("statements[%d]", i)
		out := statement{
			Place: place, Justification: s.Justification,
			Vulnerabilities: append([]string{s.Vulnerability.Name}, s.Vulnerability.Aliases...),
			Time:            d.instant(place, cmp.Or(s.LastUpdated, s.Timestamp)),
		}
		if out.Time.IsZero() {
			out.Time = issued
		}
		switch s.Status {
		case "not_affected":
			out.Status, out.Detail = matcher.NotAffected, cmp.Or(s.Impact, s.StatusNotes)
			if s.Justification == "" && s.Impact == "" {
				d.problem(place, "not_affected needs a justification or an impact_statement; it is not used")
				continue
			}
			if s.Justification != "" && !openJustification(s.Justification) {
				d.problem(place, "%q is no justification; it is not used", s.Justification)
				continue
			}
		case "affected":
			out.Status, out.Detail = matcher.Affected, cmp.Or(s.Action, s.StatusNotes)
		case "fixed":
			out.Status, out.Detail = matcher.Fixed, s.StatusNotes
		case "under_investigation":
			out.Status, out.Detail = matcher.UnderInvestigation, s.StatusNotes
		default:
			d.problem(place, "status %q is none of not_affected, affected, fixed and under_investigation; it is not used", s.Status)
			continue
		}
		for j := range s.Products {
			p := &s.Products[j]
			named := product{identity: p.identity()}
			for k := range p.Subcomponents {
				named.Subcomponents = append(named.Subcomponents, p.Subcomponents[k].identity())
			}
			for k := range s.Subcomponents {
				named.Subcomponents = append(named.Subcomponents, s.Subcomponents[k].identity())
			}
			if named.identity.empty() {
				d.problem(fmt.Sprintf("%s.products[%d]", place, j), "has no identifier")
				continue
			}
			out.Products = append(out.Products, named)
		}
		d.add(out)
	}
	return nil
}

func openJustification(word string) bool {
	switch word {
	case "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist":
		return true
	}
	return false
}

func (c *openComponent) identity() identity {
	var id identity
	id.name(c.ID)
	for _, kind := range sortedKeys(c.Identifiers) {
		switch kind {
		case "purl":
			id.name(c.Identifiers[kind])
		case "cpe22", "cpe23":
			id.CPEs = append(id.CPEs, c.Identifiers[kind])
		}
	}
	for _, kind := range sortedKeys(c.Hashes) {
		id.hash(kind, c.Hashes[kind])
	}
	return id
}

// name adds a name, whatever it is.
func (id *identity) name(s string) {
	switch {
	case s == "":
	case strings.HasPrefix(s, "pkg:"):
		id.PURLs = append(id.PURLs, s)
	case strings.HasPrefix(s, "cpe:"):
		id.CPEs = append(id.CPEs, s)
	default:
		id.Refs = append(id.Refs, s)
	}
}

// hash adds a digest of an algorithm, whose name the formats spell in several ways: "SHA-256", "sha256".
func (id *identity) hash(algorithm, hex string) {
	if hex != "" {
		id.Hashes = append(id.Hashes, strings.ReplaceAll(strings.ToLower(algorithm), "-", "")+":"+strings.ToLower(hex))
	}
}
