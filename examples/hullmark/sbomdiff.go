package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/analyzer/diff"
	"github.com/hullmark/hullmark/analyzer/merge"
)

func (a *app) sbomDiffCommand() *cobra.Command {
	var f imageFlags
	var format string
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Say in what two SBOMs or images differ",
		Long: `Diff says which packages B has that A has not, which it has no more, which have another version, and which have
other licences. A and B are SBOMs of any tool that hullmark match reads, or images, in any combination.

It exits with 0, also where they differ, or with 1 if one of them could not be read.`,
		Example: `  hullmark sbom diff old.cdx.json new.cdx.json
  hullmark sbom diff debian:12 debian:13
  hullmark sbom diff --format json released.spdx.json ./app.tar`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.sbomDiff(c.Context(), args, &f, format)
		},
	}
	f.register(c)
	c.Flags().StringVar(&format, "format", "table", "write the result as `FORMAT`: table or json")
	return c
}

func (a *app) sbomDiff(ctx context.Context, args []string, f *imageFlags, format string) error {
	if format != "table" && format != "json" {
		return fmt.Errorf("there is no format %q; it is table or json", format)
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	reports, err := a.readAll(ctx, args, f)
	if err != nil {
		return err
	}
	d := diff.Compare(reports[0], reports[1])
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(d); err != nil {
			return err
		}
	} else {
		writeDiff(out, d, a.style(out))
	}
	return out.commit()
}

// readAll reads SBOMs and images.
func (a *app) readAll(ctx context.Context, args []string, f *imageFlags) ([]*analyzer.Report, error) {
	reports := make([]*analyzer.Report, len(args))
	for i, arg := range args {
		var err error
		if isDocument(arg) {
			reports[i], err = readDocument(ctx, nil, arg)
		} else {
			reports[i], err = a.read(ctx, arg, f)
		}
		if err != nil {
			return nil, err
		}
		a.diagnose(reports[i].Diagnostics)
		if !f.declared {
			reports[i] = report.New(reports[i], nil, report.Options{}).Report
		}
	}
	return reports, nil
}

// isDocument reports whether a name is that of a file which begins as SBOMs do, as JSON or XML, or is compressed but no
// archive by its name.
func isDocument(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, 64)
	n, _ := io.ReadFull(f, begin) // a short one tells as much
	text := strings.TrimLeft(strings.TrimPrefix(string(begin[:n]), "\ufeff"), " \t\r\n")
	if strings.HasPrefix(text, "\x1f\x8b") {
		return strings.HasSuffix(file, ".json.gz") || strings.HasSuffix(file, ".xml.gz")
	}
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "<")
}

func writeDiff(w io.Writer, d *diff.Diff, s terminal.Style) {
	if d.Distro != nil {
		name := func(text string) string {
			if text == "" {
				return "none"
			}
			return text
		}
		fmt.Fprintf(w, "distribution: %s, was %s\n\n", terminal.Escape(name(d.Distro.To)), terminal.Escape(name(d.Distro.From)))
	}
	g := terminal.Grid{Columns: []terminal.Column{{Title: "CHANGE"}, {Title: "TYPE"}, {Title: "NAME", Shrink: 1, Min: 12}, {Title: "BEFORE", Shrink: 2, Min: 10}, {Title: "AFTER", Shrink: 2, Min: 10}}}
	name := func(p *diff.Item) string {
		if p.Arch == "" {
			return p.FullName()
		}
		return p.FullName() + ":" + p.Arch
	}
	for i := range d.Added {
		p := &d.Added[i]
		g.Add("added", p.Type, name(p), "", p.Version)
	}
	for i := range d.Removed {
		p := &d.Removed[i]
		g.Add("removed", p.Type, name(p), p.Version, "")
	}
	for i := range d.Changed {
		c := &d.Changed[i]
		word := c.Direction
		if word == "" {
			word = "changed"
		}
		g.Add(word, c.To.Type, name(&c.To), c.From.Version, c.To.Version)
	}
	for i := range d.Licenses {
		l := &d.Licenses[i]
		g.Add("licence", l.Type, name(&l.Item), without(l.From, l.To), without(l.To, l.From))
	}
	if !g.Empty() {
		g.Write(w, s)
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d added, %d removed, %d with another version, %d with other licences, %d the same\n",
		len(d.Added), len(d.Removed), len(d.Changed), len(d.Licenses), d.Same)
}

// without lists what one side has and the other has not.
func without(list, other []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) }), ", ")
}

func (a *app) sbomMergeCommand() *cobra.Command {
	var f imageFlags
	var d documentFlags
	var name string
	c := &cobra.Command{
		Use:   "merge A B...",
		Short: "Make one SBOM of several about the same product",
		Long: `Merge makes one document of several: of what a build recorded and what a scan of the image found, of documents of
several tools. A package that several list is listed once, and keeps the reference that it has in the first; what
that one does not say comes from the others. They are SBOMs of any tool that hullmark match reads, or images.

SBOMs of different distributions are not merged, since packages of one would be matched with advisories of the other.

It exits with 0, or with 1 if one of them could not be read.`,
		Example: `  hullmark sbom merge --name app:1 build.cdx.json image.cdx.json
  hullmark sbom merge --format spdx-json build.spdx.json ./app.tar`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if name == "" {
				name = args[0]
			}
			o, _, err := d.options(name)
			if err != nil {
				return err
			}
			reports, err := a.readAll(c.Context(), args, &f)
			if err != nil {
				return err
			}
			merged, err := merge.Reports(reports...)
			if err != nil {
				return fmt.Errorf("%w (reports are numbered from 1, in the order of the arguments; there are %s)", err, strconv.Itoa(len(args)))
			}
			return a.writeDocument(merged, o, f.output)
		},
	}
	f.register(c)
	d.register(c)
	c.Flags().StringVar(&name, "name", "", "`NAME` of the product (default the first argument)")
	return c
}
