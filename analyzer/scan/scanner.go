package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/redact"
)

// A Scanner finds the packages of images. The zero value has no analyzers: it reads layers and finds nothing in them. Many
// goroutines may use a Scanner at once, and any number of Scanners with different settings may work side by side.
type Scanner struct {
	Analyzers []analyzer.Analyzer
	Cache     Cache       // nil: every scan reads every layer; see Verify
	Limits    Limits      // zero fields mean the documented defaults
	Parallel  int         // layers read at once, and analyzers working at once; 0: GOMAXPROCS
	Progress  func(Event) // called one at a time; must not block
	Budget    *Budget     // shared with other scans; nil: each scan has its own, of Limits.Memory and Parallel

	// Verify reads and checks all bytes of all layers. Without it, a scan skips unwanted content of layers that lie
	// uncompressed in a local file, such as those of a docker archive, and does not compare them with the digests that the
	// image names. With a Cache, a scan checks every byte. It always checks all bytes of other layers.
	Verify bool

	// Lazy reads only the table of contents and the wanted files, a few percent of the bytes, of layers that have a table
	// (eStargz, zstd:chunked) in a source that returns parts, such as a registry. The scan checks the table and these files
	// against digests that the image names. Nothing checks that the table lists the whole layer: a runtime that unpacks the
	// layer may see files that the table hides. Such layers have no Bytes in the report. Among the files that analyzers want by
	// their first bytes alone, such as programs, a lazy scan reads those that may be executed and whose names have no ".so".
	Lazy bool

	counts *counts // nil but in measurements
}

// Scan reads each layer of an image once, lets the analyzers look at the files they want, and merges their results into one
// report.
//
// Scan fails only if the image as a whole cannot be read or trusted, or the context ends. The error wraps the context's error,
// an [*analyzer.LimitError], an [*analyzer.DigestError], or the error of reading the image. A file that an analyzer cannot
// understand, and an analyzer that crashes, are diagnostics of the report.
//
// If the image has a method Root() fs.FS that returns a file system, Scan scans that as [Scanner.ScanFS] does.
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
	report, err := r.scan(ctx, img)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	return report, nil
}

func (r *run) scan(ctx context.Context, img v1.Image) (*analyzer.Report, error) {
	layers, err := walk.Layers(img)
	if err != nil {
		return nil, err
	}
	if len(layers) > r.limits.Layers {
		return nil, &analyzer.LimitError{What: "layers", Limit: int64(r.limits.Layers)}
	}
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.leave()
	r.limitResults(layers)
	data, err := r.readLayers(ctx, layers)
	if err != nil {
		return nil, err
	}
	if r.config, err = r.configuration(ctx, img); err != nil {
		return nil, err
	}
	report, err := r.merge(ctx, data, r.readAgain(layers, data), r.place)
	if err != nil {
		return nil, err
	}
	for i, l := range layers {
		report.Layers = append(report.Layers, analyzer.Layer{
			DiffID: l.DiffID.String(), CreatedBy: redact.CreatedBy(l.CreatedBy), Entries: data[i].Entries, Bytes: data[i].Bytes,
			Lazy: data[i].lazily,
		})
	}
	if err := identify(report, img); err != nil {
		return nil, err
	}
	release, err := r.place(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return report, r.finish(ctx, report)
}

// maxText bounds the bytes of a label or an annotation that names something.
const maxText = 1 << 10

// identify names the image of a report, at no more cost than reading its configuration. The label cpe, which Red Hat's images have, names the
// product.
func identify(report *analyzer.Report, img v1.Image) error {
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if cpe := config.Config.Labels["cpe"]; strings.HasPrefix(cpe, "cpe:/") && len(cpe) <= maxText && report.Distro != nil {
		report.Distro.Repositories = joined(report.Distro.Repositories, []string{cpe})
	}
	named := analyzer.ImageInfo{ID: id.String()}
	if config.OS != "" || config.Architecture != "" {
		named.Platform = config.Platform().String()
	}
	if d, ok := img.(interface{ ManifestDigest() string }); ok {
		named.Digest = d.ManifestDigest()
	}
	if named.Digest != "" { // else making a manifest means reading all layers
		m, err := img.Manifest()
		if err != nil {
			return err
		}
		annotation := func(name string) string {
			if value := m.Annotations["org.opencontainers.image.base."+name]; len(value) <= maxText {
				return value
			}
			return ""
		}
		named.BaseName, named.BaseDigest = annotation("name"), annotation("digest")
	}
	report.Image = named
	return nil
}
