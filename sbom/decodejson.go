package sbom

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// json reads a document in JSON. Which format it is of, its members say, which come in any order.
func (d *decoder) json(in io.Reader) error {
	r := jsonstream.NewStream(in, valueLimit)
	j := jsonDecoder{decoder: d, Reader: r}
	noted, err := r.Read(func(_ json.Delim, key string) error { return j.member(key) })
	if err != nil {
		if !strings.HasPrefix(err.Error(), "byte ") {
			err = fmt.Errorf("byte %d: %w", r.Offset(), err)
		}
		return err
	}
	for _, n := range noted {
		d.out.Lose(analyzer.Malformed, n.Error(), "")
	}
	if j.format != "CycloneDX" {
		return fmt.Errorf("no bomFormat CycloneDX: %w", ErrUnsupported)
	}
	return d.version("CycloneDX", j.version, func(v string) bool {
		return len(v) == 3 && v[:2] == "1." && '2' <= v[2] && v[2] <= '7'
	})
}

type jsonDecoder struct {
	*decoder
	*jsonstream.Reader
	format, version string
}

func (j *jsonDecoder) member(key string) error {
	switch key {
	case "bomFormat":
		return j.Value(&j.format)
	case "specVersion":
		return j.Value(&j.version)
	case "metadata":
		return j.Members(j.metadata)
	case "components":
		return j.Members(func(string) error { return j.component(1) })
	case "dependencies":
		return j.Members(func(string) error { return j.dependency() })
	}
	return j.Skip()
}

func (j *jsonDecoder) metadata(key string) error {
	switch key {
	case "component":
		var e element
		if err := j.element(&e, 0); err != nil {
			return err
		}
		j.subject(&e)
		return nil
	case "properties":
		var e element
		if err := j.properties(&e); err != nil {
			return err
		}
		return j.caveats(e.properties)
	}
	return j.Skip()
}

func (j *jsonDecoder) component(depth int) error {
	if err := j.counted(depth); err != nil {
		return err
	}
	var e element
	if err := j.element(&e, depth); err != nil {
		return err
	}
	return j.add(&e)
}

// element reads a component. Those that lie in it are read on the way.
func (j *jsonDecoder) element(e *element, depth int) error {
	return j.Members(func(key string) error {
		switch key {
		case "bom-ref":
			return j.Value(&e.ref)
		case "type":
			return j.Value(&e.kind)
		case "group":
			return j.Value(&e.group)
		case "name":
			return j.Value(&e.name)
		case "version":
			return j.Value(&e.version)
		case "description":
			return j.Value(&e.description)
		case "scope":
			return j.Value(&e.scope)
		case "purl":
			return j.Value(&e.purl)
		case "cpe":
			return j.Value(&e.cpe)
		case "publisher":
			return j.Value(&e.publisher)
		case "supplier":
			return j.Value(&e.supplier)
		case "hashes":
			return j.Value(&e.hashes)
		case "licenses":
			return j.Value(&e.licenses)
		case "evidence":
			return j.Value(&e.evidence)
		case "tags":
			return j.Value(&e.tags)
		case "properties":
			return j.properties(e)
		case "components":
			return j.Members(func(string) error { return j.component(depth + 1) })
		}
		return j.Skip()
	})
}

func (j *jsonDecoder) properties(e *element) error {
	return j.Members(func(string) error {
		var p property
		if err := j.Value(&p); err != nil {
			return err
		}
		return j.property(e, p)
	})
}

func (j *jsonDecoder) dependency() error {
	var ref string
	var needs []string
	err := j.Members(func(key string) error {
		switch key {
		case "ref":
			return j.Value(&ref)
		case "dependsOn":
			return j.Members(func(string) error {
				var s string
				if err := j.Value(&s); err != nil {
					return err
				}
				if len(needs) >= 4*j.limits.Components {
					return fmt.Errorf("dependencies of %.80q: more than %d: %w", ref, len(needs), ErrLimit)
				}
				needs = append(needs, s)
				return nil
			})
		}
		return j.Skip()
	})
	if err != nil {
		return err
	}
	for _, s := range needs {
		if err := j.out.Needs(ref, s); err != nil {
			return err
		}
	}
	return nil
}
