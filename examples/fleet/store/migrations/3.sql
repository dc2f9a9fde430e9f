CREATE TABLE fleet_archive (
	tenant TEXT NOT NULL,
	digest TEXT NOT NULL,
	object TEXT NOT NULL,
	size BIGINT NOT NULL,
	archived BIGINT NOT NULL,
	settled BIGINT NOT NULL,
	PRIMARY KEY (tenant, digest)
);
CREATE INDEX fleet_archive_settled ON fleet_archive (digest) WHERE settled = 0;
