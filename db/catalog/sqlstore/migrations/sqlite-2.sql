-- The outbox of webhooks. An entry is open, state below 2, until it is sent or given up.
CREATE TABLE hullmark_deliveries (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE,
	subscription BLOB NOT NULL,
	state INTEGER NOT NULL,
	next INTEGER NOT NULL,
	created INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE INDEX hullmark_deliveries_open ON hullmark_deliveries (subscription, seq) WHERE state < 2;
CREATE INDEX hullmark_deliveries_next ON hullmark_deliveries (next) WHERE state < 2;
CREATE INDEX hullmark_deliveries_state ON hullmark_deliveries (state, seq);
CREATE TABLE hullmark_holds (
	subscription BLOB NOT NULL PRIMARY KEY,
	ends INTEGER NOT NULL
);
