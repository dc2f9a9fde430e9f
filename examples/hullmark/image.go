package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/daemon"
	"github.com/hullmark/hullmark/analyzer/source/sif"
)

// demoRef is the reference of the image that the command makes itself.
const demoRef = "demo:"

// imageFlags are the flags of every command that reads an image.
type imageFlags struct {
	platform string
	output   string
	cache    string
	parallel int
	quiet    bool
	declared bool
	lazy     bool
	plugins  pluginFlags

	image  *source.Image  // opened already, of --platform all
	shared *scan.MemCache // what its images share
}

func (f *imageFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.platform, "platform", "", "choose an image of an index: `OS/ARCH[/VARIANT]`, or \"all\" for a report of each")
	flags.StringVarP(&f.output, "output", "o", "", "write results to `FILE` instead of standard output")
	flags.StringVar(&f.cache, "cache", "", "keep what layers consist of in `DIR`, or \"off\" (default the user's cache directory)")
	flags.IntVar(&f.parallel, "parallel", 0, "read `N` layers at once (default one a processor)")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress; diagnostics are always shown")
	flags.BoolVar(&f.lazy, "lazy", false, "believe the tables of contents of eStargz and zstd:chunked layers")
	f.plugins.register(c)
	flags.BoolVar(&f.declared, "declared", false, "also take packages that only lock files and manifests name")
}

// read scans the image that ref names.
func (a *app) read(ctx context.Context, ref string, f *imageFlags) (*analyzer.Report, error) {
	report, _, err := a.readImage(ctx, ref, f)
	return report, err
}

// readImage scans the image that ref names, and returns its configuration too.
func (a *app) readImage(ctx context.Context, ref string, f *imageFlags) (_ *analyzer.Report, config *v1.ConfigFile, err error) {
	if f.parallel < 0 {
		return nil, nil, fmt.Errorf("--parallel %d is less than 1", f.parallel)
	}
	if f.platform == allPlatforms {
		return nil, nil, errors.New("--platform all is for scan and sbom; choose one here")
	}
	var img v1.Image = f.image
	if f.image == nil {
		var closeImage func() error
		if img, closeImage, err = openImage(ctx, ref, f.platform); err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, closeImage()) }()
	}
	cache, err := f.layerCache()
	if err != nil {
		a.say("%v; scanning without a cache (--cache DIR names one, --cache off needs none)", err)
	}
	plugins, stop, err := f.plugins.start(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	bars := newProgress(ctx, a.stderr, f.quiet)
	defer bars.finish()
	var cacheErr error
	s := scan.Scanner{
		Analyzers: append(all.All(), plugins...),
		Parallel:  f.parallel,
		Lazy:      f.lazy,
		Progress: func(e scan.Event) {
			if e.Kind == scan.CacheFailed && cacheErr == nil {
				cacheErr = e.Err
			}
			bars.layer(e)
		},
	}
	if cache != nil {
		s.Cache = cache
	} else if f.shared != nil {
		s.Cache = f.shared
	}
	report, err := s.Scan(ctx, img)
	bars.finish()
	if cacheErr != nil && ctx.Err() == nil {
		a.say("cache: %v; the results are not affected (--cache DIR names another, --cache off needs none)", cacheErr)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w%s", ref, err, scanAdvice(err))
	}
	config, err = img.ConfigFile()
	if err != nil && !errors.Is(err, source.ErrRootFS) {
		return nil, nil, fmt.Errorf("%s: %w", ref, err)
	}
	return report, config, nil
}

// openImage opens the image that ref names, and returns what frees it.
func openImage(ctx context.Context, ref, platform string) (v1.Image, func() error, error) {
	if ref == demoRef {
		if platform != "" {
			return nil, nil, errors.New("demo: has one platform only; leave --platform out")
		}
		img, err := demoImage()
		return img, func() error { return nil }, err
	}
	var img *source.Image
	var err error
	kind, name, _ := strings.Cut(ref, ":")
	switch kind {
	case "daemon":
		img, err = daemon.Open(ctx, name, daemon.Options{Platform: platform})
	case "sif":
		img, err = sif.Open(ctx, name)
	default:
		img, err = source.Open(ctx, ref, source.Options{Platform: platform})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w%s", err, openAdvice(err))
	}
	return img, img.Close, nil
}

// openAdvice says what to do about an image that could not be opened.
func openAdvice(err error) string {
	var answer *transport.Error
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &answer):
		return ""
	case errors.Is(err, daemon.ErrNoDaemon):
		return "; start Docker or Podman, or take the image from its registry"
	case errors.Is(err, fs.ErrPermission):
		return "; run hullmark as a user who may read it"
	case errors.As(err, &network):
		return "; a local image needs no registry: docker save writes a file, and hullmark --help lists the forms of an image"
	}
	return "; hullmark --help lists the forms of an image"
}

// scanAdvice says what to do about an image that could not be read.
func scanAdvice(err error) string {
	var limit *analyzer.LimitError
	var digest *analyzer.DigestError
	switch {
	case errors.As(err, &digest):
		return "; it is damaged or was changed: fetch it again"
	case errors.As(err, &limit):
		return "; it is not like any real image: do not run it before you know why"
	}
	return ""
}

// layerCache returns the cache that --cache names, nil for none.
func (f *imageFlags) layerCache() (*scan.DirCache, error) {
	switch f.cache {
	case "off":
		return nil, nil
	case "":
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("there is no cache directory: %w", err)
		}
		return &scan.DirCache{Dir: filepath.Join(dir, "hullmark", "layers")}, nil
	}
	return &scan.DirCache{Dir: f.cache}, nil
}
