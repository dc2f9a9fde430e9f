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
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/table"
	"github.com/hullmark/hullmark/sbom"
)

// matchFlags are the flags of every command that matches packages and reports findings.
type matchFlags struct {
	databaseFlags
	formatFlags
	verdictFlags
	viewFlags
	quiet  bool
	layers string // --cache

	compare func(p *assess.Pipeline, found *analyzer.Report) error // with a base; may be nil
}

func (f *matchFlags) register(a *app, c *cobra.Command) {
	f.databaseFlags.register(c)
	f.databaseFlags.registerAdvisories(c)
	f.formatFlags.register(c)
	f.verdictFlags.register(c)
	f.viewFlags.register(a, c)
}

// scanFlags are the flags of the commands scan and match.
type scanFlags struct {
	imageFlags
	matchFlags
	baseFlags
	attached bool
	server   serverFlags
}

func (f *scanFlags) register(a *app, c *cobra.Command) {
	f.imageFlags.register(a, c)
	f.content.RegisterSearch(c.Flags())
	f.matchFlags.register(a, c)
	f.baseFlags.register(c)
	f.registerFetch(c)
	c.Flags().BoolVar(&f.attached, "sbom-from-registry", false, "match the packages of an SBOM that is attached to the image, instead of scanning it")
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := command("scan", func(ctx context.Context, args []string) error {
		if f.server.url != "" {
			s, err := f.server.open(&f.matchFlags)
			if err != nil {
				return err
			}
			var all outcomes
			return a.asked(ctx, s, args[0], &f.matchFlags, &all, func() ([]served, error) { return a.submit(ctx, s, args[0], f.platform, &all) })
		}
		name, err := imageref.Canonical(args[0])
		if err == nil && isDocument(name) {
			a.say("%s is an SBOM: its packages are matched, as hullmark match does", terminal.Escape(args[0]))
			return a.matchDocument(ctx, name, &f)
		}
		return a.scan(ctx, args[0], &f)
	})
	c.SuggestFor = []string{"image", "fs", "filesystem", "rootfs"} // commands of trivy
	f.register(a, c)
	f.server.register(c)
	return c
}

func (a *app) matchCommand() *cobra.Command {
	var f scanFlags
	c := command("match", func(ctx context.Context, args []string) error {
		name := strings.TrimPrefix(args[0], "sbom:")
		if _, err := os.Stat(name); name == "-" || err == nil && !isImageFile(name) || looksLikeDocument(name) {
			return a.matchDocument(ctx, name, &f)
		}
		a.say("%s is not a file with an SBOM: it is scanned, as hullmark scan does", terminal.Escape(args[0]))
		return a.scan(ctx, args[0], &f)
	})
	f.register(a, c)
	return c
}

// isDocument reports whether a name is that of a file with an SBOM.
func isDocument(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	return sbom.Recognise(file)
}

// isImageFile reports whether a file or directory that exists is an image, or a root file system, and no SBOM.
func isImageFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && (info.IsDir() || info.Mode().IsRegular() && archive.MatchString(name))
}

var (
	archive  = lazyregexp.New(`\.(tar|tgz|tar\.\w+|sif)$`)
	document = lazyregexp.New(`\.(json|xml|spdx|cdx|bom)$`)
)

// looksLikeDocument reports whether a name that may be missing is that of an SBOM rather than of an image.
func looksLikeDocument(name string) bool { return document.MatchString(name) }

func (a *app) scan(ctx context.Context, ref string, f *scanFlags) (err error) {
	if a.registry, err = f.registryFlags.options(a, ref); err != nil { // of the database
		return err
	}
	return a.eachImage(ctx, ref, &f.imageFlags, func(name, tag string, image *imageFlags) error {
		match := f.matchFlags
		match.tag, match.quiet, match.layers = tag, image.quiet, image.cache
		match.compare = func(p *assess.Pipeline, found *analyzer.Report) error {
			return f.baseFlags.compare(ctx, a, ref, image, p, found)
		}
		return a.match(ctx, name, &match, &image.placeFlags, func() (*analyzer.Report, *v1.ConfigFile, error) {
			if f.attached {
				found, err := a.readAttached(ctx, ref, image)
				return found, nil, image.content.Require(err, found, append(image.plugins.plugins, image.plugins.dir)...)
			}
			return a.readImage(ctx, ref, image)
		})
	})
}

