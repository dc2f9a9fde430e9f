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

// A pom holds the elements of a project object model, version 4.0.0, that the analyzer uses.
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

	above      *pom // the parent, or nil
	references int  // properties replaced so far
}

type pomParent struct {
	GroupID      string  `xml:"groupId" json:",omitempty"`
	ArtifactID   string  `xml:"artifactId" json:",omitempty"`
	Version      string  `xml:"version" json:",omitempty"`
	RelativePath *string `xml:"relativePath" json:",omitempty"` // nil: ../pom.xml; empty: the parent is in a repository
}

type pomLicense struct {
	Name string `xml:"name"`
	URL  string `xml:"url"`
}

// A dependency holds elements without replacing their properties.
type dependency struct {
	GroupID    string `xml:"groupId" json:",omitempty"`
	ArtifactID string `xml:"artifactId" json:",omitempty"`
	Version    string `xml:"version" json:",omitempty"`
	Type       string `xml:"type" json:",omitempty"`
	Classifier string `xml:"classifier" json:",omitempty"`
	Scope      string `xml:"scope" json:",omitempty"`
	Optional   string `xml:"optional" json:",omitempty"`
}

// pomProperties holds the elements of <properties> by name.
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

// parsePOM reads a project object model. With an error it returns the part before the error.
func parsePOM(text []byte) (*pom, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity // as in Maven's own reader
	d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
			return latin1{input}, nil // they differ only in characters that coordinates don't contain
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
	for _, c := range half[:n] { // writing never overtakes reading: a byte becomes two at most
		out = utf8.AppendRune(out, rune(c))
	}
	return len(out), err
}

// coordinates returns the coordinates of the project. The group and version default to those of its parent.
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
	maxNested     = 16       // depth of properties within the values of properties
	maxValue      = 1024     // length of a value, in bytes
	maxReferences = 16 << 10 // properties replaced in one file
)

// interpolate replaces properties in a value, "${slf4j.version}", with their values in the project and its parents, and trims
// the white space. Unknown properties, those with long values, and properties that refer to themselves remain.
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
		if !closed || !known || len(value) > maxValue || depth == maxNested || p.references == maxReferences || b.Len() > maxValue {
			b.WriteString("${")
			s = rest
			continue
		}
		p.references++
		b.WriteString(p.expand(value, depth+1))
		s = after
	}
}

// property returns the value of a property. It looks in Maven's order: fields of the project with a prefix, <properties> of the
// project and its parents, then fields without the prefix.
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

// field returns the value of a field such as "version" or "parent.version". The group and version default to the parent's.
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
