package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/filelock"
	"github.com/hullmark/hullmark/matcher"
)

// UpdateOptions change how Update works. The zero value gets everything that is not optional.
//
// Options.Progress is called from several goroutines, one at a time; its Location is the name of a source, "osv/npm". Read
// counts what is got first, and then, with Records, what is read.
type UpdateOptions struct {
	Options

	For    []matcher.Key // get only what serves any of these ecosystems, see Ecosystems, or all images
	Only   []string      // get only these feeds and sources, "osv", "osv/npm", optional or not; those that For asks for too
	Inputs []Input       // read these instead of the sources of their feeds, and of nothing else but what For and Only ask for

	// Mirror has the data at MIRROR/host/path instead of https://host/path. It is a URL or a directory.
	Mirror string

	Parallel  int       // sources that are fetched at the same time; 0 means 4
	Facts     bool      // see db.Builder
	Fresh     bool      // get what is unchanged too: it may have been read by another version
	MayShrink bool      // take over sources that have lost more than a quarter of their records
	Waiting   func()    // called if another Update of the same file must end first
	Now       time.Time // zero means the time of the call
}

// State is the state of a dataset after an update.
type State string

const (
	Renewed   State = "renewed"   // the database holds the downloaded data
	Unchanged State = "unchanged" // the publisher has no newer data
	Kept      State = "kept"      // an error occurred: the database holds its former data
)

// A DatasetResult says what became of one source. The Report is that of reading it; if it was not renewed, of it there are
// names, and the Date of what the database has of it.
type DatasetResult struct {
	Dataset string // "osv/npm"
	State   State
	Err     error // why it was kept
	LoadResult
}

// An UpdateResult says what Update did.
type UpdateResult struct {
	Datasets  []DatasetResult // in order of feeds
	Uncovered []matcher.Key   // of UpdateOptions.For: ecosystems that no feed says anything of
	Written   bool            // there is a new file; without, nothing has changed
}

// ErrShrunk is the error of a source that has lost more than a quarter of its records, which more often is a fault of its
// publisher than true.
var ErrShrunk = errors.New("has shrunk sharply")

// Update renews the database in a file, or makes it, from where the publishers of feeds put their data. It is the only
// function that asks anybody on the network of itself.
//
// Sources are fetched at the same time, and only if they are others than those that the database was made of. One that
// fails, or has shrunk sharply, is told of in the report, and what the database has of it is kept, with the date that it
// has; so is what it has of everything that is not asked for. A release that a source has dropped, since its life has
// ended, is kept too, and its coverage says so. Update fails if nothing could be fetched, and if the database cannot be
// read or written; it is then as it was.
//
// The file is replaced by renaming a new one over it, so that readers are never blocked and never see half of it. Only one
// Update of a file works at a time, see package filelock; others wait. What was fetched lies in a directory beside the
// file until it is in the database, FILE.update, so that an Update that was killed is taken up by the next one.
func Update(ctx context.Context, file string, feeds []Feed, o UpdateOptions) (UpdateResult, error) {
	r, err := update(ctx, file, feeds, o)
	if err != nil {
		err = fmt.Errorf("feed: update of %s: %w", file, err)
	}
	return r, err
}

func update(ctx context.Context, file string, feeds []Feed, o UpdateOptions) (r UpdateResult, err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real // a link goes on leading there
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	u := &updater{o: o, file: file, dir: file + ".update", feeds: feeds}
	if u.jobs, err = plan(feeds, &o); err != nil {
		return r, err
	}
	unlock, err := filelock.Lock(ctx, file+".lock", o.Waiting)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	old, err := db.OpenFile(file)
	switch {
	case err == nil:
		defer old.Close()
		u.old = old.DB
		u.infos = old.Info().Feeds
	case !errors.Is(err, fs.ErrNotExist):
		return r, fmt.Errorf("%w; nothing can be kept of it: remove it to begin anew", err)
	}
	if err := os.MkdirAll(u.dir, 0o777); err != nil {
		return r, err
	}
	defer u.clean()
	err = u.run(ctx)
	r.Uncovered = u.uncovered()
	for _, j := range u.jobs {
		r.Datasets = append(r.Datasets, j.report)
	}
	r.Written = u.written
	return r, err
}

