package plantedsecrets

import "math/rand/v2"

// hide joins the pieces of a fixed text that a scanner of source code would take for a secret.
func hide(pieces ...string) string {
	s := ""
	for _, p := range pieces {
		s += p
	}
	return s
}

const (
	github  = "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"
	gitlab  = "https://docs.gitlab.com/security/tokens/"
	slack   = "https://api.slack.com/authentication/token-types"
	vault   = "https://developer.hashicorp.com/vault/docs/concepts/tokens"
	purview = "https://learn.microsoft.com/en-us/purview/sit-defn-"
	dopplr  = "https://docs.doppler.com/reference/auth-token-formats"
	google  = "https://cloud.google.com/docs/authentication"
	shopify = "https://shopify.dev/docs/apps/build/authentication-authorization"
	uuids   = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
	alnum   = "[A-Za-z0-9]"
	word    = "[A-Za-z0-9_-]"
	pemForm = `(?s)-----BEGIN [A-Z ]+-----\n.+-----END [A-Z ]+-----\n`
)

const crc = "CRC-32 of the characters after the prefix, as six digits 0-9A-Za-z to the base 62"

// Formats returns the list of formats, in the order of their writing.
func Formats() []*Format {
	list := append(append(append(issued(), nameless()...), keys()...), files()...)
	for _, f := range list {
		if f.name == "" {
			f.name = "SECRET"
		}
	}
	return list
}

