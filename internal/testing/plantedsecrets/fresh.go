package plantedsecrets

import "math/rand/v2"

const (
	cloudflare = "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats"
	tailscale  = "https://tailscale.com/kb/1277/key-prefixes"
	buildkite  = "https://buildkite.com/docs/platform/security/tokens"
	packagist  = "https://packagist.com/docs/composer-authentication"
	paddle     = "https://developer.paddle.com/api-reference/about/authentication"
)

// Fresh returns formats that were written after the rules, from documents of issuers and without a look at the rules, to measure how many secrets the
// rules find that they were not tuned with. A third of them had no rule.
func Fresh() []*Format {
	list := []*Format{
		{Name: "cloudflare-user", Issuer: "Cloudflare", Document: cloudflare, name: "CLOUDFLARE_API_TOKEN", Form: "cfut_" + alnum + "{40}[0-9a-f]{8}", Distinct: true, Read: true},
		{Name: "cloudflare-account", Issuer: "Cloudflare", Document: cloudflare, name: "CF_ACCOUNT_TOKEN", Form: "cfat_" + alnum + "{40}[0-9a-f]{8}", Distinct: true, Read: true},
		{Name: "cloudflare-key", Issuer: "Cloudflare", Document: cloudflare, name: "CLOUDFLARE_API_KEY", Form: "cfk_" + alnum + "{40}[0-9a-f]{8}", Distinct: true, Read: true},
		{Name: "tailscale-api", Issuer: "Tailscale", Document: tailscale, name: "TAILSCALE_API_KEY", Form: "tskey-api-k" + alnum + "{11}CNTRL-" + alnum + "{32}", Distinct: true, Read: true},
		{Name: "tailscale-client", Issuer: "Tailscale", Document: tailscale, name: "TS_OAUTH_SECRET", Form: "tskey-client-k" + alnum + "{11}CNTRL-" + alnum + "{32}", Distinct: true, Read: true},
		{Name: "tailscale-webhook", Issuer: "Tailscale", Document: tailscale, name: "TS_WEBHOOK_SECRET", Form: "tskey-webhook-k" + alnum + "{11}CNTRL-" + alnum + "{32}", Distinct: true, Read: true},
		{Name: "circleci-project", Issuer: "CircleCI", Document: "https://circleci.com/changelog/new-format-for-api-access-tokens/", name: "CIRCLE_PROJECT_TOKEN", Form: "CCIPRJ_[1-9A-HJ-NP-Za-km-z]{22}_[0-9a-f]{40}", Distinct: true, Read: true},
		{Name: "buildkite-session", Issuer: "Buildkite", Document: buildkite, name: "BUILDKITE_AGENT_ACCESS_TOKEN", Form: "bkaa_" + alnum + "{75}", Distinct: true, Read: true},
		{Name: "buildkite-job", Issuer: "Buildkite", Document: buildkite, name: "BUILDKITE_JOB_TOKEN", Form: "bkaj_" + alnum + "{60}", Distinct: true, Read: true},
		{Name: "packagist-read", Issuer: "Packagist", Document: packagist, name: "PACKAGIST_TOKEN", Form: "packagist_ort_[0-9a-f]{68}", Distinct: true, Read: true},
		{Name: "packagist-user", Issuer: "Packagist", Document: packagist, name: "PACKAGIST_USER_TOKEN", Form: "packagist_uut_[0-9a-f]{68}", Distinct: true, Read: true},
		{Name: "paddle-live", Issuer: "Paddle", Document: paddle, name: "PADDLE_API_KEY", Form: "pdl_live_apikey_01[0-9a-hjkmnp-tv-z]{24}_" + alnum + "{22}_" + alnum + "{3}", Distinct: true, Read: true},
		{Name: "paddle-sandbox", Issuer: "Paddle", Document: paddle, name: "PADDLE_SANDBOX_KEY", Form: "pdl_sdbx_apikey_01[0-9a-hjkmnp-tv-z]{24}_" + alnum + "{22}_" + alnum + "{3}", Distinct: true, Read: true},
		{Name: "mergefreeze", Issuer: "Merge Freeze", Document: "https://www.mergefreeze.com/blog/2023-06-26-enhanced-api-token-security", name: "MERGE_FREEZE_TOKEN", Form: "mfo_[0-9a-z]{24}", Distinct: true, Read: true},
		{Name: "moyasar", Issuer: "Moyasar", Document: "https://docs.moyasar.com/guides/dashboard/get-your-api-keys", name: "MOYASAR_SECRET_KEY", Form: "sk_live_" + alnum + "{40}", Distinct: true, Read: true},
		{Name: "signatureapi", Issuer: "SignatureAPI", Document: "https://signatureapi.com/docs/v1/errors/invalid-api-key", name: "SIGNATUREAPI_KEY", Form: "key_live_" + alnum + "{32}", Distinct: true, Read: true},
		{Name: "posthog", Issuer: "PostHog", Document: "https://posthog.com/docs/api/personal-api-keys", name: "POSTHOG_PERSONAL_API_KEY", Form: "phx_" + alnum + "{43,47}", Distinct: true, Read: true},
		{Name: "neon", Issuer: "Neon", Document: "https://neon.com/docs/manage/api-keys", name: "NEON_API_KEY", Form: "napi_[0-9a-z]{64}", Distinct: true},
		{Name: "gitlab-job", Issuer: "GitLab", Document: gitlab, name: "CI_JOB_TOKEN", Form: "glcbt-64_" + word + "{20}", Distinct: true, Read: true},
		{Name: "gitlab-flags", Issuer: "GitLab", Document: gitlab, name: "FLAGS_CLIENT_TOKEN", Form: "glffct-" + word + "{20}", Distinct: true},
		{Name: "gitlab-registration", Issuer: "GitLab", Document: gitlab, name: "REGISTRATION_TOKEN", Form: "GR1348941" + word + "{20}", Distinct: true, Read: true},
		{Name: "gitlab-instance-prefix", Issuer: "GitLab", Document: "https://docs.gitlab.com/administration/settings/account_and_limit_settings/#instance-token-prefix", name: "GITLAB_TOKEN", Form: "acmecorp-glpat-" + word + "{20}", Distinct: true, Read: true},
		{Name: "slack-rotated", Issuer: "Slack", Document: "https://api.slack.com/authentication/rotation", name: "SLACK_ACCESS_TOKEN", Form: `xoxe\.xoxp-1-` + alnum + "{163}", Distinct: true},
		{Name: "supabase-secret", Issuer: "Supabase", Document: "https://supabase.com/docs/guides/api/api-keys", name: "SUPABASE_SECRET_KEY", Form: "sb_secret_" + word + "{31}", Distinct: true},
		{Name: "vercel-personal", Issuer: "Vercel", Document: "https://vercel.com/changelog/new-token-formats-and-secret-scanning", name: "VERCEL_TOKEN", Form: "vcp_" + alnum + "{56}", Distinct: true},
		{Name: "planetscale-oauth", Issuer: "PlanetScale", Document: "https://planetscale.com/docs/concepts/service-tokens", name: "PLANETSCALE_OAUTH_TOKEN", Form: "pscale_oauth_" + word + "{43}", Distinct: true},
		{Name: "shopify-custom", Issuer: "Shopify", Document: shopify, name: "SHOPIFY_CUSTOM_TOKEN", Form: "shpca_[0-9a-f]{32}", Distinct: true},
		{Name: "newrelic-insert", Issuer: "New Relic", Document: "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", name: "NEW_RELIC_INSERT_KEY", Form: "NRII-" + word + "{32}", Distinct: true},
		{Name: "honeycomb", Issuer: "Honeycomb", Document: "https://docs.honeycomb.io/configure/environments/manage-api-keys/", name: "HONEYCOMB_API_KEY", Form: "hcaik_[0-9a-z]{58}", Distinct: true},
		{Name: "openai-service", Issuer: "OpenAI", Document: "https://platform.openai.com/docs/api-reference/project-service-accounts", name: "OPENAI_API_KEY", Form: "sk-svcacct-" + word + "{74}T3BlbkFJ" + word + "{74}", Distinct: true},
		{Name: "anthropic-admin", Issuer: "Anthropic", Document: "https://docs.claude.com/en/api/administration-api", name: "ANTHROPIC_ADMIN_KEY", Form: "sk-ant-admin01-" + word + "{93}AA", Distinct: true},
		{Name: "pinecone", Issuer: "Pinecone", Document: "https://docs.pinecone.io/guides/projects/manage-api-keys", name: "PINECONE_API_KEY", Form: "pcsk_" + alnum + "{6}_" + alnum + "{63}", Distinct: true},
		{Name: "databricks-oauth", Issuer: "Databricks", Document: "https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m", name: "DATABRICKS_CLIENT_SECRET", Form: "dose[0-9a-f]{32}", Distinct: true},
		{Name: "fly-deploy", Issuer: "Fly.io", Document: "https://fly.io/docs/security/tokens/", name: "FLY_API_TOKEN", Form: "FlyV1 fm2_[A-Za-z0-9+/]{200,300},fm2_[A-Za-z0-9+/]{200,300}", Distinct: true},
		{Name: "square-oauth", Issuer: "Square", Document: "https://developer.squareup.com/docs/oauth-api/overview", name: "SQUARE_OAUTH_TOKEN", Form: "sq0atp-" + word + "{22}", Distinct: true},
		{Name: "brevo-smtp", Issuer: "Brevo", Document: "https://developers.brevo.com/docs/smtp-integration", name: "SMTP_KEY", Form: "xsmtpsib-[0-9a-f]{64}-" + alnum + "{16}", Distinct: true},
		{Name: "doppler-cli", Issuer: "Doppler", Document: dopplr, name: "DOPPLER_CLI_TOKEN", Form: `dp\.ct\.` + alnum + "{43}", Distinct: true},
		{Name: "doppler-scim", Issuer: "Doppler", Document: dopplr, name: "DOPPLER_SCIM_TOKEN", Form: `dp\.scim\.` + alnum + "{43}", Distinct: true},
		{Name: "elevenlabs", Issuer: "ElevenLabs", Document: "https://elevenlabs.io/docs/api-reference/authentication", name: "ELEVENLABS_API_KEY", Form: "sk_[0-9a-f]{48}"},
		{Name: "deepseek", Issuer: "DeepSeek", Document: "https://api-docs.deepseek.com/", name: "DEEPSEEK_API_KEY", Form: "sk-[0-9a-f]{32}"},
		{Name: "tavily", Issuer: "Tavily", Document: "https://docs.tavily.com/documentation/api-reference/introduction", name: "TAVILY_API_KEY", Form: "tvly-(dev-)?" + alnum + "{32}", Distinct: true},
		{Name: "firecrawl", Issuer: "Firecrawl", Document: "https://docs.firecrawl.dev/introduction", name: "FIRECRAWL_API_KEY", Form: "fc-[0-9a-f]{32}"},
		{Name: "clickup", Issuer: "ClickUp", Document: "https://developer.clickup.com/docs/authentication", name: "CLICKUP_API_TOKEN", Form: "pk_[0-9]{7,8}_[A-Z0-9]{32}", Distinct: true},
		{Name: "checkly", Issuer: "Checkly", Document: "https://www.checklyhq.com/docs/accounts-and-users/creating-api-key/", name: "CHECKLY_API_KEY", Form: "cu_[0-9a-f]{32}"},
		{Name: "lob", Issuer: "Lob", Document: "https://docs.lob.com/#section/API-Keys", name: "LOB_API_KEY", Form: "live_[0-9a-f]{35}"},
		{Name: "vultr", Issuer: "Vultr", Document: "https://docs.vultr.com/platform/other/api", name: "VULTR_API_KEY", Form: "[A-Z0-9]{36}"},
		{Name: "ngrok", Issuer: "ngrok", Document: "https://ngrok.com/docs/agent/#authtokens", name: "NGROK_AUTHTOKEN", Form: "2" + alnum + "{26}_" + alnum + "{21}"},
		{Name: "scalingo", Issuer: "Scalingo", Document: "https://developers.scalingo.com/tokens", name: "SCALINGO_API_TOKEN", Form: "tk-us-" + word + "{48}", Distinct: true},
		{Name: "unkey", Issuer: "Unkey", Document: "https://www.unkey.com/docs/api-reference/overview", name: "UNKEY_ROOT_KEY", Form: "unkey_" + alnum + "{22,32}", Distinct: true},

		{Name: "docker-identity", Issuer: "Docker", Document: "https://docs.docker.com/reference/cli/docker/login/", file: dockerIdentity},
		{Name: "yarnrc", Issuer: "Yarn", Document: "https://yarnpkg.com/configuration/yarnrc#npmAuthToken", file: yarnrc},
		{Name: "bundle-config", Issuer: "Bundler", Document: "https://bundler.io/man/bundle-config.1.html", file: bundleConfig},
		{Name: "helm-registry", Issuer: "Helm", Document: "https://helm.sh/docs/helm/helm_registry_login/", file: helmRegistry},
		{Name: "vault-token-file", Issuer: "HashiCorp", Document: vault, file: vaultTokenFile},
		{Name: "k3s-token", Issuer: "K3s", Document: "https://docs.k3s.io/cli/token", file: k3sToken},
		{Name: "tomcat-users", Issuer: "Apache Tomcat", Document: "https://tomcat.apache.org/tomcat-10.1-doc/manager-howto.html", file: tomcatUsers},
		{Name: "spring-properties", Issuer: "Spring", Document: "https://docs.spring.io/spring-boot/reference/data/sql.html", file: springProperties},
	}
	return list
}

