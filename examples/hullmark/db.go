package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
)

func (a *app) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "Build databases of advisories, keep them up to date, and look at them",
	}
	group(c)
	c.AddCommand(a.dbUpdateCommand(), a.dbBuildCommand(), a.dbInfoCommand(), a.dbVerifyCommand(), a.dbQueryCommand(), a.dbExportCommand(), a.dbDiffCommand(),
		a.dbKeygenCommand(), a.dbSignCommand(), a.dbPushCommand(), a.dbPullCommand())
	return c
}

// buildFlags are the flags of db build.
type buildFlags struct {
	feeds  []string
	output string
	facts  bool
	quiet  bool
}

func (a *app) dbBuildCommand() *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use:   "build --feed NAME=LOCATION... -o FILE",
		Short: "Make a database of what publishers say",
		Long: `Build reads advisories where --feed says and writes them as one file. The same inputs give the same bytes,
in whatever order they are named.

A feed is written NAME=LOCATION, or NAME@DATE=LOCATION where the data does not say how old it is. NAME is one of

` + terminal.Paragraph(strings.Join(feedNames(), ", "), 110) + `

LOCATION is a file, a directory or an http(s) URL; whether it is compressed (gz, bz2, xz, zst) or an archive
(tar, zip) is known by its content.`,
		Example: `  hullmark db build --feed debian=https://tracker.example/data.json -o advisories.db
  hullmark db build --feed debian@2019-09-01=data.json.zst --feed osv=PyPI.zip --feed osv=npm.zip -o advisories.db`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("db build takes no %q; inputs are named with --feed NAME=LOCATION", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.dbBuild(c.Context(), &f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.feeds, "feed", nil, "read `NAME[@DATE]=LOCATION`; may be given any number of times")
	flags.StringVarP(&f.output, "output", "o", "", "write the database to `FILE`")
	flags.BoolVar(&f.facts, "facts", false, "leave prose out: summaries and links")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress; diagnostics are always shown")
	return c
}

