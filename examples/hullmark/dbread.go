package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

func (a *app) dbExportCommand() *cobra.Command {
	var f trustFlags
	var output string
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write all that a database says as JSON lines",
		Long: `Export writes the database in FILE, or at oci://REGISTRY/NAME:TAG, as JSON, a line for each advisory, {"advisory":{...}}, in the order of
their packages, and then one for what each feed knows of each vulnerability, {"threat":{...}}.`,
		Example: `  hullmark db export advisories.db | jq -c 'select(.advisory.package.name == "openssl")'`,
		Args:    one("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbExport(c.Context(), args[0], f, output) },
	}
	f.register(c.Flags(), "")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	return c
}

func (a *app) dbExport(ctx context.Context, name string, f trustFlags, output string) error {
	d, err := a.openDB(ctx, name, f)
	if err != nil {
		return err
	}
	defer d.Close()
	out, err := a.output(output)
	if err != nil {
		return err
	}
	defer out.discard()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for x, err := range d.All() {
		if err = cmp.Or(err, ctx.Err()); err == nil {
			err = lines.Encode(line{Advisory: newLineAdvisory(&x)})
		}
		if err != nil {
			return err
		}
	}
	for t, err := range d.AllEnrichments() {
		if err = cmp.Or(err, ctx.Err()); err == nil {
			err = lines.Encode(line{Threat: newLineThreat(&t)})
		}
		if err != nil {
			return err
		}
	}
	return out.commit()
}

func (a *app) dbDiffCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what is different in two databases, as JSON lines",
		Long: `Diff writes a line for each advisory that was added, changed or withdrawn between two databases, each a file or
oci://REGISTRY/NAME:TAG: {"change":"changed","was":{...},"advisory":{...}}. One that was added has no "was", one that was withdrawn
nothing else. How many there are is said on standard error.`,
		Example: `  hullmark db diff yesterday.db today.db | jq -r 'select(.change == "added") | .advisory.id'`,
		Args:    two("OLD", "NEW"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbDiff(c.Context(), args[0], args[1], output) },
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	return c
}

func (a *app) dbDiff(ctx context.Context, before, after, output string) error {
	old, err := a.openDB(ctx, before, trustFlags{})
	if err != nil {
		return err
	}
	defer old.Close()
	now, err := a.openDB(ctx, after, trustFlags{})
	if err != nil {
		return err
	}
	defer now.Close()
	out, err := a.output(output)
	if err != nil {
		return err
	}
	defer out.discard()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	counts := make(map[db.ChangeKind]int)
	for x, err := range now.Diff(ctx, old.DB) {
		if err == nil {
			counts[x.Kind]++
			err = lines.Encode(line{Change: string(x.Kind), Was: newLineAdvisory(x.Old), Advisory: newLineAdvisory(x.New)})
		}
		if err != nil {
			return err
		}
	}
	if err := out.commit(); err != nil {
		return err
	}
	a.say("%s added, %s changed, %s withdrawn", plural.Number(counts[db.Added]), plural.Number(counts[db.Changed]), plural.Number(counts[db.Withdrawn]))
	return nil
}

// queryFlags are the flags of db query.
type queryFlags struct {
	trustFlags
	database string
	json     bool
}

func (a *app) dbQueryCommand() *cobra.Command {
	var f queryFlags
	c := &cobra.Command{
		Use:   "query PURL",
		Short: "Say what a database says of a package",
		Long: `Query lists what a database says of the package that a package URL names: all advisories, whatever the version, and of
a package of a distribution, those of all its releases, unless the PURL has a distro. A distribution's advisories are about
its source packages.`,
		Example: `  hullmark db query pkg:npm/lodash
  hullmark db query --db advisories.db pkg:deb/debian/glibc?distro=debian-12`,
		Args: one("PURL"),
		RunE: func(c *cobra.Command, args []string) error { return a.dbQuery(c.Context(), args[0], &f) },
	}
	c.Flags().StringVar(&f.database, "db", "", "ask the database in `FILE`, or at oci://REF (default the starter database)")
	f.register(c.Flags(), "db-")
	c.Flags().BoolVar(&f.json, "json", false, "write JSON lines, as db export does")
	return c
}

