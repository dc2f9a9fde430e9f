package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/table"
)

// explainFlags are the flags of the explain command.
type explainFlags struct {
	imageFlags
	database string
	trust    trustFlags
	format   string
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain IMAGE ID",
		Short: "Say why a vulnerability was found in an image, or why it was not",
		Long: `Explain says, for one vulnerability, which packages of an image an advisory is about, which layer and
instruction brought them, what the advisory says, and which versions were compared with what result. Where nothing
was found it says why not: it is fixed since, its publisher says that the package is not affected, the package is
not installed, nobody has an advisory, or there is no data.

ID is any identifier that advisories go by: a CVE, a GHSA, a distribution's own.

It exits with 0 whatever the answer is, or with 1 if the image could not be scanned.`,
		Example: `  hullmark explain demo: CVE-2019-9169
  hullmark explain --db advisories.db --format json debian:12 CVE-2024-2961`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("%s needs the IMAGE and the ID of a vulnerability, not %s; see %[1]s --help", c.CommandPath(), plural.Count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.explain(c.Context(), args[0], args[1], &f) },
	}
	f.register(c)
	flags := c.Flags()
	flags.StringVar(&f.database, "db", "", "look it up in the database in `FILE`, or at oci://REF (default the starter database)")
	f.trust.register(flags, "db-")
	flags.StringVar(&f.format, "format", "text", "write the answer as `FORMAT`: text or json")
	return c
}

func (a *app) explain(ctx context.Context, ref, id string, f *explainFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("--format %q is none of text and json", f.format)
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	data, err := a.openDatabase(ctx, f.database, f.trust)
	if err != nil {
		return err
	}
	defer data.Close()
	found, err := a.read(ctx, ref, &f.imageFlags)
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	x, err := assess.Pipeline{Name: ref, Source: data, Declared: f.declared, Now: a.now()}.Explain(ctx, found, id)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	s := a.style(out)
	if f.format == "json" {
		err = json.WriteExplanations(out, x)
	} else {
		err = table.WriteExplanations(out, x, table.Options{Width: s.Width, Color: s.Color})
	}
	if err != nil {
		return err
	}
	return out.commit()
}
