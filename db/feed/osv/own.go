package osv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// ownFeed is the feed of the advisories that Open reads.
const ownFeed = "own"

// Open reads documents from files and directories into a source in memory, to join with a database, see [matcher.Join]: advisories of the
// organization that scans. Its coverage says that it has only some advisories of each ecosystem.
//
// Unlike a feed, Open accepts no bad record, and no path without a record, because an organization's own advisory must not get lost.
func Open(ctx context.Context, paths ...string) (matcher.Source, error) {
	documents := feed.Feed{Name: ownFeed, Wants: Feed().Wants, Parse: parseOwn}
	var b db.Builder
	for _, path := range paths {
		if strings.Contains(path, "://") {
			return nil, fmt.Errorf("osv: %s: not a file or a directory", path)
		}
		r, err := feed.Load(ctx, &b, feed.Input{Feed: documents, Location: path}, feed.Options{})
		switch {
		case err != nil:
			return nil, fmt.Errorf("osv: %w", err)
		case r.Bad > 0:
			return nil, fmt.Errorf("osv: %s: %w", path, errors.Join(r.Errors...))
		case r.Records == 0:
			return nil, fmt.Errorf("osv: %s: no documents", path)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		return nil, fmt.Errorf("osv: %w", err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return nil, fmt.Errorf("osv: %w", err)
	}
	return own{d}, nil
}

// parseOwn parses a document and names ownFeed as the feed of its advisories.
func parseOwn(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		for rec, err := range Feed().Parse(r) {
			for i := range rec.Advisories {
				rec.Advisories[i].Feed = ownFeed
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// own is a source that has only some advisories of its ecosystems.
type own struct{ *db.DB }

// Coverage implements [matcher.Source].
func (o own) Coverage(ctx context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	rows, err := o.DB.Coverage(ctx, keys)
	for i := range rows {
		rows[i].Sampled = rows[i].Feed != ""
	}
	return rows, err
}
