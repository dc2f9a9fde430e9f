// Package clair answers clients of Clair v4, such as Quay, at Clair's paths:
//
//	POST   /indexer/api/v1/index_report                  submits a manifest and waits for its analysis
//	DELETE /indexer/api/v1/index_report                  forgets manifests
//	GET    /indexer/api/v1/index_report/{digest}
//	DELETE /indexer/api/v1/index_report/{digest}
//	GET    /indexer/api/v1/index_state
//	GET    /matcher/api/v1/vulnerability_report/{digest}
//	GET    /notifier/api/v1/notification/{id}
//	DELETE /notifier/api/v1/notification/{id}
//
// Paths that Clair's document marks as internal are left out.
//
// Clients sign a JWT with a shared key. [Keys] checks it by crypto/hmac: one algorithm is allowed, so a library that knows all of them, and the
// ways to confuse them, would be more to trust and not less to write.
//
// [Fetch] makes an image from a manifest. Notifications are pages of a delivery of package webhook, and [AMQP] delivers to a broker of AMQP 0.9.1 what
// [webhook.Clair] makes for HTTP.
package clair
