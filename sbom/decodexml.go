package sbom

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

const xmlNamespace = "http://cyclonedx.org/schema/bom/"

// xml reads a document in XML. A document type declaration, which could define entities, is refused; encoding/xml would
// not expand them, nor fetch anything.
func (d *decoder) xml(in io.Reader) error {
	w := &xmlWindow{r: in}
	x := xmlDecoder{decoder: d, window: w, Decoder: xml.NewDecoder(w)}
	err := x.document()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("byte %d: %w", x.InputOffset(), err)
	}
	return nil
}

type xmlDecoder struct {
	*decoder
	*xml.Decoder
	window *xmlWindow
	space  string // namespace of the root
}

// An xmlWindow ends a document where one part of it would take more than valueLimit bytes.
type xmlWindow struct {
	r         io.Reader
	read, end int64
}

func (w *xmlWindow) Read(p []byte) (int, error) {
	if w.read >= w.end {
		return 0, fmt.Errorf("an element of more than %d bytes: %w", valueLimit, ErrLimit)
	}
	n, err := w.r.Read(p)
	w.read += int64(n)
	return n, err
}

// next reads a token. Tokens other than elements, texts and ends are skipped.
func (x *xmlDecoder) next() (xml.Token, error) {
	for {
		x.window.end = x.InputOffset() + valueLimit
		t, err := x.Token()
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("a document type declaration: %w", ErrUnsupported)
		case xml.StartElement, xml.EndElement:
			return t, nil
		}
	}
}

func (x *xmlDecoder) document() error {
	t, err := x.next()
	if err != nil {
		return err
	}
	root, _ := t.(xml.StartElement)
	x.space = root.Name.Space
	version, ok := strings.CutPrefix(x.space, xmlNamespace)
	if root.Name.Local != "bom" || !ok {
		return fmt.Errorf("no bom of %s*: %w", xmlNamespace, ErrUnsupported)
	}
	err = x.version("CycloneDX", version, func(v string) bool { return len(v) == 3 && v[:2] == "1." && '0' <= v[2] && v[2] <= '7' })
	if err != nil {
		return err
	}
	err = x.children(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "metadata":
			return x.children(x.metadata)
		case "components":
			return x.components(1)
		case "dependencies":
			return x.children(func(e *xml.StartElement) error { return x.dependency(e, "", 0) })
		}
		return x.skip()
	})
	if err != nil {
		return err
	}
	if _, err := x.next(); err != io.EOF {
		if err == nil {
			err = errors.New("more after the document")
		}
		return err
	}
	return nil
}

// children calls f for each element within the one that was begun; f must read it to its end. Elements of other
// namespaces are extensions, and skipped.
func (x *xmlDecoder) children(f func(*xml.StartElement) error) error {
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			return nil
		}
		if e.Name.Space != x.space {
			err = x.skip()
		} else {
			err = f(&e)
		}
		if err != nil {
			return err
		}
	}
}

// skip reads to the end of the element that was begun.
func (x *xmlDecoder) skip() error {
	for depth := 1; depth > 0; {
		t, err := x.next()
		if err != nil {
			return err
		}
		if _, ok := t.(xml.StartElement); ok {
			if depth++; depth > 512 {
				return fmt.Errorf("more than 512 elements in each other: %w", ErrLimit)
			}
		} else {
			depth--
		}
	}
	return nil
}

// value reads an element as a whole.
func (x *xmlDecoder) value(v any, e *xml.StartElement) error {
	x.window.end = x.InputOffset() + valueLimit
	return x.DecodeElement(v, e)
}

func (x *xmlDecoder) metadata(start *xml.StartElement) error {
	switch start.Name.Local {
	case "component":
		var e element
		if err := x.element(&e, start, 0); err != nil {
			return err
		}
		x.subject(e.entry())
		return nil
	case "properties":
		var e element
		if err := x.properties(&e); err != nil {
			return err
		}
		return x.caveats(e.Properties)
	}
	return x.skip()
}

func (x *xmlDecoder) components(depth int) error {
	return x.children(func(start *xml.StartElement) error {
		if start.Name.Local != "component" {
			return x.skip()
		}
		if err := x.counted(depth); err != nil {
			return err
		}
		var e element
		if err := x.element(&e, start, depth); err != nil {
			return err
		}
		return x.add(e.entry())
	})
}

// element reads a component. Those that lie in it are read on the way.
func (x *xmlDecoder) element(e *element, start *xml.StartElement, depth int) error {
	e.Ref, e.Kind = attribute(start, "bom-ref"), attribute(start, "type")
	return x.children(func(start *xml.StartElement) error {
		switch start.Name.Local {
		case "group":
			return x.value(&e.Group, start)
		case "name":
			return x.value(&e.Name, start)
		case "version":
			return x.value(&e.Version, start)
		case "description":
			return x.value(&e.Summary, start)
		case "scope":
			return x.value(&e.scope, start)
		case "purl":
			return x.value(&e.PURL, start)
		case "cpe":
			var name string
			err := x.value(&name, start)
			e.product(name)
			return err
		case "publisher":
			return x.value(&e.publisher, start)
		case "supplier":
			return x.value(&e.supplier, start)
		case "hashes":
			var list struct {
				Hashes []cyclonedx.Hash `xml:"hash"`
			}
			err := x.value(&list, start)
			e.hashes = list.Hashes
			return err
		case "licenses":
			return x.value(&e.licenses, start)
		case "evidence":
			var v *cyclonedx.Evidence
			err := x.value(&v, start)
			e.evidenceOf(v)
			return err
		case "tags":
			var list struct {
				Tags []string `xml:"tag"`
			}
			err := x.value(&list, start)
			e.tags = list.Tags
			return err
		case "properties":
			return x.properties(e)
		case "components":
			return x.components(depth + 1)
		}
		return x.skip()
	})
}

func (x *xmlDecoder) properties(e *element) error {
	return x.children(func(start *xml.StartElement) error {
		var p cyclonedx.Property
		if err := x.value(&p, start); err != nil {
			return err
		}
		return x.property(e, p)
	})
}

// dependency reads a node of the graph, and the nodes in it, which it needs.
func (x *xmlDecoder) dependency(start *xml.StartElement, from string, depth int) error {
	if start.Name.Local != "dependency" {
		return x.skip()
	}
	if depth > x.limits.Depth {
		return fmt.Errorf("dependencies: more than %d in each other: %w", x.limits.Depth, ErrLimit)
	}
	ref := attribute(start, "ref")
	if depth > 0 {
		if err := x.out.AddDependency(from, ref); err != nil {
			return err
		}
	}
	return x.children(func(e *xml.StartElement) error { return x.dependency(e, ref, depth+1) })
}

func attribute(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
