package sbom

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/spdx"
)

// json reads a document in JSON. Which format it is of, its members say, which come in any order.
func (d *decoder) json(in io.Reader) error {
	r := jsonstream.NewStream(in, valueLimit)
	j := jsonDecoder{decoder: d, Reader: r, spdx: spdx.NewReader(d.out, d.limits.Components)}
	noted, err := r.Read(func(_ json.Delim, key string) error { return j.document(key) })
	if err != nil {
		if !strings.HasPrefix(err.Error(), "byte ") {
			err = fmt.Errorf("byte %d: %w", r.Offset(), err)
		}
		return err
	}
	for _, n := range noted {
		d.out.Diagnose(analyzer.Malformed, n.Error(), "")
	}
	switch {
	case j.isEnvelope:
		return fmt.Errorf("a signed envelope (verify it, and pass its payload): %w", ErrUnsupported)
	case j.spdx.Version != "" && j.format == "":
		if !j.spdx.Supported() {
			return fmt.Errorf("%.20q: %w", j.spdx.Version, ErrUnsupported)
		}
		if err := j.spdx.Finish(d.spdxSubject, d.add); err != nil {
			return err
		}
		return j.checkSubject()
	case j.format == "" && j.isSyft:
		return nil
	case j.format != "CycloneDX":
		return fmt.Errorf("neither bomFormat CycloneDX, nor spdxVersion, nor artifacts of syft: %w", ErrUnsupported)
	}
	if err := j.checkSubject(); err != nil {
		return err
	}
	return d.version("CycloneDX", j.version, func(v string) bool {
		return len(v) == 3 && v[:2] == "1." && '2' <= v[2] && v[2] <= '7'
	})
}

// maxHashes is the number of hashes of a component. CycloneDX has 12 algorithms.
const maxHashes = 1000

type jsonDecoder struct {
	*decoder
	*jsonstream.Reader
	spdx            *spdx.Reader
	format, version string
	isEnvelope      bool
	isStatement     bool
	isSyft          bool
	subjects        []string // digests of a statement's
}

// document reads a member of the document, or of a statement about it.
func (j *jsonDecoder) document(key string) error {
	switch key {
	case "_type":
		var kind string
		err := j.Value(&kind)
		j.isStatement = strings.HasPrefix(kind, "https://in-toto.io/Statement/")
		return err
	case "subject":
		return j.Members(func(string) error {
			var s struct{ Digest map[string]string }
			err := j.Value(&s)
			if d := s.Digest["sha256"]; d != "" && len(j.subjects) < j.limits.Components {
				j.subjects = append(j.subjects, "sha256:"+d)
			}
			return err
		})
	case "predicate":
		return j.Members(j.member)
	case "payloadType":
		j.isEnvelope = true
	}
	return j.member(key)
}

// checkSubject compares the subject of a statement with that of the document in it.
func (j *jsonDecoder) checkSubject() error {
	if !j.isStatement || len(j.subjects) == 0 {
		return nil
	}
	switch digest := j.out.Digest(); {
	case digest == "":
		j.out.SetDigest(j.subjects[0])
	case !slices.Contains(j.subjects, digest):
		return fmt.Errorf("a statement about %s, with a document about %s", j.subjects[0], digest)
	}
	return nil
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
	if isSyftMember(key) {
		return j.syft(key)
	}
	if known, err := j.spdx.Member(j.Reader, key); known || err != nil {
		return err
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
		j.subject(e.entry())
		return nil
	case "properties":
		var e element
		if err := j.properties(&e); err != nil {
			return err
		}
		return j.caveats(e.Properties)
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
	return j.add(e.entry())
}

// element reads a component. Those that lie in it are read on the way.
func (j *jsonDecoder) element(e *element, depth int) error {
	return j.Members(func(key string) error {
		switch key {
		case "bom-ref":
			return j.Value(&e.Ref)
		case "type":
			return j.Value(&e.Kind)
		case "group":
			return j.Value(&e.Group)
		case "name":
			return j.Value(&e.Name)
		case "version":
			return j.Value(&e.Version)
		case "description":
			return j.Value(&e.Summary)
		case "scope":
			return j.Value(&e.scope)
		case "purl":
			return j.Value(&e.PURL)
		case "cpe":
			var name string
			err := j.Value(&name)
			e.product(name)
			return err
		case "publisher":
			return j.Value(&e.publisher)
		case "supplier":
			return j.Value(&e.supplier)
		case "hashes":
			return j.Members(func(string) error {
				if len(e.hashes) >= maxHashes {
					return fmt.Errorf("hashes: more than %d: %w", maxHashes, ErrLimit)
				}
				var h cyclonedx.Hash
				err := j.pair("alg", (*string)(&h.Algorithm), "content", &h.Value)
				e.hashes = append(e.hashes, h)
				return err
			})
		case "licenses":
			return j.Value(&e.licenses)
		case "evidence":
			return j.evidence(e)
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
		var p cyclonedx.Property
		if err := j.pair("name", &p.Name, "value", &p.Value); err != nil {
			return err
		}
		return j.property(e, p)
	})
}

// pair reads an object with two strings. Documents have very many of them, for which Value is slow.
func (j *jsonDecoder) pair(first string, a *string, second string, b *string) error {
	return j.Members(func(key string) error {
		switch key {
		case first:
			return j.Value(a)
		case second:
			return j.Value(b)
		}
		return j.Skip()
	})
}

// evidence reads the places of a component and the values by which it was identified.
func (j *jsonDecoder) evidence(e *element) error {
	return j.Members(func(key string) error {
		switch key {
		case "occurrences":
			return j.Members(func(string) error {
				return j.Members(func(key string) error {
					if key != "location" || e.location != "" {
						return j.Skip()
					}
					return j.Value(&e.location)
				})
			})
		case "identity":
			return j.Members(func(key string) error {
				if key == "" { // one of several
					return j.Members(func(key string) error { return j.identity(e, key) })
				}
				return j.identity(e, key)
			})
		}
		return j.Skip()
	})
}

// identity reads a member of the evidence of identity.
func (j *jsonDecoder) identity(e *element, key string) error {
	if key != "methods" || e.identifiedBy != "" {
		return j.Skip()
	}
	return j.Members(func(string) error {
		return j.Members(func(key string) error {
			if key != "value" || e.identifiedBy != "" {
				return j.Skip()
			}
			return j.Value(&e.identifiedBy)
		})
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
		if err := j.out.AddDependency(ref, s); err != nil {
			return err
		}
	}
	return nil
}
