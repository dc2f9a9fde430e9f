package secrets

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestReports recreates what people reported about scanners of secrets. Each row says what is right, and why.
func TestReports(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	of := func(id string) string { return exampleOf(t, r, id).line }
	slack, github, stripe := of("slack-bot-token"), of("github-token"), of("stripe-key")
	key := privateKey(t, r)
	word := func(n int) string { return generated(t, r, fmt.Sprintf("[0-9A-Za-z]{%d}", n)) }
	long := strings.Repeat("var a=function(){return 1};", 3000) // one line of 80 KB
	base64Text := func(prefix string) string {
		b := make([]byte, 40_000)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		s := base64.StdEncoding.EncodeToString(b)
		return s[:20_000] + prefix + s[20_000:]
	}
	for _, c := range []struct{ report, name, content, want string }{
		{"betterleaks#221: UTF-16 files have no findings, in either order", "srv/a.txt", "\xff\xfe" + inUTF16(binary.LittleEndian, "x\r\n"+slack+"\r\n"), "slack-bot-token:2"},
		{"betterleaks#221, big endian", "srv/a.txt", "\xfe\xff" + inUTF16(binary.BigEndian, "x\r\n"+slack+"\r\n"), "slack-bot-token:2"},
		{"ggshield#335: UTF-16 without a mark is skipped", "srv/secret.conf", inUTF16(binary.LittleEndian, "token = \""+slack+"\"\n"), "slack-bot-token:1"},
		{"envdrift#505: one byte more makes a file in UTF-16 binary", "srv/secret.conf", inUTF16(binary.LittleEndian, "token = \""+slack+"\"\n") + "x", "slack-bot-token:1"},
		{"envdrift#505: a lone surrogate does, too", "srv/secret.conf", inUTF16(binary.LittleEndian, "a\n") + "\x00\xd8" + inUTF16(binary.LittleEndian, "token = \""+slack+"\"\n"), "slack-bot-token:2"},
		{"grafel#6505: a line above 64 KB discards all findings", "srv/app.js", "t=" + slack + "\n" + long + "\n", "slack-bot-token:1"},
		{"grafel#6505, the secret in the long line", "srv/app.js", long + "t=\"" + slack + "\";" + long, "slack-bot-token:1"},
		{"lineage#151: a file above 5 MB is skipped", "srv/vendor-bundle.txt", strings.Repeat("filler text\n", 500_000) + key, "private-key:500001"},
		{"detect-secrets#641: Chinese text ends the scan", "srv/a.xml", "<a>北京朝阳区</a>\n<b>" + slack + "</b>\n", "slack-bot-token:2"},
		{"detect-secrets#641, beside the secret", "srv/a.xml", "令牌：" + slack + "。\n", "slack-bot-token:1"},
		{"gitleaks#1710: an escaped line end behind a token hides it", "srv/a.py", `x = "token: ` + github + `\nuser: a"`, "github-token:1"},
		{"gitleaks#1710, a return", "srv/a.json", `{"x": "` + github + `\r\n"}`, "github-token:1"},
		{"gitleaks#1336: passwords with + and /", "srv/.env", "sasl_password=" + word(10) + "/+" + word(12) + "\n", "configured-password:1"},
		{"gitleaks#1116: base64 of a picture has the prefix of EasyPost", "srv/export.json", `{"value": "data:image/jpeg;base64,` + base64Text("+EZAK"+word(40)) + `"}`, ""},
		{"gitleaks#1628: the same without a sign in front", "srv/export.json", `{"value": "data:image/jpeg;base64,` + base64Text("EZAK"+word(54)) + `"}`, ""},
		{"gitleaks#1276: the prefix of Stripe within a word", "srv/a.c", "int risk_live_" + word(24) + "();\nint task_test_" + word(30) + ";\n", ""},
		{"gitleaks#1276, the key itself", "srv/a.c", "key = '" + stripe + "'", "stripe-key:1"},
		{"gitleaks#863: identifiers on both sides of a sign", "srv/.env.py", "SomeClass._use_token_authentication_v2 = _mock_use_token_authentication_v2  # type: ignore[assignment]\n", ""},
		{"nuclei-templates#6218: the value is a variable", "root/.npmrc", "# //npm.pkg.example/:_authToken=${GITHUB_NPM_TOKEN}\n", ""},
		{"trusty-tools#4723: a token in backticks", "srv/README.md", "Use `" + slack + "` here.\n", "slack-bot-token:1"},
		{"trusty-tools#4723: a backtick in a password", "srv/db.yaml", "db: mongodb://robot:pa`" + word(12) + "@cluster0.corp.net\n", "database-url:1"},
		{"trivy#4065: a source map has names of services and digests", "srv/vendor.js.map", `{"version":3,"sources":["webpack:///./node_modules/linkedin/index.js","webpack:///./twitter.js"],"mappings":"` + base64Text("")[:2000] + `","names":["linkedin","twitter","` + generated(t, r, "[0-9a-f]{40}") + `"]}`, ""},
		{"squirrelscan#149: checksums beside the name of a service", "srv/releases.html", "<p>Works with Together AI, Fastly and Datadog.</p>\n<p>API key not needed. SHA-256: <code>" +
			generated(t, r, "[0-9a-f]{64}") + "</code></p>\n<p>datadog: " + generated(t, r, "[0-9a-f]{64}") + "  app.tar</p>\n", ""},
		{"SHAFT_ENGINE#4005: the digest of content about a key", "srv/.memory/gotcha.json", `{"id": "openai_api_key-rule", "content_hash": "sha256:` + generated(t, r, "[0-9a-f]{64}") +
			`", "openai_api_key_rule_sha256": "` + generated(t, r, "[0-9a-f]{64}") + `"}`, ""},
		{"gitleaks#2093: an attachment in base64 has the prefix of Square", "srv/quote.eml", "Content-Transfer-Encoding: base64\n\n" + base64Text("")[:40] + "9aQ+EAAAE" + word(59) + "/" + base64Text("")[:40] + "\n", ""},
		{"gitleaks#2093, the token itself", "srv/quote.eml", "token: EAAAE" + word(59) + "\n", "square-token:1"},
		{"trufflehog#2338: a private key in one line", "srv/app.properties", "private_key=" + strings.ReplaceAll(key, "\n", " ") + "\n", "private-key:1"},
		{"trivy#2504: a private key with escaped line ends", "srv/app.json", `{"rsa-key": "` + strings.ReplaceAll(key, "\n", `\r\n`) + `"}`, "private-key:1"},
		{"trufflehog#3576: an address with a protocol and a port in a connection string", "srv/Program.cs", `var s = "Server=tcp:db.corp.net,1433;Database=a;User ID=me@db;Password=` + word(14) + `;Encrypt=True;";`, "connection-string:1"},
		{"trufflehog#4089: Pwd in a connection string", "srv/appsettings.json", `{"ConnectionStrings": {"Demo": "Server=db.corp.net;Initial Catalog=Demo;User ID=sa;Pwd=` + word(14) + `;Persist Security Info=true"}}`, "connection-string:1"},
		{"trufflehog#3856: an address of JDBC without a user", "srv/docker-compose.yaml", "FLYWAY_URL: jdbc:postgresql://postgres:5432/mydb\nFLYWAY_USER: postgres\nFLYWAY_PASSWORD: password\n", ""},
		{"trufflehog#1489: an encoded redaction in an address", "root/.gitconfig", "url = https://robot:%2A%2A%2A%2A%2A%2A%2A%2A@git.corp.net/a.git\n", ""},
		{"trufflehog#209: variables in an address", "srv/.env", "URL=https://${username}:${password}@git.corp.net/etc\n", ""},
		{"trufflehog#4510: a token of Heroku without AA", "srv/a.txt", "HRKU-" + "q" + word(59) + "\n", "heroku-token:1"},
		{"trufflehog#4707: tokens of Shopify's Theme Access", "srv/a.txt", "shptka_" + generated(t, r, "[0-9a-f]{32}") + "\n", "shopify-token:1"},
		{"trufflehog#5088: a hyphen at the end of a token of Vault", "srv/a.txt", "token='hvs." + word(23) + "-'\n", "vault-token:1"},
		{"squirrelscan#357: the end of an identifier before a colon is no bot of Telegram", "srv/index.html", `data-w-id="a0d694967460:785cabcc-e500-e2f4-e9f0-06a5104d3f11"`, ""},
		{"squirrelscan#357: re_ in the name of a picture", "srv/index.html", `<img src="Skin_Care_DryCracked_SkinReliefHydratingBalmNow1.jpg">`, ""},
		{"CoursIA#10225: the head of a token with an ellipsis", "srv/api.md", `"token": "` + strings.SplitN(signed("{}", ""), ".", 2)[0] + `..."`, ""},
		{"SecuritySkills#786: a token without a signature", "srv/api.md", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"corp","sub":"robot"}`)) + ".\n", ""},
		{"secretlint#19: a token in base64", "srv/log.json", `{"token":"` + base64.StdEncoding.EncodeToString([]byte(github)) + `"}`, "github-token:1"},
		{"gitleaks#1828: a line without a value", "srv/.env", "QUESTIONNAIRE_DB_PASSWORD=\nQUESTIONNAIRE_DB_ENABLED=1\n", ""},
		{"gitleaks#1578: public keys, revisions, names of secrets", "srv/.env", "public_key=" + word(32) + "\nMANTLE_API_VERSION=" + generated(t, r, "[0-9a-f]{40}") + "\nLLM_SECRET_NAME=NEXUS-GPT4-API-KEY\nkeyword=Befaehigung_P2\nmonkeys-audio:mx64-uwp=fail\n", ""},
		{"detect-secrets#608: the name of a variable ends in _id", "srv/Dockerfile", "ENV aws_access_key_id=" + of("aws-access-key-id") + "\n", "aws-access-key-id:1"},
		{"detect-secrets#693: long identifiers", "srv/app.js", "{key: 'callFunctionCheckIfDataAlreadyExistsPerpetualSubinventory', twilio_token: 'recallNoticesRecallBusinessUnits'}\n", ""},
		{"ai-brain-starter#327: the identifier of a container", "root/.bash_history", "docker run -d --name token-service corp/app\n" + generated(t, r, "[0-9a-f]{64}") + "\n", ""},
		{"ggshield#193: files below the directory of programs", "usr/bin/index.py", "t = '" + slack + "'\n", "slack-bot-token:1"},
		{"platform#3016: a ConfigMap with the name of a secret", "srv/cm.yaml", "kind: ConfigMap\ndata:\n  external_secrets_replicas: \"2\"\n  app.js: |\n    const token = read('/run/secrets/token');\n", ""},
	} {
		t.Run(c.report, func(t *testing.T) {
			if got := rulesOf(analyzed(t, New(Options{}), c.name, c.content)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
