DROP INDEX fleet_falco_events_image;
CREATE INDEX fleet_falco_events_image ON fleet_falco_events (tenant, digest, id, rule, priority);
CREATE INDEX fleet_falco_events_rule ON fleet_falco_events (tenant, rule, id, priority);
CREATE INDEX fleet_falco_events_priority ON fleet_falco_events (tenant, priority, id);
