// Package answer assesses stored images: it loads an image from the catalog, matches it chunk by chunk, and applies statements and a
// policy. The answer equals that of a scan of the image.
package answer

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// Sizes of what an Answerer keeps.
const (
	maxMatches  = 48 << 20
	maxFindings = 48 << 20 // a quarter is the most of one image: 120,000 findings or more
	maxDerived  = 16 << 20
	maxReports  = 48 << 20

	decoded = 4 // bytes in memory of a byte of a part, about
)

// Manifest is the name of the document that has the manifest of an image, as [journal.Config] is that of the configuration.
const Manifest = "manifest.json"

// An Answerer assesses images. It may be used by many goroutines at once.
type Answerer struct {
	Catalog  catalog.Store
	matches  *cache[key, *matcher.Result]
	findings *cache[findingsKey, *Findings]
	derived  *cache[derivedKey, []byte]
	reports  *cache[[sha256.Size]byte, *kept]
}

// A kept is the report of an image as far as matches depend on it. Its readers do not change it.
type kept struct {
	report *analyzer.Report
	bytes  int64
}

// New returns an Answerer.
func New(c catalog.Store) *Answerer {
	return &Answerer{
		Catalog:  c,
		matches:  newCache[key](maxMatches, sizeOf),
		findings: newCache[findingsKey](maxFindings, func(f *Findings) int64 { return f.bytes }),
		derived:  newCache[derivedKey](maxDerived, func(b []byte) int64 { return int64(len(b)) + 300 }),
		reports:  newCache[[sha256.Size]byte](maxReports, func(k *kept) int64 { return k.bytes }),
	}
}

// A Request says how to assess an image.
type Request struct {
	Image  *store.Image
	Source Source        // of advisories; nil matches nothing
	VEX    report.VEX    // statements about vulnerabilities
	Policy report.Policy // nil without a verdict
	View   report.View
	Now    time.Time
	Only   map[string]bool // IDs of the components to assess, without a policy; nil assesses all
}

// A Source has advisories, and says which.
type Source interface {
	matcher.Source
	matcher.Describer
}

// Assess assesses an image.
func (a *Answerer) Assess(ctx context.Context, r *Request) (*report.Assessment, error) {
	if r.Only != nil {
		return a.assessSome(ctx, r)
	}
	found, parts, err := catalog.Load(ctx, a.Catalog, r.Image.Digest)
	if err != nil {
		return nil, err
	}
	config, err := a.Config(ctx, r.Image)
	if err != nil {
		return nil, err
	}
	pipeline := assess.Pipeline{Name: r.name(), Tool: report.Tool{Name: "hullmark"}, Now: r.Now, View: r.View}
	if r.Source != nil { // a nil Source in the interface would not be nil
		pipeline.Source, pipeline.VEX, pipeline.Policy = r.Source, r.VEX, r.Policy
		pipeline.Match = func(ctx context.Context, m matcher.Matcher, found *analyzer.Report) (*matcher.Result, error) {
			return a.Match(ctx, m, found, parts)
		}
	}
	return pipeline.Report(ctx, found, config)
}

// assessSome assesses some packages of an image, without configuration and policy. All packages decide about the matches, and only these are in
// the assessment.
func (a *Answerer) assessSome(ctx context.Context, r *Request) (*report.Assessment, error) {
	content, err := a.content(ctx, r.Image)
	if err != nil {
		return nil, err
	}
	found, err := a.reports.once(ctx, content, func(ctx context.Context) (*kept, error) {
		found, parts, err := catalog.Load(ctx, a.Catalog, r.Image.Digest)
		if err != nil {
			return nil, err
		}
		k := &kept{&analyzer.Report{Image: found.Image, Layers: found.Layers, Distro: found.Distro, Examined: found.Examined, Components: found.Components}, 1000}
		for i := range parts {
			if parts[i].Kind == catalog.Chunk {
				k.bytes += decoded * int64(len(parts[i].Form))
			}
		}
		return k, nil
	})
	if err != nil {
		return nil, err
	}
	some := *found.report
	some.Components = nil
	for i := range found.report.Components {
		if c := &found.report.Components[i]; r.Only[c.ID] {
			some.Components = append(some.Components, *c)
		}
	}
	pipeline := assess.Pipeline{Name: r.name(), Tool: report.Tool{Name: "hullmark"}, Now: r.Now, View: r.View, Source: r.Source, VEX: r.VEX}
	pipeline.Match = func(ctx context.Context, m matcher.Matcher, _ *analyzer.Report) (*matcher.Result, error) {
		m.Only = func(c *analyzer.Component) bool { return r.Only[c.ID] }
		return m.Match(ctx, found.report)
	}
	return pipeline.Report(ctx, &some, nil)
}

// name returns the name of the image in reports.
func (r *Request) name() string { return cmp.Or(r.Image.Reference, r.Image.Digest) }

// Match matches the chunks whose matches are not in the cache, and joins all, as [catalog.Match] does. The matches of a chunk do not depend
// on the time and on the rest of the report, so it is matched without both.
func (a *Answerer) Match(ctx context.Context, m matcher.Matcher, found *analyzer.Report, parts []catalog.Part) (*matcher.Result, error) {
	d, ok := m.Source.(matcher.Describer)
	if !ok {
		return catalog.Match(ctx, m, found, parts)
	}
	hash := d.Describe().Hash
	alone, timeless := *found, m
	alone.Diagnostics, timeless.Now = nil, time.Time{}
	var results []*matcher.Result
	for i := range parts {
		if parts[i].Kind != catalog.Chunk {
			continue
		}
		k := key{parts[i].Hash, hash}
		result, ok := a.matches.get(k)
		if !ok {
			var err error
			if result, err = catalog.Match(ctx, timeless, &alone, parts[i:i+1]); err != nil {
				return nil, err
			}
			a.matches.put(k, result)
		}
		results = append(results, result)
	}
	return m.Join(found, results), nil
}

// Report returns the report of an image.
func (a *Answerer) Report(ctx context.Context, image *store.Image) (*analyzer.Report, error) {
	found, _, err := catalog.Load(ctx, a.Catalog, image.Digest)
	return found, err
}

// Config returns the configuration of an image, or nil for an SBOM.
func (a *Answerer) Config(ctx context.Context, image *store.Image) (*v1.ConfigFile, error) {
	raw, err := a.Document(ctx, image, journal.Config)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("answer: configuration: %w", err)
	}
	return config, nil
}

// Document returns a document of an image, or [catalog.ErrNotFound]. Those that the service stored itself are authenticated by the digest of
// the image.
func (a *Answerer) Document(ctx context.Context, image *store.Image, name string) ([]byte, error) {
	d, err := a.Catalog.Document(ctx, image.Digest, name)
	if err != nil {
		return nil, err
	}
	return d.Content, nil
}
