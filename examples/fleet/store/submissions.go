package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// A Kind is the kind of a Submission.
type Kind string

const (
	Reference Kind = "reference" // an image in a registry
	Archive   Kind = "archive"   // an uploaded archive of an image
	SBOM      Kind = "sbom"      // an uploaded SBOM
	Manifest  Kind = "manifest"  // the addresses of an image's layers, as clients of Clair send them
)

// A State says how far a Submission or an Image is.
type State string

const (
	Waiting   State = "waiting"
	Analyzing State = "analyzing"
	Analyzed  State = "analyzed"
	Failed    State = "failed"
	Archived  State = "archived" // of images
)

// A Submission asks for the analysis of an image.
type Submission struct {
	ID          string
	Tenant      string
	Kind        Kind
	Reference   string
	Platform    string // platforms to analyze if it is an index, separated by commas; "" for all with linux
	Object      string // with the uploaded bytes
	Checksum    string // SHA-256 of the object, in hexadecimal; empty for those of older versions
	Annotations map[string]string
	Secret      []byte // encrypted, for this submission only: a credential, or a manifest with headers. It is deleted at the end
	Priority    int    // 0 before 9
	Again       bool   // also if the image is analyzed already
	State       State
	Reason      string // a code, if it failed or waits for another attempt
	Message     string // for a person
	Digest      string // of the image, when it is known
	Index       string // the index that lists the image; "" without one
	Attempts    int
	Job         int64  // that works on it, or did last; 0 before the first
	Trace       string // the span that submitted it, as in the header traceparent; "" without one
	Submitted   time.Time
	Started     time.Time
	Finished    time.Time
}

// Submit adds submissions. The caller inserts a job for each in the same transaction.
func (tx *Tx) Submit(ctx context.Context, m *Submission) error {
	if m.ID == "" {
		m.ID = NewID()
	}
	m.State, m.Submitted = Waiting, time.Now().UTC().Truncate(time.Microsecond)
	if err := tx.addTenant(ctx, m.Tenant); err != nil {
		return err
	}
	if m.Object != "" {
		if err := tx.Keep(ctx, m.Object); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, `INSERT INTO fleet_submissions (id, tenant, kind, reference, platform, object, annotations, priority, again, state, reason, message, digest, job, attempts, submitted, started, finished, secret, trace, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, 0, 0, ?, 0, 0, ?, ?, ?)`,
		m.ID, m.Tenant, string(m.Kind), m.Reference, m.Platform, m.Object, encode(m.Annotations), m.Priority, flag(m.Again), string(m.State), m.Digest, micro(m.Submitted), m.Secret, m.Trace, m.Checksum)
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func encode(m map[string]string) string {
	if m == nil {
		m = map[string]string{}
	}
	b, _ := json.Marshal(m) // maps of strings have no errors
	return string(b)
}

const submissionColumns = "id, tenant, kind, reference, platform, object, annotations, priority, again, state, reason, message, digest, job, attempts, submitted, started, finished, secret, trace, checksum, index_digest"

func scanSubmission(scan func(...any) error) (m Submission, err error) {
	var kind, state, annotations string
	var again int
	var submitted, started, finished int64
	if err := scan(&m.ID, &m.Tenant, &kind, &m.Reference, &m.Platform, &m.Object, &annotations, &m.Priority, &again, &state, &m.Reason, &m.Message, &m.Digest, &m.Job, &m.Attempts,
		&submitted, &started, &finished, &m.Secret, &m.Trace, &m.Checksum, &m.Index); err != nil {
		return m, err
	}
	m.Kind, m.State, m.Again = Kind(kind), State(state), again != 0
	m.Submitted, m.Started, m.Finished = fromMicro(submitted), fromMicro(started), fromMicro(finished)
	return m, json.Unmarshal([]byte(annotations), &m.Annotations)
}

// Submission returns a submission of a tenant.
func (s *Store) Submission(ctx context.Context, tenant, id string) (*Submission, error) {
	list, err := s.query().submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE tenant = ? AND id = ?", tenant, id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: submission: %w", err)
	}
	return &list[0], nil
}

