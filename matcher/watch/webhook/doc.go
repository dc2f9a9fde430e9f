// Package webhook delivers events of a fleet to subscribers: over HTTP with the headers and the signature of Standard Webhooks, as messages
// for Slack, Teams and Matrix, or through a function of the caller.
//
// A [Sender] takes deliveries from an [Outbox] and starts no goroutine that outlives a call. [Sender.Queue] adds a [Message] for each
// [Subscription] that selects it, and [Sender.Send] sends the deliveries that are due. Delivery is at least once: a delivery is marked as sent
// after the receiver answered with 2xx, so a crash between both repeats it with the same webhook-id. Receivers drop the second by this ID, and
// those written in Go check the signature with [Verify].
//
// A failed delivery is repeated after the pauses of Sender.Schedule, ten attempts in three days by default, and is dead then. A dead or sent
// delivery is sent again by [Sender.Redeliver]. Redirects are not followed. Without a Client of the caller, only public addresses are
// connected to, see [NewClient].
//
// A [Format] makes the body. [JSON] and [CloudEvents] are for programs; they cut long names and mark the cut. Forms for people show markup,
// mentions and hidden characters of names as text.
package webhook