// issued are tokens whose form tells the issuer.
func issued() []*Format {
	list := []*Format{
		{Name: "github-pat", Issuer: "GitHub", Document: github, name: "GITHUB_TOKEN", Form: "ghp_[0-9A-Za-z]{36}", Checksum: crc, make: withCRC("ghp"+"_", 30)},
		{Name: "github-oauth", Issuer: "GitHub", Document: github, name: "GH_TOKEN", Form: "gho_[0-9A-Za-z]{36}", Checksum: crc, make: withCRC("gho"+"_", 30)},
		{Name: "github-user", Issuer: "GitHub", Document: github, name: "GH_USER_TOKEN", Form: "ghu_[0-9A-Za-z]{36}", Checksum: crc, make: withCRC("ghu"+"_", 30)},
		{Name: "github-server", Issuer: "GitHub", Document: github, name: "GH_APP_TOKEN", Form: "ghs_[0-9A-Za-z]{36}", Checksum: crc, make: withCRC("ghs"+"_", 30)},
		{Name: "github-refresh", Issuer: "GitHub", Document: github, name: "GH_REFRESH_TOKEN", Form: "ghr_[0-9A-Za-z]{76}", Checksum: crc, make: withCRC("ghr"+"_", 70)},
		{Name: "github-fine-grained", Issuer: "GitHub", Document: github, name: "GITHUB_PAT", Form: "github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}"},
		{Name: "npm", Issuer: "npm", Document: "https://github.blog/2021-09-23-announcing-npms-new-access-token-format/", name: "NPM_TOKEN", Form: "npm_[0-9A-Za-z]{36}", Checksum: crc, make: withCRC("npm"+"_", 30), Read: true},
		{Name: "gitlab-pat", Issuer: "GitLab", Document: gitlab, name: "GITLAB_TOKEN", Form: "glpat-" + word + "{20}", Read: true},
		{Name: "gitlab-pat-routable", Issuer: "GitLab", Document: "https://docs.gitlab.com/administration/settings/account_and_limit_settings/", name: "GITLAB_PAT", Form: `glpat-[0-9a-zA-Z_-]{27,60}\.[0-9a-z]{2}[0-9a-z]{7}`},
		{Name: "gitlab-deploy", Issuer: "GitLab", Document: gitlab, name: "CI_DEPLOY_PASSWORD", Form: "gldt-" + word + "{20}", Read: true},
		{Name: "gitlab-runner", Issuer: "GitLab", Document: gitlab, name: "RUNNER_TOKEN", Form: "glrt-" + word + "{20}"},
		{Name: "gitlab-trigger", Issuer: "GitLab", Document: gitlab, name: "TRIGGER_TOKEN", Form: "glptt-[0-9a-f]{40}"},
		{Name: "gitlab-oauth-secret", Issuer: "GitLab", Document: gitlab, name: "GITLAB_APP_SECRET", Form: "gloas-[0-9a-f]{64}"},
		{Name: "gitlab-feed", Issuer: "GitLab", Document: gitlab, name: "FEED_TOKEN", Form: "glft-" + word + "{20}"},
		{Name: "gitlab-mail", Issuer: "GitLab", Document: gitlab, name: "INCOMING_MAIL_TOKEN", Form: "glimt-[a-z0-9]{25}"},
		{Name: "gitlab-agent", Issuer: "GitLab", Document: gitlab, name: "AGENT_TOKEN", Form: "glagent-" + word + "{50}"},
		{Name: "gitlab-scim", Issuer: "GitLab", Document: gitlab, name: "SCIM_TOKEN", Form: "glsoat-" + word + "{20}"},
		{Name: "pypi", Issuer: "PyPI", Document: "https://pypi.org/help/#apitoken", name: "TWINE_PASSWORD", Form: "pypi-AgEIcHlwaS5vcmc" + word + "{50,400}", make: pypiToken("pypi.org")},
		{Name: "testpypi", Issuer: "PyPI", Document: "https://test.pypi.org/help/#apitoken", name: "TWINE_TEST_PASSWORD", Form: "pypi-AgENdGVzdC5weXBpLm9yZ" + word + "{50,400}", make: pypiToken("test.pypi.org")},
		{Name: "rubygems", Issuer: "RubyGems", Document: "https://guides." + "rubygems" + ".org/api-key-scopes/", name: "GEM_HOST_API_KEY", Form: "rubygems_[0-9a-f]{48}"},
		{Name: "crates", Issuer: "crates.io", Document: "https://github.com/rust-lang/crates.io/blob/main/src/util/token.rs", name: "CARGO_REGISTRY_TOKEN", Form: "cio" + alnum + "{32}"},
		{Name: "nuget", Issuer: "NuGet", Document: "https://learn.microsoft.com/en-us/nuget/nuget-org/publish-a-package", name: "NUGET_API_KEY", Form: "oy2[a-z0-9]{43}"},
		{Name: "docker-pat", Issuer: "Docker", Document: "https://docs.docker.com/security/access-tokens/", name: "DOCKER_PASSWORD", Form: "dckr_pat_" + word + "{27}"},
		{Name: "docker-oat", Issuer: "Docker", Document: "https://docs.docker.com/enterprise/security/access-tokens/", name: "DOCKER_ORG_TOKEN", Form: "dckr_oat_" + word + "{32}"},
		{Name: "clojars", Issuer: "Clojars", Document: "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens", name: "CLOJARS_PASSWORD", Form: "CLOJARS_[0-9a-f]{60}"},
		{Name: "artifactory-key", Issuer: "JFrog", Document: "https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key", name: "ARTIFACTORY_API_KEY", Form: "AKCp" + alnum + "{69}"},
		{Name: "artifactory-reference", Issuer: "JFrog", Document: "https://jfrog.com/help/r/jfrog-platform-administration-documentation/use-the-reference-token", name: "JFROG_TOKEN", Form: "cmVmdGtuOjAxO[A-Za-z0-9+/=]{51}", make: referenceToken},
		{Name: "vault-service", Issuer: "HashiCorp", Document: vault, name: "VAULT_TOKEN", Form: `hvs\.` + alnum + "{24}", Read: true},
		{Name: "vault-batch", Issuer: "HashiCorp", Document: vault, name: "VAULT_BATCH_TOKEN", Form: `hvb\.` + word + "{138,212}"},
		{Name: "vault-old", Issuer: "HashiCorp", Document: vault, name: "VAULT_TOKEN", Form: `s\.` + alnum + "{24}", Read: true},
		{Name: "terraform-cloud", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens", name: "TFE_TOKEN", Form: alnum + `{14}\.atlasv1\.` + alnum + "{67}"},
		{Name: "digitalocean-pat", Issuer: "DigitalOcean", Document: "https://docs.digitalocean.com/reference/api/create-personal-access-token/", name: "DIGITALOCEAN_TOKEN", Form: "dop_v1_[0-9a-f]{64}"},
		{Name: "digitalocean-oauth", Issuer: "DigitalOcean", Document: "https://docs.digitalocean.com/reference/api/oauth-api/", name: "DO_OAUTH_TOKEN", Form: "doo_v1_[0-9a-f]{64}"},
		{Name: "digitalocean-refresh", Issuer: "DigitalOcean", Document: "https://docs.digitalocean.com/reference/api/oauth-api/", name: "DO_REFRESH_TOKEN", Form: "dor_v1_[0-9a-f]{64}"},
		{Name: "heroku", Issuer: "Heroku", Document: "https://devcenter.heroku.com/articles/authentication", name: "HEROKU_API_KEY", Form: "HRKU-AA" + word + "{58}"},
		{Name: "fly", Issuer: "Fly.io", Document: "https://fly.io/docs/security/tokens/", name: "FLY_API_TOKEN", Form: `fm2_[A-Za-z0-9+/]{300,500}={0,2}`},
		{Name: "netlify", Issuer: "Netlify", Document: "https://docs.netlify.com/api/get-started/", name: "NETLIFY_AUTH_TOKEN", Form: "nfp_" + alnum + "{36}"},
		{Name: "render", Issuer: "Render", Document: "https://render.com/docs/api", name: "RENDER_API_KEY", Form: "rnd_" + alnum + "{28}"},
		{Name: "cloudflare-origin-ca", Issuer: "Cloudflare", Document: "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/", name: "CLOUDFLARE_API_USER_SERVICE_KEY", Form: `v1\.0-[0-9a-f]{24}-[0-9a-f]{146}`},
		{Name: "aws-key-pair", Issuer: "AWS", Document: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html", name: "AWS_SECRET_ACCESS_KEY", Form: "[A-Za-z0-9/+]{40}", partner: [2]string{"AWS_ACCESS_KEY_ID", "AKIA[A-Z2-7]{16}"}},
		{Name: "aws-session", Issuer: "AWS", Document: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html", name: "AWS_SESSION_TOKEN", Form: "IQoJb3JpZ2luX2Vj[A-Za-z0-9/+]{400,600}={0,2}", partner: [2]string{"AWS_ACCESS_KEY_ID", "ASIA[A-Z2-7]{16}"}},
		{Name: "aws-bedrock", Issuer: "AWS", Document: "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html", name: "AWS_BEARER_TOKEN_BEDROCK", Form: "ABSK[A-Za-z0-9+/]{109,268}={0,2}"},
		{Name: "aws-appsync", Issuer: "AWS", Document: "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html", name: "APPSYNC_API_KEY", Form: "da2-[a-z0-9]{26}"},
		{Name: "google-api-key", Issuer: "Google", Document: google + "/api-keys", name: "GOOGLE_API_KEY", Form: "AIza" + word + "{35}"},
		{Name: "google-client-secret", Issuer: "Google", Document: "https://developers.google.com/identity/protocols/oauth2", name: "GOOGLE_CLIENT_SECRET", Form: "GOCSPX-" + word + "{28}"},
		{Name: "google-access-token", Issuer: "Google", Document: "https://developers.google.com/identity/protocols/oauth2", name: "GOOGLE_OAUTH_ACCESS_TOKEN", Form: `ya29\.a0` + word + "{150,210}"},
		{Name: "google-hmac", Issuer: "Google", Document: "https://cloud.google.com/storage/docs/authentication/hmackeys", name: "GCS_SECRET", Form: "[A-Za-z0-9/+]{40}", partner: [2]string{"GCS_ACCESS_ID", "GOOG1E[A-Z2-7]{55}"}},
		{Name: "azure-storage", Issuer: "Microsoft", Document: purview + "azure-storage-account-key", name: "AZURE_STORAGE_CONNECTION_STRING", Form: `DefaultEndpointsProtocol=https;AccountName=[a-z0-9]{8,16};AccountKey=(?P<secret>[A-Za-z0-9+/]{85}[AQgw]==);EndpointSuffix=core\.windows\.net`},
		{Name: "azure-service-bus", Issuer: "Microsoft", Document: purview + "azure-service-bus-shared-access-signature", name: "SERVICEBUS_CONNECTION", Form: `Endpoint=sb://[a-z]{5,12}\.servicebus\.windows\.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)`},
		{Name: "azure-cosmos", Issuer: "Microsoft", Document: purview + "azure-cosmos-db-account-access-key", name: "COSMOS_CONNECTION", Form: `AccountEndpoint=https://[a-z]{5,12}\.documents\.azure\.com:443/;AccountKey=(?P<secret>[A-Za-z0-9+/]{85}[AQgw]==);`},
		{Name: "azure-sas", Issuer: "Microsoft", Document: "https://learn.microsoft.com/en-us/rest/api/storageservices/create-account-sas", name: "BLOB_URL", Form: `https://[a-z0-9]{8,12}\.blob\.core\.windows\.net/[a-z]{4,8}\?sv=2022-11-02&ss=b&srt=sco&sp=rwdl&se=2030-01-01T00:00:00Z&st=2025-01-01T00:00:00Z&spr=https&sig=(?P<secret>[A-Za-z0-9]{42}[AEIMQUYcgkosw048])%3D`},
		{Name: "azure-client-secret", Issuer: "Microsoft", Document: purview + "azure-ad-client-secret", name: "AZURE_CLIENT_SECRET", Form: `[A-Za-z0-9]{3}8Q~[A-Za-z0-9_.~-]{34}`, partner: [2]string{"AZURE_CLIENT_ID", uuids}},
		{Name: "azure-devops", Issuer: "Microsoft", Document: "https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate", name: "AZURE_DEVOPS_EXT_PAT", Form: "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"},
		{Name: "azure-functions", Issuer: "Microsoft", Document: purview + "azure-function-master-api-key", name: "FUNCTIONS_KEY", Form: "[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="},
		{Name: "azure-registry", Issuer: "Microsoft", Document: purview + "azure-container-registry-access-key", name: "ACR_PASSWORD", Form: `[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5}`},
		{Name: "slack-bot", Issuer: "Slack", Document: slack, name: "SLACK_BOT_TOKEN", Form: "xoxb-[1-9][0-9]{11,12}-[1-9][0-9]{11,12}-" + alnum + "{24}"},
		{Name: "slack-user", Issuer: "Slack", Document: slack, name: "SLACK_USER_TOKEN", Form: "xoxp-[1-9][0-9]{11}-[1-9][0-9]{11}-[1-9][0-9]{12}-[0-9a-f]{32}"},
		{Name: "slack-app", Issuer: "Slack", Document: slack, name: "SLACK_APP_TOKEN", Form: "xapp-1-A[A-Z0-9]{10}-[1-9][0-9]{12}-[0-9a-f]{64}"},
		{Name: "slack-refresh", Issuer: "Slack", Document: "https://api.slack.com/authentication/rotation", name: "SLACK_REFRESH_TOKEN", Form: "xoxe-1-[A-Za-z0-9]{146}"},
		{Name: "slack-webhook", Issuer: "Slack", Document: "https://api.slack.com/messaging/webhooks", name: "SLACK_WEBHOOK_URL", Form: `https://hooks\.slack\.com/services/T[A-Z0-9]{10}/B[A-Z0-9]{10}/(?P<secret>` + alnum + "{24})"},
		{Name: "discord-bot", Issuer: "Discord", Document: "https://discord.com/developers/docs/reference#authentication", name: "DISCORD_TOKEN", Form: `[MNO][A-Za-z0-9_-]{23}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{38}`, make: discordToken},
		{Name: "discord-webhook", Issuer: "Discord", Document: "https://discord.com/developers/docs/resources/webhook", name: "DISCORD_WEBHOOK", Form: `https://discord\.com/api/webhooks/[1-9][0-9]{17,18}/(?P<secret>` + word + "{68})"},
		{Name: "telegram", Issuer: "Telegram", Document: "https://core.telegram.org/bots/api#authorizing-your-bot", name: "TELEGRAM_BOT_TOKEN", Form: "[1-9][0-9]{8,9}:AA" + word + "{33}"},
		{Name: "teams-webhook", Issuer: "Microsoft", Document: "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook", name: "TEAMS_WEBHOOK", Form: `https://[a-z]{5,9}\.webhook\.office\.com/webhookb2/` + uuids + "@" + uuids + "/IncomingWebhook/(?P<secret>[0-9a-f]{32})/" + uuids},
		{Name: "stripe-live", Issuer: "Stripe", Document: "https://docs.stripe.com/keys", name: "STRIPE_SECRET_KEY", Form: "sk_live_" + alnum + "{99}"},
		{Name: "stripe-live-short", Issuer: "Stripe", Document: "https://docs.stripe.com/keys", name: "STRIPE_API_KEY", Form: "sk_live_" + alnum + "{24}"},
		{Name: "stripe-restricted", Issuer: "Stripe", Document: "https://docs.stripe.com/keys/restricted-api-keys", name: "STRIPE_RESTRICTED_KEY", Form: "rk_live_" + alnum + "{99}"},
		{Name: "stripe-webhook", Issuer: "Stripe", Document: "https://docs.stripe.com/webhooks", name: "STRIPE_WEBHOOK_SECRET", Form: "whsec_" + alnum + "{32}"},
		{Name: "sendgrid", Issuer: "Twilio SendGrid", Document: "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys", name: "SENDGRID_API_KEY", Form: `SG\.` + word + `{22}\.` + word + "{43}"},
		{Name: "mailchimp", Issuer: "Mailchimp", Document: "https://mailchimp.com/developer/marketing/guides/quick-start/", name: "MAILCHIMP_API_KEY", Form: "[0-9a-f]{32}-us[1-9][0-9]?"},
		{Name: "mailgun", Issuer: "Mailgun", Document: "https://documentation.mailgun.com/docs/mailgun/api-reference/mg-auth", name: "MAILGUN_API_KEY", Form: "[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}"},
		{Name: "brevo", Issuer: "Brevo", Document: "https://developers.brevo.com/docs/getting-started", name: "BREVO_API_KEY", Form: "xkeysib-[0-9a-f]{64}-" + alnum + "{16}"},
		{Name: "resend", Issuer: "Resend", Document: "https://resend.com/docs/dashboard/api-keys/introduction", name: "RESEND_API_KEY", Form: "re_" + alnum + "{8}_" + alnum + "{24}"},
		{Name: "twilio-api-key", Issuer: "Twilio", Document: "https://www.twilio.com/docs/iam/api-keys", name: "TWILIO_API_SECRET", Form: alnum + "{32}", partner: [2]string{"TWILIO_API_KEY", "SK[0-9a-f]{32}"}},
		{Name: "openai-project", Issuer: "OpenAI", Document: "https://platform.openai.com/docs/api-reference/authentication", name: "OPENAI_API_KEY", Form: "sk-proj-" + word + "{74}T3BlbkFJ" + word + "{74}"},
		{Name: "openai-old", Issuer: "OpenAI", Document: "https://platform.openai.com/docs/api-reference/authentication", name: "OPENAI_KEY", Form: "sk-" + alnum + "{20}T3BlbkFJ" + alnum + "{20}"},
		{Name: "anthropic", Issuer: "Anthropic", Document: "https://docs.claude.com/en/api/overview", name: "ANTHROPIC_API_KEY", Form: "sk-ant-api03-" + word + "{93}AA"},
		{Name: "huggingface", Issuer: "Hugging Face", Document: "https://huggingface.co/docs/hub/security-tokens", name: "HF_TOKEN", Form: "hf_[A-Za-z]{34}"},
		{Name: "replicate", Issuer: "Replicate", Document: "https://replicate.com/docs/topics/security/api-tokens", name: "REPLICATE_API_TOKEN", Form: "r8_" + alnum + "{37}"},
		{Name: "groq", Issuer: "Groq", Document: "https://console.groq.com/docs/quickstart", name: "GROQ_API_KEY", Form: "gsk_" + alnum + "{52}"},
		{Name: "xai", Issuer: "xAI", Document: "https://docs.x.ai/docs/tutorial", name: "XAI_API_KEY", Form: "xai-" + alnum + "{80}"},
		{Name: "perplexity", Issuer: "Perplexity", Document: "https://docs.perplexity.ai/getting-started/quickstart", name: "PERPLEXITY_API_KEY", Form: "pplx-" + alnum + "{48}"},
		{Name: "langsmith", Issuer: "LangChain", Document: "https://docs.smith.langchain.com/administration/how_to_guides/organization_management/create_account_api_key", name: "LANGSMITH_API_KEY", Form: "lsv2_(pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"},
		{Name: "openrouter", Issuer: "OpenRouter", Document: "https://openrouter.ai/docs/api-reference/authentication", name: "OPENROUTER_API_KEY", Form: "sk-or-v1-[0-9a-f]{64}", Read: true},
		{Name: "nvidia", Issuer: "NVIDIA", Document: "https://docs.nvidia.com/nim/", name: "NVIDIA_API_KEY", Form: "nvapi-" + word + "{64}"},
		{Name: "databricks", Issuer: "Databricks", Document: "https://docs.databricks.com/dev-tools/auth/pat.html", name: "DATABRICKS_TOKEN", Form: "dapi[0-9a-f]{32}"},
		{Name: "planetscale-token", Issuer: "PlanetScale", Document: "https://planetscale.com/docs/concepts/service-tokens", name: "PLANETSCALE_SERVICE_TOKEN", Form: "pscale_tkn_" + word + "{43}"},
		{Name: "planetscale-password", Issuer: "PlanetScale", Document: "https://planetscale.com/docs/concepts/connection-strings", name: "PLANETSCALE_PASSWORD", Form: "pscale_pw_" + word + "{43}"},
		{Name: "supabase", Issuer: "Supabase", Document: "https://supabase.com/docs/reference/api/introduction", name: "SUPABASE_ACCESS_TOKEN", Form: "sbp_[0-9a-f]{40}"},
		{Name: "newrelic-user", Issuer: "New Relic", Document: "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", name: "NEW_RELIC_API_KEY", Form: "NRAK-[A-Z0-9]{27}"},
		{Name: "newrelic-license", Issuer: "New Relic", Document: "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", name: "NEW_RELIC_LICENSE_KEY", Form: "[0-9a-f]{36}NRAL"},
		{Name: "grafana", Issuer: "Grafana", Document: "https://grafana.com/docs/grafana/latest/administration/service-accounts/", name: "GRAFANA_TOKEN", Form: "glsa_" + alnum + "{32}_[0-9a-f]{8}", Checksum: "CRC-32 of all before the last underscore, in hexadecimal", make: grafanaToken},
		{Name: "grafana-cloud", Issuer: "Grafana", Document: "https://grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/", name: "GRAFANA_CLOUD_TOKEN", Form: "glc_eyJvIjoi[A-Za-z0-9+/]{60,160}={0,2}", make: grafanaCloudToken},
		{Name: "sentry-org", Issuer: "Sentry", Document: "https://docs.sentry.io/account/auth-tokens/", name: "SENTRY_AUTH_TOKEN", Form: "sntrys_eyJpYXQiO[A-Za-z0-9+/]{100,300}={0,2}_[A-Za-z0-9+/]{43}", make: sentryToken, Read: true},
		{Name: "sentry-user", Issuer: "Sentry", Document: "https://docs.sentry.io/account/auth-tokens/", name: "SENTRY_USER_TOKEN", Form: "sntryu_[0-9a-f]{64}"},
		{Name: "dynatrace", Issuer: "Dynatrace", Document: "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens-legacy", name: "DT_API_TOKEN", Form: `dt0c01\.[A-Z2-7]{24}\.[A-Z2-7]{64}`, Read: true},
		{Name: "dynatrace-platform", Issuer: "Dynatrace", Document: "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens-legacy", name: "DT_PLATFORM_TOKEN", Form: `dt0s16\.[A-Z2-7]{24}\.[A-Z2-7]{64}`, Read: true},
		{Name: "pagerduty-rest", Issuer: "PagerDuty", Document: "https://support.pagerduty.com/main/docs/api-access-keys", name: "PAGERDUTY_TOKEN", Form: `u\+[A-Za-z0-9_-]{18}`},
		{Name: "launchdarkly-sdk", Issuer: "LaunchDarkly", Document: "https://docs.launchdarkly.com/sdk/concepts/client-side-server-side", name: "LAUNCHDARKLY_SDK_KEY", Form: "sdk-" + uuids},
		{Name: "atlassian", Issuer: "Atlassian", Document: "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/", name: "JIRA_API_TOKEN", Form: "ATATT3xFfGF0" + word + "{170}=[0-9A-F]{8}", Checksum: "CRC-32 of all before the equals sign, in upper-case hexadecimal", make: atlassianToken(hide("ATATT3", "xFfGF0"))},
		{Name: "bitbucket-access", Issuer: "Atlassian", Document: "https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/", name: "BITBUCKET_ACCESS_TOKEN", Form: "ATCTT3xFfGN0" + word + "{170}=[0-9A-F]{8}", Checksum: "CRC-32 of all before the equals sign, in upper-case hexadecimal", make: atlassianToken(hide("ATCTT3", "xFfGN0"))},
		{Name: "bitbucket-app", Issuer: "Atlassian", Document: "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/", name: "BITBUCKET_APP_PASSWORD", Form: "ATBB" + alnum + "{24}[0-9A-F]{8}"},
		{Name: "linear", Issuer: "Linear", Document: "https://linear.app/developers/graphql", name: "LINEAR_API_KEY", Form: "lin_api_" + alnum + "{40}"},
		{Name: "notion", Issuer: "Notion", Document: "https://developers.notion.com/docs/authorization", name: "NOTION_TOKEN", Form: "ntn_[0-9]{11}" + alnum + "{35}"},
		{Name: "figma", Issuer: "Figma", Document: "https://www.figma.com/developers/api#access-tokens", name: "FIGMA_TOKEN", Form: "figd_" + word + "{40}"},
		{Name: "airtable", Issuer: "Airtable", Document: "https://airtable.com/developers/web/guides/personal-access-tokens", name: "AIRTABLE_TOKEN", Form: "pat" + alnum + `{14}\.[0-9a-f]{64}`},
		{Name: "postman", Issuer: "Postman", Document: "https://learning.postman.com/docs/developer/postman-api/authentication/", name: "POSTMAN_API_KEY", Form: "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"},
		{Name: "pulumi", Issuer: "Pulumi", Document: "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/", name: "PULUMI_ACCESS_TOKEN", Form: "pul-[0-9a-f]{40}"},
		{Name: "circleci", Issuer: "CircleCI", Document: "https://circleci.com/changelog/new-format-for-api-access-tokens/", name: "CIRCLE_TOKEN", Form: "CCIPAT_[1-9A-HJ-NP-Za-km-z]{22}_[0-9a-f]{40}", make: circleToken, Read: true},
		{Name: "buildkite", Issuer: "Buildkite", Document: "https://buildkite.com/docs/apis/managing-api-tokens", name: "BUILDKITE_API_TOKEN", Form: "bkua_[0-9a-f]{40}"},
		{Name: "sourcegraph", Issuer: "Sourcegraph", Document: "https://sourcegraph.com/docs/cli/how-tos/revoking_an_access_token", name: "SRC_ACCESS_TOKEN", Form: "sgp_[0-9a-f]{16}_[0-9a-f]{40}"},
		{Name: "sonarqube", Issuer: "SonarSource", Document: "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/", name: "SONAR_TOKEN", Form: "sq[pua]_[0-9a-f]{40}"},
		{Name: "doppler-personal", Issuer: "Doppler", Document: dopplr, name: "DOPPLER_TOKEN", Form: `dp\.pt\.` + alnum + "{43}"},
		{Name: "doppler-service", Issuer: "Doppler", Document: dopplr, name: "DOPPLER_SERVICE_TOKEN", Form: `dp\.st\.[a-z]{3,8}\.` + alnum + "{43}"},
		{Name: "1password-service", Issuer: "1Password", Document: "https://developer.1password.com/docs/service-accounts/", name: "OP_SERVICE_ACCOUNT_TOKEN", Form: "ops_eyJ" + word + "{250,1000}", make: onePasswordToken},
		{Name: "shopify-admin", Issuer: "Shopify", Document: shopify, name: "SHOPIFY_ACCESS_TOKEN", Form: "shpat_[0-9a-f]{32}"},
		{Name: "shopify-secret", Issuer: "Shopify", Document: shopify, name: "SHOPIFY_API_SECRET", Form: "shpss_[0-9a-f]{32}"},
		{Name: "square", Issuer: "Square", Document: "https://developer.squareup.com/docs/build-basics/access-tokens", name: "SQUARE_ACCESS_TOKEN", Form: "EAAA[lE]" + word + "{59}"},
		{Name: "square-secret", Issuer: "Square", Document: "https://developer.squareup.com/docs/oauth-api/overview", name: "SQUARE_SECRET", Form: "sq0csp-" + word + "{43}"},
		{Name: "braintree", Issuer: "PayPal", Document: "https://developer.paypal.com/braintree/docs/guides/authorization/access-tokens", name: "BRAINTREE_ACCESS_TOKEN", Form: `access_token\$production\$[0-9a-z]{16}\$(?P<secret>[0-9a-f]{32})`},
		{Name: "razorpay", Issuer: "Razorpay", Document: "https://razorpay.com/docs/api/authentication/", name: "RAZORPAY_KEY_SECRET", Form: alnum + "{24}", partner: [2]string{"RAZORPAY_KEY_ID", "rzp_live_[A-Za-z0-9]{14}"}},
		{Name: "hubspot", Issuer: "HubSpot", Document: "https://developers.hubspot.com/docs/guides/apps/private-apps/overview", name: "HUBSPOT_TOKEN", Form: "pat-(na1|eu1)-" + uuids},
		{Name: "typeform", Issuer: "Typeform", Document: "https://www.typeform.com/developers/get-started/personal-access-token/", name: "TYPEFORM_TOKEN", Form: "tfp_" + alnum + "{43,44}_" + alnum + "{13,14}"},
		{Name: "contentful", Issuer: "Contentful", Document: "https://www.contentful.com/developers/docs/references/authentication/", name: "CONTENTFUL_MANAGEMENT_TOKEN", Form: "CFPAT-" + word + "{43}"},
		{Name: "easypost", Issuer: "EasyPost", Document: "https://docs.easypost.com/docs/authentication", name: "EASYPOST_API_KEY", Form: "EZAK" + alnum + "{54}"},
		{Name: "duffel", Issuer: "Duffel", Document: "https://duffel.com/docs/api/overview/making-requests", name: "DUFFEL_TOKEN", Form: "duffel_live_" + word + "{43}"},
		{Name: "flutterwave", Issuer: "Flutterwave", Document: "https://developer.flutterwave.com/docs/authentication", name: "FLW_SECRET_KEY", Form: "FLWSECK-[0-9a-f]{32}-X"},
		{Name: "tailscale", Issuer: "Tailscale", Document: "https://tailscale.com/kb/1085/auth-keys", name: "TS_AUTHKEY", Form: "tskey-auth-k" + alnum + "{11}CNTRL-" + alnum + "{32}"},
		{Name: "cloudinary", Issuer: "Cloudinary", Document: "https://cloudinary.com/documentation/cloudinary_credentials_tutorial", name: "CLOUDINARY_URL", Form: "cloudinary://[1-9][0-9]{14}:(?P<secret>" + word + "{27})@[a-z]{5,10}"},
		{Name: "mapbox", Issuer: "Mapbox", Document: "https://docs.mapbox.com/help/getting-started/access-tokens/", name: "MAPBOX_SECRET_TOKEN", Form: `sk\.eyJ1Ijoi` + word + `{40,80}\.` + word + "{22}", make: mapboxToken},
		{Name: "facebook", Issuer: "Meta", Document: "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/", name: "FB_PAGE_TOKEN", Form: "EAA" + alnum + "{170,200}ZD"},
		{Name: "prefect", Issuer: "Prefect", Document: "https://docs.prefect.io/v3/how-to-guides/cloud/manage-users/api-keys", name: "PREFECT_API_KEY", Form: "pnu_" + alnum + "{36}"},
		{Name: "readme", Issuer: "ReadMe", Document: "https://docs.readme.com/main/reference/authentication", name: "README_API_KEY", Form: "rdme_[a-z0-9]{70}"},
		{Name: "alibaba", Issuer: "Alibaba Cloud", Document: "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair", name: "ALIBABA_CLOUD_ACCESS_KEY_SECRET", Form: alnum + "{30}", partner: [2]string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5t[A-Za-z0-9]{18}"}},
		{Name: "tencent", Issuer: "Tencent Cloud", Document: "https://www.tencentcloud.com/document/product/598/34228", name: "TENCENTCLOUD_SECRET_KEY", Form: alnum + "{32}", partner: [2]string{"TENCENTCLOUD_SECRET_ID", "(AKID|IKID)[A-Za-z0-9]{32}"}},
		{Name: "scaleway", Issuer: "Scaleway", Document: "https://www.scaleway.com/en/docs/iam/how-to/create-api-keys/", name: "SCW_SECRET_KEY", Form: uuids, partner: [2]string{"SCW_ACCESS_KEY", "SCW[A-Z0-9]{17}"}},
	}
	pairs := map[string]bool{"mailchimp": true, "mailgun": true, "vault-old": true, "pagerduty-rest": true, "launchdarkly-sdk": true, "square": true, "nuget": true}
	for _, f := range list {
		f.Distinct = f.partner[0] == "" && !pairs[f.Name]
	}
	return list
}

// nameless are values that only their names give away.
func nameless() []*Format {
	return []*Format{
		{Name: "datadog-api", Issuer: "Datadog", Document: "https://docs.datadoghq.com/account_management/api-app-keys/", name: "DD_API_KEY", Form: "[0-9a-f]{32}"},
		{Name: "datadog-app", Issuer: "Datadog", Document: "https://docs.datadoghq.com/account_management/api-app-keys/", name: "DD_APP_KEY", Form: "[0-9a-f]{40}"},
		{Name: "heroku-old", Issuer: "Heroku", Document: "https://devcenter.heroku.com/articles/authentication", name: "HEROKU_API_KEY", Form: uuids, Read: true},
		{Name: "cloudflare-token", Issuer: "Cloudflare", Document: "https://developers.cloudflare.com/fundamentals/api/get-started/create-token/", name: "CLOUDFLARE_API_TOKEN", Form: word + "{40}"},
		{Name: "cloudflare-global", Issuer: "Cloudflare", Document: "https://developers.cloudflare.com/fundamentals/api/get-started/keys/", name: "CLOUDFLARE_API_KEY", Form: "[0-9a-f]{37}"},
		{Name: "linode", Issuer: "Akamai", Document: "https://techdocs.akamai.com/linode-api/reference/get-started", name: "LINODE_TOKEN", Form: "[0-9a-f]{64}"},
		{Name: "hetzner", Issuer: "Hetzner", Document: "https://docs.hetzner.com/cloud/api/getting-started/generating-api-token/", name: "HCLOUD_TOKEN", Form: alnum + "{64}"},
		{Name: "ibm-cloud", Issuer: "IBM", Document: "https://cloud.ibm.com/docs/account?topic=account-userapikey", name: "IBMCLOUD_API_KEY", Form: word + "{44}"},
		{Name: "vercel", Issuer: "Vercel", Document: "https://vercel.com/docs/rest-api", name: "VERCEL_TOKEN", Form: alnum + "{24}"},
		{Name: "fastly", Issuer: "Fastly", Document: "https://www.fastly.com/documentation/reference/api/auth-tokens/", name: "FASTLY_API_TOKEN", Form: word + "{32}"},
		{Name: "okta", Issuer: "Okta", Document: "https://developer.okta.com/docs/guides/create-an-api-token/main/", name: "OKTA_API_TOKEN", Form: "00" + word + "{40}"},
		{Name: "auth0-secret", Issuer: "Auth0", Document: "https://auth0.com/docs/get-started/applications/application-settings", name: "AUTH0_CLIENT_SECRET", Form: word + "{64}"},
		{Name: "twilio-auth", Issuer: "Twilio", Document: "https://www.twilio.com/docs/iam/access-tokens", name: "TWILIO_AUTH_TOKEN", Form: "[0-9a-f]{32}", partner: [2]string{"TWILIO_ACCOUNT_SID", "AC[0-9a-f]{32}"}},
		{Name: "algolia", Issuer: "Algolia", Document: "https://www.algolia.com/doc/guides/security/api-keys/", name: "ALGOLIA_ADMIN_KEY", Form: "[0-9a-f]{32}"},
		{Name: "snyk", Issuer: "Snyk", Document: "https://docs.snyk.io/snyk-api/authentication-for-api", name: "SNYK_TOKEN", Form: uuids},
		{Name: "consul", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/consul/docs/security/acl/tokens", name: "CONSUL_HTTP_TOKEN", Form: uuids},
		{Name: "nomad", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/nomad/docs/concepts/acl", name: "NOMAD_TOKEN", Form: uuids},
		{Name: "vault-unseal", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/vault/docs/concepts/seal", name: "VAULT_UNSEAL_KEY", Form: `[A-Za-z0-9+/]{44}`, make: base64Bytes(33)},
		{Name: "elastic-api-key", Issuer: "Elastic", Document: "https://www.elastic.co/docs/deploy-manage/api-keys/elasticsearch-api-keys", name: "ELASTIC_API_KEY", Form: "[A-Za-z0-9+/]{58}==", make: elasticKey},
		{Name: "splunk-hec", Issuer: "Splunk", Document: "https://docs.splunk.com/Documentation/Splunk/latest/Data/UsetheHTTPEventCollector", name: "SPLUNK_HEC_TOKEN", Form: uuids},
		{Name: "wandb", Issuer: "Weights & Biases", Document: "https://docs.wandb.ai/support/find_api_key/", name: "WANDB_API_KEY", Form: "[0-9a-f]{40}"},
		{Name: "mistral", Issuer: "Mistral", Document: "https://docs.mistral.ai/getting-started/quickstart/", name: "MISTRAL_API_KEY", Form: alnum + "{32}"},
		{Name: "cohere", Issuer: "Cohere", Document: "https://docs.cohere.com/reference/about", name: "COHERE_API_KEY", Form: alnum + "{40}"},
		{Name: "codecov", Issuer: "Codecov", Document: "https://docs.codecov.com/docs/codecov-tokens", name: "CODECOV_TOKEN", Form: uuids},
		{Name: "travis", Issuer: "Travis CI", Document: "https://docs.travis-ci.com/user/triggering-builds/", name: "TRAVIS_TOKEN", Form: word + "{22}"},
		{Name: "django", Issuer: "Django", Document: "https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key", name: "SECRET_KEY", Form: `[a-z0-9!@#%^&*(_=+)-]{50}`},
		{Name: "rails", Issuer: "Rails", Document: "https://guides.rubyonrails.org/security.html#custom-credentials", name: "SECRET_KEY_BASE", Form: "[0-9a-f]{128}"},
		{Name: "rails-master", Issuer: "Rails", Document: "https://guides.rubyonrails.org/security.html#custom-credentials", name: "RAILS_MASTER_KEY", Form: "[0-9a-f]{32}"},
		{Name: "laravel", Issuer: "Laravel", Document: "https://laravel.com/docs/encryption", name: "APP_KEY", Form: "base64:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="},
		{Name: "database-password", Issuer: "people", Document: "https://www.postgresql.org/docs/current/libpq-envars.html", name: "DB_PASSWORD", Form: `[A-Z][a-z]{3,6}[0-9]{2,4}[!_.-][a-zA-Z0-9]{6,10}`, make: password},
		{Name: "weak-password", Issuer: "people", Document: "https://www.postgresql.org/docs/current/libpq-envars.html", name: "PGPASSWORD", Form: `[a-z]{4,6}[0-9]{4}`},
		{Name: "odbc-password", Issuer: "people", Document: "https://learn.microsoft.com/en-us/sql/connect/ado-net/connection-string-syntax", name: "SQLSERVER_CONNECTION", Form: `Server=tcp:[a-z]{5,9}\.database\.windows\.net,1433;Database=shop;User ID=[a-z]{5,8};Password=(?P<secret>[A-Z][a-zA-Z0-9]{13,20});Encrypt=True;`},
		{Name: "ethereum", Issuer: "Ethereum", Document: "https://ethereum.org/en/developers/docs/accounts/", name: "PRIVATE_KEY", Form: "0x[0-9a-f]{64}"},
		{Name: "mnemonic", Issuer: "BIP 39", Document: "https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki", name: "MNEMONIC", Form: "((abandon|ability|able|absent|absorb|abstract|absurd|abuse|access|acid|acoustic|acquire|actor|actual|adapt|address|adjust|advance|advice|aerobic|affair|agree|ahead|album|alert|alien|alley|alpha|amateur|anchor|angle|animal) ){11}(zoo|zone|zero|zebra|youth|young|year|yard)"},
		{Name: "postgres-url", Issuer: "PostgreSQL", Document: "https://www.postgresql.org/docs/current/libpq-connect.html", name: "DATABASE_URL", Form: `postgres(ql)?://[a-z]{4,8}:(?P<secret>[A-Za-z0-9]{14,20})@[a-z]{4,8}\.example\.com:5432/[a-z]{4,8}`, Distinct: true},
		{Name: "mysql-url", Issuer: "MySQL", Document: "https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html", name: "MYSQL_URL", Form: `mysql://[a-z]{4,8}:(?P<secret>[A-Za-z0-9]{14,20})@[a-z]{4,8}\.example\.com:3306/[a-z]{4,8}`, Distinct: true},
		{Name: "mongodb-url", Issuer: "MongoDB", Document: "https://www.mongodb.com/docs/manual/reference/connection-string/", name: "MONGODB_URI", Form: `mongodb\+srv://[a-z]{4,8}:(?P<secret>[A-Za-z0-9]{14,20})@[a-z]{4,8}\.[a-z0-9]{5}\.mongodb\.example\.net/[a-z]{4,8}\?retryWrites=true&w=majority`, Distinct: true},
		{Name: "redis-url", Issuer: "Redis", Document: "https://redis.io/docs/latest/develop/tools/cli/", name: "REDIS_URL", Form: `rediss?://:(?P<secret>[A-Za-z0-9]{16,64})@[a-z]{4,8}\.example\.com:6379/0`, Distinct: true},
		{Name: "amqp-url", Issuer: "RabbitMQ", Document: "https://www.rabbitmq.com/docs/uri-spec", name: "AMQP_URL", Form: `amqps://[a-z]{4,8}:(?P<secret>[A-Za-z0-9]{14,20})@[a-z]{4,8}\.example\.com:5671/%2f`, Distinct: true},
		{Name: "jdbc-url", Issuer: "PostgreSQL", Document: "https://jdbc.postgresql.org/documentation/use/", name: "JDBC_URL", Form: `jdbc:postgresql://[a-z]{4,8}\.example\.com:5432/[a-z]{4,8}\?user=[a-z]{4,8}&password=(?P<secret>[A-Za-z0-9]{14,20})`, Distinct: true},
		{Name: "git-url", Issuer: "Git", Document: "https://git-scm.com/docs/git-credential-store", name: "GIT_REMOTE", Form: `https://[a-z]{4,8}:(?P<secret>[A-Za-z0-9]{14,20})@git\.example\.com/[a-z]{4,8}/[a-z]{4,8}\.git`, Distinct: true},
		{Name: "basic-header", Issuer: "RFC 7617", Document: "https://www.rfc-editor.org/rfc/rfc7617", name: "AUTHORIZATION", Form: `Basic (?P<secret>[A-Za-z0-9+/]{20,60}={0,2})`, make: func(r *rand.Rand) string { return "Basic " + b64(user(r)+":"+password(r)) }, Distinct: true},
	}
}

// keys are private keys and signed tokens.
func keys() []*Format {
	list := []*Format{
		{Name: "rsa-pkcs1", Issuer: "RFC 8017", Document: "https://www.rfc-editor.org/rfc/rfc8017", name: "RSA_KEY", Form: pemForm, make: pkcs1},
		{Name: "ec-sec1", Issuer: "RFC 5915", Document: "https://www.rfc-editor.org/rfc/rfc5915", name: "EC_KEY", Form: pemForm, make: sec1},
		{Name: "ed25519-pkcs8", Issuer: "RFC 8410", Document: "https://www.rfc-editor.org/rfc/rfc8410", name: "SIGNING_KEY", Form: pemForm, make: pkcs8(func(r *rand.Rand) any { return edKey(r) })},
		{Name: "rsa-pkcs8", Issuer: "RFC 5958", Document: "https://www.rfc-editor.org/rfc/rfc5958", name: "TLS_KEY", Form: pemForm, make: pkcs8(func(r *rand.Rand) any { return rsaKey(r, 2048) })},
		{Name: "ec-pkcs8", Issuer: "RFC 5958", Document: "https://www.rfc-editor.org/rfc/rfc5958", name: "APPLE_KEY", Form: pemForm, make: pkcs8(func(r *rand.Rand) any { return ecKey(r) })},
		{Name: "encrypted-pkcs8", Issuer: "RFC 8018", Document: "https://www.rfc-editor.org/rfc/rfc8018", name: "ENCRYPTED_KEY", Form: pemForm, make: encryptedPKCS8},
		{Name: "encrypted-rsa", Issuer: "OpenSSL", Document: "https://www.rfc-editor.org/rfc/rfc1421", name: "LEGACY_KEY", Form: pemForm, make: encryptedRSA},
		{Name: "openssh", Issuer: "OpenSSH", Document: "https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key", name: "SSH_PRIVATE_KEY", Form: pemForm, make: sshKey},
		{Name: "pgp", Issuer: "RFC 9580", Document: "https://www.rfc-editor.org/rfc/rfc9580", name: "GPG_PRIVATE_KEY", Form: pemForm, Checksum: "CRC-24 of the packets, as base64 after an equals sign", make: pgpKey},
		{Name: "putty", Issuer: "PuTTY", Document: "https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html", name: "PPK", Form: `(?s)PuTTY-User-Key-File-2: ssh-ed25519\n.+Private-MAC: [0-9a-f]{40}\n`, make: puttyKey},
		{Name: "jwt", Issuer: "RFC 7519", Document: "https://www.rfc-editor.org/rfc/rfc7519", name: "ACCESS_TOKEN", Form: `eyJ` + word + `{30,60}\.eyJ` + word + `{60,200}\.` + word + `{43}`, make: jwt},
		{Name: "service-account-token", Issuer: "Kubernetes", Document: "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/", name: "K8S_TOKEN", Form: `eyJ` + word + `{60,120}\.eyJ` + word + `{200,700}\.` + word + `{171}`, make: serviceJWT},
		{Name: "age", Issuer: "age", Document: "https://age-encryption.org/v1", name: "SOPS_AGE_KEY", Form: "AGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}", Checksum: "Bech32 of BIP 173: the last six characters", make: ageKey},
		{Name: "bitcoin-wif", Issuer: "Bitcoin", Document: "https://en.bitcoin.it/wiki/Wallet_import_format", name: "WALLET_KEY", Form: "[KL][1-9A-HJ-NP-Za-km-z]{51}", Checksum: "four bytes of the double SHA-256", make: bitcoinKey},
		{Name: "xprv", Issuer: "BIP 32", Document: "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki", name: "XPRV", Form: "xprv9[1-9A-HJ-NP-Za-km-z]{106}", Checksum: "four bytes of the double SHA-256", make: extendedKey},
	}
	for _, f := range list {
		f.Distinct = f.Name != "bitcoin-wif"
	}
	return list
}

// files are secrets in files of their own form.
func files() []*Format {
	return []*Format{
		{Name: "docker-config", Issuer: "Docker", Document: "https://docs.docker.com/reference/cli/docker/login/", file: dockerConfig},
		{Name: "npmrc-token", Issuer: "npm", Document: "https://docs.npmjs.com/cli/configuring-npm/npmrc", file: npmrc},
		{Name: "npmrc-password", Issuer: "npm", Document: "https://docs.npmjs.com/cli/configuring-npm/npmrc", file: npmrcPassword},
		{Name: "netrc", Issuer: "GNU", Document: "https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html", file: netrc},
		{Name: "git-credentials", Issuer: "Git", Document: "https://git-scm.com/docs/git-credential-store", file: gitCredentials},
		{Name: "pypirc", Issuer: "PyPA", Document: "https://packaging.python.org/en/latest/specifications/pypirc/", file: pypirc},
		{Name: "pip-conf", Issuer: "PyPA", Document: "https://pip.pypa.io/en/stable/topics/authentication/", file: pipConf},
		{Name: "cargo-credentials", Issuer: "Rust", Document: "https://doc.rust-lang.org/cargo/reference/config.html#credentials", file: cargoCredentials},
		{Name: "gem-credentials", Issuer: "RubyGems", Document: "https://guides." + "rubygems" + ".org/command-reference/#gem-signin", file: gemCredentials},
		{Name: "maven-settings", Issuer: "Apache Maven", Document: "https://maven.apache.org/settings.html#servers", file: mavenSettings},
		{Name: "nuget-config", Issuer: "NuGet", Document: "https://learn.microsoft.com/en-us/nuget/reference/nuget-config-file#packagesourcecredentials", file: nugetConfig},
		{Name: "composer-auth", Issuer: "Composer", Document: "https://getcomposer.org/doc/articles/authentication-for-private-packages.md", file: composerAuth},
		{Name: "kubeconfig-token", Issuer: "Kubernetes", Document: "https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/", file: kubeconfigToken},
		{Name: "kubeconfig-key", Issuer: "Kubernetes", Document: "https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/", file: kubeconfigKey},
		{Name: "google-service-account", Issuer: "Google", Document: "https://cloud.google.com/iam/docs/keys-create-delete", file: serviceAccount},
		{Name: "gcloud-user", Issuer: "Google", Document: "https://cloud.google.com/docs/authentication/application-default-credentials", file: gcloudUser},
		{Name: "aws-credentials", Issuer: "AWS", Document: "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html", file: awsCredentials},
		{Name: "azure-tokens", Issuer: "Microsoft", Document: "https://learn.microsoft.com/en-us/cli/azure/msal-based-azure-cli", file: azureTokens},
		{Name: "rclone", Issuer: "rclone", Document: "https://rclone.org/s3/", file: rcloneConfig},
		{Name: "s3cfg", Issuer: "S3cmd", Document: "https://s3tools.org/kb/item14.htm", file: s3cfg},
		{Name: "oci-key", Issuer: "Oracle", Document: "https://docs.oracle.com/en-us/iaas/Content/API/Concepts/apisigningkey.htm", file: ociConfig},
		{Name: "history-curl", Issuer: "curl", Document: "https://curl.se/docs/manpage.html#-u", file: shellHistory},
		{Name: "history-mysql", Issuer: "MySQL", Document: "https://dev.mysql.com/doc/refman/8.4/en/password-security-user.html", file: mysqlHistory},
		{Name: "history-bearer", Issuer: "RFC 6750", Document: "https://www.rfc-editor.org/rfc/rfc6750", file: bearerHistory},
		{Name: "pgpass", Issuer: "PostgreSQL", Document: "https://www.postgresql.org/docs/current/libpq-pgpass.html", file: pgpass},
		{Name: "my-cnf", Issuer: "MySQL", Document: "https://dev.mysql.com/doc/refman/8.4/en/option-files.html", file: mycnf},
		{Name: "terraform-state", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/terraform/language/state/sensitive-data", file: terraformState},
		{Name: "terraform-credentials", Issuer: "HashiCorp", Document: "https://developer.hashicorp.com/terraform/cli/config/config-file", file: terraformRC},
		{Name: "dotenv", Issuer: "dotenv", Document: "https://github.com/motdotla/dotenv", file: dotenv},
		{Name: "wp-config", Issuer: "WordPress", Document: "https://developer.wordpress.org/advanced-administration/wordpress/wp-config/", file: wpConfig},
		{Name: "gh-hosts", Issuer: "GitHub", Document: "https://cli.github.com/manual/gh_auth_login", file: ghHosts},
		{Name: "wpa-supplicant", Issuer: "wpa_supplicant", Document: "https://w1.fi/cgit/hostap/plain/wpa_supplicant/wpa_supplicant.conf", file: wpaSupplicant},
		{Name: "wireguard", Issuer: "WireGuard", Document: "https://www.wireguard.com/quickstart/", file: wireguard},
	}
}
