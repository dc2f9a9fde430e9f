CREATE TABLE fleet_falco_events (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	at BIGINT NOT NULL,
	received BIGINT NOT NULL,
	source TEXT NOT NULL,
	rule TEXT NOT NULL,
	priority TEXT NOT NULL,
	host TEXT NOT NULL,
	container TEXT NOT NULL,
	image TEXT NOT NULL,
	executable TEXT NOT NULL,
	file TEXT NOT NULL,
	digest TEXT NOT NULL,
	component TEXT NOT NULL,
	vulnerabilities TEXT NOT NULL,
	gap TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX fleet_falco_events_image ON fleet_falco_events (tenant, digest, id);
CREATE INDEX fleet_falco_events_container ON fleet_falco_events (tenant, container, id);
CREATE INDEX fleet_falco_events_gap ON fleet_falco_events (tenant, id) WHERE gap <> '';
CREATE TABLE fleet_falco_diagnostics (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	received BIGINT NOT NULL,
	source TEXT NOT NULL,
	reason TEXT NOT NULL,
	line TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE TABLE fleet_falco_numbers (
	tenant TEXT NOT NULL PRIMARY KEY,
	last BIGINT NOT NULL
);
CREATE TABLE fleet_falco_files (
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	head TEXT NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (tenant, name)
);
CREATE TABLE fleet_falco_containers (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	image TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE TABLE fleet_falco_monitoring (
	tenant TEXT NOT NULL,
	target TEXT NOT NULL,
	monitored BIGINT NOT NULL,
	ignored BIGINT NOT NULL,
	PRIMARY KEY (tenant, target)
);
CREATE TABLE fleet_falco_marks (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	image TEXT NOT NULL,
	rule TEXT NOT NULL,
	path TEXT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);
