package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/examples/hullmark/advice"
	"github.com/hullmark/hullmark/internal/certpool"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
)

func (a *app) dbCommand() *cobra.Command {
	return group("db", a.dbUpdateCommand(), a.dbBuildCommand(), a.dbInfoCommand(), a.dbVerifyCommand(), a.dbQueryCommand(),
		a.dbExportCommand(), a.dbImportCommand(), a.dbDiffCommand(), a.dbKeygenCommand(), a.dbSignCommand(), a.dbPushCommand(), a.dbPullCommand())
}

// feedFlags are the flags of db build and db update.
type feedFlags struct {
	feeds  []string
	output string
	facts  bool
	quiet  bool
}

func (f *feedFlags) register(c *cobra.Command, feeds string) {
	flags := c.Flags()
	flags.StringArrayVar(&f.feeds, "feed", nil, feeds)
	flags.StringVarP(&f.output, "output", "o", "", "write the database to `FILE`")
	flags.BoolVar(&f.facts, "facts", false, "omit summaries and links")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress; problems are always shown")
}

func (a *app) dbBuildCommand() *cobra.Command {
	var f feedFlags
	c := command("db/build", func(ctx context.Context, _ []string) error { return a.dbBuild(ctx, &f) })
	f.register(c, "read `NAME[@DATE]=LOCATION`; repeatable")
	return c
}

func (a *app) dbBuild(ctx context.Context, f *feedFlags) error {
	var inputs []feed.Input
	for _, s := range f.feeds {
		in, err := parseInput(s)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	return a.write(f.output, func(out *output) error {
		bars := a.progress(ctx, f.quiet)
		defer bars.Finish()
		b := db.Builder{Facts: f.facts}
		var results []feed.LoadResult
		for _, in := range inputs {
			r, err := feed.Load(ctx, &b, in, feed.Options{Progress: bars.Feed})
			if err != nil {
				return fmt.Errorf("--feed %s: %w", in.Feed.Name, err)
			}
			results = append(results, r)
		}
		bars.Finish()
		for i := range results {
			a.tellFeed(&results[i], f.quiet)
		}
		_, err := b.WriteTo(out)
		return err
	})
}

// tellFeed reports the records of a feed, and the mistakes in them.
func (a *app) tellFeed(r *feed.LoadResult, quiet bool) {
	for _, err := range r.Errors {
		a.say("%s: %s", r.Feed, oneLine(err.Error()))
	}
	if more := r.Bad - len(r.Errors); more > 0 {
		a.say("%s: %s more", r.Feed, english.Count(more, "bad record"))
	}
	if r.Records == 0 {
		a.say("%s: no records in %s; check that it has the data of this feed", r.Feed, terminal.Escape(r.Location))
	}
	if quiet {
		return
	}
	date := "of an unknown date"
	if !r.Date.IsZero() {
		date = "of " + day(r.Date)
	}
	if r.Estimated && !r.Date.IsZero() {
		date += " (estimated, because the data has no date)"
	}
	a.say("%s: %s %s, %s withdrawn, %s bad: %s", r.Feed, english.Count(r.Records, "record"), date,
		english.Number(r.Withdrawn), english.Number(r.Bad), english.Count(r.Advisories, "advisory"))
}

// parseInput reads NAME[@DATE]=LOCATION.
func parseInput(s string) (in feed.Input, err error) {
	name, location, ok := strings.Cut(s, "=")
	if !ok || location == "" {
		return in, fmt.Errorf("--feed %q is not of the form NAME=LOCATION, as in debian=data.json", s)
	}
	in.Location = location
	name, date, dated := strings.Cut(name, "@")
	if dated {
		if in.Date, err = time.Parse(time.DateOnly, date); err != nil {
			return in, fmt.Errorf("--feed %q: %q is not a date of the form 2006-01-02", s, date)
		}
	}
	in.Feed, err = findFeed(name)
	return in, err
}

func findFeed(name string) (feed.Feed, error) {
	var names []string
	for _, f := range all.Feeds() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return feed.Feed{}, fmt.Errorf("unknown feed %q; feeds: %s", name, strings.Join(names, ", "))
}

// day returns a date, or "unknown".
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.Format(time.DateOnly)
}

