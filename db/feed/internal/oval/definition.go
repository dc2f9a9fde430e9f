package oval

import (
	"encoding/xml"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// maxText bounds the bytes of a text that are kept.
const maxText = 4 << 10

// Approximate sizes in memory, for hold.
const (
	definitionSize = 512
	criteriaSize   = 128
)

func (p *parser) readDefinition(e *xml.StartElement) (*Definition, error) {
	d := &Definition{ID: xmlstream.Attr(e, "id"), Class: xmlstream.Attr(e, "class")}
	if err := p.hold(definitionSize, d.ID); err != nil {
		return nil, err
	}
	_, err := p.x.Element(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "metadata":
			_, err := p.x.Element(func(e *xml.StartElement) error { return p.metadata(d, e) })
			return err
		case "criteria":
			return p.criteria(&d.Criteria, e)
		}
		return nil
	})
	return d, err
}

func (p *parser) metadata(d *Definition, e *xml.StartElement) error {
	switch e.Name.Local {
	case "title":
		return p.text(&d.Title)
	case "description":
		return p.text(&d.Description)
	case "affected":
		return p.list(&d.Platforms, "platform")
	case "reference":
		r := Reference{xmlstream.Attr(e, "source"), xmlstream.Attr(e, "ref_id"), xmlstream.Attr(e, "ref_url")}
		d.References = append(d.References, r)
		return p.hold(64, r.Source, r.ID, r.URL)
	case "advisory", "debian":
		_, err := p.x.Element(func(e *xml.StartElement) error { return p.advisory(d, e) })
		return err
	case "severity":
		return p.text(&d.Severity)
	case "oval_repository":
		return nil
	}
	return p.field(d, e)
}

func (p *parser) advisory(d *Definition, e *xml.StartElement) error {
	switch e.Name.Local {
	case "severity":
		return p.text(&d.Severity)
	case "issued":
		d.Issued = xmlstream.Attr(e, "date")
	case "updated":
		d.Updated = xmlstream.Attr(e, "date")
	case "cve":
		c := CVE{
			Impact: xmlstream.Attr(e, "impact"), CVSS2: xmlstream.Attr(e, "cvss2"), CVSS3: xmlstream.Attr(e, "cvss3"),
			CVSS4: xmlstream.Attr(e, "cvss4"), URL: xmlstream.Attr(e, "href"),
		}
		if err := p.text(&c.ID); err != nil {
			return err
		}
		d.CVEs = append(d.CVEs, c)
		return p.hold(128, c.Impact, c.CVSS2, c.CVSS3, c.CVSS4, c.URL)
	case "affected_cpe_list":
		return p.list(&d.CPEs, "cpe")
	case "affected":
		_, err := p.x.Element(func(e *xml.StartElement) error {
			if e.Name.Local != "resolution" {
				return nil
			}
			var components []string
			if err := p.list(&components, "component"); err != nil {
				return err
			}
			if d.Resolutions == nil {
				d.Resolutions = make(map[string]string)
			}
			for _, c := range components {
				d.Resolutions[c] = xmlstream.Attr(e, "state")
			}
			return nil
		})
		return err
	case "ref":
		var s string
		err := p.text(&s)
		d.Refs = append(d.Refs, s)
		return err
	case "bugzilla", "rights", "bug":
	default:
		return p.field(d, e)
	}
	return nil
}

// field keeps the text of an element that is specific to a publisher.
func (p *parser) field(d *Definition, e *xml.StartElement) error {
	var s string
	if err := p.text(&s); err != nil || s == "" {
		return err
	}
	if d.Fields == nil {
		d.Fields = make(map[string]string)
	}
	d.Fields[e.Name.Local] = s
	return p.hold(64, e.Name.Local)
}

func (p *parser) text(to *string) error {
	s, err := p.x.Text()
	if len(s) > maxText {
		s = s[:maxText]
	}
	*to = strings.Clone(strings.ToValidUTF8(s, ""))
	if err == nil {
		err = p.hold(0, *to)
	}
	return err
}

// list appends the texts of the children with a name.
func (p *parser) list(to *[]string, name string) error {
	_, err := p.x.Element(func(e *xml.StartElement) error {
		if e.Name.Local != name {
			return nil
		}
		var s string
		err := p.text(&s)
		if err == nil && s != "" {
			*to = append(*to, s)
		}
		return err
	})
	return err
}

func (p *parser) criteria(c *Criteria, e *xml.StartElement) error {
	c.Or = strings.EqualFold(xmlstream.Attr(e, "operator"), "OR")
	_, err := p.x.Element(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "criteria":
			if err := p.hold(criteriaSize); err != nil {
				return err
			}
			c.Criteria = append(c.Criteria, Criteria{})
			return p.criteria(&c.Criteria[len(c.Criteria)-1], e)
		case "criterion":
			l := Criterion{Comment: xmlstream.Attr(e, "comment"), ref: xmlstream.Attr(e, "test_ref")}
			c.Leaves = append(c.Leaves, l)
			return p.hold(64, l.Comment, l.ref)
		case "extend_definition":
			c.Leaves = append(c.Leaves, Criterion{Comment: xmlstream.Attr(e, "comment")})
			return p.hold(64, xmlstream.Attr(e, "comment"))
		}
		return nil
	})
	return err
}
