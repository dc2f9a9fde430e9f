package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/daemon"
	"github.com/hullmark/hullmark/analyzer/source/sif"
	"github.com/hullmark/hullmark/examples/hullmark/advice"
	"github.com/hullmark/hullmark/examples/hullmark/contentflags"
	"github.com/hullmark/hullmark/internal/demo"
	"github.com/hullmark/hullmark/internal/dockerhost"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/terminal"
)

// demoRef is the reference of the built-in demonstration image.
const demoRef = "demo:"

// imageFlags are the flags of every command that reads an image.
type imageFlags struct {
	platform string
	cache    string
	parallel int
	quiet    bool
	lazy     bool
	content  contentflags.Flags
	more     []analyzer.Analyzer // analyzers of a command; the report keeps its list of files for them
	placeFlags
	registryFlags
	plugins pluginFlags

	image  *source.Image // already open, with --platform all
	shared scan.Cache    // of the images of one index, if there is no other
}

func (f *imageFlags) register(a *app, c *cobra.Command) {
	f.registerOpen(c)
	flags := c.Flags()
	flags.IntVar(&f.parallel, "parallel", 0, "read `N` layers at once (default one a processor)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress; diagnostics are always shown")
	flags.BoolVar(&f.lazy, "lazy", false, "trust the tables of contents of eStargz and zstd:chunked layers")
	f.content.Register(flags)
	f.plugins.register(c)
	f.registryFlags.register(c)
	f.placeFlags.register(a, c)
}

// registerOpen adds --platform and --cache.
func (f *imageFlags) registerOpen(c *cobra.Command) {
	c.Flags().StringVar(&f.platform, "platform", "", "choose an image of an index: `OS/ARCH[/VARIANT]`, or \"all\" for a report of each")
	c.Flags().StringVar(&f.cache, "cache", "", "cache layers in `DIR`, or \"off\" (default the user's cache directory)")
}

// read scans the image that ref names.
func (a *app) read(ctx context.Context, ref string, f *imageFlags) (*analyzer.Report, error) {
	report, _, err := a.readImage(ctx, ref, f)
	return report, err
}

// readImage scans the image that ref names, and also returns its configuration.
func (a *app) readImage(ctx context.Context, ref string, f *imageFlags) (_ *analyzer.Report, config *v1.ConfigFile, err error) {
	if f.parallel < 0 {
		return nil, nil, fmt.Errorf("--parallel %d is less than 1", f.parallel)
	}
	if f.platform == allPlatforms {
		return nil, nil, errors.New("--platform all works with scan and sbom only; choose one platform")
	}
	if err := f.placeFlags.check(len(f.plugins.plugins) > 0 || f.plugins.dir != ""); err != nil {
		return nil, nil, err
	}
	var img v1.Image = f.image
	if f.image == nil {
		var closeImage func() error
		if img, closeImage, err = a.openImage(ctx, ref, f); err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, closeImage()) }()
	}
	cache, err := f.layerCache()
	if err != nil {
		a.say("%v; scanning without a cache (use --cache DIR or --cache off)", err)
	}
	more, err := f.content.Analyzers()
	if err != nil {
		return nil, nil, err
	}
	plugins, stop, err := f.plugins.start(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	bars := a.progress(ctx, f.quiet)
	defer bars.Finish()
	defer a.wait(ctx, f.quiet, bars)()
	var cacheErr error
	s := scan.Scanner{
		Analyzers: slices.Concat(all.All(), more, f.more, plugins),
		Parallel:  f.parallel,
		Lazy:      f.lazy,
		Cache:     cache,
		Progress: func(e scan.Event) {
			if cacheErr == nil {
				cacheErr = e.Err
			}
			bars.Layer(e)
		},
	}
	report, err := s.Scan(ctx, img)
	bars.Finish()
	if cacheErr != nil && ctx.Err() == nil {
		a.say("cache: %v; the results are not affected (use --cache DIR or --cache off)", cacheErr)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w%s", ref, err, advice.Scan(err))
	}
	f.content.Retrieved(report, func(message string) { a.say("%s", message) })
	if f.more == nil {
		report.Files = nil // no output lists them
	}
	config, err = img.ConfigFile()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, nil, fmt.Errorf("%s: %w", ref, err)
	}
	return report, config, nil
}

