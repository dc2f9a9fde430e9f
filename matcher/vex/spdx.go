package vex

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// formatSPDX is the name of a format whose references are IRIs: they name the same thing in every document.
const formatSPDX = "SPDX"

// The shapes of SPDX 3.0 in JSON-LD, https://spdx.github.io/spdx-spec/v3.0.1/model/Security/, as far as this package needs them.
// Yocto writes them: its recipes' CVE_STATUS becomes statements in the SBOM of the image.
type spdxElement struct {
	spdxNode
	CreationInfo  spdxRef       `json:"creationInfo"`
	From          spdxRef       `json:"from"`
	To            list[spdxRef] `json:"to"`
	Assessed      spdxRef       `json:"security_assessedElement"`
	Justification string        `json:"security_justificationType"`
	Impact        string        `json:"security_impactStatement"`
	Action        string        `json:"security_actionStatement"`
	Notes         string        `json:"security_statusNotes"`
	Published     string        `json:"security_publishedTime"`
	Modified      string        `json:"security_modifiedTime"`
	Withdrawn     string        `json:"security_withdrawnTime"`
}

// A spdxNode has the members of an element that are no references, but for those of agents.
type spdxNode struct {
	Type        string                `json:"type"`
	ID          string                `json:"spdxId"`
	AtID        string                `json:"@id"`
	Name        string                `json:"name"`
	Created     string                `json:"created"`
	CreatedBy   list[json.RawMessage] `json:"createdBy"`
	PURL        string                `json:"software_packageUrl"`
	Identifiers list[spdxIdentifier]  `json:"externalIdentifier"`
	Verified    list[spdxHash]        `json:"verifiedUsing"`
}

type spdxIdentifier struct {
	Type  string `json:"externalIdentifierType"`
	Value string `json:"identifier"`
}

type spdxHash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"hashValue"`
}

// A spdxRef is the reference of an element, or the element itself, which writers may put in the place of its reference. Elements in
// that are not read, so that the time to read nested ones is linear.
type spdxRef struct {
	id   string
	node *spdxNode
}

func (r *spdxRef) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, &r.id)
	}
	r.node = new(spdxNode)
	err := json.Unmarshal(b, r.node)
	r.id = r.node.id()
	return err
}

func (n *spdxNode) id() string { return cmp.Or(n.ID, n.AtID) }

// kind returns the type without the prefix of its profile: "security_Vulnerability" is "Vulnerability".
func (n *spdxNode) kind() string { return n.Type[strings.LastIndexAny(n.Type, "_/")+1:] }

// spdxGraph has the elements of a document by their references.
type spdxGraph map[string]*spdxNode

func (g spdxGraph) resolve(r *spdxRef) *spdxNode {
	if r.node != nil {
		return r.node
	}
	return g[r.id]
}

func (d *Document) spdx(text []byte) error {
	var in struct {
		Graph []json.RawMessage `json:"@graph"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return jsonError(text, err)
	}
	d.Format = formatSPDX
	elements := make([]*spdxElement, len(in.Graph))
	graph := make(spdxGraph)
	for i, raw := range in.Graph {
		e := new(spdxElement)
		if err := json.Unmarshal(raw, e); err != nil && (e.Type == "" || strings.HasPrefix(e.kind(), "Vex")) {
			if bytes.Contains(raw, []byte("VulnAssessmentRelationship")) {
				d.problem(fmt.Sprintf("@graph[%d]", i), "%v; ignored", err)
			}
			continue
		} // else a member of a wrong type is missing
		elements[i] = e
		if id := e.id(); id != "" && graph[id] == nil {
			graph[id] = &e.spdxNode
		}
	}
	for _, e := range elements {
		if e != nil && e.kind() == "SpdxDocument" {
			d.ID = cmp.Or(d.ID, e.id())
			made := graph.resolve(&e.CreationInfo)
			d.Time, d.Author = d.spdxTime("creationInfo", made), graph.author(made)
		}
	}
	for i, e := range elements {
		if e != nil && strings.HasPrefix(e.kind(), "Vex") {
			d.spdxStatement(fmt.Sprintf("@graph[%d]", i), e, graph)
		}
	}
	return nil
}