func (a *app) dbBuild(ctx context.Context, f *buildFlags) error {
	if len(f.feeds) == 0 {
		return errors.New("db build needs a --feed NAME=LOCATION; see hullmark db build --help")
	}
	if f.output == "" {
		return errors.New("db build needs -o FILE, where the database goes")
	}
	var inputs []feed.Input
	for _, s := range f.feeds {
		in, err := parseInput(s)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	bars := newProgress(ctx, a.stderr, f.quiet)
	defer bars.finish()
	b := db.Builder{Facts: f.facts}
	var reports []feed.LoadResult
	for _, in := range inputs {
		r, err := feed.Load(ctx, &b, in, feed.Options{Progress: bars.feed})
		if err != nil {
			return fmt.Errorf("--feed %s: %w", in.Feed.Name, err)
		}
		bars.done(in.Location)
		reports = append(reports, r)
	}
	bars.finish()
	for i := range reports {
		a.tellFeed(&reports[i], f.quiet)
	}
	if _, err := b.WriteTo(out); err != nil {
		return err
	}
	return out.commit()
}

// tellFeed says what was read of a feed, and what was wrong with it.
func (a *app) tellFeed(r *feed.LoadResult, quiet bool) {
	for _, err := range r.Errors {
		a.say("%s: %s", r.Feed, terminal.Escape(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	if more := r.Bad - len(r.Errors); more > 0 {
		a.say("%s: %s more", r.Feed, plural.Count(more, "bad record"))
	}
	if r.Records == 0 {
		a.say("%s: no records in %s; is that data of this feed?", r.Feed, terminal.Escape(r.Location))
	}
	if quiet {
		return
	}
	date := "of an unknown date"
	if !r.Date.IsZero() {
		date = "of " + r.Date.Format(time.DateOnly)
	}
	a.say("%s: %s %s, %s withdrawn, %s bad: %s", r.Feed, plural.Count(r.Records, "record"), date,
		plural.Number(r.Withdrawn), plural.Number(r.Bad), plural.Count(r.Advisories, "advisory"))
}

// parseInput reads a --feed: NAME[@DATE]=LOCATION.
func parseInput(s string) (feed.Input, error) {
	name, location, ok := strings.Cut(s, "=")
	if !ok || location == "" {
		return feed.Input{}, fmt.Errorf("--feed %q is not of the form NAME=LOCATION, as in debian=data.json", s)
	}
	in := feed.Input{Location: location}
	name, date, dated := strings.Cut(name, "@")
	if dated {
		var err error
		if in.Date, err = time.Parse(time.DateOnly, date); err != nil {
			return feed.Input{}, fmt.Errorf("--feed %q: %q is not a date of the form 2006-01-02", s, date)
		}
	}
	if in.Feed, ok = findFeed(name); !ok {
		return feed.Input{}, fmt.Errorf("--feed %q: unknown feed %q; feeds: %s", s, name, strings.Join(feedNames(), ", "))
	}
	return in, nil
}

// findFeed returns the feed with a name.
func findFeed(name string) (feed.Feed, bool) {
	for _, f := range all.Feeds() {
		if f.Name == name {
			return f, true
		}
	}
	return feed.Feed{}, false
}

func feedNames() []string {
	var names []string
	for _, f := range all.Feeds() {
		names = append(names, f.Name)
	}
	return names
}

func (a *app) dbInfoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "info FILE",
		Short: "Say what a database holds, from where and how old",
		Long:  `Info says what the database in FILE holds, or the one at oci://REGISTRY/NAME:TAG, of which it reads the index only.`,
		Args:  one("FILE"),
		RunE:  func(c *cobra.Command, args []string) error { return a.dbInfo(c.Context(), args[0]) },
	}
}

func (a *app) dbInfo(ctx context.Context, name string) error {
	f, err := a.openDB(ctx, name, trustFlags{})
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := a.output("")
	if err != nil {
		return err
	}
	i := f.Info()
	fmt.Fprintf(out, "format %d, %s bytes in %s, index sha256:%s\n", i.Version, plural.Number(int(i.Size)), plural.Count(i.Blocks, "block"), i.Hash)
	writeSignatures(out, i)
	fmt.Fprintf(out, "%s, %s\n\n", plural.Count(i.Advisories, "advisory"), plural.Count(i.Ranges, "range"))
	feeds := terminal.Grid{Columns: []terminal.Column{{Title: "FEED"}, {Title: "DATE"}, {Title: "RECORDS", Right: true}, {Title: "WITHDRAWN", Right: true}, {Title: "BAD", Right: true}, {Title: "FROM", Min: 10, Shrink: 1}}}
	for _, x := range i.Feeds {
		feeds.Add(x.Name, day(x.Date), plural.Number(x.Records), plural.Number(x.Withdrawn), plural.Number(x.Bad), x.URL)
	}
	width, _ := terminalWidth(a.stdout)
	feeds.Write(out, terminal.Style{Width: width})
	fmt.Fprintln(out)
	coverage := terminal.Grid{Columns: []terminal.Column{{Title: "COVERS"}, {Title: "FEED"}, {Title: "DATE"}, {Title: "ADVISORIES", Right: true}, {Title: ""}}}
	for _, c := range i.Coverage {
		note := ""
		if c.EndOfLife {
			note = "end of life"
		}
		coverage.Add(strings.TrimSpace(c.Type+" "+strings.TrimSpace(c.Namespace+" "+c.Release)), c.Feed, day(c.Date), plural.Number(c.Advisories), note)
	}
	coverage.Write(out, terminal.Style{Width: width})
	if len(i.Enrichments) > 0 {
		fmt.Fprintln(out)
		threats := terminal.Grid{Columns: []terminal.Column{{Title: "KNOWS OF"}, {Title: "VULNERABILITIES", Right: true}}}
		for _, t := range i.Enrichments {
			threats.Add(t.Feed, plural.Number(t.Vulnerabilities))
		}
		threats.Write(out, terminal.Style{Width: width})
	}
	return out.commit()
}

// day is a date, or "unknown".
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.Format(time.DateOnly)
}
