CREATE TABLE fleet_indexes (
	tenant TEXT NOT NULL,
	digest TEXT NOT NULL,
	reference TEXT NOT NULL,
	more BIGINT NOT NULL,
	submitted BIGINT NOT NULL,
	PRIMARY KEY (tenant, digest)
);
CREATE TABLE fleet_platforms (
	tenant TEXT NOT NULL,
	index_digest TEXT NOT NULL,
	position BIGINT NOT NULL,
	platform TEXT NOT NULL,
	digest TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (tenant, index_digest, position)
);
CREATE INDEX fleet_platforms_digest ON fleet_platforms (digest, tenant);
ALTER TABLE fleet_tags ADD COLUMN index_digest TEXT NOT NULL DEFAULT '';
CREATE INDEX fleet_tags_index ON fleet_tags (index_digest, tenant) WHERE index_digest <> '';
ALTER TABLE fleet_submissions ADD COLUMN index_digest TEXT NOT NULL DEFAULT '';