func (a *app) matchDocument(ctx context.Context, file string, f *scanFlags) error {
	name := file
	if name == "-" {
		name = "standard input"
	}
	var err error
	if a.registry, err = f.registryFlags.options(a, ""); err != nil { // of the database
		return err
	}
	f.matchFlags.quiet, f.layers = f.imageFlags.quiet, f.cache
	return a.match(ctx, name, &f.matchFlags, &f.placeFlags, func() (*analyzer.Report, *v1.ConfigFile, error) {
		if err := f.placeFlags.check(true); err != nil {
			return nil, nil, err
		}
		found, err := a.readDocument(ctx, file)
		return found, nil, f.content.Require(err, found, append(f.plugins.plugins, f.plugins.dir)...)
	})
}

func (a *app) inBuildCommand() *cobra.Command {
	var f matchFlags
	var places placeFlags
	var remote serverFlags
	var root string
	c := command("in-build", func(ctx context.Context, _ []string) error {
		name := "rootfs:" + root
		if remote.url != "" {
			s, err := remote.open(&f)
			if err != nil {
				return err
			}
			return a.asked(ctx, s, name, &f, new(outcomes), func() ([]served, error) {
				image, err := a.sendInside(ctx, s, &f, func() (*analyzer.Report, error) {
					found, _, err := a.readInside(ctx, name, root, &f)
					return found, err
				})
				return []served{{digest: image}}, err
			})
		}
		return a.match(ctx, name, &f, &places, func() (*analyzer.Report, *v1.ConfigFile, error) {
			return a.readInside(ctx, name, root, &f)
		})
	})
	f.register(a, c)
	list := c.Flags().Lookup("ignore-file") // a list in the image that is judged must not be read unasked
	f.ignoreFile, list.DefValue, list.Usage = "off", "off", "hide the vulnerabilities and rules that the list in `FILE` ignores"
	places.registerExclusions(a, c)
	remote.register(c)
	c.Flags().StringVar(&root, "root", "/", "scan `DIR` instead of the whole file system")
	return c
}

// match assesses a report and writes the answer. It calls read last, so that mistakes on the command line are found first.
func (a *app) match(ctx context.Context, name string, f *matchFlags, places *placeFlags, read func() (*analyzer.Report, *v1.ConfigFile, error)) error {
	f.cacheBlocks(f.layers)
	p := assess.Pipeline{Name: name, Tool: thisTool(), Now: a.now()}
	places.apply(&p)
	if err := f.verdictFlags.apply(&p); err != nil {
		return err
	}
	if err := f.viewFlags.apply(a, &p); err != nil {
		return err
	}
	if f.groupBy == "" && p.View.Order != report.ByPackage {
		f.groupBy = string(table.Ungrouped)
	}
	out, err := f.formatFlags.open(a)
	if err != nil {
		return err
	}
	defer out.discard()
	data, err := a.advisories(ctx, f.databaseFlags, name)
	if err != nil {
		return err
	}
	defer data.Close()
	data.quiet, data.places = f.quiet, *places
	found, config, err := read()
	if err != nil {
		return err
	}
	if err := a.diagnoseKept(found, &p); err != nil {
		return err
	}
	if p.Source, err = data.open(ctx, found); err != nil {
		return err
	}
	if f.compare != nil {
		if err := f.compare(&p, found); err != nil {
			return err
		}
	}
	x, err := p.Report(ctx, found, config)
	switch {
	case errors.Is(err, policy.ErrNoMapping), errors.Is(err, anchore.ErrNoMapping):
		return fmt.Errorf("%w; add a mapping or a default, or name the image with --image-name", err)
	case err != nil:
		return fmt.Errorf("%s: %w", name, data.advise(err))
	}
	for i := range x.VEX {
		a.tellVEX(&x.VEX[i])
	}
	a.tellExcluded(x)
	a.tellIgnored(x)
	if err := out.commit(x); err != nil {
		return err
	}
	if err := a.writeDecided(taggedFile(f.writeVEX, f.tag), x); err != nil {
		return err
	}
	return a.judge(ctx, &f.verdictFlags, x)
}

