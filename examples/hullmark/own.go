package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

// ownFeed is the name of the feed of --advisories.
const ownFeed = "own"

// readOwn reads the documents that --advisories names, nil if there are none. Unlike a feed, it accepts no bad record: a user's own advisory must
// not get lost.
func (s *advisorySource) readOwn(ctx context.Context) (matcher.Source, error) {
	if len(s.f.advisories) == 0 {
		return nil, nil
	}
	documents := osv.Feed()
	documents.Name = ownFeed
	var b db.Builder
	for _, path := range s.f.advisories {
		if strings.Contains(path, "://") {
			return nil, fmt.Errorf("--advisories %s: is not a file or a directory", path)
		}
		r, err := feed.Load(ctx, &b, feed.Input{Feed: documents, Location: path}, feed.Options{})
		switch {
		case err != nil:
			return nil, fmt.Errorf("--advisories: %w", err)
		case r.Bad > 0:
			return nil, fmt.Errorf("--advisories %s: %w", path, errors.Join(r.Errors...))
		case r.Records == 0:
			return nil, fmt.Errorf("--advisories %s: no OSV documents in it", path)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		return nil, fmt.Errorf("--advisories: %w", err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return nil, fmt.Errorf("--advisories: %w", err)
	}
	return sampledSource{d}, nil
}

// A sampledSource has only some advisories of its ecosystems.
type sampledSource struct{ *db.DB }

func (s sampledSource) Coverage(ctx context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	rows, err := s.DB.Coverage(ctx, keys)
	for i := range rows {
		rows[i].Sampled = rows[i].Feed != ""
	}
	return rows, err
}
