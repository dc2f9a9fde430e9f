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
	"github.com/hullmark/hullmark/examples/fleet/internal/migrate"
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

// selects reports whether the query selects an event.
func (q *Query) selects(e *Event) bool {
	return (q.Image == "" || q.Image == e.Digest) && strings.HasPrefix(e.Container, q.Container) && (q.Rule == "" || q.Rule == e.Rule) && (q.Priority == "" || q.Priority == e.Priority)
}

// A Store keeps everything of a tenant. [SQL] is one.
type Store interface {
	// Write writes a batch, and sets the identifiers of its events and diagnostics, which sort by the order of commits.
	Write(ctx context.Context, tenant string, b *Batch) error
	Position(ctx context.Context, tenant, name string) (Position, error)
	Events(ctx context.Context, tenant string, q Query) ([]Event, error)
	Last(ctx context.Context, tenant string) (id string, err error) // after which no event was written
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
	// Audit records a decision in the transaction that makes it; nil without an audit.
	Audit func(ctx context.Context, tx *sql.Tx, tenant, action, subject string) error

	db      *sql.DB
	dialect sqlstore.Dialect
}

//go:embed migrations
var migrations embed.FS

const (
	latest  = 3            // number of the newest migration
	lockKey = 0x66616c636f // "falco", PostgreSQL's advisory lock for migrations
)

// OpenSQL makes the tables, or brings those of an older version up to date, and returns the store.
func OpenSQL(ctx context.Context, db *sql.DB, d sqlstore.Dialect) (*SQL, error) {
	s := &SQL{db: db, dialect: d}
	tables := &migrate.Schema{Table: "fleet_falco_schema", Scripts: migrations, Latest: latest, Lock: lockKey}
	if err := s.write(ctx, func(tx *tx) error { return tables.Migrate(ctx, tx, d) }); err != nil {
		return nil, fmt.Errorf("falco: tables: %w", err)
	}
	return s, nil
}

// A tx is a transaction.
type tx struct {
	*sql.Tx
	dialect sqlstore.Dialect
}

// write runs a transaction.
func (s *SQL) write(ctx context.Context, run func(*tx) error) error {
	t, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // does nothing after Commit
	if err := run(&tx{t, s.dialect}); err != nil {
		return err
	}
	return t.Commit()
}

// exec runs a statement and returns the number of changed rows.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, bind(t.dialect, query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// bind replaces each ? by the dialect's name of the argument.
func bind(d sqlstore.Dialect, query string) string {
	if d == sqlstore.SQLite {
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

// exec runs a statement in a transaction of its own and returns the number of changed rows.
func (s *SQL) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.db.ExecContext(ctx, bind(s.dialect, query), args...)
	if err != nil {
		return 0, fmt.Errorf("falco: %w", err)
	}
	return result.RowsAffected()
}

// decide runs a statement that makes a decision, and records it if a row changed.
func (s *SQL) decide(ctx context.Context, tenant, action, subject, query string, args ...any) (n int64, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		if n, err = tx.exec(ctx, query, args...); err != nil || n == 0 || s.Audit == nil {
			return err
		}
		return s.Audit(ctx, tx.Tx, tenant, action, subject)
	})
	if err != nil {
		return 0, fmt.Errorf("falco: %w", err)
	}
	return n, nil
}