func (d *Document) spdxTime(place string, made *spdxNode) (t time.Time) {
	if made != nil {
		t = d.instant(place, made.Created)
	}
	return t
}

// author returns the name of the first agent of a creation.
func (g spdxGraph) author(made *spdxNode) string {
	if made == nil {
		return ""
	}
	for _, raw := range made.CreatedBy {
		var r spdxRef
		if json.Unmarshal(raw, &r) != nil {
			continue
		}
		if a := g.resolve(&r); a != nil && a.Name != "" {
			return a.Name
		}
	}
	return ""
}

// spdxStatement reads a relationship between a vulnerability and the elements that it affects or not.
func (d *Document) spdxStatement(place string, e *spdxElement, graph spdxGraph) {
	s := statement{Place: place, Vulnerabilities: graph.vulnerability(&e.From)}
	switch e.kind() {
	case "VexNotAffectedVulnAssessmentRelationship":
		s.Status, s.Detail, s.Justification = matcher.NotAffected, cmp.Or(e.Impact, e.Notes), snakeCase(e.Justification)
		switch {
		case e.Justification == "" && e.Impact == "":
			d.problem(place, "not affected needs a justification or an impact statement; ignored")
			return
		case e.Justification != "" && !openJustification(s.Justification):
			d.problem(place, "unknown justification %q; ignored", e.Justification)
			return
		}
	case "VexAffectedVulnAssessmentRelationship":
		s.Status, s.Detail = matcher.Affected, cmp.Or(e.Action, e.Notes)
	case "VexFixedVulnAssessmentRelationship":
		s.Status, s.Detail = matcher.Fixed, e.Notes
	case "VexUnderInvestigationVulnAssessmentRelationship":
		s.Status, s.Detail = matcher.UnderInvestigation, e.Notes
	default:
		d.problem(place, "unknown status %q; ignored", e.Type)
		return
	}
	if e.Withdrawn != "" {
		d.problem(place, "withdrawn on %s; ignored", e.Withdrawn)
		return
	}
	s.Time = d.instant(place, cmp.Or(e.Modified, e.Published))
	if s.Time.IsZero() {
		s.Time = d.spdxTime(place, graph.resolve(&e.CreationInfo))
	}
	var part []identity
	if e.Assessed.id != "" || e.Assessed.node != nil {
		part = []identity{graph.identity(&e.Assessed)}
	}
	for i := range e.To {
		p := product{identity: graph.identity(&e.To[i]), Subcomponents: part}
		if p.identity.empty() {
			d.problem(fmt.Sprintf("%s.to[%d]", place, i), "has no identifier")
			continue
		}
		s.Products = append(s.Products, p)
	}
	d.add(s)
}

// vulnerability returns the identifiers of a vulnerability.
func (g spdxGraph) vulnerability(r *spdxRef) []string {
	e := g.resolve(r)
	if e == nil {
		return nil
	}
	var ids []string
	for _, i := range e.Identifiers {
		switch i.Type {
		case "cve", "securityOther":
			ids = append(ids, i.Value)
		}
	}
	if len(ids) == 0 {
		ids = append(ids, e.Name)
	}
	return ids
}

// identity returns the names of an element: its reference, and what identifies it elsewhere.
func (g spdxGraph) identity(r *spdxRef) identity {
	var id identity
	id.name(r.id)
	e := g.resolve(r)
	if e == nil {
		return id
	}
	id.name(e.PURL)
	for _, i := range e.Identifiers {
		switch i.Type {
		case "packageUrl", "purl", "cpe22", "cpe23":
			if i.Value != e.PURL {
				id.name(i.Value)
			}
		}
	}
	for _, h := range e.Verified {
		id.hash(h.Algorithm, h.Value)
	}
	return id
}

// snakeCase returns OpenVEX's word for a justification of SPDX: "componentNotPresent" is "component_not_present".
func snakeCase(word string) string {
	word = word[strings.LastIndexByte(word, '/')+1:]
	var b strings.Builder
	for _, c := range word {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
