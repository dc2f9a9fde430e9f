CREATE TABLE hullmark_parts (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	hash BLOB NOT NULL UNIQUE,
	kind BLOB NOT NULL,
	size INTEGER NOT NULL,
	form BLOB NOT NULL
);
CREATE TABLE hullmark_images (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	digest BLOB NOT NULL UNIQUE,
	config BLOB NOT NULL,
	info BLOB NOT NULL,
	added INTEGER NOT NULL,
	written INTEGER NOT NULL,
	parts BLOB NOT NULL
);
CREATE INDEX hullmark_images_config ON hullmark_images (config);
CREATE TABLE hullmark_tags (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	name BLOB NOT NULL,
	since INTEGER NOT NULL,
	digest BLOB NOT NULL
);
CREATE INDEX hullmark_tags_name ON hullmark_tags (name, since, seq);
CREATE TABLE hullmark_notices (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE,
	kind BLOB NOT NULL,
	body BLOB NOT NULL,
	created INTEGER NOT NULL,
	delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX hullmark_notices_open ON hullmark_notices (seq) WHERE delivered = 0;
