CREATE INDEX fleet_falco_events_rule ON fleet_falco_events (tenant, rule, id, priority);
CREATE INDEX fleet_falco_events_priority ON fleet_falco_events (tenant, priority, id);
CREATE TABLE fleet_falco_counts (
	tenant TEXT NOT NULL,
	image TEXT NOT NULL,
	rule TEXT NOT NULL,
	priority TEXT NOT NULL,
	events BIGINT NOT NULL,
	PRIMARY KEY (tenant, image, rule, priority)
);
INSERT INTO fleet_falco_counts SELECT tenant, '', rule, priority, COUNT(*) FROM fleet_falco_events GROUP BY tenant, rule, priority;
INSERT INTO fleet_falco_counts SELECT tenant, digest, rule, priority, COUNT(*) FROM fleet_falco_events WHERE digest <> '' GROUP BY tenant, digest, rule, priority;
