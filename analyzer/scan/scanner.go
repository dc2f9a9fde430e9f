package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/image"
)

// A Scanner finds out what images consist of. The zero value has no analyzers: it reads layers and finds nothing in them. Many
// goroutines may use a Scanner at once, and any number of Scanners with different settings may work side by side.
type Scanner struct {
	Analyzers []analyzer.Analyzer
	Cache     Cache       // nil: every layer is read; see Verify
	Limits    Limits      // zero fields mean the documented defaults
	Parallel  int         // layers read at once, and analyzers working at once; 0: GOMAXPROCS
	Progress  func(Event) // called one at a time; must not block
	Budget    *Budget     // shared with other scans; nil: each scan has one of its own, of Limits.Memory and Parallel

	// Verify reads and checks layers in full even where nothing needs it. Layers that lie plain in a local file, as
	// those of a docker archive do, are otherwise read only where somebody wants something, and then their bytes are not
	// compared with the digest that the image names. With a Cache, and of all other layers, every byte is checked.
	Verify bool

	// Lazy reads, of layers with a table of contents (eStargz, zstd:chunked) of which parts can be had, as from a registry, only
	// the table and the files that analyzers want: a few percent of the bytes. The table and those files are checked
	// against digests that the image names, but that the table tells all of the layer is its maker's word: a runtime that
	// unpacks the layer may see files that the table hides. Such layers have no Bytes in the report.
	Lazy bool
}

// A run is one call of Scan or ScanFS.
type run struct {
	analyzers []bound
	limits    Limits
	parallel  int
	cache     Cache
	unchecked bool
	lazy      bool
	report    reporter
	budget    *Budget
}

// A bound is an analyzer with what is known of it before the first file.
type bound struct {
	analyzer.Analyzer
	info    analyzer.Info
	maxSize int64
	key     string // names its answers in caches
	workers chan struct{}
	missing *missing
}

// start checks and indexes the analyzers.
func (s Scanner) start() (*run, error) {
	r := &run{
		limits: s.Limits.withDefaults(), parallel: s.Parallel, budget: s.Budget, cache: s.Cache,
		unchecked: s.Cache == nil && !s.Verify, lazy: s.Lazy, report: reporter{fn: s.Progress},
	}
	if r.parallel <= 0 {
		r.parallel = runtime.GOMAXPROCS(0)
	}
	if r.budget == nil {
		// A quarter keeps all processors busy, and a file that is larger waits until it is alone.
		r.budget = &Budget{Memory: max(r.limits.Memory/4, 1), Parallel: r.parallel}
	}
	r.budget.start()
	names := make(map[string]bool)
	for i, a := range s.Analyzers {
		if a == nil {
			return nil, fmt.Errorf("scan: analyzer %d is nil", i)
		}
		info := a.Info()
		if err := info.Validate(); err != nil {
			return nil, err
		}
		if names[info.Name] {
			return nil, fmt.Errorf("scan: two analyzers are named %q", info.Name)
		}
		names[info.Name] = true
		r.analyzers = append(r.analyzers, r.bind(a, info))
	}
	return r, nil
}

func (r *run) bind(a analyzer.Analyzer, info analyzer.Info) bound {
	b := bound{Analyzer: a, info: info, maxSize: r.limits.FileSize, workers: r.budget.workers, missing: new(missing)}
	if info.Concurrent > 0 {
		b.workers = make(chan struct{}, info.Concurrent)
	}
	if info.MaxSize > 0 {
		b.maxSize = min(info.MaxSize, r.limits.FileSize)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %q %q %q %v %d %d %d %d", info.Name, info.Version, info.Build, info.Patterns, info.With,
		info.ContentOnly, b.maxSize, r.limits.Memory, r.limits.Inflated, r.limits.Passes)
	b.key = hex.EncodeToString(h.Sum(nil))
	return b
}

