-- The outbox of webhooks. An entry is open, state below 2, until it is sent or given up.
CREATE TABLE hullmark_deliveries (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id BYTEA NOT NULL UNIQUE,
	subscription BYTEA NOT NULL,
	state INTEGER NOT NULL,
	next BIGINT NOT NULL,
	created BIGINT NOT NULL,
	body BYTEA NOT NULL
);
CREATE INDEX hullmark_deliveries_open ON hullmark_deliveries (subscription, seq) WHERE state < 2;
CREATE INDEX hullmark_deliveries_next ON hullmark_deliveries (next) WHERE state < 2;
CREATE INDEX hullmark_deliveries_state ON hullmark_deliveries (state, seq);
CREATE TABLE hullmark_holds (
	subscription BYTEA NOT NULL PRIMARY KEY,
	ends BIGINT NOT NULL
);
