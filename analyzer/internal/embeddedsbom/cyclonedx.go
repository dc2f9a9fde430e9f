package embeddedsbom

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

const maxDepth = 16 // of components in components

// A bomReader reads the components of a CycloneDX document in JSON. Package sbom reads whole documents, with all that tools add, but has
// more dependencies than analyzers may have.
type bomReader struct {
	*jsonstream.Reader
	out    *sbomreport.Collector
	format string // "CycloneDX", once it is read
}

// member reads a member of the document. It returns false without reading if the member is not one of CycloneDX.
func (b *bomReader) member(key string) (bool, error) {
	switch key {
	case "bomFormat":
		return true, b.Value(&b.format)
	case "components":
		return true, b.Members(func(string) error { return b.component(1) })
	}
	return false, nil
}

// component reads a component, and those in it.
func (b *bomReader) component(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("components: more than %d in each other: %w", maxDepth, sbomreport.ErrLimit)
	}
	var e sbomreport.Entry
	err := b.Members(func(key string) error {
		switch key {
		case "bom-ref":
			return b.Value(&e.Ref)
		case "type":
			return b.Value(&e.Kind)
		case "group":
			return b.Value(&e.Group)
		case "name":
			return b.Value(&e.Name)
		case "version":
			return b.Value(&e.Version)
		case "purl":
			return b.Value(&e.PURL)
		case "cpe":
			var name string
			err := b.Value(&name)
			if name != "" {
				e.CPEs = append(e.CPEs, name)
			}
			return err
		case "supplier":
			var s struct{ Name string }
			err := b.Value(&s)
			e.Supplier = s.Name
			return err
		case "hashes":
			return b.Members(func(string) error { return b.hash(&e) })
		case "licenses":
			return b.Members(func(string) error { return b.license(&e) })
		case "components":
			return b.Members(func(string) error { return b.component(depth + 1) })
		}
		return b.Skip()
	})
	if err != nil || e.PURL == "" && len(e.CPEs) == 0 {
		return err // a file, the distribution, or what nothing identifies
	}
	return b.out.Add(&e)
}

func (b *bomReader) hash(e *sbomreport.Entry) error {
	var h struct{ Alg, Content string }
	if err := b.Value(&h); err != nil || h.Alg == "" || h.Content == "" {
		return err
	}
	if e.Hashes == nil {
		e.Hashes = make(map[string]string)
	}
	e.Hashes[strings.Replace(strings.ToLower(h.Alg), "sha-", "sha", 1)] = h.Content
	return nil
}

func (b *bomReader) license(e *sbomreport.Entry) error {
	var l struct {
		Expression string
		License    struct{ ID, Name string }
	}
	err := b.Value(&l)
	for _, text := range []string{l.Expression, l.License.ID, l.License.Name} {
		if text != "" {
			e.Licenses = append(e.Licenses, text)
			break
		}
	}
	return err
}
