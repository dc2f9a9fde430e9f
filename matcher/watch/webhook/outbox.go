package webhook

import (
	"context"
	"errors"
	"time"
)

// A DeliveryState says how far a Delivery is.
type DeliveryState string

const (
	Pending   DeliveryState = "pending"   // to be sent at Next
	Waiting   DeliveryState = "waiting"   // to be part of a digest at Next
	Collected DeliveryState = "collected" // is part of a digest
	Sent      DeliveryState = "sent"      // the receiver answered with 2xx
	Dead      DeliveryState = "dead"      // given up
)

// A Delivery is an entry of an Outbox: messages for one subscription.
type Delivery struct {
	ID           string // the webhook-id, the same at each attempt
	Subscription string
	Messages     []Message // several in a digest
	Created      time.Time
	State        DeliveryState
	Next         time.Time // time of the next attempt
	Attempts     int
	Status       int    // status of the last answer, 0 without one
	Error        string // error of the last attempt, "" if it succeeded
}

// ErrNotFound reports that an Outbox has no such delivery.
var ErrNotFound = errors.New("not found")

// An Outbox keeps deliveries until they are sent, and some time longer. [Memory] is one. Each method is one transaction, and may be called
// by several senders at once. An Outbox may keep times to the microsecond, and texts of messages as JSON does. Package webhooktest tests others.
type Outbox interface {
	// Add adds deliveries. It ignores those whose ID the outbox has, in any state.
	Add(ctx context.Context, list ...Delivery) error

	// Take chooses a subscription that has a delivery due at now and is not held, and holds it until a time: no Take returns it before.
	// Among several it chooses the one whose last hold ended first. It returns "" if none is due.
	Take(ctx context.Context, now, until time.Time) (subscription string, err error)

	// Hold replaces the time until which a subscription is held.
	Hold(ctx context.Context, subscription string, until time.Time) error

	// Due returns up to n deliveries of a subscription that are Pending or Waiting and whose Next is not after now, in the order in which
	// they were added.
	Due(ctx context.Context, subscription string, now time.Time, n int) ([]Delivery, error)

	// Save replaces deliveries, and adds those with a new ID. The IDs of one call differ.
	Save(ctx context.Context, list ...Delivery) error

	// Get returns a delivery, or ErrNotFound.
	Get(ctx context.Context, id string) (Delivery, error)

	// List returns up to n deliveries of a state, in the order in which they were added, after the one with the ID after.
	List(ctx context.Context, state DeliveryState, after string, n int) ([]Delivery, error)

	// Purge deletes the deliveries that were created before a time and are neither Pending nor Waiting, and returns their number. The time
	// must be before the oldest message that may be queued again, or its receiver gets it twice.
	Purge(ctx context.Context, before time.Time) (int, error)
}
