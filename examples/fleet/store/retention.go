package store

import (
	"context"
	"time"
)

// AnswerTime is the time for which the answer to a request with an Idempotency-Key is kept.
const AnswerTime = 24 * time.Hour

// deletedAtOnce is the number of rows that a statement deletes, so that others do not wait long.
const deletedAtOnce = 1000

// ForgetSubmissions deletes the submissions of all tenants that ended before a time, and returns their number. A dry run only counts them. Those that an
// answer to a request with an Idempotency-Key names stay.
func (s *Store) ForgetSubmissions(ctx context.Context, before, now time.Time, dry bool) (int64, error) {
	if answered := now.Add(-AnswerTime - time.Hour); before.After(answered) { // clocks differ
		before = answered
	}
	if dry {
		var n int64
		err := s.query().row(ctx, []any{&n}, "SELECT COUNT(*) FROM fleet_submissions WHERE finished <> 0 AND finished < ? AND submitted < ? AND state IN ('analyzed', 'failed')", micro(before), micro(before))
		return n, wrap("submissions", err)
	}
	n, err := s.deleteAll(ctx, `DELETE FROM fleet_submissions WHERE id IN (SELECT id FROM fleet_submissions WHERE finished <> 0 AND finished < ? AND submitted < ?
		AND state IN ('analyzed', 'failed') ORDER BY finished LIMIT ?)`, micro(before), micro(before), deletedAtOnce)
	return n, wrap("submissions", err)
}

// ForgetAudit deletes the entries of the audit of all tenants from before a time, and returns their number. A dry run only counts them.
func (s *Store) ForgetAudit(ctx context.Context, before time.Time, dry bool) (n int64, err error) {
	if dry { // the identifier of an entry begins with its time
		err = s.query().row(ctx, []any{&n}, "SELECT COUNT(*) FROM fleet_audit WHERE id < ?", idTime(before))
	} else {
		n, err = s.deleteAll(ctx, "DELETE FROM fleet_audit WHERE id IN (SELECT id FROM fleet_audit WHERE id < ? ORDER BY id LIMIT ?)", idTime(before), deletedAtOnce)
	}
	return n, wrap("audit", err)
}

// ForgetUsage deletes the counts of submissions of tokens from before a day, which only matter on their day.
func (s *Store) ForgetUsage(ctx context.Context, before time.Time) error {
	_, err := s.query().exec(ctx, "DELETE FROM fleet_usage WHERE day < ?", before.UTC().Format(time.DateOnly))
	return wrap("usage", err)
}

// deleteAll repeats a statement that deletes deletedAtOnce rows until there are fewer.
func (s *Store) deleteAll(ctx context.Context, query string, args ...any) (n int64, err error) {
	for {
		k, err := s.query().exec(ctx, query, args...)
		if n += k; err != nil || k < deletedAtOnce {
			return n, err
		}
	}
}

// Claims with this prefix say that a change is being made in another transaction, after which the images of the holder have to be evaluated again.
const intent = "stale/"

// intentTime is the time that such a change takes at most.
const intentTime = time.Minute

// Intend stores that a change of what decides about the images of a tenant follows, in another transaction. Done ends that. If the process is killed
// in between, Resume marks the images.
func (tx *Tx) Intend(ctx context.Context, tenant string) (id string, err error) {
	id = intent + NewID()
	_, err = tx.exec(ctx, "INSERT INTO fleet_claims (name, holder, ends) VALUES (?, ?, "+tx.now()+" + ?)", id, tenant, intentTime.Microseconds())
	return id, err
}

// Done ends an intent after its change, and marks the images of the tenant.
func (tx *Tx) Done(ctx context.Context, tenant, id string) error {
	if err := tx.StaleTenant(ctx, tenant); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "DELETE FROM fleet_claims WHERE name = ?", id)
	return err
}

// Resume ends the intents of processes that died.
func (s *Store) Resume(ctx context.Context) error {
	return wrap("intents", s.Write(ctx, func(tx *Tx) error {
		left := make(map[string]string)
		if err := tx.rows(ctx, func(scan func(...any) error) error {
			var id, tenant string
			err := scan(&id, &tenant)
			left[id] = tenant
			return err
		}, "SELECT name, holder FROM fleet_claims WHERE name >= ? AND name < ? AND ends < "+tx.now(), intent, "stale0"); err != nil {
			return err
		}
		for id, tenant := range left {
			if err := tx.Done(ctx, tenant, id); err != nil {
				return err
			}
		}
		return nil
	}))
}
