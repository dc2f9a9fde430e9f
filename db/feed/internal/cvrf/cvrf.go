// Package cvrf reads documents of the Common Vulnerability Reporting Framework 1.1, https://www.icasi.org/cvrf-1-1/, as Linux
// distributions publish them. A document is about one update, and is held in memory as far as it is needed.
package cvrf

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// A Document is one update.
type Document struct {
	ID, Title        string
	Initial, Current string // dates
	URLs             []string
	Products         []Product
	Relationships    []Relationship
	Vulnerabilities  []Vulnerability
}

// A Product is a leaf of the tree of products.
type Product struct {
	ID, Name, CPE string
	Branch        string // type of the innermost branch: "Product Name", "Package Arch"
	BranchName    string
}

// A Relationship says that a package is a component of a product.
type Relationship struct{ ID, Package, Product string }

// A Vulnerability is one flaw that the update is about.
type Vulnerability struct {
	CVE, Impact string
	Statuses    map[string][]string // "Fixed": IDs of products or relationships
	Scores      []Score
	Description string
}

// A Score is a rating by CVSS.
type Score struct{ Base, Vector string }

// Read reads one document.
func Read(r io.Reader) (*Document, error) {
	x := xmlstream.New(r)
	root, err := x.Next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if root.Name.Local != "cvrfdoc" {
		return nil, fmt.Errorf("%.40q instead of cvrfdoc", root.Name.Local)
	}
	d := new(Document)
	p := &parser{x, d}
	if _, err := x.Element(p.top); err != nil {
		return nil, err
	}
	return d, x.End()
}

type parser struct {
	x *xmlstream.Reader
	d *Document
}

func (p *parser) text(to *string) (err error) {
	*to, err = p.x.Text()
	return err
}

// children calls f for the children of the element that was returned last.
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
		return p.children(func(e *xml.StartElement) error { return p.branch(e, "", "") })
	case "Vulnerability":
		return p.vulnerability()
	}
	return nil
}

func (p *parser) branch(e *xml.StartElement, typ, name string) error {
	switch e.Name.Local {
	case "Branch":
		typ, name := xmlstream.Attr(e, "Type"), xmlstream.Attr(e, "Name")
		return p.children(func(e *xml.StartElement) error { return p.branch(e, typ, name) })
	case "FullProductName":
		v := Product{ID: xmlstream.Attr(e, "ProductID"), CPE: xmlstream.Attr(e, "CPE"), Branch: typ, BranchName: name}
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
		case "Notes":
			return p.children(func(e *xml.StartElement) error {
				if v.Description != "" {
					return nil
				}
				return p.text(&v.Description)
			})
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
