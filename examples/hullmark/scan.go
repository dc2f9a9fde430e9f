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
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/table"
)

// matchFlags are the flags of every command that matches packages and reports findings.
type matchFlags struct {
	databaseFlags
	formatFlags
	verdictFlags
	placeFlags
	quiet  bool
	layers string // --cache
}

func (f *matchFlags) register(c *cobra.Command) {
	f.databaseFlags.register(c)
	f.databaseFlags.registerAdvisories(c)
	f.formatFlags.register(c)
	f.verdictFlags.register(c)
}

func (a *app) scanCommand() *cobra.Command {
	var f struct {
		imageFlags
		matchFlags
		attached bool
	}
	c := command("scan", func(ctx context.Context, args []string) error {
		ref := args[0]
		return a.eachImage(ctx, ref, &f.imageFlags, func(name, tag string, image *imageFlags) error {
			match := f.matchFlags
			match.tag, match.placeFlags, match.quiet, match.layers = tag, image.placeFlags, image.quiet, image.cache
			return a.match(ctx, name, &match, func() (*analyzer.Report, *v1.ConfigFile, error) {
				if f.attached {
					found, err := a.readAttached(ctx, image.only(ref), image.platform)
					return found, nil, err
				}
				return a.readImage(ctx, ref, image)
			})
		})
	})
	f.imageFlags.register(c)
	f.matchFlags.register(c)
	f.registerFetch(c)
	c.Flags().BoolVar(&f.attached, "sbom-from-registry", false, "match the packages of an SBOM that is attached to the image, instead of scanning it")
	return c
}

func (a *app) matchCommand() *cobra.Command {
	var f matchFlags
	c := command("match", func(ctx context.Context, args []string) error {
		name := args[0]
		if name == "-" {
			name = "standard input"
		}
		return a.match(ctx, name, &f, func() (*analyzer.Report, *v1.ConfigFile, error) {
			found, err := a.readDocument(ctx, args[0])
			return found, nil, err
		})
	})
	f.register(c)
	f.registerFetch(c)
	f.placeFlags.register(c)
	return c
}

func (a *app) inBuildCommand() *cobra.Command {
	var f matchFlags
	var root string
	c := command("in-build", func(ctx context.Context, _ []string) error {
		name := "rootfs:" + root
		return a.match(ctx, name, &f, func() (*analyzer.Report, *v1.ConfigFile, error) {
			return a.readInside(ctx, name, root, &f)
		})
	})
	f.register(c)
	c.Flags().StringVar(&root, "root", "/", "scan `DIR` instead of the whole file system")
	return c
}

// match assesses a report and writes the answer. It calls read last, so that mistakes on the command line are found first.
func (a *app) match(ctx context.Context, name string, f *matchFlags, read func() (*analyzer.Report, *v1.ConfigFile, error)) error {
	f.environment(f.layers)
	p := assess.Pipeline{Name: name, Declared: f.declared, Include: f.include, Tool: thisTool(), Now: a.now()}
	if err := f.apply(&p); err != nil {
		return err
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
	data.quiet, data.places = f.quiet, f.placeFlags
	found, config, err := read()
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	if p.Source, err = data.open(ctx, found); err != nil {
		return err
	}
	x, err := p.Report(ctx, found, config)
	switch {
	case errors.Is(err, policy.ErrNoMapping):
		return fmt.Errorf("%w; add a mapping or a default, or name the image with --image-name", err)
	case err != nil:
		return fmt.Errorf("%s: %w", name, data.advise(err))
	}
	for i := range x.VEX {
		a.tellVEX(&x.VEX[i])
	}
	if err := out.commit(x); err != nil {
		return err
	}
	return a.judge(&f.verdictFlags, x)
}

// readInside scans a root file system, without the files that this program brought into it.
func (a *app) readInside(ctx context.Context, name, root string, f *matchFlags) (*analyzer.Report, *v1.ConfigFile, error) {
	found, config, err := a.readImage(ctx, name, &imageFlags{cache: "off", quiet: true})
	if err != nil {
		return nil, nil, err
	}
	files := append([]string{f.database, f.policy, f.since, f.template, os.Args[0]}, f.vex...) // os.Executable needs /proc
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
	found.Diagnostics = slices.DeleteFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool { return own(d.Path) })
	if n -= len(found.Components); n > 0 {
		a.say("left out %s of hullmark itself", plural.Count(n, "package"))
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
	f.imageFlags.register(c)
	f.databaseFlags.register(c)
	f.registerFetch(c)
	f.registerAdvisories(c)
	outputFlag(c, &f.output)
	c.Flags().StringVar(&f.format, "format", "text", "write the answer as `FORMAT`: text or json")
	return c
}

func (a *app) explain(ctx context.Context, ref, id string, f *explainFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("unknown --format %q; use text or json", f.format)
	}
	f.environment(f.cache)
	return a.write(f.output, func(out *output) error {
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
		a.diagnose(found.Diagnostics)
		source, err := data.open(ctx, found)
		if err != nil {
			return err
		}
		x, err := assess.Pipeline{Name: ref, Source: source, Declared: f.declared, Include: f.include, Now: a.now()}.Explain(ctx, found, id)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, data.advise(err))
		}
		if f.format == "json" {
			return json.WriteExplanations(out, x)
		}
		return table.WriteExplanations(out, x, a.tableOptions(out))
	})
}
