-- Tags by the image that they point at.
CREATE INDEX hullmark_tags_digest ON hullmark_tags (digest);
CREATE TABLE hullmark_documents (
	image BLOB NOT NULL,
	name BLOB NOT NULL,
	kind BLOB NOT NULL,
	added INTEGER NOT NULL,
	size INTEGER NOT NULL,
	content BLOB NOT NULL,
	PRIMARY KEY (image, name)
);
-- An instant of 0 is no end.
CREATE TABLE hullmark_marks (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE,
	tenant BLOB NOT NULL,
	scope BLOB NOT NULL,
	document BLOB NOT NULL,
	author BLOB NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	ended INTEGER NOT NULL
);
CREATE INDEX hullmark_marks_tenant ON hullmark_marks (tenant, seq);
CREATE TABLE hullmark_verdicts (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant BLOB NOT NULL,
	image BLOB NOT NULL,
	policy BLOB NOT NULL,
	inputs BLOB NOT NULL,
	action BLOB NOT NULL,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL,
	latest INTEGER NOT NULL,
	size INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE INDEX hullmark_verdicts_image ON hullmark_verdicts (image, tenant, seq);
CREATE INDEX hullmark_verdicts_until ON hullmark_verdicts (until) WHERE latest = 1 AND until <> 0;
