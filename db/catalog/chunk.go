package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A Hash is the SHA-256 of the canonical form of a Part.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// A Kind is the kind of a Part.
type Kind string

const (
	Chunk   Kind = "chunk"   // the components that one layer introduced, and all that their matches depend on
	Facts   Kind = "facts"   // a layer, and the findings, records and diagnostics about it
	Setting Kind = "setting" // facts about the image that are the same for many: distribution, platform, analyzers
	Listing Kind = "listing" // all entries of the image
	Order   Kind = "order"   // the order of a report's lists, if it isn't that of its parts
)

// A Part is a part of a report that many images may share. Its Form is canonical: equal parts have equal bytes.
type Part struct {
	Kind Kind
	Hash Hash
	Form []byte
}

func (e *encoder) part(kind Kind, content any) Part {
	form := e.encode(content)
	return Part{kind, sha256.Sum256(form), form}
}

// decode checks the hash of a part and decodes its form.
func (p *Part) decode(into any) error {
	if sha256.Sum256(p.Form) != p.Hash {
		return fmt.Errorf("catalog: %s %s: %w: hash mismatch", p.Kind, p.Hash, ErrCorrupt)
	}
	if err := decode(p.Form, into); err != nil {
		return fmt.Errorf("catalog: %s %s: %w", p.Kind, p.Hash, err)
	}
	return nil
}

// A chunk is some of the components of an image, and all that their matches depend on.
type chunk struct {
	Distro    *analyzer.Distro // as far as matches depend on it
	System    string           // operating system
	Crowd     int              // see matcher.Subject
	Analyzers []analyzerVersion
	Owners    []analyzer.Component // the packages outside of the chunk that answer for files of it, as far as matches depend on them

	Components []analyzer.Component // in the order of the report
	Layered    bool                 // they keep their Layer, since they are of several
}

// An analyzerVersion is a version of an analyzer that found components of a chunk.
type analyzerVersion struct {
	Name    string
	Version int
}

// report returns a report whose matches are those of the chunk, and the selection of its components.
func (c *chunk) report() (r *analyzer.Report, only func(*analyzer.Component) bool) {
	r = &analyzer.Report{Distro: c.Distro, Image: analyzer.ImageInfo{Platform: c.System}}
	own := make(map[string]bool, len(c.Components))
	rpms := 0
	for i := range c.Components {
		own[c.Components[i].ID] = true
		if c.Components[i].Type == "rpm" {
			rpms++
		}
	}
	for i := range c.Owners {
		if c.Owners[i].Type == "rpm" {
			rpms++
		}
	}
	r.Components = append(append(r.Components, c.Components...), c.Owners...)
	for ; rpms < c.Crowd; rpms++ {
		r.Components = append(r.Components, analyzer.Component{Package: analyzer.Package{Type: "rpm"}})
	}
	return r, func(k *analyzer.Component) bool { return own[k.ID] }
}

// Match matches a report that Load returned, by the chunks among its parts. The result equals that of m.Match(ctx, report), byte for byte.
// A program that keeps results of chunks by their hash and the hash of the advisories matches each base image once.
func Match(ctx context.Context, m matcher.Matcher, report *analyzer.Report, parts []Part) (*matcher.Result, error) {
	var results []*matcher.Result
	for i := range parts {
		if parts[i].Kind != Chunk {
			continue
		}
		var c chunk
		if err := parts[i].decode(&c); err != nil {
			return nil, err
		}
		part := m
		var r *analyzer.Report
		r, part.Only = c.report()
		result, err := part.Match(ctx, r)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return m.Join(report, results), nil
}
