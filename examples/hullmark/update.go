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
		Short: "Bring a database up to date, or make it, from where publishers put their data",
		Long: `Update fetches what is new at the publishers of all feeds, and replaces the database in FILE by one that has it; if there
is none, it makes one. No other command asks anybody on the network whom it was not told to.

A feed that cannot be fetched or read, or that has suddenly lost much, is kept as it was in FILE, with its age, and said so.
Whoever reads FILE meanwhile is not disturbed. An update that is interrupted, in whatever way, leaves FILE as it was; what it
had fetched is in FILE.update, where the next one goes on. Two at once wait for one another.

--for fetches only what is needed to match an image, and all that is said of vulnerabilities everywhere but "nvd", which is
large. --feed fetches only what it names: a feed ("osv"), one source of it ("osv/npm"), or, written NAME=LOCATION, instead
of the publisher's data those of a file, a directory or another URL. Without either, everything is fetched that is not
marked as optional by --list, which shows what there is.

It exits with 0 if at least one source was fetched or has nothing new, and with 1 otherwise.`,
		Example: `  hullmark db update -o advisories.db
  hullmark db update -o app.db --for registry.example/app:1
  hullmark db update -o advisories.db --feed debian --feed osv/PyPI --feed osv/npm
  hullmark db update -o advisories.db --mirror https://mirror.example/advisories`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("db update takes no %q; the file is named with -o FILE", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.dbUpdate(c.Context(), &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.image.output, "output", "o", "", "the database: `FILE`")
	flags.StringVar(&f.wants, "for", "", "fetch only what is needed to match an `IMAGE`")
	flags.StringVar(&f.image.platform, "platform", "", "choose an image of an index: `OS/ARCH[/VARIANT]`")
	flags.StringVar(&f.image.cache, "cache", "", "keep what layers consist of in `DIR`, or \"off\" (default the user's cache directory)")
	flags.StringArrayVar(&f.feeds, "feed", nil, "fetch only `NAME[/SOURCE][=LOCATION]`; may be given any number of times")
	flags.StringVar(&f.mirror, "mirror", "", "fetch https://host/path from `URL`/host/path; a directory will do")
	flags.BoolVar(&f.facts, "facts", false, "leave prose out: summaries and links")
	flags.BoolVar(&f.fresh, "fresh", false, "fetch and read again what has not changed")
	flags.BoolVar(&f.mayShrink, "may-shrink", false, "take over feeds that have lost more than a quarter of their records")
	flags.BoolVar(&f.image.quiet, "quiet", false, "show no progress; what went wrong is always shown")
	flags.BoolVar(&f.list, "list", false, "fetch nothing; list feeds and their sources")
	return c
}

func (a *app) dbUpdate(ctx context.Context, f *updateFlags) error {
	if f.list {
		return a.listFeeds()
	}
	if f.image.output == "" || f.image.output == "-" {
		return errors.New("db update needs -o FILE, the database that it brings up to date")
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
			return fmt.Errorf("%s: no packages were found in it; without --for, db update fetches everything", f.wants)
		}
	}
	bars := newProgress(ctx, a.stderr, f.image.quiet)
	defer bars.finish()
	o.Progress = bars.source
	o.Waiting = func() { a.say("another update of %s is running; waiting for its end", terminal.Escape(file)) }
	started := a.now()
	r, err := feed.Update(ctx, file, all.Feeds(), o)
	bars.finish()
	for i := range r.Datasets {
		a.tellSource(&r.Datasets[i], f.image.quiet)
	}
	for _, k := range r.Uncovered {
		a.say("no source has advisories of %s; --feed NAME=LOCATION names one", terminal.Escape(strings.Join(strings.Fields(k.Type+" "+k.Namespace+" "+k.Release), " ")))
	}
	switch {
	case err != nil:
		if slices.ContainsFunc(r.Datasets, func(s feed.DatasetResult) bool { return s.Err != nil }) {
			return fmt.Errorf("no source could be renewed; %s is as it was", file)
		}
		return databaseError(err)
	case f.image.quiet:
	case r.Written:
		a.say("%s is up to date, after %v", terminal.Escape(file), a.now().Sub(started).Round(100*time.Millisecond))
	default:
		a.say("nothing is new; %s is as it was", terminal.Escape(file))
	}
	return nil
}

// options returns what flags say.
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
			return o, fmt.Errorf("--feed %q: there is no feed %q; known are %s", s, name, strings.Join(feedNames(), ", "))
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

// tellSource says what became of a source, and what was wrong with its records.
func (a *app) tellSource(s *feed.DatasetResult, quiet bool) {
	switch age := "nothing of it is there"; {
	case s.State == feed.Kept:
		if !s.Date.IsZero() {
			age = "what there is of it is of " + s.Date.Format(time.DateOnly)
		}
		advice := ""
		if errors.Is(s.Err, feed.ErrShrunk) {
			advice = " (--may-shrink takes it over)"
		} else if errors.Is(s.Err, fs.ErrNotExist) {
			advice = " (--list shows where it is looked for)"
		}
		a.say("%s: %s%s; %s", s.Dataset, terminal.Escape(strings.ReplaceAll(s.Err.Error(), "\n", "; ")), advice, age)
	case s.State == feed.Unchanged:
		if !quiet {
			a.say("%s: nothing new since %s", s.Dataset, day(s.Date))
		}
	default:
		r := s.LoadResult
		r.Feed = s.Dataset
		a.tellFeed(&r, quiet)
	}
}

// listFeeds writes a table of feeds, their sources, and where those are.
func (a *app) listFeeds() error {
	out, err := a.output("")
	if err != nil {
		return err
	}
	g := terminal.Grid{Columns: []terminal.Column{{Title: "SOURCE"}, {Title: "COVERS"}, {Title: ""}, {Title: "FROM", Min: 20, Shrink: 1}}}
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

// coverText says what a source covers.
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
