package maven

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A pom is what is read of a project object model, version 4.0.0.
type pom struct {
	XMLName      xml.Name      `json:"-"`
	Parent       pomParent     `xml:"parent"`
	GroupID      string        `xml:"groupId" json:",omitempty"`
	ArtifactID   string        `xml:"artifactId" json:",omitempty"`
	Version      string        `xml:"version" json:",omitempty"`
	Packaging    string        `xml:"packaging" json:"-"`
	Properties   pomProperties `xml:"properties" json:",omitempty"`
	Licenses     []pomLicense  `xml:"licenses>license" json:"-"`
	Dependencies []dependency  `xml:"dependencies>dependency" json:",omitempty"`
	Managed      []dependency  `xml:"dependencyManagement>dependencies>dependency" json:",omitempty"`

	above      *pom // the parent, where it is known
	references int  // replaced so far
}

type pomParent struct {
	GroupID      string  `xml:"groupId" json:",omitempty"`
	ArtifactID   string  `xml:"artifactId" json:",omitempty"`
	Version      string  `xml:"version" json:",omitempty"`
	RelativePath *string `xml:"relativePath" json:",omitempty"` // nil: ../pom.xml; empty: none
}

type pomLicense struct {
	Name string `xml:"name"`
	URL  string `xml:"url"`
}

// A dependency is one as it is written.
type dependency struct {
	GroupID    string `xml:"groupId" json:",omitempty"`
	ArtifactID string `xml:"artifactId" json:",omitempty"`
	Version    string `xml:"version" json:",omitempty"`
	Type       string `xml:"type" json:",omitempty"`
	Classifier string `xml:"classifier" json:",omitempty"`
	Scope      string `xml:"scope" json:",omitempty"`
	Optional   string `xml:"optional" json:",omitempty"`
}

// pomProperties are the elements of <properties>, by name.
type pomProperties map[string]string

// UnmarshalXML implements xml.Unmarshaler.
func (p *pomProperties) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	if *p == nil {
		*p = make(pomProperties)
	}
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			var value string
			if err := d.DecodeElement(&value, &t); err != nil {
				return err
			}
			(*p)[t.Name.Local] = strings.TrimSpace(value)
		case xml.EndElement:
			return nil
		}
	}
}

// parsePOM reads a project object model. With an error it returns what was read before the place that the error names.
func parsePOM(text []byte) (*pom, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity // which Maven's own reader knows too
	d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
			return latin1{input}, nil // these differ in what coordinates are not made of
		}
		return nil, fmt.Errorf("encoding %.40q: %w", label, errors.ErrUnsupported)
	}
	p := new(pom)
	err := d.Decode(p)
	if err != nil {
		line, _ := d.InputPos()
		return p, fmt.Errorf("pom.xml: line %d: %w", line, err)
	}
	if p.XMLName.Local != "project" {
		return p, fmt.Errorf("pom.xml: the root element is <%.40s>, not <project>", p.XMLName.Local)
	}
	return p, nil
}

// latin1 reads ISO 8859-1 as UTF-8.
type latin1 struct{ src io.Reader }

func (l latin1) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	half := p[len(p)-len(p)/2:]
	n, err := l.src.Read(half)
	out := p[:0]
	for _, c := range half[:n] { // what is written never overtakes what is read
		out = utf8.AppendRune(out, rune(c))
	}
	return len(out), err
}

// coordinates returns those of the project; what it does not state is its parent's.
func (p *pom) coordinates() coordinates {
	c := coordinates{p.GroupID, p.ArtifactID, p.Version}
	if strings.TrimSpace(c.group) == "" {
		c.group = p.Parent.GroupID
	}
	if strings.TrimSpace(c.version) == "" {
		c.version = p.Parent.Version
	}
	return p.resolve(c)
}

// resolve returns coordinates with their properties replaced.
func (p *pom) resolve(c coordinates) coordinates {
	return coordinates{p.interpolate(c.group), p.interpolate(c.artifact), p.interpolate(c.version)}
}

const (
	maxNested     = 16       // properties within the values of properties
	maxValue      = 4096     // length of a value, in bytes
	maxReferences = 64 << 10 // properties replaced in one file
)

// interpolate replaces the properties in a value, "${slf4j.version}", by what the project and its parents say of them, and
// removes the white space around it. One that it does not know, or that leads to itself, stays as it is.
func (p *pom) interpolate(s string) string {
	return strings.TrimSpace(p.expand(strings.TrimSpace(s), 0))
}

func (p *pom) expand(s string, depth int) string {
	if len(s) > maxValue || !strings.Contains(s, "${") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found {
			return b.String()
		}
		value, known := p.property(name)
		if !closed || !known || depth == maxNested || p.references == maxReferences || b.Len() > maxValue {
			b.WriteString("${")
			s = rest
			continue
		}
		p.references++
		b.WriteString(p.expand(value, depth+1))
		s = after
	}
}

// property returns the value of a property: as Maven has it, a field of the project, else one of <properties>, here or in
// a parent, else a field that is written without the prefix.
func (p *pom) property(name string) (string, bool) {
	field, prefixed := strings.CutPrefix(name, "project.")
	if !prefixed {
		field, prefixed = strings.CutPrefix(name, "pom.") // as in Maven 2
	}
	if prefixed {
		if v := p.field(field); v != "" {
			return v, true
		}
	}
	for q := p; q != nil; q = q.above {
		if v, ok := q.Properties[name]; ok {
			return v, true
		}
	}
	v := p.field(field)
	return v, v != ""
}

// field returns what the project or its parent states of itself.
func (p *pom) field(name string) string {
	var v string
	switch name {
	case "groupId":
		v = orElse(p.GroupID, p.Parent.GroupID)
	case "artifactId":
		v = p.ArtifactID
	case "version":
		v = orElse(p.Version, p.Parent.Version)
	case "parent.groupId":
		v = p.Parent.GroupID
	case "parent.artifactId":
		v = p.Parent.ArtifactID
	case "parent.version":
		v = p.Parent.Version
	}
	return strings.TrimSpace(v)
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
