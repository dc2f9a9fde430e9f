// Package starterdb holds a small database of advisories that is part of the program, to try the matcher on without a network.
package starterdb

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// file is a database of facts: identifiers, packages, versions, statuses and severities, without prose.
//
//go:generate go test -run ^TestStarter$ -update
//go:embed starter.db
var file []byte

// A DB is the starter database. It implements [matcher.Source], [matcher.Enricher] and [matcher.Describer]. Its coverage marks
// ecosystems with only some advisories as sampled.
type DB struct{ *db.DB }

// Open opens the starter database.
func Open() (*DB, error) {
	d, err := db.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("starterdb: %w", err)
	}
	return &DB{d}, nil
}

// Coverage implements [matcher.Source].
func (d *DB) Coverage(ctx context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	rows, err := d.DB.Coverage(ctx, keys)
	for i := range rows {
		rows[i].Sampled = rows[i].Feed != "" && sampled(rows[i].Type)
	}
	return rows, err
}

// Describe implements [matcher.Describer].
func (d *DB) Describe() matcher.SourceInfo {
	return matcher.SourceInfo{Hash: d.Info().Hash, Starter: true}
}

// sampled reports whether the database has only some advisories of an ecosystem: those of a few years or a few packages. The
// matcher uses them, but a package without advisories may still be vulnerable.
func sampled(purlType string) bool {
	switch purlType {
	case "deb", "pypi":
		return false
	}
	return true
}
