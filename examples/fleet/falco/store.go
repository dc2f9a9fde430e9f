package falco

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// ErrNotFound reports a mark that a tenant does not have.
var ErrNotFound = errors.New("not found")

// A Gap says why an event is not joined.
type Gap string

const (
	NoContainer Gap = "no-container"  // the alert names no container
	OnHost      Gap = "host"          // the process was outside of containers
	NoImage     Gap = "unknown-image" // no analyzed image is known for the container
	Ambiguous   Gap = "ambiguous"     // the prefix fits containers of several images
	NoPlatform  Gap = "platform"      // the index has images for several platforms, and it is not known which the host runs
	Failed      Gap = "failed"        // the image could not be read; the log has the reason
	NoOwner     Gap = "no-owner"      // no package of the image owns the executable or the file
)

// rejoinable reports whether another attempt may fill the gap.
func (g Gap) rejoinable() bool {
	return g == NoImage || g == Failed || g == Ambiguous || g == NoPlatform
}

// An Event is an alert that was stored.
type Event struct {
	ID              string          `json:"id"`
	Time            time.Time       `json:"time"`
	Received        time.Time       `json:"received"`
	Source          string          `json:"source"` // "http", or the name of a file
	Rule            string          `json:"rule"`
	Priority        Priority        `json:"priority"`
	Host            string          `json:"host,omitempty"`
	Platform        string          `json:"platform,omitempty"` // of the host, as the alert or its sender states it
	Container       string          `json:"container,omitempty"`
	Image           string          `json:"image,omitempty"` // repository and tag as the alert has them
	Executable      string          `json:"executable,omitempty"`
	File            string          `json:"file,omitempty"`
	Digest          string          `json:"digest,omitempty"`          // of the joined image
	Component       string          `json:"component,omitempty"`       // package URL of the owner
	Vulnerabilities []string        `json:"vulnerabilities,omitempty"` // of the owner
	Gap             Gap             `json:"gap,omitempty"`
	FalsePositive   string          `json:"falsePositive,omitempty"` // identifier of the mark that holds
	Alert           json.RawMessage `json:"alert"`
}

// A Diagnostic is a line that is no alert.
type Diagnostic struct {
	ID       string    `json:"id"`
	Received time.Time `json:"received"`
	Source   string    `json:"source"`
	Reason   string    `json:"reason"`
	Line     string    `json:"line"` // its beginning
}

