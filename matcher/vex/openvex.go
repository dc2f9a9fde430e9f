package vex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// The shapes of OpenVEX 0.2.0, https://github.com/openvex/spec. Version 0.0.1 had a text for the vulnerability and texts for
// the products.
type openDocument struct {
	Context     string          `json:"@context"`
	ID          string          `json:"@id"`
	Author      string          `json:"author"`
	Role        string          `json:"role,omitempty"`
	Timestamp   string          `json:"timestamp"`
	LastUpdated string          `json:"last_updated,omitempty"`
	Version     openVersion     `json:"version"`
	Statements  []openStatement `json:"statements"`
}

// An openVersion is the number of a release. Version 0.0.1 had a text.
type openVersion int

func (v *openVersion) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(b), `"`))
	if err == nil && n > 0 {
		*v = openVersion(n)
	}
	return nil // else unknown
}

type openStatement struct {
	ID            string            `json:"@id,omitempty"`
	Version       openVersion       `json:"version,omitempty"`
	Vulnerability openVulnerability `json:"vulnerability"`
	Timestamp     string            `json:"timestamp,omitempty"`
	LastUpdated   string            `json:"last_updated,omitempty"`
	Products      []openProduct     `json:"products,omitempty"`
	Subcomponents []openComponent   `json:"subcomponents,omitempty"` // of version 0.0.1
	Status        string            `json:"status"`
	Supplier      string            `json:"supplier,omitempty"`
	StatusNotes   string            `json:"status_notes,omitempty"`
	Justification string            `json:"justification,omitempty"`
	Impact        string            `json:"impact_statement,omitempty"`
	Action        string            `json:"action_statement,omitempty"`
	ActionTime    string            `json:"action_statement_timestamp,omitempty"`
}

type openVulnerability struct {
	ID          string   `json:"@id,omitempty"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

func (v *openVulnerability) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &v.Name)
	}
	type plain openVulnerability
	return json.Unmarshal(b, (*plain)(v))
}

type openComponent struct {
	ID          string            `json:"@id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
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
	Subcomponents []openComponent `json:"subcomponents,omitempty"`
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

const (
	formatOpenVEX   = "OpenVEX"
	formatCycloneDX = "CycloneDX"
)

func (d *Document) openVEX(text []byte) error {
	var in openDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return jsonError(text, err)
	}
	d.Format, d.ID, d.Author, d.role, d.number = formatOpenVEX, in.ID, in.Author, in.Role, int(in.Version)
	d.Time = d.instant("timestamp", cmp.Or(in.LastUpdated, in.Timestamp))
	if in.LastUpdated != "" {
		d.issued = d.instant("timestamp", in.Timestamp)
	} else {
		d.issued = d.Time
	}
	issued := d.issued // the time of statements that have no time
	for i := range in.Statements {
		s := &in.Statements[i]
		place := fmt.Sprintf("statements[%d]", i)
		notes, marks := cutMarks(s.StatusNotes)
		out := statement{
			Author: marks.author, Expires: d.instant(place, marks.expires), open: s,
			Place: place, Justification: s.Justification,
			Vulnerabilities: append([]string{s.Vulnerability.Name}, s.Vulnerability.Aliases...),
			Time:            d.instant(place, cmp.Or(s.LastUpdated, s.Timestamp)),
		}
		if out.Time.IsZero() {
			out.Time = issued
		}
		switch s.Status {
		case "not_affected":
			out.Status, out.Detail = matcher.NotAffected, cmp.Or(s.Impact, notes)
			if s.Justification == "" && s.Impact == "" {
				d.problem(place, "not_affected needs a justification or an impact_statement; ignored")
				continue
			}
			if s.Justification != "" && !openJustification(s.Justification) {
				d.problem(place, "unknown justification %q; ignored", s.Justification)
				continue
			}
		case "affected":
			out.Status, out.Detail = matcher.Affected, cmp.Or(s.Action, notes)
		case "fixed":
			out.Status, out.Detail = matcher.Fixed, notes
		case "under_investigation":
			out.Status, out.Detail = matcher.UnderInvestigation, notes
		default:
			d.problem(place, "unknown status %q; ignored", s.Status)
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

func (c *openComponent) identity() identity {
	var id identity
	id.name(c.ID)
	for _, kind := range sortedKeys(c.Identifiers) {
		switch strings.TrimPrefix(kind, "@") { // the format's schema and its text differ
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

// name adds a name of any kind.
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

// hash adds a digest. The formats spell names of algorithms in several ways: "SHA-256", "sha256".
func (id *identity) hash(algorithm, hex string) {
	if hex != "" {
		id.Hashes = append(id.Hashes, strings.ReplaceAll(strings.ToLower(algorithm), "-", "")+":"+strings.ToLower(hex))
	}
}
