// Package oval reads definitions of the Open Vulnerability and Assessment Language, version 5, as Linux distributions publish them,
// https://oval-community-guidelines.readthedocs.io/en/latest/. The definitions of distributions differ widely: feed/oracle, feed/suse
// and others know the differences, and this package knows the common parts.
//
// A definition has [Criteria], a tree of tests, that tell whether a system is affected. The tests, and the objects and states that they
// compare, follow the definitions in a document. So [Parse] holds the definitions in memory until the end of the document, without the
// parts that no feed needs: about a quarter of the document's size, and at most MaxHeld bytes. [Comments] needs no tests and holds one
// definition at a time.
package oval

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
	"github.com/hullmark/hullmark/internal/limit"
)

// MaxHeld bounds the memory for the parts of a document that are held until its end, in bytes and approximately.
const MaxHeld = 1 << 30

// A Definition tells how to recognize systems with a vulnerability or without an update.
type Definition struct {
	ID, Class          string
	Title, Description string
	Platforms          []string
	References         []Reference
	Refs               []string // of Ubuntu: addresses of updates and other pages
	Severity           string
	Issued, Updated    string
	CVEs               []CVE
	CPEs               []string
	Resolutions        map[string]string // of Red Hat: state by component, "Will not fix"
	Fields             map[string]string // elements of metadata and advisory that are specific to a publisher: "patchable", "advisory_id"
	Criteria           Criteria
}

// A Reference points to a document on the subject of a definition.
type Reference struct{ Source, ID, URL string }

// A CVE is one of the vulnerabilities of a definition.
type CVE struct{ ID, Impact, CVSS2, CVSS3, CVSS4, URL string }

// Criteria are an inner node of a tree.
type Criteria struct {
	Or       bool // one must be met, else all
	Criteria []Criteria
	Leaves   []Criterion
}

// A Criterion is a leaf of a tree. Test is nil if the document has no such test.
type Criterion struct {
	Comment string
	Test    *Test
	ref     string
}

// A Test compares the packages of a name with a state.
type Test struct {
	Check         string // "at least one", "none satisfy"
	Name          string // of the package; "" for other tests
	State         State
	object, state string
}

// A State is the state that a test compares a package with.
type State struct {
	EVR, Operation            string // "0:2.4-1", "less than"
	Version, VersionOperation string
	Arch                      string // a regular expression, or one architecture
}

// Parse calls f with each definition of a document, in its order and with its tests. It returns the first error.
func Parse(r io.Reader, f func(*Definition) error) error {
	var held []*Definition
	p := newParser(r, func(d *Definition) error {
		held = append(held, d)
		return nil
	})
	if err := p.document(); err != nil {
		return err
	}
	for i, d := range held {
		held[i] = nil
		p.resolve(&d.Criteria)
		if err := f(d); err != nil {
			return err
		}
	}
	return nil
}

// Comments calls f with each definition of a document, in its order but without its tests. It returns the first error.
func Comments(r io.Reader, f func(*Definition) error) error {
	p := newParser(r, f)
	p.comments = true
	return p.document()
}

type parser struct {
	x          *xmlstream.Reader
	definition func(*Definition) error
	comments   bool // leaves out tests
	held       int
	tests      map[string]*Test
	objects    map[string]string
	states     map[string]State
}

func newParser(r io.Reader, definition func(*Definition) error) *parser {
	return &parser{
		x: xmlstream.New(r), definition: definition,
		tests: make(map[string]*Test), objects: make(map[string]string), states: make(map[string]State),
	}
}

func (p *parser) document() error {
	return p.x.Document("oval_definitions", func(*xml.StartElement) error {
		return p.x.Each(func(section *xml.StartElement) error {
			switch name := section.Name.Local; {
			case name == "definitions":
				return p.x.Each(p.readDefinitions)
			case p.comments:
			case name == "tests":
				return p.x.Each(p.test)
			case name == "objects":
				return p.x.Each(p.object)
			case name == "states":
				return p.x.Each(p.state)
			}
			return nil
		})
	})
}

func (p *parser) readDefinitions(e *xml.StartElement) error {
	if e.Name.Local != "definition" {
		return nil
	}
	d, err := p.readDefinition(e)
	if err != nil {
		return err
	}
	return p.definition(d)
}

// hold counts bytes that stay in memory until the end of the document: a size and the lengths of strings.
func (p *parser) hold(size int, strings ...string) error {
	for _, s := range strings {
		size += len(s)
	}
	if p.held += size; p.held > MaxHeld && !p.comments {
		return fmt.Errorf("definitions of more than %d bytes: %w", MaxHeld, limit.ErrExceeded)
	}
	return nil
}

func (p *parser) test(e *xml.StartElement) error {
	id := xmlstream.Attr(e, "id")
	t := &Test{Check: xmlstream.Attr(e, "check")}
	_, err := p.x.Element(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "object":
			t.object = xmlstream.Attr(e, "object_ref")
		case "state":
			t.state = xmlstream.Attr(e, "state_ref")
		}
		return nil
	})
	if err != nil || id == "" {
		return err
	}
	p.tests[id] = t
	return p.hold(128, id, t.object, t.state)
}

func (p *parser) object(e *xml.StartElement) error {
	id := xmlstream.Attr(e, "id")
	name := ""
	_, err := p.x.Element(func(e *xml.StartElement) (err error) {
		if e.Name.Local == "name" && xmlstream.Attr(e, "var_ref") == "" {
			name, err = p.x.Text()
		}
		return err
	})
	if err != nil || name == "" {
		return err
	}
	p.objects[id] = name
	return p.hold(64, id, name)
}

func (p *parser) state(e *xml.StartElement) error {
	id := xmlstream.Attr(e, "id")
	var s State
	_, err := p.x.Element(func(e *xml.StartElement) (err error) {
		switch e.Name.Local {
		case "evr":
			s.Operation = xmlstream.Attr(e, "operation")
			s.EVR, err = p.x.Text()
		case "version":
			s.VersionOperation = xmlstream.Attr(e, "operation")
			s.Version, err = p.x.Text()
		case "arch":
			s.Arch, err = p.x.Text()
		}
		return err
	})
	if err != nil || id == "" {
		return err
	}
	p.states[id] = s
	return p.hold(128, id, s.EVR, s.Version, s.Arch)
}

// resolve sets the tests of criteria.
func (p *parser) resolve(c *Criteria) {
	for i := range c.Criteria {
		p.resolve(&c.Criteria[i])
	}
	for i := range c.Leaves {
		l := &c.Leaves[i]
		t := p.tests[l.ref]
		if t == nil {
			continue
		}
		if t.object != "" || t.state != "" {
			state, ok := p.states[t.state]
			if t.State = state; ok || t.state == "" {
				t.Name = p.objects[t.object]
			}
			t.object, t.state = "", ""
		}
		l.Test = t
	}
}
