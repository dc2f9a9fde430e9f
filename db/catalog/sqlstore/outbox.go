package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// An Outbox is a [webhook.Outbox] in the database of a Store.
type Outbox struct{ store *Store }

var _ webhook.Outbox = Outbox{}

// Outbox returns the outbox of webhooks.
func (s *Store) Outbox() Outbox { return Outbox{s} }

// states are the numbers of states in the column. Those of entries to send come first.
var states = []webhook.DeliveryState{webhook.Pending, webhook.Waiting, webhook.Collected, webhook.Sent, webhook.Dead}

// A deliveryBody has the fields of a delivery that have no column.
type deliveryBody struct {
	Messages []webhook.Message `json:"messages,omitempty"`
	Attempts int               `json:"attempts,omitempty"`
	Status   int               `json:"status,omitempty"`
	Error    string            `json:"error,omitempty"`
}

const deliveryColumns = "id, subscription, state, next, created, body"

// encodeDelivery returns the columns of a delivery.
func encodeDelivery(d *webhook.Delivery) ([]any, error) {
	state := slices.Index(states, d.State)
	if state < 0 {
		return nil, fmt.Errorf("delivery %q: state %q is unknown", d.ID, d.State)
	}
	body, err := json.Marshal(deliveryBody{d.Messages, d.Attempts, d.Status, d.Error})
	if err != nil {
		return nil, fmt.Errorf("delivery %q: %w", d.ID, err)
	}
	return []any{[]byte(d.ID), []byte(d.Subscription), state, d.Next.UnixMicro(), d.Created.UnixMicro(), body}, nil
}

// deliveries returns the deliveries of a query's condition.
func (o Outbox) deliveries(ctx context.Context, condition string, args ...any) ([]webhook.Delivery, error) {
	var list []webhook.Delivery
	err := o.store.rows(ctx, func(scan func(...any) error) error {
		var id, subscription, text []byte
		var state, next, created int64
		if err := scan(&id, &subscription, &state, &next, &created, &text); err != nil {
			return err
		}
		var body deliveryBody
		if err := json.Unmarshal(text, &body); err != nil || state < 0 || state >= int64(len(states)) {
			return fmt.Errorf("delivery %q: %w: state %d, %v", id, catalog.ErrCorrupt, state, err)
		}
		list = append(list, webhook.Delivery{ID: string(id), Subscription: string(subscription), Messages: body.Messages, Created: fromMicro(created),
			State: states[state], Next: fromMicro(next), Attempts: body.Attempts, Status: body.Status, Error: body.Error})
		return nil
	}, "SELECT "+deliveryColumns+" FROM hullmark_deliveries WHERE "+condition, args...)
	return list, err
}

// write writes deliveries, numbered in the order of the list. The conflict says how the statement treats those that exist.
func (o Outbox) write(ctx context.Context, list []webhook.Delivery, conflict string) error {
	var rows []any
	for i := range list {
		row, err := encodeDelivery(&list[i])
		if err != nil {
			return err
		}
		rows = append(rows, row...)
	}
	return o.store.write(ctx, func(tx *tx) error {
		return tx.insert(ctx, "INSERT INTO hullmark_deliveries ("+deliveryColumns+") VALUES (?) ON CONFLICT "+conflict, 6, rows)
	})
}

// Add adds deliveries that are new. It implements [webhook.Outbox].
func (o Outbox) Add(ctx context.Context, list ...webhook.Delivery) error {
	if err := o.write(ctx, list, "DO NOTHING"); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	return nil
}

// Save replaces or adds deliveries. It implements [webhook.Outbox].
func (o Outbox) Save(ctx context.Context, list ...webhook.Delivery) error {
	const replace = "(id) DO UPDATE SET subscription = excluded.subscription, state = excluded.state, next = excluded.next, created = excluded.created, body = excluded.body"
	if err := o.write(ctx, list, replace); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	return nil
}

