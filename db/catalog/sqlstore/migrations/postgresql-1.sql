-- Names and identifiers are bytes: PostgreSQL's text has no NUL and only UTF-8, and Go's strings have both.
CREATE TABLE hullmark_parts (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash BYTEA NOT NULL UNIQUE,
	kind BYTEA NOT NULL,
	size BIGINT NOT NULL,
	form BYTEA NOT NULL
);
-- Forms are compressed already.
ALTER TABLE hullmark_parts ALTER COLUMN form SET STORAGE EXTERNAL;
CREATE TABLE hullmark_images (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	digest BYTEA NOT NULL UNIQUE,
	config BYTEA NOT NULL,
	info BYTEA NOT NULL,
	added BIGINT NOT NULL,
	written BIGINT NOT NULL,
	parts BYTEA NOT NULL
);
CREATE INDEX hullmark_images_config ON hullmark_images (config);
CREATE TABLE hullmark_tags (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name BYTEA NOT NULL,
	since BIGINT NOT NULL,
	digest BYTEA NOT NULL
);
CREATE INDEX hullmark_tags_name ON hullmark_tags (name, since, seq);
CREATE TABLE hullmark_notices (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id BYTEA NOT NULL UNIQUE,
	kind BYTEA NOT NULL,
	body BYTEA NOT NULL,
	created BIGINT NOT NULL,
	delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX hullmark_notices_open ON hullmark_notices (seq) WHERE delivered = 0;