// openImage opens the image that ref names, and returns what frees it.
func (a *app) openImage(ctx context.Context, ref string, f *imageFlags) (v1.Image, func() error, error) {
	platform := f.platform
	ref, err := imageref.Canonical(ref)
	if err != nil {
		return nil, nil, err
	}
	options, err := f.registryFlags.options(a, ref)
	if err != nil {
		return nil, nil, err
	}
	defer a.wait(ctx, f.quiet, nil)()
	if ref == demoRef {
		if platform != "" {
			return nil, nil, errors.New("demo: has only one platform; omit --platform")
		}
		img, err := demo.Image()
		return img, func() error { return nil }, err
	}
	var img *source.Image
	kind, name, _ := strings.Cut(ref, ":")
	switch kind {
	case "daemon":
		o := daemon.Options{Platform: platform}
		if o.Socket, err = dockerhost.Socket(a.env); err != nil {
			return nil, nil, err
		}
		img, err = daemon.Open(ctx, name, o)
	case "sif":
		img, err = sif.Open(ctx, name)
	default:
		img, err = source.Open(ctx, ref, source.Options{Platform: platform, Registry: options})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w%s", err, advice.Open(err))
	}
	return img, img.Close, nil
}

// layerCache returns the cache that --cache names, nil for none.
func (f *imageFlags) layerCache() (scan.Cache, error) {
	switch f.cache {
	case "off":
		return f.shared, nil
	case "":
		dir, err := os.UserCacheDir()
		if err != nil {
			return f.shared, fmt.Errorf("no cache directory: %w", err)
		}
		return scan.NewDirCache(filepath.Join(dir, "hullmark", "layers"), 0), nil
	}
	return scan.NewDirCache(f.cache, 0), nil
}

// allPlatforms is the --platform that stands for every image of an index.
const allPlatforms = "all"

// eachImage calls do for the image that ref names or, with --platform all, for each image of an index. It passes the name of the
// image, and a tag for the names of its files. If do fails for one image, eachImage goes on with the next and returns the worst
// result. Layers that several images have are read once.
func (a *app) eachImage(ctx context.Context, ref string, f *imageFlags, do func(name, tag string, f *imageFlags) error) error {
	if f.platform != allPlatforms {
		return do(ref, "", f)
	}
	if kind, _, _ := strings.Cut(ref, ":"); kind == "daemon" || kind == "sif" || ref == demoRef {
		return fmt.Errorf("%s: has only one image; omit --platform", kind)
	}
	canonical, err := imageref.Canonical(ref)
	if err != nil {
		return err
	}
	options, err := f.registryFlags.options(a, canonical)
	if err != nil {
		return err
	}
	shared := scan.NewMemCache(0)
	seen := make(map[string]int)
	var all outcomes
	for img, err := range source.OpenAll(ctx, canonical, source.Options{Registry: options}) {
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			all.failed = append(all.failed, fmt.Errorf("%w%s", err, advice.Open(err)))
			continue
		}
		platform := platformOf(img)
		if seen[platform]++; seen[platform] > 1 { // an archive can hold several
			platform = fmt.Sprintf("%s.%d", platform, seen[platform])
		}
		one := *f
		one.platform, one.image, one.shared = "", img, shared
		err = do(fmt.Sprintf("%s (%s)", ref, platform), strings.ReplaceAll(platform, "/", "-"), &one)
		if err := all.add(ctx, a, platform, errors.Join(err, img.Close())); err != nil {
			return err
		}
	}
	return all.worst(ref)
}

// outcomes are the results of the images of an index.
type outcomes struct {
	failed  []error
	verdict *verdict // the worst
}

// add adds the result of an image. It returns the error if ctx has ended.
func (o *outcomes) add(ctx context.Context, a *app, platform string, err error) error {
	var v *verdict
	switch {
	case err == nil:
	case errors.As(err, &v):
		a.say("%s: %s", terminal.Escape(platform), v)
		if o.verdict == nil || v.code > o.verdict.code {
			o.verdict = v
		}
	case ctx.Err() != nil:
		return err
	default:
		o.failed = append(o.failed, fmt.Errorf("%s: %w", platform, err))
	}
	return nil
}

// worst returns the worst of the results.
func (o *outcomes) worst(ref string) error {
	switch {
	case len(o.failed) > 0:
		return errors.Join(o.failed...)
	case o.verdict != nil:
		return &verdict{o.verdict.code, "not all images of " + ref + " pass"}
	}
	return nil
}

// platformOf returns the platform of an image, "unknown" if its configuration lacks it.
func platformOf(img *source.Image) string {
	config, err := img.ConfigFile()
	if err != nil || config.OS == "" || config.Architecture == "" {
		return "unknown"
	}
	return config.Platform().String()
}

// taggedFile inserts a tag into the name of a file: sbom.linux-arm64.json for sbom.json. Standard output stays.
func taggedFile(name, tag string) string {
	if name == "" || name == "-" || tag == "" {
		return name
	}
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + tag + ext
}

// only returns the reference of the open image, or ref.
func (f *imageFlags) only(ref string) string {
	if f.image != nil {
		return f.image.Ref
	}
	return ref
}
