// Package store keeps the tables of the service beside those of the catalog: tenants' images and tags, submissions, tokens, claims, cached
// layers and others.
//
// Contents of images are in the catalog, which all tenants share by digest. Every row of a tenant has the tenant's name, and so has every
// query of such a table; a test lists the queries without it.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver of SQLite

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// ErrNotFound reports a row that a tenant does not have, whether another has it or not.
var ErrNotFound = errors.New("not found")

// ErrConflict reports a change of a row that another change came before.
var ErrConflict = errors.New("changed meanwhile")

// A Store is an open database.
type Store struct {
	DB      *sql.DB
	Dialect sqlstore.Dialect

	// Pool is the pool of connections behind DB; nil for SQLite.
	Pool *pgxpool.Pool

	// Jobs is a second pool for the queue; nil for PostgreSQL. River needs a pool of one connection with SQLite.
	Jobs *sql.DB

	// Catalog keeps the contents of images.
	Catalog *Catalog

	known knownTokens
}

// A Catalog finds images by their digests only. An SBOM may state the digest of any image as that of its configuration, so an image that is found
// by its configuration proves nothing.
type Catalog struct{ *sqlstore.Store }

// Image returns the image of a digest. It implements [catalog.Store].
func (c *Catalog) Image(ctx context.Context, digest string) (*catalog.Image, error) {
	image, err := c.Store.Image(ctx, digest)
	if err == nil && image.Digest != digest {
		return nil, fmt.Errorf("store: image %s: %w", digest, catalog.ErrNotFound)
	}
	return image, err
}

// Open opens a database and brings its tables up to date. An address "postgres://..." is a PostgreSQL database; any other is the name of a
// file for SQLite.
func Open(ctx context.Context, address string) (*Store, error) {
	s := new(Store)
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		config, err := pgxpool.ParseConfig(address)
		if err != nil {
			return nil, errors.New("store: the address of the database is malformed") // the cause may have the password
		}
		s.Dialect = sqlstore.PostgreSQL
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				err = dialError(err.Error())
			}
			return c, err
		}
		if !strings.Contains(address, "pool_max_conns") {
			config.MaxConns = connections
		}
		if s.Pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		s.DB = stdlib.OpenDBFromPool(s.Pool)
		s.DB.SetMaxIdleConns(0) // idle connections stay in the pool
	} else {
		if err := os.MkdirAll(filepath.Dir(address), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		s.Dialect = sqlstore.SQLite
		var err error
		if s.DB, err = openSQLite(address, 8); err != nil {
			return nil, err
		}
		if s.Jobs, err = openSQLite(address, 1); err != nil {
			return nil, err
		}
	}
	contents, err := sqlstore.Open(ctx, s.DB, s.Dialect)
	if err == nil {
		s.Catalog = &Catalog{contents}
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connections is the number of connections of a process to PostgreSQL, unless the address says pool_max_conns. The queue keeps two of them.
const connections = 16

// A dialError reports that PostgreSQL can't be reached. It wraps no other error: that of a missing socket is fs.ErrNotExist, which would look like
// the lack of an object.
type dialError string

func (e dialError) Error() string { return string(e) }

// openSQLite opens a file whose transactions take the lock at the start, because one that read first can't wait for it.
func openSQLite(name string, connections int) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "synchronous(normal)"}}
	if strings.ContainsAny(name, "?#%") {
		return nil, fmt.Errorf("store: the name of the file %q has one of the characters ?#%%", name)
	}
	db, err := sql.Open("sqlite", "file:"+name+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db.SetMaxOpenConns(connections)
	return db, nil
}

// Close closes the database.
func (s *Store) Close() error {
	err := s.DB.Close()
	if s.Jobs != nil {
		err = errors.Join(err, s.Jobs.Close())
	}
	if s.Pool != nil {
		s.Pool.Close()
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.DB.PingContext(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

const digits = "0123456789abcdefghjkmnpqrstvwxyz"

// idTime returns how identifiers begin that are made at a time. It sorts before all that are made then.
func idTime(t time.Time) string {
	var b [10]byte
	ms := max(0, t.UnixMilli()) // no identifier is older, and a negative one would sort after all
	for i := 9; i >= 0; i-- {
		b[i] = digits[ms&31]
		ms >>= 5
	}
	return string(b[:])
}

// NewID returns a random identifier that sorts by the time at which it was made.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = digits[b[i]&31]
	}
	return idTime(time.Now()) + string(b[:])
}

// micro returns the stored form of a time, 0 for the zero time.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicro(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// text returns a text that both databases store: without NUL and invalid UTF-8, and of limited length.
func text(s string) string {
	const most = 4096
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
