ALTER TABLE fleet_falco_events ADD COLUMN platform TEXT NOT NULL DEFAULT '';