// A Mark says that events are false positives: those of a rule, in images of a repository, whatever their build.
type Mark struct {
	ID      string    `json:"id"`
	Image   string    `json:"image"` // repository, or digest of an image; "" is any
	Rule    string    `json:"rule"`
	Path    string    `json:"path,omitempty"` // of the executable or file; "" is any
	Reason  string    `json:"reason"`
	Author  string    `json:"author"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
}

// holds reports whether the mark is about an event.
func (m *Mark) holds(e *Event, now time.Time) bool {
	repository, _ := splitImage(e.Image)
	return m.Rule == e.Rule && (m.Image == "" || m.Image == repository || m.Image == e.Digest) && (m.Path == "" || m.Path == e.Executable || m.Path == e.File) &&
		(m.Expires.IsZero() || now.Before(m.Expires))
}

// A Target is an image or a container, and whether it is monitored.
type Target struct {
	Name    string `json:"name"` // repository, digest of an image, or identifier of a container
	On      bool   `json:"on"`
	Ignored int    `json:"ignored"` // alerts that were not stored
}

// A Count counts events.
type Count struct {
	Rule     string   `json:"rule"`
	Priority Priority `json:"priority"`
	Events   int      `json:"events"`
}

// A Batch is written in one transaction.
type Batch struct {
	Events      []Event
	Diagnostics []Diagnostic
	Ignored     map[string]int // by target
	File        *Position
}

// A Position is how far a file was read. Head identifies the file, which may be replaced by another of the same name.
type Position struct {
	Name   string
	Head   string
	Offset int64
}

// A Query selects events. Empty fields select all.
type Query struct {
	Image     string // digest
	Container string // prefix of the identifier
	Rule      string
	Priority  Priority
	Newest    bool   // the newest first
	After     string // identifier of the last event of the former page
	Limit     int
}

// A Store keeps everything of a tenant. [SQL] is one.
type Store interface {
	// Write writes a batch, and sets the identifiers of its events and diagnostics, which sort by the order of commits.
	Write(ctx context.Context, tenant string, b *Batch) error
	Position(ctx context.Context, tenant, name string) (Position, error)
	Events(ctx context.Context, tenant string, q Query) ([]Event, error)
	Gaps(ctx context.Context, tenant, after string, n int) ([]Event, error)
	Join(ctx context.Context, tenant string, e *Event) error
	Counts(ctx context.Context, tenant, image string) ([]Count, error)
	Diagnostics(ctx context.Context, tenant, after string, n int) ([]Diagnostic, error)
	SetContainer(ctx context.Context, tenant, id, image string) error
	Containers(ctx context.Context, tenant, prefix string) (images []string, err error) // distinct, two at most
	Monitor(ctx context.Context, tenant, target string, on bool) error
	Targets(ctx context.Context, tenant string) ([]Target, error)
	AddMark(ctx context.Context, tenant string, m *Mark) error
	Marks(ctx context.Context, tenant string) ([]Mark, error)
	DeleteMark(ctx context.Context, tenant, id string) error
}

// An SQL is a Store in PostgreSQL or SQLite.
type SQL struct {
	db      *sql.DB
	dialect sqlstore.Dialect
}

//go:embed migrations
var migrations embed.FS

const (
	latest  = 3
	lockKey = 0x66616c636f // "falco", PostgreSQL's advisory lock for migrations
)

// OpenSQL brings the tables up to date and returns the store.
func OpenSQL(ctx context.Context, db *sql.DB, d sqlstore.Dialect) (*SQL, error) {
	s := &SQL{db, d}
	err := s.write(ctx, func(tx *sql.Tx) error {
		if d == sqlstore.PostgreSQL {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", lockKey); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS fleet_falco_schema (version BIGINT NOT NULL PRIMARY KEY)"); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM fleet_falco_schema").Scan(&version); err != nil {
			return err
		}
		if version > latest {
			return fmt.Errorf("the tables have version %d, and this program knows versions up to %d", version, latest)
		}
		for n := version + 1; n <= latest; n++ {
			script, err := migrations.ReadFile(fmt.Sprintf("migrations/%d.sql", n))
			if err != nil {
				return err
			}
			for statement := range strings.SplitSeq(string(script), ";\n") {
				if strings.TrimSpace(statement) == "" {
					continue
				}
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("version %d: %w", n, err)
				}
			}
			if _, err := tx.ExecContext(ctx, s.bind("INSERT INTO fleet_falco_schema (version) VALUES (?)"), n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("falco: tables: %w", err)
	}
	return s, nil
}

func (s *SQL) write(ctx context.Context, run func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := run(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// bind replaces each ? by the dialect's name of the argument.
func (s *SQL) bind(query string) string {
	if s.dialect == sqlstore.SQLite {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, ok := strings.Cut(query, "?")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func (s *SQL) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.db.ExecContext(ctx, s.bind(query), args...)
	if err != nil {
		return 0, fmt.Errorf("falco: %w", err)
	}
	return result.RowsAffected()
}

// each calls do for each row.
func (s *SQL) each(ctx context.Context, do func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, s.bind(query), args...)
	if err != nil {
		return fmt.Errorf("falco: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return fmt.Errorf("falco: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("falco: %w", err)
	}
	return nil
}

// countEvents adds to the count of events of an image, or of all.
const countEvents = `INSERT INTO fleet_falco_counts (tenant, image, rule, priority, events) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (tenant, image, rule, priority) DO UPDATE SET events = fleet_falco_counts.events + excluded.events`

const eventColumns = "id, at, received, source, rule, priority, host, platform, container, image, executable, file, digest, component, vulnerabilities, gap, body"

// Write writes a batch, and numbers its events and diagnostics.
func (s *SQL) Write(ctx context.Context, tenant string, b *Batch) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		exec := func(query string, args ...any) error {
			_, err := tx.ExecContext(ctx, s.bind(query), args...)
			return err
		}
		// The row of the tenant stays locked until the transaction ends, so that numbers are in the order of commits: a reader that continues
		// after a number misses no event.
		var last int64
		count := len(b.Events) + len(b.Diagnostics)
		if err := tx.QueryRowContext(ctx, s.bind(`INSERT INTO fleet_falco_numbers (tenant, last) VALUES (?, ?)
			ON CONFLICT (tenant) DO UPDATE SET last = fleet_falco_numbers.last + excluded.last RETURNING last`), tenant, count).Scan(&last); err != nil {
			return err
		}
		number := last - int64(count)
		id := func() string {
			number++
			return fmt.Sprintf("%016x", number)
		}
		insert, err := tx.PrepareContext(ctx, s.bind("INSERT INTO fleet_falco_events (tenant, "+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"))
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := range b.Events {
			e := &b.Events[i]
			e.ID = id()
			if _, err := insert.ExecContext(ctx, tenant, e.ID, e.Time.UnixMicro(), e.Received.UnixMicro(), e.Source, e.Rule, string(e.Priority), e.Host, e.Platform, e.Container, e.Image, e.Executable, e.File,
				e.Digest, e.Component, strings.Join(e.Vulnerabilities, " "), string(e.Gap), string(e.Alert)); err != nil {
				return err
			}
		}
		for i := range b.Diagnostics {
			d := &b.Diagnostics[i]
			d.ID = id()
			if err := exec("INSERT INTO fleet_falco_diagnostics (tenant, id, received, source, reason, line) VALUES (?, ?, ?, ?, ?, ?)",
				tenant, d.ID, d.Received.UnixMicro(), d.Source, d.Reason, d.Line); err != nil {
				return err
			}
		}
		type counted struct {
			image, rule string
			priority    Priority
		}
		counts := make(map[counted]int) // also of all images, as ""
		for i := range b.Events {
			e := &b.Events[i]
			counts[counted{"", e.Rule, e.Priority}]++
			if e.Digest != "" {
				counts[counted{e.Digest, e.Rule, e.Priority}]++
			}
		}
		for c, n := range counts {
			if err := exec(countEvents, tenant, c.image, c.rule, string(c.priority), n); err != nil {
				return err
			}
		}
		for target, n := range b.Ignored {
			if err := exec("UPDATE fleet_falco_monitoring SET ignored = ignored + ? WHERE tenant = ? AND target = ?", n, tenant, target); err != nil {
				return err
			}
		}
		if p := b.File; p != nil {
			return exec(`INSERT INTO fleet_falco_files (tenant, name, head, position) VALUES (?, ?, ?, ?)
				ON CONFLICT (tenant, name) DO UPDATE SET head = excluded.head, position = excluded.position`, tenant, p.Name, p.Head, p.Offset)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("falco: write: %w", err)
	}
	return nil
}

// Position returns how far a file was read, zero for a new one.
func (s *SQL) Position(ctx context.Context, tenant, name string) (Position, error) {
	p := Position{Name: name}
	err := s.each(ctx, func(scan func(...any) error) error { return scan(&p.Head, &p.Offset) },
		"SELECT head, position FROM fleet_falco_files WHERE tenant = ? AND name = ?", tenant, name)
	return p, err
}

func (s *SQL) events(ctx context.Context, where string, args ...any) (list []Event, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var e Event
		var at, received int64
		var priority, vulnerabilities, gap, body string
		err := scan(&e.ID, &at, &received, &e.Source, &e.Rule, &priority, &e.Host, &e.Platform, &e.Container, &e.Image, &e.Executable, &e.File, &e.Digest, &e.Component, &vulnerabilities, &gap, &body)
		e.Time, e.Received, e.Priority, e.Gap, e.Alert = time.UnixMicro(at).UTC(), time.UnixMicro(received).UTC(), Priority(priority), Gap(gap), json.RawMessage(body)
		e.Vulnerabilities = strings.Fields(vulnerabilities)
		list = append(list, e)
		return err
	}, "SELECT "+eventColumns+" FROM fleet_falco_events WHERE tenant = ? AND "+where, args...)
	return list, err
}

// Events returns events in the order in which they were received, or the newest first.
func (s *SQL) Events(ctx context.Context, tenant string, q Query) ([]Event, error) {
	where, order, args := "id > ?", "id", []any{tenant, q.After}
	switch {
	case q.Newest && q.After == "":
		where, order = "id > ?", "id DESC" // all
	case q.Newest:
		where, order = "id < ?", "id DESC"
	}
	if q.Image != "" {
		where, args = where+" AND digest = ?", append(args, q.Image)
	}
	if q.Container != "" { // identifiers are hexadecimal, so "g" is after all with the prefix
		where, args = where+" AND container >= ? AND container < ?", append(args, q.Container, q.Container+"g")
	}
	if q.Rule != "" {
		where, args = where+" AND rule = ?", append(args, q.Rule)
	}
	if q.Priority != "" {
		where, args = where+" AND priority = ?", append(args, string(q.Priority))
	}
	return s.events(ctx, where+" ORDER BY "+order+" LIMIT ?", append(args, q.Limit)...)
}

// Gaps returns events that are not joined.
func (s *SQL) Gaps(ctx context.Context, tenant, after string, n int) ([]Event, error) {
	return s.events(ctx, "gap IN ('unknown-image', 'failed', 'ambiguous', 'platform') AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
}

// Join stores the image and the component of an event.
func (s *SQL) Join(ctx context.Context, tenant string, e *Event) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		// Only the first image of an event is counted, also if several processes join it at once.
		first, err := tx.ExecContext(ctx, s.bind("UPDATE fleet_falco_events SET digest = ? WHERE tenant = ? AND id = ? AND digest = ''"), e.Digest, tenant, e.ID)
		if err != nil {
			return err
		}
		if n, err := first.RowsAffected(); err != nil {
			return err
		} else if n > 0 && e.Digest != "" {
			if _, err := tx.ExecContext(ctx, s.bind(countEvents), tenant, e.Digest, e.Rule, string(e.Priority), 1); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, s.bind("UPDATE fleet_falco_events SET component = ?, vulnerabilities = ?, gap = ? WHERE tenant = ? AND id = ?"),
			e.Component, strings.Join(e.Vulnerabilities, " "), string(e.Gap), tenant, e.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("falco: join: %w", err)
	}
	return nil
}

// Counts counts the events of an image, or of all, by rule and priority. It returns the 1000 highest counts.
func (s *SQL) Counts(ctx context.Context, tenant, image string) (list []Count, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var c Count
		var priority string
		err := scan(&c.Rule, &priority, &c.Events)
		c.Priority = Priority(priority)
		list = append(list, c)
		return err
	}, "SELECT rule, priority, events FROM fleet_falco_counts WHERE tenant = ? AND image = ? ORDER BY events DESC, rule, priority LIMIT 1000", tenant, image)
	return list, err
}

// Diagnostics returns lines that are no alerts.
func (s *SQL) Diagnostics(ctx context.Context, tenant, after string, n int) (list []Diagnostic, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var d Diagnostic
		var received int64
		err := scan(&d.ID, &received, &d.Source, &d.Reason, &d.Line)
		d.Received = time.UnixMicro(received).UTC()
		list = append(list, d)
		return err
	}, "SELECT id, received, source, reason, line FROM fleet_falco_diagnostics WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
	return list, err
}

// SetContainer stores the image of a container.
func (s *SQL) SetContainer(ctx context.Context, tenant, id, image string) error {
	_, err := s.exec(ctx, "INSERT INTO fleet_falco_containers (tenant, id, image) VALUES (?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET image = excluded.image", tenant, id, image)
	return err
}

// Containers returns the images of the containers with a prefix.
func (s *SQL) Containers(ctx context.Context, tenant, prefix string) (images []string, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var image string
		err := scan(&image)
		images = append(images, image)
		return err
	}, "SELECT DISTINCT image FROM fleet_falco_containers WHERE tenant = ? AND id >= ? AND id < ? LIMIT 2", tenant, prefix, prefix+"g")
	return images, err
}

// Monitor turns the monitoring of an image or a container on or off.
func (s *SQL) Monitor(ctx context.Context, tenant, target string, on bool) error {
	n := 0
	if on {
		n = 1
	}
	_, err := s.exec(ctx, "INSERT INTO fleet_falco_monitoring (tenant, target, monitored, ignored) VALUES (?, ?, ?, 0) ON CONFLICT (tenant, target) DO UPDATE SET monitored = excluded.monitored", tenant, target, n)
	return err
}

// Targets returns the images and containers whose monitoring was turned on or off.
func (s *SQL) Targets(ctx context.Context, tenant string) (list []Target, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var t Target
		var on int
		err := scan(&t.Name, &on, &t.Ignored)
		t.On = on != 0
		list = append(list, t)
		return err
	}, "SELECT target, monitored, ignored FROM fleet_falco_monitoring WHERE tenant = ? ORDER BY target", tenant)
	return list, err
}

// AddMark adds a mark.
func (s *SQL) AddMark(ctx context.Context, tenant string, m *Mark) error {
	var expires int64
	if !m.Expires.IsZero() {
		expires = m.Expires.UnixMicro()
	}
	_, err := s.exec(ctx, "INSERT INTO fleet_falco_marks (tenant, id, image, rule, path, reason, author, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		tenant, m.ID, m.Image, m.Rule, m.Path, m.Reason, m.Author, m.Created.UnixMicro(), expires)
	return err
}

// Marks returns all marks.
func (s *SQL) Marks(ctx context.Context, tenant string) (list []Mark, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var m Mark
		var created, expires int64
		err := scan(&m.ID, &m.Image, &m.Rule, &m.Path, &m.Reason, &m.Author, &created, &expires)
		if m.Created = time.UnixMicro(created).UTC(); expires != 0 {
			m.Expires = time.UnixMicro(expires).UTC()
		}
		list = append(list, m)
		return err
	}, "SELECT id, image, rule, path, reason, author, created, expires FROM fleet_falco_marks WHERE tenant = ? ORDER BY id", tenant)
	return list, err
}

// DeleteMark deletes a mark.
func (s *SQL) DeleteMark(ctx context.Context, tenant, id string) error {
	n, err := s.exec(ctx, "DELETE FROM fleet_falco_marks WHERE tenant = ? AND id = ?", tenant, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