// Submissions returns up to n submissions of a tenant, in their order, after one. The state "" is any.
func (s *Store) Submissions(ctx context.Context, tenant string, state State, after string, n int) (list []Submission, err error) {
	if state == "" {
		list, err = s.query().submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, n)
	} else {
		list, err = s.query().submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE tenant = ? AND state = ? AND id > ? ORDER BY id LIMIT ?", tenant, string(state), after, n)
	}
	if err != nil {
		return nil, fmt.Errorf("store: submissions: %w", err)
	}
	return list, nil
}

func (tx *Tx) submissions(ctx context.Context, query string, args ...any) (list []Submission, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		m, err := scanSubmission(scan)
		list = append(list, m)
		return err
	}, query, args...)
	return list, err
}

// Start chooses the submission that a job works on: the one of its former attempt, else the next one. Tenants take turns; among those of a
// tenant, the priority and then the age decide. So a job is no submission's before it starts, and a thousand submissions of one tenant
// delay the first of another by one. Start returns ErrNotFound if no submission waits. The worker is the process, see Alive.
func (s *Store) Start(ctx context.Context, job int64, worker string) (*Submission, error) {
	var found Submission
	err := s.Write(ctx, func(tx *Tx) error {
		if err := tx.lock(ctx, pickKey); err != nil {
			return err
		}
		list, err := tx.submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE job = ? AND job <> 0 AND state IN ('waiting', 'analyzing')", job)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			var tenant string
			if err := tx.row(ctx, []any{&tenant}, `SELECT name FROM fleet_tenants
				WHERE EXISTS (SELECT 1 FROM fleet_submissions WHERE tenant = name AND job = 0) ORDER BY served, name LIMIT 1`); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "UPDATE fleet_tenants SET served = (SELECT MAX(served) + 1 FROM fleet_tenants) WHERE name = ?", tenant); err != nil {
				return err
			}
			if list, err = tx.submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE tenant = ? AND job = 0 ORDER BY priority, id LIMIT 1", tenant); err != nil {
				return err
			}
			if len(list) == 0 {
				return ErrNotFound
			}
		}
		found = list[0]
		found.State, found.Started = Analyzing, time.Now().UTC().Truncate(time.Microsecond)
		found.Attempts++
		found.Job = job
		_, err = tx.exec(ctx, "UPDATE fleet_submissions SET state = 'analyzing', job = ?, worker = ?, started = ?, attempts = attempts + 1 WHERE tenant = ? AND id = ?",
			job, worker, micro(found.Started), found.Tenant, found.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: start: %w", err)
	}
	return &found, nil
}

// Finish stores the state of a submission, with the reason and the digest. The submission stays with its job. It returns ErrConflict if
// another job has it, since the worker was taken for dead.
func (tx *Tx) Finish(ctx context.Context, m *Submission) error {
	if m.State == Analyzed || m.State == Failed {
		m.Finished = time.Now().UTC().Truncate(time.Microsecond)
	}
	n, err := tx.exec(ctx, `UPDATE fleet_submissions SET state = ?, reason = ?, message = ?, digest = ?, index_digest = ?, finished = ?, secret = CASE WHEN ? = 0 THEN secret ELSE NULL END
		WHERE tenant = ? AND id = ? AND job = ?`, string(m.State), m.Reason, text(m.Message), m.Digest, m.Index, micro(m.Finished), flag(!m.Finished.IsZero()), m.Tenant, m.ID, m.Job)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err == nil && m.Object != "" && !m.Finished.IsZero() {
		err = tx.Trash(ctx, m.Object, 0)
	}
	return err
}

// Backlog counts the submissions of all tenants by state.
func (s *Store) Backlog(ctx context.Context) (map[State]int, error) {
	counts := make(map[State]int)
	err := s.query().rows(ctx, func(scan func(...any) error) error {
		var state string
		var n int
		err := scan(&state, &n)
		counts[State(state)] = n
		return err
	}, "SELECT state, CAST(SUM(n) AS BIGINT) FROM fleet_submission_counts GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("store: backlog: %w", err)
	}
	return counts, nil
}

