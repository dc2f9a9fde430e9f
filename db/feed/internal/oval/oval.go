// Package oval reads definitions of the Open Vulnerability and Assessment Language, version 5, as Linux distributions publish
// them, https://oval-community-guidelines.readthedocs.io/en/latest/. What distributions put into their definitions differs
// widely; packages feed/oracle, feed/suse and so on know that, and this one what they have in common.
//
// A definition says by which [Criteria] a system is affected: a tree of tests. Tests, and the objects and states that they
// compare, come behind the definitions in a document, so that a document's definitions are held in memory until its end,
// without what feeds have no use for: about a quarter of the document's size, and at most MaxHeld bytes. [Comments] needs
// no tests, and holds one definition at a time.
package oval

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// MaxHeld bounds what is held of a document until its end, roughly, in bytes.
const MaxHeld = 1 << 30

// A Definition is one element of a document.
type Definition struct {
	ID, Class          string
	Title, Description string
	Platforms          []string
	References         []Reference
	Severity           string
	Issued, Updated    string
	CVEs               []CVE
	CPEs               []string
	Resolutions        map[string]string // Red Hat's: component to state, "Will not fix"
	Fields             map[string]string // of metadata and advisory that are some publisher's own: "patchable", "advisory_id"
	Criteria           Criteria
}

// A Reference is a document about what a definition is about.
type Reference struct{ Source, ID, URL string }

// A CVE is a vulnerability, with what is said of it alone.
type CVE struct{ ID, Impact, CVSS2, CVSS3, CVSS4, URL string }

// Criteria are an inner node of a tree.
type Criteria struct {
	Or       bool // else all must be met
	Criteria []Criteria
	Leaves   []Criterion
}

// A Criterion is a leaf of a tree. Test is nil if the document does not have the test.
type Criterion struct {
	Comment string
	Test    *Test
	ref     string
}

// A Test compares the packages of a name with a state.
type Test struct {
	Check         string // "at least one", "none satisfy"
	Name          string // of the package; "" for tests of other things
	State         State
	object, state string
}

// A State is what a package is compared with.
type State struct {
	EVR, Operation            string // "0:2.4-1", "less than"
	Version, VersionOperation string
	Arch                      string // a regular expression, or one architecture
}

// Parse yields the definitions of a document, in its order, with their tests. The date is that of the document.
//
// Errors end it, and name the place.
func Parse(r io.Reader) iter.Seq2[*Definition, error] {
	return func(yield func(*Definition, error) bool) {
		p := newParser(r)
		var held []*Definition
		p.definition = func(d *Definition) bool {
			held = append(held, d)
			return true
		}
		if err := p.document(); err != nil {
			yield(nil, err)
			return
		}
		for i, d := range held {
			held[i] = nil
			p.resolve(&d.Criteria)
			if !yield(d, nil) {
				return
			}
		}
	}
}

// Comments yields the definitions of a document without their tests, as they come.
func Comments(r io.Reader) iter.Seq2[*Definition, error] {
	return func(yield func(*Definition, error) bool) {
		p := newParser(r)
		p.comments = true
		p.definition = func(d *Definition) bool { return yield(d, nil) }
		if err := p.document(); err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

var errStopped = errors.New("stopped")

type parser struct {
	x          *xmlstream.Reader
	definition func(*Definition) bool
	comments   bool
	held       int
	tests      map[string]*Test
	objects    map[string]string
	states     map[string]State
}

func newParser(r io.Reader) *parser {
	return &parser{
		x: xmlstream.New(r), tests: make(map[string]*Test), objects: make(map[string]string), states: make(map[string]State),
	}
}

func (p *parser) document() error {
	root, err := p.x.Next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if root.Name.Local != "oval_definitions" {
		return fmt.Errorf("%.40q instead of oval_definitions", root.Name.Local)
	}
	_, err = p.x.Element(func(section *xml.StartElement) error {
		var each func(*xml.StartElement) error
		switch section.Name.Local {
		case "definitions":
			each = func(e *xml.StartElement) error {
				if e.Name.Local != "definition" {
					return nil
				}
				d, err := p.readDefinition(e)
				if err == nil && !p.definition(d) {
					err = errStopped
				}
				return err
			}
		case "tests":
			each = p.test
		case "objects":
			each = p.object
		case "states":
			each = p.state
		default:
			return nil
		}
		if p.comments && section.Name.Local != "definitions" {
			return nil
		}
		_, err := p.x.Element(each)
		return err
	})
	if err != nil {
		return err
	}
	return p.x.End()
}

// hold counts bytes that are held until the end.
func (p *parser) hold(strings ...string) error {
	for _, s := range strings {
		p.held += len(s)
	}
	if p.held += 64; p.held > MaxHeld && !p.comments {
		return fmt.Errorf("%w: definitions of more than %d bytes", feed.ErrTooLarge, MaxHeld)
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
	return p.hold(id, t.object, t.state)
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
	return p.hold(id, name)
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
	return p.hold(id, s.EVR, s.Version, s.Arch)
}

// resolve gives criteria their tests.
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
