package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/filelock"
	"github.com/hullmark/hullmark/matcher"
)

// UpdateOptions change how Update works. The zero value fetches all datasets that are not optional.
//
// Update calls Options.Progress from several goroutines, one at a time. Progress.Location is the name of a dataset, "osv/npm", and
// Read counts downloaded bytes until Records is set, and then the bytes that were read.
type UpdateOptions struct {
	Options

	// For fetches only the datasets that serve any of these ecosystems, see Ecosystems, and those that describe vulnerabilities of
	// all ecosystems. Only fetches only these feeds and datasets, "osv" or "osv/npm", optional or not. Inputs replace the datasets
	// of their feeds. Together they add up: Update then fetches nothing else.
	For    []matcher.Key
	Only   []string
	Inputs []Input

	// Mirror has the data at MIRROR/host/path instead of https://host/path. It is a URL or a directory.
	Mirror string

	Parallel  int       // number of datasets that are fetched at the same time; 4 if 0
	Facts     bool      // see db.Builder
	Fresh     bool      // fetch and read unchanged data, too, for example because another version of the feed has read it
	MayShrink bool      // accept datasets that have lost more than a quarter of their records
	Replace   bool      // keep nothing of the former database, which may be damaged or of another version of the format
	Waiting   func()    // called if Update has to wait for another Update of the same file
	Now       time.Time // the time of the call if zero
}

// A DatasetResult reports how Update dealt with one dataset. If the dataset is unchanged or failed, the database holds its former data,
// and the LoadResult has only the names, and the date of that data.
type DatasetResult struct {
	Dataset   string        // "osv/npm"
	Covers    []matcher.Key // see Dataset.Covers
	Unchanged bool          // the publisher has no newer data
	Err       error         // why Update could not renew the dataset
	Missing   []error       // files that the publisher no longer has; the database keeps their former data
	LoadResult
}

// An UpdateResult reports what Update did.
type UpdateResult struct {
	Datasets  []DatasetResult // in the order of feeds
	Uncovered []matcher.Key   // ecosystems in UpdateOptions.For without any advisories
	Fallbacks []error         // indexes that Update could not read; it used the Datasets of these feeds unchanged
	Written   bool            // Update wrote a new file; if false, nothing has changed
}

// ErrShrunk reports a dataset that has lost more than a quarter of its records. That is more often an error of its publisher than true.
var ErrShrunk = errors.New("dataset has shrunk sharply")

// Update creates or renews the database in a file from the data of the feeds' publishers. No other function of this package makes
// network requests without being given a URL.
//
// Update asks publishers for their present releases first, see Feed.Discover. It fetches several datasets at the same time, and reads only those that differ from the data in the database. If it cannot fetch
// or read a dataset, or if the dataset has shrunk sharply, it reports that and keeps the former data with its date. It also keeps all
// data that the options exclude. It keeps the advisories of a release that a dataset has dropped because support has ended, and marks
// their coverage. Update fails if it can fetch nothing, or if it cannot read or write the database; then the file does not change.
// A database of an older version of the format is such an error, [db.ErrOutdated]; with UpdateOptions.Replace, Update makes a new one beside it
// and replaces it.
//
// Update replaces the file by renaming a new one over it. So readers never wait and never see half of a file. Updates of one file wait
// for one another. Update keeps downloads in a directory beside the file, FILE.update, until they are in the database. If Update is
// killed, the next one resumes them.
func Update(ctx context.Context, file string, feeds []Feed, o UpdateOptions) (UpdateResult, error) {
	r, err := update(ctx, file, feeds, o)
	if err != nil {
		err = fmt.Errorf("feed: update of %s: %w", file, err)
	}
	return r, err
}

func update(ctx context.Context, file string, feeds []Feed, o UpdateOptions) (r UpdateResult, err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real // the link stays
	}
	if file, err = filepath.Abs(file); err != nil {
		return r, err
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	u := &updater{o: o, file: file, dir: file + ".update"}
	u.feeds, r.Fallbacks = u.discover(ctx, feeds)
	if u.jobs, err = plan(u.feeds, &o); err != nil {
		return r, err
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	unlock, err := filelock.Lock(ctx, file+".lock", o.Waiting)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	old, err := db.OpenFile(file)
	switch {
	case err == nil && o.Replace:
		old.Close() // some systems do not replace an open file
	case err == nil:
		defer old.Close()
		u.old = old
		u.infos = old.Info().Feeds
	case errors.Is(err, fs.ErrNotExist):
	case o.Replace && (errors.Is(err, db.ErrUnsupported) || errors.Is(err, db.ErrCorrupt)): // but not another kind of file
	default:
		return r, err
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