// updateFlags are the flags of db update.
type updateFlags struct {
	feedFlags
	image     imageFlags // of --for
	wants     string
	mirror    string
	fresh     bool
	mayShrink bool
	replace   bool
	list      bool
	verbose   bool
	key       string
}

func (a *app) dbUpdateCommand() *cobra.Command {
	var f updateFlags
	c := command("db/update", func(ctx context.Context, _ []string) error {
		if f.list {
			return a.listFeeds()
		}
		return a.dbUpdate(ctx, &f)
	})
	f.register(c, "fetch only `NAME[/DATASET][=LOCATION]`; repeatable")
	f.image.registerOpen(c)
	f.image.registerCA(c)
	flags := c.Flags()
	flags.StringVar(&f.wants, "for", "", "fetch only the data for an `IMAGE`")
	flags.StringVar(&f.mirror, "mirror", "", "fetch https://host/path from `URL`/host/path, or from a directory")
	flags.BoolVar(&f.fresh, "fresh", false, "fetch and read unchanged data, too")
	flags.BoolVar(&f.mayShrink, "may-shrink", false, "accept datasets that have lost more than a quarter of their records")
	flags.BoolVar(&f.replace, "replace", false, "keep nothing of the former database, which may be damaged or outdated")
	flags.StringVar(&f.key, "key", "", "sign a database in a registry with the private key in `FILE`")
	flags.Lookup("output").Usage = "renew the database in `FILE`, or at oci://REF"
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "if no publisher can be reached, report each error")
	flags.BoolVar(&f.list, "list", false, "list feeds and their datasets, and fetch nothing")
	return c
}

