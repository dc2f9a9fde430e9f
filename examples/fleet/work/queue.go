package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
)

const (
	jobTimeout  = 10 * time.Minute
	rescueAfter = 15 * time.Minute // River's default leaves the jobs of a killed worker running for an hour
)

// A turn is a job: the next submission. Which one that is, the store decides when the job starts, so that tenants take turns.
type turn struct{}

// Kind implements [river.JobArgs].
func (turn) Kind() string { return "fleet_turn" }

// A Queue runs jobs in this process and inserts them for all processes.
type Queue struct {
	insert func(ctx context.Context, tx *store.Tx, n int) error
	start  func(context.Context) error
	stop   func(context.Context) error
	cancel func(context.Context) error
	worker *Worker
}

// OpenQueue opens the queue of a store and brings its tables up to date. Without a worker, it only inserts jobs.
func OpenQueue(ctx context.Context, s *store.Store, w *Worker, log *slog.Logger) (*Queue, error) {
	if s.Dialect == sqlstore.SQLite {
		return openQueue(ctx, s, riversqlite.New(s.Jobs), func(tx *store.Tx) *sql.Tx { return tx.SQL }, w, log)
	}
	return openQueue(ctx, s, riverpgxv5.New(s.Pool), func(tx *store.Tx) pgx.Tx { return tx.PGX }, w, log)
}

func openQueue[T any](ctx context.Context, s *store.Store, driver riverdriver.Driver[T], of func(*store.Tx) T, w *Worker, log *slog.Logger) (*Queue, error) {
	if err := migrate(ctx, s, driver); err != nil {
		return nil, fmt.Errorf("work: queue: %w", err)
	}
	config := &river.Config{
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		FetchPollInterval:    time.Second,
		FetchCooldown:        20 * time.Millisecond,
		MaxAttempts:          100, // the worker counts attempts itself, because a job may take several submissions
		Logger:               log,
	}
	if w != nil {
		config.Workers = river.NewWorkers()
		w.id, w.large = store.NewID(), make(chan struct{}, 1)
		river.AddWorker(config.Workers, &turns{worker: w})
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: max(1, w.Parallel)}}
		config.RetryPolicy = w
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fmt.Errorf("work: queue: %w", err)
	}
	return &Queue{
		insert: func(ctx context.Context, tx *store.Tx, n int) error {
			list := make([]river.InsertManyParams, n)
			for i := range list {
				list[i].Args = turn{}
			}
			_, err := client.InsertManyFastTx(ctx, of(tx), list)
			return err
		},
		start:  client.Start,
		stop:   client.Stop,
		cancel: client.StopAndCancel,
		worker: w,
	}, nil
}

// migrate brings the tables of the queue up to date. Processes that start at once take turns.
func migrate[T any](ctx context.Context, s *store.Store, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if done, err := m.Validate(ctx, nil); err == nil && done.OK {
		return nil // and a process that was killed while it held the claim delays no other
	}
	holder := store.NewID()
	for {
		held, err := s.Claim(ctx, "migrate", holder, 20*time.Second)
		if err != nil {
			return err
		}
		if held {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return errors.Join(err, s.Release(ctx, "migrate", holder))
}

// Submit adds submissions and their jobs in a transaction of the caller.
func (q *Queue) Submit(ctx context.Context, tx *store.Tx, list ...*store.Submission) error {
	for _, m := range list {
		m.Trace = telemetry.Parent(ctx)
		if err := tx.Submit(ctx, m); err != nil {
			return err
		}
	}
	return q.insert(ctx, tx, len(list))
}

// Run works on jobs until ctx ends. Then it waits up to grace for those that run, cancels the rest, and returns.
func (q *Queue) Run(ctx context.Context, grace time.Duration) error {
	run, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if err := q.worker.live(run); err != nil {
		return fmt.Errorf("work: queue: %w", err)
	}
	if err := q.start(run); err != nil {
		return fmt.Errorf("work: queue: %w", err)
	}
	<-ctx.Done()
	soft, cancel := context.WithTimeout(run, grace)
	defer cancel()
	if q.stop(soft) == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(run, 30*time.Second)
	defer cancel()
	if err := q.cancel(hard); err != nil {
		return fmt.Errorf("work: queue: %w", err)
	}
	return nil
}

// turns runs a turn.
type turns struct {
	river.WorkerDefaults[turn]
	worker *Worker
}

// Work implements [river.Worker].
func (t *turns) Work(ctx context.Context, job *river.Job[turn]) error {
	err := t.worker.turn(ctx, job.ID)
	if wait, ok := errors.AsType[*waitError](err); ok {
		return river.JobSnooze(wait.time)
	}
	return err
}

// Sweep makes the submissions wait again whose workers died, or whose end could not be stored, and inserts jobs if there are fewer than waiting
// submissions, as after a long failure of the database. River would rescue the jobs of a dead worker after rescueAfter; then they take other
// submissions.
func (q *Queue) Sweep(ctx context.Context, s *store.Store) error {
	list, err := s.Lost(ctx)
	if err != nil {
		return err
	}
	own, err := q.worker.lost(ctx)
	if err != nil {
		return err
	}
	for _, m := range append(list, own...) {
		m.Reason, m.Message = "worker-lost", "the worker died"
		if m.Attempts >= attempts {
			err = q.worker.fail(ctx, &m)
		} else {
			err = s.Write(ctx, func(tx *store.Tx) error {
				again, err := tx.Again(ctx, &m)
				if err == nil && again {
					err = q.insert(ctx, tx, 1)
				}
				return err
			})
		}
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	// Too many jobs do no harm: one that finds no submission ends.
	waiting, jobs, err := s.Turns(ctx, turn{}.Kind())
	if err != nil || waiting <= jobs {
		return err
	}
	return s.Write(ctx, func(tx *store.Tx) error { return q.insert(ctx, tx, waiting-jobs) })
}
