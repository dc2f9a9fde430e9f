CREATE TABLE fleet_tenants (
	name TEXT NOT NULL PRIMARY KEY,
	served BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE fleet_tokens (
	id TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	hash {bytes} NOT NULL UNIQUE,
	scopes TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL
);
CREATE INDEX fleet_tokens_tenant ON fleet_tokens (tenant, id);
CREATE TABLE fleet_submissions (
	id TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	kind TEXT NOT NULL,
	reference TEXT NOT NULL,
	platform TEXT NOT NULL,
	object TEXT NOT NULL,
	annotations TEXT NOT NULL,
	priority BIGINT NOT NULL,
	again BIGINT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	message TEXT NOT NULL,
	digest TEXT NOT NULL,
	job BIGINT NOT NULL,
	worker TEXT NOT NULL DEFAULT '',
	attempts BIGINT NOT NULL,
	submitted BIGINT NOT NULL,
	started BIGINT NOT NULL,
	finished BIGINT NOT NULL
);
CREATE INDEX fleet_submissions_turn ON fleet_submissions (tenant, priority, id) WHERE job = 0;
CREATE INDEX fleet_submissions_job ON fleet_submissions (job) WHERE job <> 0;
CREATE INDEX fleet_submissions_worker ON fleet_submissions (worker) WHERE state = 'analyzing';
CREATE INDEX fleet_submissions_state ON fleet_submissions (tenant, state, id);
CREATE TABLE fleet_images (
	tenant TEXT NOT NULL,
	digest TEXT NOT NULL,
	kind TEXT NOT NULL,
	config TEXT NOT NULL,
	manifest TEXT NOT NULL,
	reference TEXT NOT NULL,
	platform TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	message TEXT NOT NULL,
	annotations TEXT NOT NULL,
	submitted BIGINT NOT NULL,
	finished BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	stale BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, digest)
);
CREATE INDEX fleet_images_config ON fleet_images (tenant, config);
CREATE INDEX fleet_images_manifest ON fleet_images (tenant, manifest);
CREATE INDEX fleet_images_state ON fleet_images (tenant, state, digest);
CREATE INDEX fleet_images_stale ON fleet_images (tenant, digest) WHERE stale = 1;
CREATE INDEX fleet_images_digest ON fleet_images (digest);
CREATE TABLE fleet_tags (
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	since BIGINT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (tenant, name, since)
);
CREATE INDEX fleet_tags_digest ON fleet_tags (digest, tenant);
CREATE TABLE fleet_claims (
	name TEXT NOT NULL PRIMARY KEY,
	holder TEXT NOT NULL,
	ends BIGINT NOT NULL
);
CREATE TABLE fleet_layers (
	name TEXT NOT NULL PRIMARY KEY,
	value {bytes} NOT NULL,
	size BIGINT NOT NULL,
	used BIGINT NOT NULL
);
CREATE INDEX fleet_layers_used ON fleet_layers (used);
CREATE TABLE fleet_objects (
	name TEXT NOT NULL PRIMARY KEY,
	id TEXT NOT NULL,
	size BIGINT NOT NULL,
	created BIGINT NOT NULL
);
CREATE TABLE fleet_object_parts (
	id TEXT NOT NULL,
	number BIGINT NOT NULL,
	content {bytes} NOT NULL,
	PRIMARY KEY (id, number)
);
CREATE TABLE fleet_generations (
	id TEXT NOT NULL PRIMARY KEY,
	object TEXT NOT NULL,
	images BIGINT NOT NULL
);
CREATE TABLE fleet_idempotency (
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	request {bytes} NOT NULL,
	status BIGINT NOT NULL,
	location TEXT NOT NULL,
	body {bytes} NOT NULL,
	created BIGINT NOT NULL,
	PRIMARY KEY (tenant, name)
);
CREATE INDEX fleet_idempotency_created ON fleet_idempotency (created);
CREATE TABLE fleet_registries (
	tenant TEXT NOT NULL,
	pattern TEXT NOT NULL,
	PRIMARY KEY (tenant, pattern)
);
CREATE TABLE fleet_credentials (
	tenant TEXT NOT NULL,
	prefix TEXT NOT NULL,
	username TEXT NOT NULL,
	secret {bytes} NOT NULL,
	expires BIGINT NOT NULL,
	created BIGINT NOT NULL,
	PRIMARY KEY (tenant, prefix)
);
CREATE TABLE fleet_policies (
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	format TEXT NOT NULL,
	body TEXT NOT NULL,
	changed BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	PRIMARY KEY (tenant, name)
);
CREATE TABLE fleet_mappings (
	tenant TEXT NOT NULL,
	position BIGINT NOT NULL,
	pattern TEXT NOT NULL,
	policy TEXT NOT NULL,
	PRIMARY KEY (tenant, position)
);
CREATE TABLE fleet_subscriptions (
	id TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	body TEXT NOT NULL,
	secret {bytes} NOT NULL,
	disabled BIGINT NOT NULL DEFAULT 0,
	created BIGINT NOT NULL
);
CREATE INDEX fleet_subscriptions_tenant ON fleet_subscriptions (tenant, id);
CREATE TABLE fleet_advisories (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	body TEXT NOT NULL,
	changed BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE TABLE fleet_audit (
	id TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL
);
CREATE INDEX fleet_audit_tenant ON fleet_audit (tenant, id);
CREATE TABLE fleet_indexed (
	digest TEXT NOT NULL PRIMARY KEY,
	generation TEXT NOT NULL
);
CREATE INDEX fleet_indexed_generation ON fleet_indexed (generation, digest);
CREATE TABLE fleet_evaluations (
	tenant TEXT NOT NULL,
	digest TEXT NOT NULL,
	policy TEXT NOT NULL,
	basis TEXT NOT NULL,
	PRIMARY KEY (tenant, digest, policy)
);
CREATE TABLE fleet_settings (
	name TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
