package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// scanFlags are the flags of the scan command.
type scanFlags struct {
	imageFlags
	matchFlags
	attached bool
}

// matchFlags are the flags of every command that matches packages and says what it found.
type matchFlags struct {
	formatFlags
	gateFlags
	verdictFlags
	database string
	trust    trustFlags
}

func (f *matchFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.database, "db", "", "match against the database in `FILE`, or at oci://REF (default the starter database)")
	f.trust.register(c.Flags(), "db-")
	f.formatFlags.register(c)
	f.gateFlags.register(c)
	f.verdictFlags.register(c)
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan IMAGE",
		Short: "Match the packages of an image against a database of advisories",
		Long: `Scan finds the packages of an image and matches them against a database of advisories.

Without --db it uses a small starter database that is part of the program, and says how old it is and what it
does not know. Every distribution and ecosystem of the image without advisories is reported as such.

Results are written as ` + formatNames() + `.
Several forms can be written at once, all but one of them to a FILE of their own. With --platform all there are
results for each image of an index: on standard output one after the other, in files FILE.OS-ARCH.EXT; the exit
code is the worst.

Statements of VEX documents, policies and the flags that hide remove nothing: what they hide is counted at the
end, and is in the JSON form. --fail-on judges what is shown; policies judge all that no VEX statement suppresses.

Exit codes:
  0  nothing is disallowed
  1  the image could not be scanned
  3  --fail-on or --policy was given, but there are no advisories for a part of the image, and no --allow-uncovered
  4  --fail-on or --policy disallows something`,
		Example: `  hullmark scan demo:
  hullmark scan --db advisories.db --fail-on high debian:12
  hullmark scan --vex app.vex.json --policy policy.yaml registry.example/app:1
  hullmark scan --format table --format sarif=app.sarif --format html=app.html oci:layout`,
		Args: one("IMAGE"),
		RunE: func(c *cobra.Command, args []string) error { return a.scan(c.Context(), args[0], &f) },
	}
	f.imageFlags.register(c)
	f.matchFlags.register(c)
	c.Flags().BoolVar(&f.attached, "sbom-from-registry", false, "match what an SBOM attached to the image lists, instead of reading it")
	return c
}

func (a *app) scan(ctx context.Context, ref string, f *scanFlags) error {
	return a.eachImage(ctx, ref, &f.imageFlags, func(name, tag string, image *imageFlags) error {
		match := f.matchFlags
		match.formats = taggedFormats(match.formats, tag)
		return a.match(ctx, name, &match, taggedFile(image.output, tag), image.declared, func() (*analyzer.Report, *v1.ConfigFile, error) {
			if f.attached {
				found, err := a.readAttached(ctx, image.only(ref), image.platform)
				return found, nil, err
			}
			return a.readImage(ctx, ref, image)
		})
	})
}

// match assesses a report and writes the answer. It reads the report last, after every possible fault of the command line.
func (a *app) match(ctx context.Context, name string, f *matchFlags, output string, declared bool, read func() (*analyzer.Report, *v1.ConfigFile, error)) error {
	p, err := f.pipeline(a, name, declared)
	if err != nil {
		return err
	}
	outputs, err := a.openFormats(&f.formatFlags, output)
	if err != nil {
		return err
	}
	defer outputs.discard()
	source, err := a.openDatabase(ctx, f.database, f.trust)
	if err != nil {
		return err
	}
	defer source.Close()
	p.Source = source
	found, config, err := read()
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	x, err := p.Report(ctx, found, config)
	switch {
	case errors.Is(err, policy.ErrNoMapping):
		return fmt.Errorf("%w; add a mapping or a default, or name the image with --image-name", err)
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	for i := range x.VEX {
		a.tellVEX(&x.VEX[i])
	}
	if err := outputs.write(a, x, f.showHidden); err != nil {
		return err
	}
	return a.judge(&f.gateFlags, x)
}

// pipeline returns the pipeline that the flags describe, without its Source.
func (f *matchFlags) pipeline(a *app, name string, declared bool) (assess.Pipeline, error) {
	p := assess.Pipeline{Name: name, Declared: declared, Tool: thisTool(), Now: a.now()}
	if len(f.names) == 0 {
		called, _, _ := strings.Cut(name, " (") // one image of an index
		f.names = []string{called}
	}
	var err error
	if p.Gate, err = f.gateFlags.gate(); err != nil {
		return p, err
	}
	return p, f.verdictFlags.apply(&p)
}

// thisTool identifies the command in formats that name the program that scanned.
func thisTool() report.Tool {
	return report.Tool{Name: "hullmark", Version: buildVersion(), URL: "https://github.com/hullmark/hullmark"}
}
