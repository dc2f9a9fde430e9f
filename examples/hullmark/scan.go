package main

import (
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
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

// match matches the packages of a report, and writes what it found. It reads the report last, after all that can be wrong
// with the command line.
func (a *app) match(ctx context.Context, name string, f *matchFlags, output string, declared bool, read func() (*analyzer.Report, *v1.ConfigFile, error)) error {
	gate, err := f.gateFlags.parse()
	if err != nil {
		return err
	}
	trial, err := f.verdictFlags.load()
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
	found, config, err := read()
	if err != nil {
		return err
	}
	a.tellBase(found.Distro)
	result, err := matcher.Matcher{Source: source, Declared: declared}.Match(ctx, found)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.diagnose(found.Diagnostics)
	j, err := trial.apply(ctx, a, name, found, config, result)
	if err != nil {
		return err
	}
	o := j.options
	o.Name, o.Declared, o.Tool, o.Time, o.Fails = name, declared, thisTool(), a.now(), gate.fails
	v := newResults(source, found, j.result, o)
	v.usages, v.showHidden = j.usages, f.showHidden
	if err := outputs.write(a, v); err != nil {
		return err
	}
	return a.judge(gate, v)
}

// tellBase says whose advisories are used for a derivative distribution, which has none of its own.
func (a *app) tellBase(d *analyzer.Distro) {
	if d == nil {
		return
	}
	if base, release, ok := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name); ok {
		a.say("%s", plain(strings.TrimSpace(d.ID+" "+d.VersionID)+" has the packages of "+base+" "+release+", whose advisories are used"))
	}
}

// results are what is written: a view, and the database that it is from.
type results struct {
	*report.View
	database db.Info
	starter  bool        // whether it is the database that the command carries
	usages   []vex.Usage // of VEX documents

	showHidden bool // whether the table lists what is hidden
}

// newResults prepares results to be written.
func newResults(source database, found *analyzer.Report, result *matcher.Result, o report.Options) *results {
	r := &results{database: source.Info()}
	if _, r.starter = source.(starter); r.starter {
		o.Sampled = r.sampled
	}
	r.View = report.New(found, result, o)
	return r
}

// sampled reports whether the starter database knows only some advisories of an ecosystem.
func (r *results) sampled(k matcher.Key) bool {
	if !sampled(k.Type) {
		return false
	}
	for _, c := range r.database.Coverage {
		if c.Type == k.Type {
			return true
		}
	}
	return false
}

// ecosystemName is how a person calls an ecosystem: "deb debian 12", "pypi".
func ecosystemName(k matcher.Key) string { return report.EcosystemName(k) }

// thisTool is what formats that ask name as the program that scanned.
func thisTool() report.Tool {
	return report.Tool{Name: "hullmark", Version: buildVersion(), URL: "https://github.com/hullmark/hullmark"}
}
