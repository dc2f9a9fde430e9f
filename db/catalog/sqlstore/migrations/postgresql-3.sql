-- Tags by the image that they point at.
CREATE INDEX hullmark_tags_digest ON hullmark_tags (digest);
CREATE TABLE hullmark_documents (
	image BYTEA NOT NULL,
	name BYTEA NOT NULL,
	kind BYTEA NOT NULL,
	added BIGINT NOT NULL,
	size BIGINT NOT NULL,
	content BYTEA NOT NULL,
	PRIMARY KEY (image, name)
);
-- An instant of 0 is no end.
CREATE TABLE hullmark_marks (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id BYTEA NOT NULL UNIQUE,
	tenant BYTEA NOT NULL,
	scope BYTEA NOT NULL,
	document BYTEA NOT NULL,
	author BYTEA NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	ended INTEGER NOT NULL
);
CREATE INDEX hullmark_marks_tenant ON hullmark_marks (tenant, seq);
CREATE TABLE hullmark_verdicts (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant BYTEA NOT NULL,
	image BYTEA NOT NULL,
	policy BYTEA NOT NULL,
	inputs BYTEA NOT NULL,
	action BYTEA NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	latest INTEGER NOT NULL,
	size BIGINT NOT NULL,
	body BYTEA NOT NULL
);
-- Bodies and contents are compressed already.
ALTER TABLE hullmark_documents ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE hullmark_verdicts ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX hullmark_verdicts_image ON hullmark_verdicts (image, tenant, seq);
CREATE INDEX hullmark_verdicts_until ON hullmark_verdicts (until) WHERE latest = 1 AND until <> 0;
