package databases

import (
	"testing"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
	"github.com/hullmark/hullmark/matcher/watch/webhook/webhooktest"
)

// TestOutbox tests the outbox of webhooks in both databases, and with a pool of one connection.
func TestOutbox(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		webhooktest.Run(t, func(t *testing.T) webhook.Outbox { return open(t, sqlite(t), sqlstore.SQLite).Outbox() })
	})
	t.Run("one connection", func(t *testing.T) {
		webhooktest.Run(t, func(t *testing.T) webhook.Outbox {
			db := sqlite(t)
			db.SetMaxOpenConns(1)
			return open(t, db, sqlstore.SQLite).Outbox()
		})
	})
	t.Run("postgresql", func(t *testing.T) {
		fresh := postgres(t)
		webhooktest.Run(t, func(t *testing.T) webhook.Outbox { return open(t, fresh(t), sqlstore.PostgreSQL).Outbox() })
	})
}
