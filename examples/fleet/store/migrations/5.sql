ALTER TABLE fleet_images ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE fleet_images ADD COLUMN severity TEXT NOT NULL DEFAULT '';
DELETE FROM fleet_evaluations;
UPDATE fleet_images SET stale = 1;