func (a *app) dbQuery(ctx context.Context, text string, f *queryFlags) error {
	p, err := packageurl.FromString(text)
	if err != nil {
		return fmt.Errorf("%q is not a package URL, as in pkg:npm/lodash: %w", text, err)
	}
	k := matcher.PackageKey(p.Type, p.Namespace, p.Name)
	release, oneRelease := "", false
	if of := p.Qualifiers.Map()["distro"]; of != "" {
		id, version, _ := strings.Cut(of, "-")
		release, oneRelease = distro.ReleaseOf(cmp.Or(p.Namespace, id), version, of), true
	}
	data, err := a.openDatabase(ctx, f.database, f.trustFlags)
	if err != nil {
		return err
	}
	defer data.Close()
	var list []matcher.Advisory
	for x, err := range data.Package(ctx, k) {
		if err != nil {
			return err
		}
		if !oneRelease || x.Key.Release == release {
			list = append(list, x)
		}
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	if f.json {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		for i := range list {
			if err := lines.Encode(line{Advisory: newLineAdvisory(&list[i])}); err != nil {
				return err
			}
		}
		return out.commit()
	}
	if len(list) == 0 {
		k.Release = release
		return a.nothingOf(ctx, data, k, text)
	}
	a.writeAdvisories(out, list)
	return out.commit()
}

// nothingOf says that there is nothing, and whether that means something.
func (a *app) nothingOf(ctx context.Context, data database, k matcher.Key, text string) error {
	covered := slices.ContainsFunc(data.Info().Coverage, func(c db.CoverageInfo) bool {
		e := k.Ecosystem()
		return c.Type == e.Type && c.Namespace == e.Namespace && (e.Release == "" || c.Release == e.Release)
	})
	if !covered {
		return fmt.Errorf("the database has nothing of the distribution or ecosystem of %s; hullmark db info says what it covers", terminal.Escape(text))
	}
	a.say("no advisory is about %s", terminal.Escape(text))
	return nil
}

func (a *app) writeAdvisories(out *output, list []matcher.Advisory) {
	g := terminal.Grid{Columns: []terminal.Column{{Title: "ID"}, {Title: "RELEASE"}, {Title: "STATUS"}, {Title: "AFFECTED", Min: 12, Shrink: 2}, {Title: "SEVERITY"}, {Title: "FEED"}, {Title: "SUMMARY", Min: 10, Shrink: 1}}}
	for i := range list {
		x := &list[i]
		level := matcher.Unknown
		for _, s := range x.Severities {
			level = max(level, s.Level)
		}
		severity := ""
		if level != matcher.Unknown {
			severity = level.String()
		}
		g.Add(x.ID, x.Key.Release, x.Status.String(), affected(x), severity, x.Feed, cmp.Or(x.Summary, x.Reason))
	}
	width, _ := terminalWidth(a.stdout)
	g.Write(out, terminal.Style{Width: width})
}

// affected says which versions an advisory speaks of.
func affected(x *matcher.Advisory) string {
	var parts []string
	for _, r := range x.Ranges {
		from := ""
		if r.Introduced != "" && r.Introduced != "0" {
			from = ">= " + r.Introduced + " "
		}
		switch {
		case r.Fixed != "":
			from += "< " + r.Fixed
		case r.LastAffected != "":
			from += "<= " + r.LastAffected
		}
		parts = append(parts, cmp.Or(strings.TrimSpace(from), "all"))
	}
	if n := len(x.Versions); n > 0 {
		parts = append(parts, plural.Count(n, "version"))
	}
	return strings.Join(parts, ", ")
}
