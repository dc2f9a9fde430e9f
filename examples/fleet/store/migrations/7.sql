ALTER TABLE fleet_submissions ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