func dockerIdentity(r *rand.Rand) (string, *doc) {
	p := fill(r, alnum+"{96}")
	return home(r) + "/.docker/config.json", &doc{"{\"auths\": {\"" + host(r) + "\": {\"auth\": \"" + b64("00000000-0000-0000-0000-000000000000:") + "\", \"identitytoken\": \"" + p + "\"}}}\n", []string{p}}
}

func yarnrc(r *rand.Rand) (string, *doc) {
	p := uuid(r)
	return home(r) + "/.yarnrc.yml", &doc{"npmRegistries:\n  \"https://" + host(r) + "\":\n    npmAlwaysAuth: true\n    npmAuthToken: \"" + p + "\"\n", []string{p}}
}

func bundleConfig(r *rand.Rand) (string, *doc) {
	p := fill(r, alnum+"{20}")
	return home(r) + "/.bundle/config", &doc{"---\nBUNDLE_GEMS__EXAMPLE__COM: \"" + user(r) + ":" + p + "\"\n", []string{p}}
}

func helmRegistry(r *rand.Rand) (string, *doc) {
	u, p := user(r), password(r)
	return home(r) + "/.config/helm/registry/config.json", &doc{"{\"auths\":{\"" + host(r) + "\":{\"auth\":\"" + b64(u+":"+p) + "\"}}}\n", []string{p, b64(u + ":" + p)}}
}

func vaultTokenFile(r *rand.Rand) (string, *doc) {
	p := fill(r, `hvs\.`+word+"{90,110}")
	return home(r) + "/.vault-token", &doc{p, []string{p}}
}

func k3sToken(r *rand.Rand) (string, *doc) {
	p := fill(r, "[0-9a-f]{32}")
	return "var/lib/rancher/k3s/server/token", &doc{"K10" + fill(r, "[0-9a-f]{64}") + "::server:" + p + "\n", []string{p}}
}

func tomcatUsers(r *rand.Rand) (string, *doc) {
	p := password(r)
	return "opt/tomcat/conf/tomcat-users.xml", &doc{"<tomcat-users>\n  <role rolename=\"manager-gui\"/>\n  <user username=\"" + user(r) + "\" password=\"" + p + "\" roles=\"manager-gui\"/>\n</tomcat-users>\n", []string{p}}
}

func springProperties(r *rand.Rand) (string, *doc) {
	p := password(r)
	return "srv/application-prod.properties", &doc{"spring.datasource.url=jdbc:postgresql://" + host(r) + ":5432/shop\nspring.datasource.username=" + user(r) + "\nspring.datasource.password=" + p + "\n", []string{p}}
}