// each calls do for each row.
func (s *SQL) each(ctx context.Context, do func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, bind(s.dialect, query), args...)
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
	steps := []func(context.Context, *tx, string, *Batch) error{numberBatch, insertEvents, insertDiagnostics, countBatch, countIgnored, setPosition}
	err := s.write(ctx, func(tx *tx) error {
		for _, step := range steps {
			if err := step(ctx, tx, tenant, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("falco: write: %w", err)
	}
	return nil
}

// numberBatch sets the identifiers of events and diagnostics. The row of the tenant stays locked until the transaction ends, so numbers are in the
// order of commits: a reader that continues after a number misses no event.
func numberBatch(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	count := len(b.Events) + len(b.Diagnostics)
	var last int
	if err := tx.QueryRowContext(ctx, bind(tx.dialect, `INSERT INTO fleet_falco_numbers (tenant, last) VALUES (?, ?)
		ON CONFLICT (tenant) DO UPDATE SET last = fleet_falco_numbers.last + excluded.last RETURNING last`), tenant, count).Scan(&last); err != nil {
		return err
	}
	id := func(i int) string { return fmt.Sprintf("%016x", last-count+1+i) }
	for i := range b.Events {
		b.Events[i].ID = id(i)
	}
	for i := range b.Diagnostics {
		b.Diagnostics[i].ID = id(len(b.Events) + i)
	}
	return nil
}

func insertEvents(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	insert, err := tx.PrepareContext(ctx, bind(tx.dialect, "INSERT INTO fleet_falco_events (tenant, "+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"))
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range b.Events {
		e := &b.Events[i]
		if _, err := insert.ExecContext(ctx, tenant, e.ID, e.Time.UnixMicro(), e.Received.UnixMicro(), e.Source, e.Rule, string(e.Priority), e.Host, e.Platform, e.Container, e.Image, e.Executable, e.File,
			e.Digest, e.Component, strings.Join(e.Vulnerabilities, " "), string(e.Gap), string(e.Alert)); err != nil {
			return err
		}
	}
	return nil
}

func insertDiagnostics(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	for i := range b.Diagnostics {
		d := &b.Diagnostics[i]
		if _, err := tx.exec(ctx, "INSERT INTO fleet_falco_diagnostics (tenant, id, received, source, reason, line) VALUES (?, ?, ?, ?, ?, ?)",
			tenant, d.ID, d.Received.UnixMicro(), d.Source, d.Reason, d.Line); err != nil {
			return err
		}
	}
	return nil
}

// countBatch adds the events of a batch to the counts of their images and to those of all images.
func countBatch(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	type row struct {
		image, rule string
		priority    Priority
	}
	counts := make(map[row]int)
	for i := range b.Events {
		e := &b.Events[i]
		counts[row{"", e.Rule, e.Priority}]++
		if e.Digest != "" {
			counts[row{e.Digest, e.Rule, e.Priority}]++
		}
	}
	for r, n := range counts {
		if _, err := tx.exec(ctx, countEvents, tenant, r.image, r.rule, string(r.priority), n); err != nil {
			return err
		}
	}
	return nil
}

func countIgnored(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	for target, n := range b.Ignored {
		if _, err := tx.exec(ctx, "UPDATE fleet_falco_monitoring SET ignored = ignored + ? WHERE tenant = ? AND target = ?", n, tenant, target); err != nil {
			return err
		}
	}
	return nil
}

// setPosition stores how far the file of a batch was read.
func setPosition(ctx context.Context, tx *tx, tenant string, b *Batch) error {
	p := b.File
	if p == nil {
		return nil
	}
	_, err := tx.exec(ctx, `INSERT INTO fleet_falco_files (tenant, name, head, position) VALUES (?, ?, ?, ?)
		ON CONFLICT (tenant, name) DO UPDATE SET head = excluded.head, position = excluded.position`, tenant, p.Name, p.Head, p.Offset)
	return err
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

// Last returns the highest identifier that was given.
func (s *SQL) Last(ctx context.Context, tenant string) (id string, err error) {
	err = s.each(ctx, func(scan func(...any) error) error {
		var last int64
		err := scan(&last)
		id = fmt.Sprintf("%016x", last)
		return err
	}, "SELECT last FROM fleet_falco_numbers WHERE tenant = ?", tenant)
	return id, err
}

// Gaps returns events that are not joined.
func (s *SQL) Gaps(ctx context.Context, tenant, after string, n int) ([]Event, error) {
	return s.events(ctx, "gap IN ('unknown-image', 'failed', 'ambiguous', 'platform') AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
}

// Join stores the image and the component of an event.
func (s *SQL) Join(ctx context.Context, tenant string, e *Event) error {
	err := s.write(ctx, func(tx *tx) error {
		// Only the first image of an event is counted, also if several processes join it at once.
		first, err := tx.exec(ctx, "UPDATE fleet_falco_events SET digest = ? WHERE tenant = ? AND id = ? AND digest = ''", e.Digest, tenant, e.ID)
		if err == nil && first > 0 && e.Digest != "" {
			_, err = tx.exec(ctx, countEvents, tenant, e.Digest, e.Rule, string(e.Priority), 1)
		}
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE fleet_falco_events SET component = ?, vulnerabilities = ?, gap = ? WHERE tenant = ? AND id = ?",
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
	_, err := s.decide(ctx, tenant, "set-monitoring", fmt.Sprintf("%s: %t", target, on), "INSERT INTO fleet_falco_monitoring (tenant, target, monitored, ignored) VALUES (?, ?, ?, 0) ON CONFLICT (tenant, target) DO UPDATE SET monitored = excluded.monitored", tenant, target, n)
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
	_, err := s.decide(ctx, tenant, "add-alert-mark", m.Rule+" "+m.Image, "INSERT INTO fleet_falco_marks (tenant, id, image, rule, path, reason, author, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
	n, err := s.decide(ctx, tenant, "delete-alert-mark", id, "DELETE FROM fleet_falco_marks WHERE tenant = ? AND id = ?", tenant, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