// Take chooses a subscription with a due delivery. It implements [webhook.Outbox].
func (o Outbox) Take(ctx context.Context, now, until time.Time) (string, error) {
	taken, found := "", false
	read := func(scan func(...any) error) error {
		var id []byte
		err := scan(&id)
		taken, found = string(id), true
		return err
	}
	const due = `SELECT d.subscription FROM (SELECT DISTINCT subscription FROM hullmark_deliveries WHERE state < 2 AND next <= ?) d
		LEFT JOIN hullmark_holds h ON h.subscription = d.subscription WHERE h.ends IS NULL OR h.ends <= ?
		ORDER BY h.ends IS NOT NULL, h.ends, d.subscription LIMIT 1`
	// Most calls find nothing, for which a transaction that writes would be too much.
	if err := o.store.rows(ctx, read, due, now.UnixMicro(), now.UnixMicro()); err != nil {
		return "", fmt.Errorf("catalog: %w", err)
	}
	if !found {
		return "", nil
	}
	err := o.store.write(ctx, func(tx *tx) error {
		for {
			taken, found = "", false
			if err := tx.rows(ctx, read, due, now.UnixMicro(), now.UnixMicro()); err != nil || !found {
				return err
			}
			// Another sender may have taken it since.
			result, err := tx.conn.ExecContext(ctx, tx.dialect.bind(`INSERT INTO hullmark_holds (subscription, ends) VALUES (?, ?)
				ON CONFLICT (subscription) DO UPDATE SET ends = excluded.ends WHERE hullmark_holds.ends <= ?`), []byte(taken), until.UnixMicro(), now.UnixMicro())
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n > 0 {
				return err
			}
		}
	})
	if err != nil {
		return "", fmt.Errorf("catalog: %w", err)
	}
	return taken, nil
}

// Hold replaces the time until which a subscription is held. It implements [webhook.Outbox].
func (o Outbox) Hold(ctx context.Context, subscription string, until time.Time) error {
	err := o.store.write(ctx, func(tx *tx) error {
		return tx.exec(ctx, "INSERT INTO hullmark_holds (subscription, ends) VALUES (?, ?) ON CONFLICT (subscription) DO UPDATE SET ends = excluded.ends", []byte(subscription), until.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	return nil
}

// Due returns deliveries to attempt. It implements [webhook.Outbox].
func (o Outbox) Due(ctx context.Context, subscription string, now time.Time, n int) ([]webhook.Delivery, error) {
	list, err := o.deliveries(ctx, "state < 2 AND subscription = ? AND next <= ? ORDER BY seq LIMIT ?", []byte(subscription), now.UnixMicro(), max(0, n))
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	return list, nil
}

// Get returns a delivery. It implements [webhook.Outbox].
func (o Outbox) Get(ctx context.Context, id string) (webhook.Delivery, error) {
	list, err := o.deliveries(ctx, "id = ?", []byte(id))
	if err == nil && len(list) == 0 {
		err = webhook.ErrNotFound
	}
	if err != nil {
		return webhook.Delivery{}, fmt.Errorf("catalog: delivery %q: %w", id, err)
	}
	return list[0], nil
}

// List returns deliveries of a state. It implements [webhook.Outbox].
func (o Outbox) List(ctx context.Context, state webhook.DeliveryState, after string, n int) ([]webhook.Delivery, error) {
	list, err := o.deliveries(ctx, "state = ? AND seq > COALESCE((SELECT seq FROM hullmark_deliveries WHERE id = ?), 0) ORDER BY seq LIMIT ?",
		slices.Index(states, state), []byte(after), max(0, n))
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	return list, nil
}

// Purge deletes old deliveries. It implements [webhook.Outbox].
func (o Outbox) Purge(ctx context.Context, before time.Time) (int, error) {
	n := 0
	err := o.store.write(ctx, func(tx *tx) (err error) {
		if n, err = tx.change(ctx, "DELETE FROM hullmark_deliveries WHERE state >= 2 AND created < ?", []any{before.UnixMicro()}); err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM hullmark_holds WHERE ends < ?
			AND NOT EXISTS (SELECT 1 FROM hullmark_deliveries d WHERE d.state < 2 AND d.subscription = hullmark_holds.subscription)`, before.UnixMicro())
	})
	if err != nil {
		return 0, fmt.Errorf("catalog: %w", err)
	}
	return n, nil
}
