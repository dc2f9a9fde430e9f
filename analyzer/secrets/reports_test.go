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
		{"platform#3016: a ConfigMap with the name of a secret", "srv/cm.yaml", "kind: ConfigMap\ndata:\n  external_secrets_replicas: \"2\"\n  app.js: |\n    const token = read('/run/secrets/token');\n", ""},
	} {
		t.Run(c.report, func(t *testing.T) {
			if got := rulesOf(analyzed(t, New(Options{}), c.name, c.content)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
