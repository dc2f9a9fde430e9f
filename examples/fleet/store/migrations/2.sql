ALTER TABLE fleet_submissions ADD COLUMN secret {bytes};
CREATE TABLE fleet_files (
	role TEXT NOT NULL PRIMARY KEY,
	object TEXT NOT NULL,
	hash TEXT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE TABLE fleet_feeds (
	name TEXT NOT NULL PRIMARY KEY,
	enabled BIGINT NOT NULL,
	every BIGINT NOT NULL,
	wanted BIGINT NOT NULL,
	tried BIGINT NOT NULL,
	succeeded BIGINT NOT NULL,
	records BIGINT NOT NULL,
	error TEXT NOT NULL
);
CREATE TABLE fleet_watches (
	tenant TEXT NOT NULL,
	repository TEXT NOT NULL,
	tags TEXT NOT NULL,
	every BIGINT NOT NULL,
	tried BIGINT NOT NULL,
	error TEXT NOT NULL,
	PRIMARY KEY (tenant, repository)
);
CREATE TABLE fleet_followed (
	tenant TEXT NOT NULL,
	repository TEXT NOT NULL,
	tag TEXT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (tenant, repository, tag)
);
CREATE TABLE fleet_usage (
	token TEXT NOT NULL,
	day TEXT NOT NULL,
	submissions BIGINT NOT NULL,
	PRIMARY KEY (token, day)
);
