package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// updateFlags are the flags of db update.
type updateFlags struct {
	image     imageFlags // of --for
	wants     string
	feeds     []string
	mirror    string
	facts     bool
	fresh     bool
	mayShrink bool
	list      bool
}

func (a *app) dbUpdateCommand() *cobra.Command {
	var f updateFlags
	c := &cobra.Command{
		Use:   "update -o FILE",
		Short: "Create or renew a database from the publishers of advisories",
		Long: `Update fetches new data from the publishers of all feeds and replaces the database in FILE. It creates FILE if there is no
such file. No other command makes network requests without being given an address.

If Update cannot fetch or read a dataset, or if the dataset has lost much of its data, it reports that and keeps the former
data with its date. Programs that read FILE meanwhile continue with the former one. An interrupted update does not change
FILE. It leaves downloads in FILE.update, which the next update resumes. Updates of one FILE wait for one another.

--for fetches only the data for the packages of an image, and data about vulnerabilities of all ecosystems except "nvd", which
is large. --feed fetches only a feed ("osv") or one of its datasets ("osv/npm"). --feed NAME=LOCATION reads a file, a directory
or another URL instead of the publisher's data. Without these flags, Update fetches all datasets that are not optional. --list
shows them.

The exit code is 0 if at least one dataset was fetched or is unchanged, and 1 otherwise.`,
		Example: `  hullmark db update -o advisories.db
  hullmark db update -o app.db --for registry.example/app:1
  hullmark db update -o advisories.db --feed debian --feed osv/PyPI --feed osv/npm
  hullmark db update -o advisories.db --mirror https://mirror.example/advisories`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unexpected argument %q; name the file with -o FILE", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.dbUpdate(c.Context(), &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.image.output, "output", "o", "", "the database: `FILE`")
	flags.StringVar(&f.wants, "for", "", "fetch only the data for an `IMAGE`")
	flags.StringVar(&f.image.platform, "platform", "", "choose an image of an index: `OS/ARCH[/VARIANT]`")
	flags.StringVar(&f.image.cache, "cache", "", "keep the contents of layers in `DIR`, or \"off\" (default the user's cache directory)")
	flags.StringArrayVar(&f.feeds, "feed", nil, "fetch only `NAME[/DATASET][=LOCATION]`; may be repeated")
	flags.StringVar(&f.mirror, "mirror", "", "fetch https://host/path from `URL`/host/path, or from a directory")
	flags.BoolVar(&f.facts, "facts", false, "omit summaries and links")
	flags.BoolVar(&f.fresh, "fresh", false, "fetch and read unchanged data, too")
	flags.BoolVar(&f.mayShrink, "may-shrink", false, "accept datasets that have lost more than a quarter of their records")
	flags.BoolVar(&f.image.quiet, "quiet", false, "show errors only, no progress")
	flags.BoolVar(&f.list, "list", false, "list feeds and their datasets, and fetch nothing")
	return c
}

func (a *app) dbUpdate(ctx context.Context, f *updateFlags) error {
	if f.list {
		return a.listFeeds()
	}
	if f.image.output == "" || f.image.output == "-" {
		return errors.New("db update needs -o FILE, the database to renew")
	}
	file := f.image.output
	o, err := f.options()
	if err != nil {
		return err
	}
	if f.wants != "" {
		found, err := a.read(ctx, f.wants, &f.image)
		if err != nil {
			return err
		}
		if o.For = feed.Ecosystems(found); len(o.For) == 0 {
			return fmt.Errorf("%s: no packages found; without --for, db update fetches all datasets", f.wants)
		}
	}
	bars := newProgress(ctx, a.stderr, f.image.quiet)
	defer bars.finish()
	o.Progress = bars.source
	o.Waiting = func() { a.say("waiting for another update of %s", terminal.Escape(file)) }
	started := a.now()
	r, err := feed.Update(ctx, file, all.Feeds(), o)
	bars.finish()
	for i := range r.Datasets {
		a.tellDataset(&r.Datasets[i], f.image.quiet)
	}
	for _, k := range r.Uncovered {
		a.say("no dataset has advisories for %s; add one with --feed NAME=LOCATION", terminal.Escape(strings.Join(strings.Fields(k.Type+" "+k.Namespace+" "+k.Release), " ")))
	}
	switch {
	case err != nil:
		if slices.ContainsFunc(r.Datasets, func(s feed.DatasetResult) bool { return s.Err != nil }) {
			return fmt.Errorf("no dataset was renewed; %s has not changed", file)
		}
		return databaseError(err)
	case f.image.quiet:
	case r.Written:
		a.say("%s is up to date, after %v", terminal.Escape(file), a.now().Sub(started).Round(100*time.Millisecond))
	default:
		a.say("no new data; %s has not changed", terminal.Escape(file))
	}
	return nil
}

// options returns the options that the flags select.
func (f *updateFlags) options() (feed.UpdateOptions, error) {
	o := feed.UpdateOptions{Mirror: f.mirror, Facts: f.facts, Fresh: f.fresh, MayShrink: f.mayShrink}
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
		if _, ok := findFeed(name); !ok {
			return o, fmt.Errorf("--feed %q: unknown feed %q; feeds: %s", s, name, strings.Join(feedNames(), ", "))
		}
		o.Only = append(o.Only, s)
	}
	if o.Mirror != "" && !strings.HasPrefix(o.Mirror, "http://") && !strings.HasPrefix(o.Mirror, "https://") {
		dir, err := filepath.Abs(o.Mirror)
		if err != nil {
			return o, err
		}
		o.Mirror = dir
	}
	return o, nil
}

