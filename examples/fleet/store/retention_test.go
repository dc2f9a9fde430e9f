package store_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// submissions adds n submissions of a state that ended at a time, with IDs that begin with a name.
func submissions(t *testing.T, s *store.Store, name string, n int, state store.State, ended time.Time) {
	t.Helper()
	if _, err := s.DB.ExecContext(t.Context(), fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO fleet_submissions (id, tenant, kind, reference, platform, object, annotations, priority, again, state, reason, message, digest, job, attempts, submitted, started, finished)
		SELECT '%s' || CAST(i AS TEXT), 'team', 'sbom', 'registry.example/app:1', '', '', '{}', 5, 0, '%s', '', '', '', 1, 1, %d, 0, %d FROM n`,
		n, name, state, ended.UnixMicro(), ended.UnixMicro())); err != nil {
		t.Fatal(err)
	}
}

// TestBacklog: the counts of submissions are those of the rows, whatever changes them, and reading them does not depend on the number of rows.
func TestBacklog(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		counted := func() map[store.State]int {
			t.Helper()
			rows, err := s.DB.QueryContext(ctx, "SELECT state, COUNT(*) FROM fleet_submissions GROUP BY state")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			counts := make(map[store.State]int)
			for rows.Next() {
				var state string
				var n int
				if err := rows.Scan(&state, &n); err != nil {
					t.Fatal(err)
				}
				counts[store.State(state)] = n
			}
			return counts
		}
		same := func(when string) {
			t.Helper()
			got, err := s.Backlog(ctx)
			maps.DeleteFunc(got, func(_ store.State, n int) bool { return n == 0 })
			if want := counted(); err != nil || !maps.Equal(got, want) {
				t.Errorf("%s: %v, %v, want %v", when, got, err, want)
			}
		}
		submissions(t, s, "a", 100_000, store.Analyzed, time.Now().AddDate(0, 0, -100))
		submissions(t, s, "f", 500, store.Failed, time.Now())
		same("after inserts")
		for i := range 5 {
			if err := s.Write(ctx, func(tx *store.Tx) error {
				return tx.Submit(ctx, &store.Submission{Tenant: "team", Kind: store.Reference, Reference: fmt.Sprint("registry.example/app:", i)})
			}); err != nil {
				t.Fatal(err)
			}
		}
		m, err := s.Start(ctx, 7, "worker")
		if err != nil {
			t.Fatal(err)
		}
		same("after a start")
		m.State = store.Analyzed
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.Finish(ctx, m) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Sum(ctx); err != nil {
			t.Fatal(err)
		}
		same("after the end")
		var n int
		if err := s.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM fleet_submission_counts").Scan(&n); err != nil || n > 4 {
			t.Errorf("%d rows of counts, %v", n, err)
		}
		measure := func(f func()) time.Duration {
			start := time.Now()
			for range 10 {
				f()
			}
			return time.Since(start) / 10
		}
		t.Logf("100,500 submissions: %v for the counts, %v for counting the rows", measure(func() { s.Backlog(ctx) }), measure(func() { counted() }))
		if n, err := s.ForgetSubmissions(ctx, time.Now().AddDate(0, 0, -90), time.Now(), false); err != nil || n != 100_000 {
			t.Errorf("%d were deleted, %v", n, err)
		}
		same("after old ones are deleted")
	})
}

// TestRetention: what has ended and is old goes, and a dry run deletes nothing. Submissions that wait or run, and those that an answer to a request with
// an Idempotency-Key names, stay, however short they are kept.
func TestRetention(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, now := open(t, address), time.Now()
		ctx, day := t.Context(), 24*time.Hour
		old := now.Add(-100 * day)
		submissions(t, s, "old", 2500, store.Analyzed, old)
		submissions(t, s, "failed", 3, store.Failed, old)
		submissions(t, s, "waits", 2, store.Waiting, old)
		submissions(t, s, "runs", 2, store.Analyzing, old)
		submissions(t, s, "new", 4, store.Analyzed, now.Add(-time.Hour))
		left := func() (n int) {
			t.Helper()
			if err := s.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM fleet_submissions").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, test := range []struct {
			keep    time.Duration
			dry     bool
			deleted int64
			left    int
		}{
			{36500 * day, false, 0, 2511},
			{101 * day, false, 0, 2511},
			{90 * day, true, 2503, 2511},
			{90 * day, false, 2503, 8},
			{time.Minute, false, 0, 8},
		} {
			if n, err := s.ForgetSubmissions(ctx, now.Add(-test.keep), now, test.dry); err != nil || n != test.deleted || left() != test.left {
				t.Errorf("kept for %v, dry run %t: %d, %v, left are %d; want %d and %d", test.keep, test.dry, n, err, left(), test.deleted, test.left)
			}
		}
		for range 1200 {
			if err := s.Write(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, "team", "alice", "submit", "registry.example/app:1") }); err != nil {
				t.Fatal(err)
			}
		}
		entries := func() (n int) {
			for after := ""; ; {
				list, err := s.AuditEvents(ctx, "team", after, 1000)
				if err != nil {
					t.Fatal(err)
				}
				if n += len(list); len(list) < 1000 {
					return n
				}
				after = list[999].ID
			}
		}
		// An age that begins before the first identifiers may not look like one after all of them.
		for _, before := range []time.Time{now.Add(-time.Hour), now.Add(-36500 * day), time.Unix(-1, 0), {}} {
			if n, err := s.ForgetAudit(ctx, before, false); err != nil || n != 0 || entries() != 1200 {
				t.Errorf("before %v: %d of the audit, %v", before, n, err)
			}
		}
		if _, _, parts, err := s.Forget(ctx, now.Add(-36500*day), now); err != nil || parts != 0 {
			t.Errorf("%d parts, %v", parts, err)
		}
		if n, err := s.ForgetAudit(ctx, now.Add(time.Hour), true); err != nil || n != 1200 || entries() != 1200 {
			t.Errorf("dry run: %d, %v", n, err)
		}
		if n, err := s.ForgetAudit(ctx, now.Add(time.Hour), false); err != nil || n != 1200 || entries() != 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// TestUnfinished: nothing that is being written is taken for waste, however short the grace is: an object in the trash, the parts of one without a name,
// and an index whose images are about to be analyzed.
func TestUnfinished(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx, now := open(t, address), t.Context(), time.Now()
		if err := s.Trash(ctx, "index/written", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.Trash(ctx, "index/waste", -time.Hour); err != nil {
			t.Fatal(err)
		}
		names, err := s.Referenced(ctx)
		if err != nil || !names["index/written"] || names["index/waste"] {
			t.Errorf("%v, %v", names, err)
		}
		id := store.NewID()
		if err := s.PutObjectPart(ctx, id, 0, []byte("x")); err != nil {
			t.Fatal(err)
		}
		m := &store.Submission{Tenant: "team", Kind: store.Reference, Reference: "registry.example/app:1"}
		if err := s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Submit(ctx, m); err != nil {
				return err
			}
			return tx.PutIndex(ctx, &store.Index{Tenant: "team", Digest: "sha256:1", Submitted: now.AddDate(0, 0, -3), Platforms: []store.Platform{{Name: "linux/amd64", Digest: "sha256:2", Reason: "waiting"}}})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Start(ctx, 1, "worker"); err != nil {
			t.Fatal(err)
		}
		m.Job, m.State, m.Index = 1, store.Analyzing, "sha256:1"
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.Finish(ctx, m) }); err != nil {
			t.Fatal(err)
		}
		forget := func(now time.Time) int64 {
			t.Helper()
			_, _, parts, err := s.Forget(ctx, now, now)
			if err != nil {
				t.Fatal(err)
			}
			return parts
		}
		if n := forget(now); n != 0 {
			t.Errorf("%d parts that are being written were deleted", n)
		}
		if x, err := s.Index(ctx, "team", "sha256:1"); err != nil || len(x.Platforms) != 1 {
			t.Errorf("the index: %+v, %v", x, err)
		}
		m.State = store.Failed
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.Finish(ctx, m) }); err != nil {
			t.Fatal(err)
		}
		if n := forget(now.Add(3 * time.Hour)); n != 1 {
			t.Errorf("%d old parts were deleted", n)
		}
		if _, err := s.Index(ctx, "team", "sha256:1"); err == nil {
			t.Error("the index stays")
		}
	})
}

// TestIntent: if a process dies between a change in the catalog and its end, the images of the tenant are evaluated again.
func TestIntent(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		for _, tenant := range []string{"team", "other"} {
			if err := s.Write(ctx, func(tx *store.Tx) error {
				if err := tx.Begin(ctx, &store.Image{Tenant: tenant, Digest: "sha256:1", Kind: store.SBOM, Submitted: time.Now()}); err != nil {
					return err
				}
				return tx.End(ctx, tenant, "sha256:1", store.Analyzed, "", "")
			}); err != nil {
				t.Fatal(err)
			}
		}
		stale := func(clear bool) (tenants string) {
			t.Helper()
			list, err := s.StaleImages(ctx, store.StaleImage{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				if tenants += m.Tenant + " "; clear {
					if err := s.Fresh(ctx, m); err != nil {
						t.Fatal(err)
					}
				}
			}
			return tenants
		}
		stale(true)
		intend := func() (id string) {
			t.Helper()
			if err := s.Write(ctx, func(tx *store.Tx) (err error) { id, err = tx.Intend(ctx, "team"); return err }); err != nil {
				t.Fatal(err)
			}
			return id
		}
		id := intend()
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.Done(ctx, "team", id) }); err != nil || stale(true) != "team " {
			t.Errorf("a change that ended: %v", err)
		}
		intend()
		resume(t, s)
		if got := stale(false); got != "" {
			t.Errorf("a change that may go on: %s", got)
		}
		if _, err := s.DB.ExecContext(ctx, "UPDATE fleet_claims SET ends = 1"); err != nil {
			t.Fatal(err)
		}
		if claims, _, _, err := s.Forget(ctx, time.Now(), time.Now()); err != nil || claims != 0 {
			t.Errorf("gc deleted %d intents, %v", claims, err)
		}
		resume(t, s)
		if got := stale(true); got != "team " {
			t.Errorf("a change whose process died: %q", got)
		}
		resume(t, s)
		if got := stale(false); got != "" {
			t.Errorf("resumed twice: %q", got)
		}
	})
}

func resume(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Resume(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// TestLate: a tag keeps the image that was asked for last, whichever analysis ends last.
func TestLate(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx, at := open(t, address), t.Context(), time.Now()
		for i, test := range []struct {
			digest string
			asked  time.Duration
			want   string
		}{{"sha256:1", 10, "sha256:1"}, {"sha256:2", 9, "sha256:1"}, {"sha256:3", 12, "sha256:3"}, {"sha256:3", 20, "sha256:3"}, {"sha256:4", 15, "sha256:3"}, {"sha256:5", 20, "sha256:5"}, {"sha256:6", 21, "sha256:6"}} {
			if err := s.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.PointAt(ctx, "team", "app:1", test.digest, "", at.Add(test.asked*time.Second))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Pointed(ctx, "team", "app:1"); err != nil || got.Digest != test.want {
				t.Errorf("step %d: %s, %v, want %s", i, got.Digest, err, test.want)
			}
		}
	})
}
