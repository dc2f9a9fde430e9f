CREATE TABLE fleet_submission_counts (
	state TEXT NOT NULL,
	n BIGINT NOT NULL
);
/*sqlite*/ CREATE TRIGGER fleet_submission_added AFTER INSERT ON fleet_submissions BEGIN INSERT INTO fleet_submission_counts (state, n) VALUES (NEW.state, 1); END;
/*sqlite*/ CREATE TRIGGER fleet_submission_deleted AFTER DELETE ON fleet_submissions BEGIN INSERT INTO fleet_submission_counts (state, n) VALUES (OLD.state, -1); END;
/*sqlite*/ CREATE TRIGGER fleet_submission_changed AFTER UPDATE OF state ON fleet_submissions WHEN OLD.state <> NEW.state BEGIN INSERT INTO fleet_submission_counts (state, n) VALUES (OLD.state, -1), (NEW.state, 1); END;
/*postgresql*/ CREATE FUNCTION fleet_count_submission() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF TG_OP <> ''INSERT'' THEN INSERT INTO fleet_submission_counts (state, n) VALUES (OLD.state, -1); END IF; IF TG_OP <> ''DELETE'' THEN INSERT INTO fleet_submission_counts (state, n) VALUES (NEW.state, 1); END IF; RETURN NULL; END';
/*postgresql*/ CREATE TRIGGER fleet_submission_added AFTER INSERT OR DELETE ON fleet_submissions FOR EACH ROW EXECUTE FUNCTION fleet_count_submission();
/*postgresql*/ CREATE TRIGGER fleet_submission_changed AFTER UPDATE OF state ON fleet_submissions FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION fleet_count_submission();
INSERT INTO fleet_submission_counts (state, n) SELECT state, COUNT(*) FROM fleet_submissions GROUP BY state;
CREATE INDEX fleet_submissions_finished ON fleet_submissions (finished) WHERE finished <> 0;
ALTER TABLE fleet_tags ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;
UPDATE fleet_feeds SET every = 0 WHERE every = 21600000000;
/*postgresql*/ DO 'BEGIN ALTER TABLE fleet_object_parts ALTER COLUMN content SET COMPRESSION lz4; EXCEPTION WHEN feature_not_supported THEN ALTER TABLE fleet_object_parts ALTER COLUMN content SET STORAGE EXTERNAL; END';
