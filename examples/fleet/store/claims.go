package store

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// now is the time of the database in microseconds, because the clocks of processes on several machines differ.
func (tx *Tx) now() string {
	if tx.dialect == sqlstore.SQLite {
		return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
	}
	return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
}

// Claim lets holder have a name for some time, unless another has it, and reports whether holder has it. Another Claim of the same holder
// extends the time.
func (s *Store) Claim(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	tx := s.query()
	now := tx.now()
	n, err := tx.exec(ctx, `INSERT INTO fleet_claims (name, holder, ends) VALUES (?, ?, `+now+` + ?) ON CONFLICT (name) DO UPDATE
		SET holder = excluded.holder, ends = excluded.ends WHERE fleet_claims.holder = excluded.holder OR fleet_claims.ends < `+now, name, holder, d.Microseconds())
	return n > 0, wrap("claim", err)
}

// Release ends a claim.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	_, err := s.query().exec(ctx, "DELETE FROM fleet_claims WHERE name = ? AND holder = ?", name, holder)
	return wrap("release", err)
}

// layerUsedEvery limits how often the last use of a layer is written.
const layerUsedEvery = time.Hour

// Layer returns the stored results of a layer, or an error that wraps fs.ErrNotExist.
func (s *Store) Layer(ctx context.Context, name string) (value []byte, err error) {
	var used int64
	err = s.query().row(ctx, []any{&value, &used}, "SELECT value, used FROM fleet_layers WHERE name = ?", name)
	if errors.Is(err, ErrNotFound) {
		return nil, fs.ErrNotExist
	}
	if now := time.Now(); err == nil && now.Sub(fromMicro(used)) > layerUsedEvery {
		_, err = s.query().exec(ctx, "UPDATE fleet_layers SET used = ? WHERE name = ?", micro(now), name)
	}
	return value, wrap("layer", err)
}

// PutLayer stores the results of a layer.
func (s *Store) PutLayer(ctx context.Context, name string, value []byte) error {
	_, err := s.query().exec(ctx, `INSERT INTO fleet_layers (name, value, size, used) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
		SET value = excluded.value, size = excluded.size, used = excluded.used`, name, value, len(value), micro(time.Now()))
	return wrap("layer", err)
}

// TrimLayers deletes the least recently used layers until the others have at most so many bytes.
func (s *Store) TrimLayers(ctx context.Context, most int64) (int64, error) {
	n, err := s.query().exec(ctx, `DELETE FROM fleet_layers WHERE name IN
		(SELECT name FROM (SELECT name, SUM(size) OVER (ORDER BY used DESC, name) AS total FROM fleet_layers) AS sums WHERE total > ?)`, most)
	return n, wrap("layers", err)
}