func (a *app) dbUpdate(ctx context.Context, f *updateFlags) error {
	if f.output == "" || f.output == "-" {
		return errors.New("db update needs -o FILE or -o oci://REF, the database to renew")
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	if a.registry, err = f.image.registryFlags.options(a, ""); err != nil {
		return err
	}
	o.Client = certpool.Client(a.registry.RootCAs)
	if f.wants != "" {
		f.image.quiet = f.quiet
		found, err := a.read(ctx, f.wants, &f.image)
		if err != nil {
			return err
		}
		if o.For = feed.Ecosystems(found); len(o.For) == 0 {
			return fmt.Errorf("%s: no packages found; without --for, db update fetches all datasets", f.wants)
		}
	}
	if ref, ok := strings.CutPrefix(f.output, remotePrefix); ok {
		return a.dbUpdateRemote(ctx, ref, f, o)
	}
	if f.key != "" {
		return errors.New("--key needs a database in a registry, -o oci://REF; hullmark db sign signs a file")
	}
	_, err = a.updateFile(ctx, f.output, f.output, f, o)
	return err
}

// updateFile updates a file, which messages call shown, and reports whether it has written it.
func (a *app) updateFile(ctx context.Context, file, shown string, f *updateFlags, o feed.UpdateOptions) (written bool, err error) {
	bars := a.progress(ctx, f.quiet)
	defer bars.Finish()
	o.Progress = bars.Feed
	o.Waiting = func() { a.say("waiting for another update of %s", terminal.Escape(shown)) }
	started := a.now()
	r, err := feed.Update(ctx, file, all.Feeds(), o)
	bars.Finish()
	return r.Written, a.tellUpdate(&r, err, file, shown, f, started)
}

// tellUpdate reports the result of an update, the main thing first, and returns its error.
func (a *app) tellUpdate(r *feed.UpdateResult, err error, name, shown string, f *updateFlags, started time.Time) error {
	if text, ok := unreachable(r); ok {
		a.say("%s; use --mirror, or get a database with db pull", text)
		if !f.verbose {
			return fmt.Errorf("%s; -v shows each error", kept(name, shown))
		}
	}
	for _, err := range r.Fallbacks {
		a.say("%s; continuing with the datasets of --list", oneLine(err.Error()))
	}
	for i := range r.Datasets {
		a.tellDataset(&r.Datasets[i], f.quiet)
	}
	for _, k := range r.Uncovered {
		a.say("no dataset has advisories for %s; add one with --feed NAME=LOCATION", terminal.Escape(words(k.Type, k.Namespace, k.Release)))
	}
	switch {
	case err != nil && anyFailed(r):
		return fmt.Errorf("no dataset was renewed; %s", kept(name, shown))
	case err != nil:
		return databaseError(err)
	case f.quiet:
	case r.Written:
		a.say("%s is up to date, after %v", terminal.Escape(shown), a.now().Sub(started).Round(100*time.Millisecond))
	default:
		a.say("no new data; %s", kept(name, shown))
	}
	return nil
}

// kept says what became of the file of an update that wrote nothing.
func kept(name, shown string) string {
	if _, err := os.Stat(name); err != nil {
		return terminal.Escape(shown) + " was not made"
	}
	return terminal.Escape(shown) + " has not changed"
}

// options returns the options that the flags select.
func (f *updateFlags) options() (feed.UpdateOptions, error) {
	o := feed.UpdateOptions{Facts: f.facts, Fresh: f.fresh, MayShrink: f.mayShrink, Replace: f.replace}
	o.Tokens = tokens()
	for _, s := range f.feeds {
		if strings.Contains(s, "=") {
			in, err := parseInput(s)
			if err != nil {
				return o, err
			}
			o.Inputs = append(o.Inputs, in)
			continue
		}
		name, _, _ := strings.Cut(s, "/")
		if _, err := findFeed(name); err != nil {
			return o, err
		}
		o.Only = append(o.Only, s)
	}
	var err error
	o.Mirror, err = mirrorOf(f.mirror)
	return o, err
}

// mirrorOf returns the mirror that a flag or else the environment names: a URL, or the absolute path of a directory.
func mirrorOf(flag string) (string, error) {
	mirror := cmp.Or(flag, os.Getenv(envMirror))
	if mirror == "" || strings.HasPrefix(mirror, "http://") || strings.HasPrefix(mirror, "https://") {
		return mirror, nil
	}
	return filepath.Abs(mirror)
}

// tellDataset reports the state of a dataset, and the errors in its records.
func (a *app) tellDataset(d *feed.DatasetResult, quiet bool) {
	for _, err := range d.Missing {
		a.say("%s: missing: %s; the database keeps the former data of the file", d.Dataset, oneLine(err.Error()))
	}
	switch {
	case d.Err != nil:
		kept := "the database has no data of it"
		if !d.Date.IsZero() {
			kept = "the database keeps its data of " + day(d.Date)
		}
		hint := ""
		if errors.Is(d.Err, feed.ErrShrunk) {
			hint = " (--may-shrink accepts it)"
		} else if errors.Is(d.Err, fs.ErrNotExist) {
			hint = " (--list shows the URLs)"
		} else if strings.Contains(d.Err.Error(), "asks to retry after") {
			hint = " (a token raises the limit, see --help)"
		} else if advice.Untrusted(d.Err) {
			hint = " (to trust a certificate, pass the file of its authority as --ca-file)"
		}
		a.say("%s: %s%s; %s", d.Dataset, oneLine(d.Err.Error()), hint, kept)
	case d.Unchanged:
		if !quiet {
			a.say("%s: unchanged since %s", d.Dataset, day(d.Date))
		}
	default:
		d.Feed = d.Dataset
		a.tellFeed(&d.LoadResult, quiet)
	}
}

// listFeeds writes a table of the datasets of all feeds and their URLs.
func (a *app) listFeeds() error {
	g := terminal.Grid{Columns: []terminal.Column{{Title: "DATASET"}, {Title: "COVERS"}, {Title: ""}, {Title: "FROM", Min: 20, Shrink: 1}}}
	for _, f := range all.Feeds() {
		for _, d := range f.Datasets {
			note := ""
			if d.Optional {
				note = "optional"
			}
			var covers []string
			for _, k := range d.Covers {
				covers = append(covers, words(k.Type, k.Namespace, k.Release))
			}
			g.Add(strings.TrimSuffix(f.Name+"/"+d.Name, "/"), cmp.Or(strings.Join(covers, ", "), "vulnerabilities"), note, strings.Join(d.URLs, " "))
		}
	}
	return a.writeGrid(&g)
}