// An updater is one run of Update.
type updater struct {
	o         UpdateOptions
	file, dir string
	feeds     []Feed
	jobs      []*job
	old       *db.DB // nil if there is none
	infos     []db.FeedInfo
	mu        sync.Mutex // for Progress
	written   bool
}

// A job is a source that is asked for.
type job struct {
	feed   *Feed
	source *Dataset
	input  bool         // its URLs are those of UpdateOptions.Inputs
	date   time.Time    // of the data, if somebody said so
	was    *db.FeedInfo // that the database was made of
	got    Fetched
	loaded *loader
	report DatasetResult
}

func (j *job) url() string {
	if u, err := url.Parse(j.source.URLs[0]); err == nil && isURL(j.source.URLs[0]) {
		return u.Redacted()
	}
	return ""
}

func (j *job) fail(err error) { j.report.State, j.report.Err = Kept, err }

func (u *updater) run(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(u.o.Parallel)
	for _, j := range u.jobs {
		g.Go(func() error {
			u.fetch(ctx, j)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !slices.ContainsFunc(u.jobs, func(j *job) bool { return j.report.State == Renewed }) {
			return u.nothing()
		}
		b := &db.Builder{Facts: u.o.Facts}
		good, err := u.build(ctx, b)
		if err != nil {
			return err
		}
		if good {
			return u.write(ctx, b)
		}
	}
}

// nothing is what to return where no source is to be read.
func (u *updater) nothing() error {
	var errs []error
	for _, j := range u.jobs {
		if j.report.State == Unchanged {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", j.report.Dataset, j.report.Err))
	}
	return errors.Join(errs...)
}

// spool is the directory of a job.
func (u *updater) spool(j *job) string {
	return filepath.Join(u.dir, j.feed.Name, "of "+url.PathEscape(j.source.Name))
}

// fetch gets what there is to read.
func (u *updater) fetch(ctx context.Context, j *job) {
	for i := range u.infos {
		if url := j.url(); u.infos[i].Name == j.feed.Name && u.infos[i].URL == url && url != "" {
			j.was = &u.infos[i]
			j.report.Date = j.was.Date
		}
	}
	f := &Fetcher{
		Dataset: *j.source, Now: u.o.Now, dir: u.spool(j), mirror: u.o.Mirror, used: make(map[string]bool),
		client: newClient(u.o.Client, u.o.Limits.withDefaults()),
		tell:   func(read, size int64) { u.progress(Progress{Location: j.report.Dataset, Read: read, Size: size}) },
	}
	if j.input {
		f.mirror = ""
	}
	if j.was != nil && !u.o.Fresh {
		f.Fingerprint, f.Date = j.was.Fingerprint, j.was.Date
	}
	fetch := j.source.Fetch
	if fetch == nil {
		fetch = fetchURLs
	}
	got, err := fetch(ctx, f)
	switch {
	case err == nil && len(got.Locations) == 0 && !got.Increment:
		j.fail(errors.New("there is nothing to read"))
	case err == nil && got.Increment && f.Fingerprint == "":
		j.fail(errors.New("changes to a state that is not there"))
	case err == nil:
		if err = f.sweep(); err != nil {
			j.fail(err)
		}
		j.got = got
	case errors.Is(err, ErrUnchanged) && j.was != nil:
		j.report.State = Unchanged
	default:
		j.fail(err)
	}
}

// fetchURLs is the Fetch of a source that has none.
func fetchURLs(ctx context.Context, f *Fetcher) (Fetched, error) {
	return f.GetAll(ctx, f.Dataset.URLs)
}

func (u *updater) progress(p Progress) {
	if u.o.Progress != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.o.Progress(p)
	}
}

// build reads what was got into b, and what is kept. It reports false if a source turned out to be bad, which is then to be
// kept, and b useless.
func (u *updater) build(ctx context.Context, b *db.Builder) (bool, error) {
	good := true
	for _, j := range u.jobs {
		if j.report.State != Renewed {
			continue
		}
		if err := u.read(ctx, b, j); ctx.Err() != nil {
			return false, ctx.Err()
		} else if err != nil {
			j.report.LoadResult = LoadResult{Feed: j.feed.Name, Location: j.report.Dataset}
			if j.was != nil {
				j.report.Date = j.was.Date
			}
			j.fail(err)
			good = false
			if err := errors.Join(os.RemoveAll(u.spool(j)), os.RemoveAll(u.spool(j)+".state")); err != nil {
				return false, err
			}
		}
	}
	if !good || u.old == nil {
		return good, nil
	}
	return true, u.keep(ctx, b)
}

// read adds what was got of a source.
func (u *updater) read(ctx context.Context, b *db.Builder, j *job) error {
	o := u.o.Options
	o.Progress = u.progress
	l := newLoader(b, *j.feed, j.report.Dataset, o)
	l.source = j.source
	if j.got.Increment {
		l.records = make(map[string]bool)
		for _, id := range j.got.Deleted {
			l.records[id] = true
		}
	}
	for _, location := range j.got.Locations {
		if err := l.read(ctx, location); err != nil {
			return err
		}
	}
	l.info.URL, l.info.Fingerprint = j.url(), j.got.Fingerprint
	j.loaded = l
	switch n := l.report.Records - l.report.Bad; {
	case j.got.Increment:
	case n == 0:
		return fmt.Errorf("no good records, and %d bad ones", l.report.Bad)
	case j.was != nil && !u.o.MayShrink && 4*n < 3*(j.was.Records-j.was.Bad):
		return fmt.Errorf("%w: %d records, where there were %d", ErrShrunk, n, j.was.Records-j.was.Bad)
	}
	if j.got.Increment && j.was != nil {
		return nil // finished when what is kept is known
	}
	u.finish(j)
	return nil
}

// finish describes a source to the builder.
func (u *updater) finish(j *job) {
	date := j.date
	if date.IsZero() {
		date = j.got.Date
	}
	j.loaded.finish(date)
	for _, c := range j.source.Covers { // all of its advisories may have been taken back
		if k := c.Ecosystem(); k == (matcher.Key{Type: c.Type}) {
			j.loaded.b.AddCoverage(coverage(k, j.feed.Name, j.loaded.report.Date))
		}
	}
	j.report.LoadResult = j.loaded.report
}

// write makes the file.
func (u *updater) write(ctx context.Context, b *db.Builder) error {
	name := filepath.Join(u.dir, "new.db")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if fi, err := os.Stat(u.file); err == nil {
		if err := f.Chmod(fi.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := b.WriteTo(f); err != nil {
		return err
	}
	if err := errors.Join(ctx.Err(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, u.file); err != nil {
		return err
	}
	u.written = true
	return nil
}

// clean removes what is needed no more: all but what sources that failed have got so far.
func (u *updater) clean() {
	os.Remove(filepath.Join(u.dir, "new.db"))
	for _, j := range u.jobs {
		if j.report.State == Unchanged || u.written && j.report.State == Renewed {
			os.RemoveAll(u.spool(j))
			os.RemoveAll(u.spool(j) + ".state")
		}
	}
	removeEmpty(u.dir)
}

// removeEmpty removes a directory as far as there are no files in it.
func removeEmpty(dir string) {
	var dirs []string
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, name)
		}
		return nil
	})
	for _, name := range slices.Backward(dirs) {
		os.Remove(name) // fails where there is something in it
	}
}