// readInside scans a root file system, without the files that this program brought into it.
func (a *app) readInside(ctx context.Context, name, root string, f *matchFlags) (*analyzer.Report, *v1.ConfigFile, error) {
	found, config, err := a.readImage(ctx, name, &imageFlags{cache: "off", quiet: true})
	if err != nil {
		return nil, nil, err
	}
	files := append([]string{f.database, f.policy, f.since, f.template, f.ignoreFile, os.Args[0]}, f.vex...) // os.Executable needs /proc
	if self, err := os.Executable(); err == nil {
		files = append(files, self)
	}
	for _, format := range f.formats {
		_, file, _ := strings.Cut(format, "=")
		files = append(files, file)
	}
	for i, file := range files {
		if abs, err := filepath.Abs(file); err == nil && file != "" {
			files[i] = abs
		}
	}
	own := func(path string) bool {
		return slices.Contains(files, filepath.Join(root, filepath.FromSlash(path)))
	}
	n := len(found.Components)
	found.Components = slices.DeleteFunc(found.Components, func(c analyzer.Component) bool { return own(c.Path) })
	found.Findings = slices.DeleteFunc(found.Findings, func(f analyzer.FileFinding) bool { return own(f.Path) })
	found.Records = slices.DeleteFunc(found.Records, func(r analyzer.FileRecord) bool { return own(r.Path) })
	found.Diagnostics = slices.DeleteFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool { return own(d.Path) })
	if n -= len(found.Components); n > 0 {
		a.say("left out %s of hullmark itself", english.Count(n, "package"))
	}
	return found, config, nil
}

// explainFlags are the flags of the explain command.
type explainFlags struct {
	imageFlags
	databaseFlags
	output string
	format string
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := command("explain", func(ctx context.Context, args []string) error { return a.explain(ctx, args[0], args[1], &f) })
	f.imageFlags.register(a, c)
	f.databaseFlags.register(c)
	f.registerFetch(c)
	f.registerAdvisories(c)
	outputFlag(c, &f.output)
	c.Flags().StringVarP(&f.format, "format", "f", "text", "write the answer as `FORMAT`: text or json")
	return c
}

func (a *app) explain(ctx context.Context, ref, id string, f *explainFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("unknown --format %q; use text or json", f.format)
	}
	f.cacheBlocks(f.cache)
	return a.write(f.output, func(out *output) (err error) {
		if a.registry, err = f.registryFlags.options(a, ref); err != nil { // of the database
			return err
		}
		data, err := a.advisories(ctx, f.databaseFlags, ref)
		if err != nil {
			return err
		}
		defer data.Close()
		data.quiet, data.places = f.quiet, f.placeFlags
		found, err := a.read(ctx, ref, &f.imageFlags)
		if err != nil {
			return err
		}
		p := assess.Pipeline{Name: ref, Now: a.now()}
		f.placeFlags.apply(&p)
		if err := a.diagnoseKept(found, &p); err != nil {
			return err
		}
		p.Source, err = data.open(ctx, found)
		if err != nil {
			return err
		}
		x, err := p.Explain(ctx, found, id)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, data.advise(err))
		}
		if f.format == "json" {
			return json.WriteExplanations(out, x)
		}
		return table.WriteExplanations(out, x, a.tableOptions(out))
	})
}