// Scan reads the layers of an image, each once, lets the analyzers look at the files they want, and merges what they
// found into one report.
//
// It fails only where the image as a whole cannot be read or trusted, or the scan was not to go on: with an error that
// wraps the context's error, a [*image.LimitError], a [*image.DigestError], or what reading the image returned. A file that cannot be
// understood, and an analyzer that crashes, are a [Diagnostic] of the report.
//
// An image with a method Root() fs.FS that returns a file system is scanned as [Scanner.ScanFS] does.
func (s Scanner) Scan(ctx context.Context, img v1.Image) (*analyzer.Report, error) {
	if img == nil {
		return nil, errors.New("scan: no image")
	}
	if rooted, ok := img.(interface{ Root() fs.FS }); ok {
		if root := rooted.Root(); root != nil {
			return s.ScanFS(ctx, root)
		}
	}
	r, err := s.start()
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers(img)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	if len(layers) > r.limits.Layers {
		return nil, fmt.Errorf("scan: %w", &image.LimitError{What: "layers", Limit: int64(r.limits.Layers)})
	}
	data, err := r.readLayers(ctx, layers)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	release, err := r.budget.place(ctx)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	report, err := r.merge(ctx, data)
	release()
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	for i, l := range layers {
		report.Layers = append(report.Layers, analyzer.Layer{
			DiffID: l.DiffID.String(), CreatedBy: l.CreatedBy, Entries: data[i].Entries, Bytes: data[i].Bytes,
		})
	}
	if report.Image, err = identify(img); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	return report, nil
}

// identify names an image, at no more cost than its configuration.
func identify(img v1.Image) (analyzer.ImageInfo, error) {
	id, err := img.ConfigName()
	if err != nil {
		return analyzer.ImageInfo{}, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return analyzer.ImageInfo{}, err
	}
	named := analyzer.ImageInfo{ID: id.String()}
	if config.OS != "" || config.Architecture != "" {
		named.Platform = config.Platform().String()
	}
	if d, ok := img.(interface{ ManifestDigest() string }); ok {
		named.Digest = d.ManifestDigest()
	}
	return named, nil
}

// readLayers returns what the layers consist of, from the cache or by reading them, several at once.
func (r *run) readLayers(ctx context.Context, layers []image.Layer) ([]*layerData, error) {
	order := slices.Clone(layers)
	slices.SortStableFunc(order, func(a, b image.Layer) int { // the way they lie: an archive may be a single stream
		x, _ := a.Extent()
		y, _ := b.Extent()
		return int(min(max(x-y, -1), 1))
	})
	data := make([]*layerData, len(layers))
	first := make(map[v1.Hash]int) // equal layers are read once
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	for _, l := range order {
		if _, ok := first[l.Checked()]; ok {
			continue
		}
		first[l.Checked()] = l.Index
		group.Go(func() (err error) {
			data[l.Index], err = r.layer(reading, l, len(layers))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, l := range layers {
		data[l.Index] = data[first[l.Checked()]]
	}
	return data, r.linkLayers(ctx, layers, data)
}

// layer returns the results for one layer. It reads the layer only if the cache lacks answers.
func (r *run) layer(ctx context.Context, l image.Layer, layers int) (*layerData, error) {
	_, size := l.Extent()
	event := Event{Layer: l.Index, Layers: layers, DiffID: l.DiffID.String(), Size: size}
	key := r.cacheKey(l)
	cached, asked := r.load(ctx, key, event)
	known := func() bool { return cached != nil && len(asked) == 0 }
	lazily := !known() && r.lazy && l.Table() != v1.Hash{}
	if lazily {
		key = r.tableKey(l)
		cached, asked = r.load(ctx, key, event)
	}
	if c, ok := r.cache.(Claimer); ok && !known() {
		release, err := c.Claim(ctx, key)
		if err != nil {
			return nil, err
		}
		defer release()
		cached, asked = r.load(ctx, key, event) // another scan may have read it meanwhile
	}
	if known() {
		event.Kind = LayerCached
		r.report.send(event)
		return cached, nil
	}
	r.report.send(event)
	l.Progress = func(read int64) {
		event := event
		event.Kind, event.Bytes = LayerRead, read
		r.report.send(event)
	}
	release, err := r.budget.place(ctx)
	if err != nil {
		return nil, err
	}
	data, lazily, err := r.readLayer(ctx, l, asked, lazily)
	release()
	if err != nil {
		return nil, err
	}
	if !lazily {
		key = r.cacheKey(l)
	}
	if cached != nil {
		for key, results := range cached.Results {
			if _, ok := data.Results[key]; !ok {
				data.Results[key] = results
			}
		}
	}
	r.save(ctx, key, event, data)
	event.Kind = LayerDone
	r.report.send(event)
	return data, nil
}
