package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/auto"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/certpool"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// envMirror names the mirror of publishers, also for commands without --mirror.
const envMirror = "HULLMARK_MIRROR"

// fetchFlags select the advisories that a command fetches and adds.
type fetchFlags struct {
	automatic  bool // the command fetches advisories for an image
	offline    bool
	renew      time.Duration
	advisories []string
}

// registerFetch adds --offline and --db-renew.
func (f *databaseFlags) registerFetch(c *cobra.Command) {
	f.automatic = true
	c.Flags().BoolVar(&f.offline, "offline", false, "fetch no advisories; use those of earlier scans")
	c.Flags().DurationVar(&f.renew, "db-renew", 24*time.Hour, "renew fetched advisories of this `AGE`; 0 for never")
}

// registerAdvisories adds --advisories.
func (f *databaseFlags) registerAdvisories(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.advisories, "advisories", nil, "add the OSV documents, JSON or YAML, in `PATH`; repeatable")
}

// cacheBlocks keeps blocks of a database in a registry, unless layers are not cached either.
func (f *databaseFlags) cacheBlocks(layers string) {
	if layers != "off" {
		f.blocks = blocksDir()
	}
}

// An advisorySource opens the advisories for a report.
type advisorySource struct {
	a      *app
	f      databaseFlags
	quiet  bool
	places placeFlags
	file   string         // of the advisories that are fetched
	named  database       // that --db names; nil if the advisories are those that are fetched
	own    matcher.Source // of --advisories; may be nil
	opened []io.Closer
}

// advisories opens the sources that the command line names, so that its mistakes are found before an image is read. The demonstration image never needs
// more than the starter database.
func (a *app) advisories(ctx context.Context, f databaseFlags, ref string) (*advisorySource, error) {
	s := &advisorySource{a: a, f: f}
	if f.renew < 0 {
		return nil, fmt.Errorf("--db-renew %v is less than 0", f.renew)
	}
	var err error
	if len(f.advisories) > 0 {
		if s.own, err = osv.Open(ctx, f.advisories...); err != nil {
			return nil, fmt.Errorf("--advisories: %w", err)
		}
	}
	if f.database == "" && f.key == "" && f.days == 0 && f.automatic && ref != demoRef {
		return s, nil
	}
	if s.named, err = a.openDatabase(ctx, f); err != nil {
		return nil, err
	}
	s.opened = append(s.opened, s.named)
	return s, nil
}

func (s *advisorySource) Close() error {
	var errs []error
	for _, c := range s.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// open returns the advisories for a report.
func (s *advisorySource) open(ctx context.Context, found *analyzer.Report) (matcher.Source, error) {
	var source matcher.Source = s.named
	if s.named == nil {
		var err error
		if source, err = s.fetch(ctx, found); err != nil {
			return nil, err
		}
	}
	if s.own != nil {
		source = matcher.Join(source, s.own)
	}
	return source, nil
}

// fetch opens the database in the user's cache directory, which fetches the advisories for a report. If nothing can be fetched, and nothing was before,
// it opens the starter database.
func (s *advisorySource) fetch(ctx context.Context, found *analyzer.Report) (matcher.Source, error) {
	var p assess.Pipeline
	s.places.apply(&p)
	needs := report.New(found, nil, report.Options{Declared: p.Declared, Include: p.Include}).Report
	d, bars, err := s.a.automatic(ctx, &s.f, s.quiet)
	var source *auto.Source
	if err == nil {
		s.file = d.File
		source, err = d.Open(ctx, needs)
		bars.Finish()
		if ctx.Err() != nil {
			return nil, err
		}
	}
	if err == nil {
		s.opened = append(s.opened, source)
		s.a.tellAge(source, s.f.offline)
		return source, nil
	}
	if d != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, removeAdvice(err)
	}
	first, err2 := s.a.openStarter()
	if err2 != nil {
		return nil, err2
	}
	s.opened = append(s.opened, first)
	if s.f.offline || len(feed.Ecosystems(needs)) == 0 {
		return first, nil
	}
	if d == nil {
		s.a.say("cannot fetch advisories: %s; set XDG_CACHE_HOME, or name a database with --db", oneLine(err.Error()))
		d = &auto.Database{Feeds: fetchedFeeds()}
	}
	return matcher.Join(first, d.Unfetched(needs)), nil
}

