package webhooktest_test

import (
	"testing"

	"github.com/hullmark/hullmark/matcher/watch/webhook"
	"github.com/hullmark/hullmark/matcher/watch/webhook/webhooktest"
)

// The test of an outbox of one's own opens an empty one each time.
func Example() {
	test := func(t *testing.T) {
		webhooktest.Run(t, func(t *testing.T) webhook.Outbox { return new(webhook.Memory) })
	}
	_ = test // func TestOutbox(t *testing.T)
}

func TestMemory(t *testing.T) {
	webhooktest.Run(t, func(t *testing.T) webhook.Outbox { return new(webhook.Memory) })
}
