// Package cvrf reads documents of the Common Vulnerability Reporting Framework 1.1, https://www.icasi.org/cvrf-1-1/, as Linux
// distributions publish them. A document is about one update. Read holds the parts that feeds need in memory.
package cvrf

import (
	"encoding/xml"
	"io"

	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// A Document describes one update.
type Document struct {
	ID, Title        string
	Initial, Current string // dates
	URLs             []string
	Products         []Product
	Relationships    []Relationship
	Vulnerabilities  []Vulnerability
}

// A Product is a leaf of the product tree.
type Product struct {
	ID, Name, CPE string
	Branch        string // type of the innermost branch: "Product Name", "Package Arch"
}

// A Relationship says that a package is a component of a product.
type Relationship struct{ ID, Package, Product string }

// A Vulnerability is one vulnerability that the update is about.
type Vulnerability struct {
	CVE, Impact string
	Statuses    map[string][]string // IDs of products or relationships by status, "Fixed"
	Scores      []Score
}

// A Score is a rating by CVSS.
type Score struct{ Base, Vector string }

// Read reads one document.
func Read(r io.Reader) (*Document, error) {
	p := &parser{xmlstream.New(r), new(Document)}
	err := p.x.Document("cvrfdoc", func(*xml.StartElement) error { return p.children(p.top) })
	if err != nil {
		return nil, err
	}
	return p.d, nil
}

type parser struct {
	x *xmlstream.Reader
	d *Document
}

func (p *parser) text(to *string) (err error) {
	*to, err = p.x.Text()
	return err
}

// children calls f for each child of the element that was returned last.
func (p *parser) children(f func(*xml.StartElement) error) error {
	_, err := p.x.Element(f)
	return err
}

func (p *parser) top(e *xml.StartElement) error {
	switch e.Name.Local {
	case "DocumentTitle":
		return p.text(&p.d.Title)
	case "DocumentTracking":
		return p.children(func(e *xml.StartElement) error {
			switch e.Name.Local {
			case "Identification":
				return p.children(func(e *xml.StartElement) error {
					if e.Name.Local == "ID" {
						return p.text(&p.d.ID)
					}
					return nil
				})
			case "InitialReleaseDate":
				return p.text(&p.d.Initial)
			case "CurrentReleaseDate":
				return p.text(&p.d.Current)
			}
			return nil
		})
	case "DocumentReferences":
		return p.children(func(e *xml.StartElement) error {
			return p.children(func(e *xml.StartElement) error {
				if e.Name.Local != "URL" {
					return nil
				}
				var u string
				err := p.text(&u)
				p.d.URLs = append(p.d.URLs, u)
				return err
			})
		})
	case "ProductTree":
		return p.children(func(e *xml.StartElement) error { return p.branch(e, "") })
	case "Vulnerability":
		return p.vulnerability()
	}
	return nil
}

func (p *parser) branch(e *xml.StartElement, typ string) error {
	switch e.Name.Local {
	case "Branch":
		typ := xmlstream.Attr(e, "Type")
		return p.children(func(e *xml.StartElement) error { return p.branch(e, typ) })
	case "FullProductName":
		v := Product{ID: xmlstream.Attr(e, "ProductID"), CPE: xmlstream.Attr(e, "CPE"), Branch: typ}
		if err := p.text(&v.Name); err != nil {
			return err
		}
		p.d.Products = append(p.d.Products, v)
	case "Relationship":
		v := Relationship{Package: xmlstream.Attr(e, "ProductReference"), Product: xmlstream.Attr(e, "RelatesToProductReference")}
		err := p.children(func(e *xml.StartElement) error {
			if e.Name.Local == "FullProductName" {
				v.ID = xmlstream.Attr(e, "ProductID")
			}
			return nil
		})
		p.d.Relationships = append(p.d.Relationships, v)
		return err
	}
	return nil
}

func (p *parser) vulnerability() error {
	v := Vulnerability{Statuses: make(map[string][]string)}
	err := p.children(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "CVE":
			return p.text(&v.CVE)
		case "ProductStatuses":
			return p.children(func(e *xml.StartElement) error {
				typ := xmlstream.Attr(e, "Type")
				return p.children(func(e *xml.StartElement) error {
					var id string
					err := p.text(&id)
					v.Statuses[typ] = append(v.Statuses[typ], id)
					return err
				})
			})
		case "Threats":
			return p.children(func(e *xml.StartElement) error {
				impact := xmlstream.Attr(e, "Type") == "Impact"
				return p.children(func(e *xml.StartElement) error {
					if impact && e.Name.Local == "Description" {
						return p.text(&v.Impact)
					}
					return nil
				})
			})
		case "CVSSScoreSets":
			return p.children(func(e *xml.StartElement) error {
				var s Score
				err := p.children(func(e *xml.StartElement) error {
					switch e.Name.Local {
					case "BaseScore", "BaseScoreV3", "BaseScoreV2":
						return p.text(&s.Base)
					case "Vector", "VectorV3", "VectorV2":
						return p.text(&s.Vector)
					}
					return nil
				})
				v.Scores = append(v.Scores, s)
				return err
			})
		}
		return nil
	})
	p.d.Vulnerabilities = append(p.d.Vulnerabilities, v)
	return err
}
