DROP INDEX fleet_images_stale;
CREATE INDEX fleet_images_stale ON fleet_images (tenant, digest) WHERE stale <> 0 AND state = 'analyzed';
CREATE TABLE fleet_trash (
	object TEXT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL
);
CREATE INDEX fleet_trash_at ON fleet_trash (at);