// Sum adds up the changes that triggers store for Backlog. They have a row each, so that no two transactions change the same one.
func (s *Store) Sum(ctx context.Context) error {
	return wrap("backlog", s.Write(ctx, func(tx *Tx) error {
		sums := make(map[string]int64)
		if err := tx.rows(ctx, func(scan func(...any) error) error {
			var state string
			var n int64
			err := scan(&state, &n)
			sums[state] += n
			return err
		}, "DELETE FROM fleet_submission_counts RETURNING state, n"); err != nil {
			return err
		}
		for state, n := range sums {
			if _, err := tx.exec(ctx, "INSERT INTO fleet_submission_counts (state, n) VALUES (?, ?)", state, n); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Ended returns those of submissions, of any tenants, that ended.
func (s *Store) Ended(ctx context.Context, ids []string) (ended []string, err error) {
	for group := range slices.Chunk(ids, 400) {
		var args []any
		for _, id := range group {
			args = append(args, id)
		}
		if err := s.query().rows(ctx, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ended = append(ended, id)
			return err
		}, "SELECT id FROM fleet_submissions WHERE state IN ('analyzed', 'failed') AND id IN ("+marks(len(group))+")", args...); err != nil {
			return nil, wrap("submissions", err)
		}
	}
	return ended, nil
}

// Alive lets a worker count as alive for some time.
func (s *Store) Alive(ctx context.Context, worker string, d time.Duration) error {
	_, err := s.Claim(ctx, "worker/"+worker, worker, d)
	return err
}

// Lost returns submissions of all tenants whose workers are not alive.
func (s *Store) Lost(ctx context.Context) ([]Submission, error) {
	tx := s.query()
	list, err := tx.submissions(ctx, "SELECT "+submissionColumns+` FROM fleet_submissions WHERE state = 'analyzing'
		AND NOT EXISTS (SELECT 1 FROM fleet_claims WHERE name = 'worker/' || worker AND ends > `+tx.now()+") ORDER BY id LIMIT 1000")
	return list, wrap("submissions", err)
}

// Again makes a submission wait for another job than the one that it has. The caller inserts the job. It reports whether the submission
// still had the job.
func (tx *Tx) Again(ctx context.Context, m *Submission) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE fleet_submissions SET state = 'waiting', job = 0, reason = ?, message = ? WHERE tenant = ? AND id = ? AND job = ? AND state = 'analyzing'",
		m.Reason, text(m.Message), m.Tenant, m.ID, m.Job)
	return n > 0, err
}

// stuck is the time after which a running job without a submission is taken for lost: a job takes its submission when it starts.
const stuck = time.Minute

// Turns counts the submissions of all tenants without a job, and the jobs of a kind that will take one. If no submission waits, it does not count
// jobs.
func (s *Store) Turns(ctx context.Context, kind string) (waiting, jobs int, err error) {
	tx := s.query()
	if err = tx.row(ctx, []any{&waiting}, "SELECT COUNT(*) FROM fleet_submissions WHERE job = 0"); err != nil || waiting == 0 {
		return waiting, 0, err
	}
	recent := "attempted_at > clock_timestamp() - CAST(? AS TEXT)::interval"
	if tx.dialect == sqlstore.SQLite {
		recent = "julianday(attempted_at) > julianday('now', '-' || ?)"
	}
	err = tx.row(ctx, []any{&jobs}, `SELECT COUNT(*) FROM river_job WHERE kind = ? AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
		AND (state <> 'running' OR `+recent+`)
		AND NOT EXISTS (SELECT 1 FROM fleet_submissions WHERE job = river_job.id AND job <> 0 AND state IN ('waiting', 'analyzing'))`, kind, fmt.Sprintf("%d seconds", int(stuck.Seconds())))
	return waiting, jobs, err
}

// Working returns submissions of all tenants that a worker has.
func (s *Store) Working(ctx context.Context, worker string) ([]Submission, error) {
	list, err := s.query().submissions(ctx, "SELECT "+submissionColumns+" FROM fleet_submissions WHERE state = 'analyzing' AND worker = ? ORDER BY id", worker)
	return list, wrap("submissions", err)
}