// removeAdvice adds advice to the error of the database in the user's cache directory.
func removeAdvice(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; remove the file to fetch it again, or name a database with --db", err)
}

// advise adds advice to an error of matching, if it is that of a damaged database that was fetched.
func (s *advisorySource) advise(err error) error {
	if s.named == nil && errors.Is(err, db.ErrCorrupt) {
		return removeAdvice(fmt.Errorf("%s: %w", s.file, err))
	}
	return err
}

// fetchedFeeds are the feeds that a scan fetches. EPSS and exploits are megabytes a day that few images need; db update fetches them.
func fetchedFeeds() []feed.Feed {
	return slices.DeleteFunc(all.Feeds(), func(f feed.Feed) bool { return f.Name == "epss" || f.Name == "exploitdb" })
}

// automatic returns the database in the user's cache directory, and bars for its updates.
func (a *app) automatic(ctx context.Context, f *databaseFlags, quiet bool) (*auto.Database, *fetchProgress, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, nil, err
	}
	format, err := formatVersion()
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, "hullmark", fmt.Sprintf("db-%d", format), "advisories.db")
	bars := &fetchProgress{a: a, ctx: ctx, quiet: quiet, sizes: make(map[string]int64)}
	mirror, err := mirrorOf("")
	if err != nil {
		return nil, nil, err
	}
	d := &auto.Database{
		File: file, Feeds: fetchedFeeds(), Renew: f.renew, Offline: f.offline,
		Update: feed.UpdateOptions{
			Options: feed.Options{Progress: bars.feed, Client: certpool.Client(a.registry.RootCAs)}, Mirror: mirror, Now: a.now(),
			Waiting: func() { a.say("waiting for another update of %s", terminal.Escape(file)) },
		},
		Fetching: func(list []matcher.Key) { bars.start(list, file) },
		Fetched:  bars.end,
	}
	if f.renew == 0 {
		d.Renew = -1
	}
	return d, bars, nil
}

// formatVersion returns the version of the file format. Programs with different formats have different files.
func formatVersion() (int, error) {
	var empty bytes.Buffer
	if _, err := new(db.Builder).WriteTo(&empty); err != nil {
		return 0, err
	}
	d, err := db.Open(bytes.NewReader(empty.Bytes()), int64(empty.Len()))
	if err != nil {
		return 0, err
	}
	return d.Info().Version, nil
}

// tellAge reports advisories that are older than the command line asks for.
func (a *app) tellAge(s *auto.Source, offline bool) {
	var why string
	switch {
	case s.Err != nil:
		why = "not all advisories could be renewed"
	case offline:
		why = "offline"
	case !s.Renewed.IsZero() && a.now().Sub(s.Renewed) > 24*time.Hour:
		why = "not renewed, because of --db-renew"
	default:
		return
	}
	if s.Renewed.IsZero() {
		a.say("%s; the advisories for a part of the image were never fetched", why)
		return
	}
	age := max(0, a.now().Sub(s.Renewed))
	ago := english.Count(int(age.Hours()/24), "day")
	if age < 48*time.Hour {
		ago = english.Count(int(age.Hours()), "hour")
	}
	a.say("%s; using advisories that were renewed %s ago, on %s", why, ago, day(s.Renewed))
}

// openKnown opens the database that --db names, or else the one that scans have fetched, or else the starter database.
func (a *app) openKnown(ctx context.Context, f databaseFlags) (database, error) {
	if f.database == "" && f.key == "" && f.days == 0 {
		f.offline = true
		if d, _, err := a.automatic(ctx, &f, true); err == nil {
			source, err := d.Open(ctx, new(analyzer.Report))
			if !errors.Is(err, fs.ErrNotExist) {
				return source, removeAdvice(err)
			}
		}
	}
	return a.openDatabase(ctx, f)
}