// tellDataset reports the state of a dataset, and the errors in its records.
func (a *app) tellDataset(s *feed.DatasetResult, quiet bool) {
	switch age := "the database has no data of it"; {
	case s.State == feed.Kept:
		if !s.Date.IsZero() {
			age = "the database keeps its data of " + s.Date.Format(time.DateOnly)
		}
		advice := ""
		if errors.Is(s.Err, feed.ErrShrunk) {
			advice = " (--may-shrink accepts it)"
		} else if errors.Is(s.Err, fs.ErrNotExist) {
			advice = " (--list shows the URLs)"
		}
		a.say("%s: %s%s; %s", s.Dataset, terminal.Escape(strings.ReplaceAll(s.Err.Error(), "\n", "; ")), advice, age)
	case s.State == feed.Unchanged:
		if !quiet {
			a.say("%s: unchanged since %s", s.Dataset, day(s.Date))
		}
	default:
		r := s.LoadResult
		r.Feed = s.Dataset
		a.tellFeed(&r, quiet)
	}
}

// listFeeds writes a table of the datasets of all feeds and their URLs.
func (a *app) listFeeds() error {
	out, err := a.output("")
	if err != nil {
		return err
	}
	g := terminal.Grid{Columns: []terminal.Column{{Title: "DATASET"}, {Title: "COVERS"}, {Title: ""}, {Title: "FROM", Min: 20, Shrink: 1}}}
	for _, f := range all.Feeds() {
		for _, s := range f.Datasets {
			note := ""
			if s.Optional {
				note = "optional"
			}
			g.Add(strings.TrimSuffix(f.Name+"/"+s.Name, "/"), coverText(s.Covers), note, strings.Join(s.URLs, " "))
		}
	}
	width, _ := terminalWidth(a.stdout)
	g.Write(out, terminal.Style{Width: width})
	return out.commit()
}

// coverText lists the ecosystems that a dataset covers.
func coverText(keys []matcher.Key) string {
	var list []string
	for _, k := range keys {
		list = append(list, strings.Join(strings.Fields(k.Type+" "+k.Namespace+" "+k.Release), " "))
	}
	if len(list) == 0 {
		return "vulnerabilities"
	}
	return strings.Join(list, ", ")
}
