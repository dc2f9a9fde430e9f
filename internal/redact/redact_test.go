package redact

import (
	"strings"
	"testing"
	"time"
)

// join builds forms of tokens, so that this file contains none that a scanner of sources would report.
func join(parts ...string) string { return strings.Join(parts, "") }

func TestText(t *testing.T) {
	const body = "MIIEowIBAAKCAQEAx\nYz0123+/AbC==\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "listen 80;\nserver_name example.com;\n", "listen 80;\nserver_name example.com;\n"},
		{"empty", "", ""},

		// Private keys.
		{"PEM", "a\n-----BEGIN RSA PRIVATE KEY-----\n" + body + "-----END RSA PRIVATE KEY-----\nb", "a\n-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\nb"},
		{"PEM with headers", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n" + body + "-----END EC PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----[redacted]-----END EC PRIVATE KEY-----"},
		{"PEM without an end", "-----BEGIN OPENSSH PRIVATE KEY-----\n" + body, "-----BEGIN OPENSSH PRIVATE KEY-----[redacted]"},
		{"PEM in one line", `{"k": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"}`, `{"k": "-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----\n"}`},
		{"OpenPGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2 (Linux)\n\nlQOYBF\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----", "-----BEGIN PGP PRIVATE KEY BLOCK-----[redacted]-----END PGP PRIVATE KEY BLOCK-----"},
		{"SSH2", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: k\nP2/56wAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----[redacted]---- END SSH2 ENCRYPTED PRIVATE KEY ----"},
		{"a certificate is public", "-----BEGIN CERTIFICATE-----\n" + body + "-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n" + body + "-----END CERTIFICATE-----"},
		{"a public key is public", "-----BEGIN PUBLIC KEY-----\n" + body, "-----BEGIN PUBLIC KEY-----\n" + body},

		// Forms of their own.
		{"AWS key", "key " + join("AKIA", "IOSFODNN7EXAMPLE") + ".", "key [redacted]."},
		{"JSON web token", "x " + join("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0In0", ".dozjgNryP4J3jVmNHl0w5N") + " y", "x [redacted] y"},
		{"GitHub", join("ghp", "_0123456789abcdefghijABCDEFGHIJ012345"), "[redacted]"},
		{"hash of a password", "root:$6$abc$0123456789./ABCdef:19000:0:99999:7:::", "root:[redacted]:19000:0:99999:7:::"},
		{"bcrypt", "admin:$2y$05$abcdefghijklmnopqrstuv", "admin:[redacted]"},
		{"locked accounts", "daemon:*:19000:0:99999:7:::\nbin:!:19000::::::", "daemon:*:19000:0:99999:7:::\nbin:!:19000::::::"},
		{"URL", "git clone https://me:hunter2@git.example.com/x.git", "git clone https://me:[redacted]@git.example.com/x.git"},
		{"URL whose password has an at sign", "postgres://u:p@ss@db.example.com/x", "postgres://u:[redacted]@db.example.com/x"},
		{"URL with a token", "https://0123456789abcdef0123@git.example.com/", "https://[redacted]@git.example.com/"},
		{"URL with a user", "ssh://git@git.example.com/x", "ssh://git@git.example.com/x"},
		{"URL with a variable", "https://u:${PASSWORD}@example.com", "https://u:${PASSWORD}@example.com"},
		{"curl", "curl -u me:hunter2 https://example.com", "curl -u me:[redacted] https://example.com"},
		{"header", `curl -H "Authorization: Bearer abc.def" https://example.com`, `curl -H "Authorization: [redacted]" https://example.com`},
		{"header alone", "Bearer 0123456789abcdef0", "Bearer [redacted]"},
		{"pgpass", "db.example.com:5432:*:app:hunter2\n", "db.example.com:5432:*:app:[redacted]\n"},
		{"passwd is no pgpass", "root:x:0:0:root:/root:/bin/sh\n", "root:x:0:0:root:/root:/bin/sh\n"},

		// Assignments.
		{"environment", "DB_PASSWORD=hunter2 with spaces\nDB_HOST=db\n", "DB_PASSWORD=[redacted]\nDB_HOST=db\n"},
		{"CRLF", "PASSWORD=hunter2\r\nA=b\r\n", "PASSWORD=[redacted]\r\nA=b\r\n"},
		{"export", "export API_KEY=abc", "export API_KEY=[redacted]"},
		{"command", "RUN TOKEN=abc make && echo done", "RUN TOKEN=[redacted] make && echo done"},
		{"flags", "mysql --user root --password hunter2 --host=db", "mysql --user root --password [redacted] --host=db"},
		{"flag with equals", "x --auth-token=abc -v", "x --auth-token=[redacted] -v"},
		{"flag in JSON", `CMD ["x", "--password=hunter2", "-v"]`, `CMD ["x", "--password=[redacted]", "-v"]`},
		{"flag that reads standard input", "docker login --password-stdin host", "docker login --password-stdin host"},
		{"ENV", "ENV DB_PASSWORD=hunter2 HOME=/root", "ENV DB_PASSWORD=[redacted] HOME=/root"},
		{"old ENV", "ENV DB_PASSWORD hunter 2", "ENV DB_PASSWORD [redacted]"},
		{"ENV of history", "/bin/sh -c #(nop)  ENV SECRET=two words A=b", "/bin/sh -c #(nop)  ENV SECRET=[redacted] A=b"},
		{"INI", "[db]\npassword = hunter2 # old\nuser = me\n", "[db]\npassword = [redacted]\nuser = me\n"},
		{"quoted", `secret: "a \" b" # c`, `secret: "[redacted]" # c`},
		{"quoted over lines", "PASSWORD=\"one\ntwo\" A=b\nB=c", "PASSWORD=\"[redacted]\n[redacted]\" A=b\nB=c"},
		{"JSON", `{"user":"me","password":"hunter2","port":1,"apiKey": 42}`, `{"user":"me","password":"[redacted]","port":1,"apiKey": [redacted]}`},
		{"JSON within JSON", `"{\"password\":\"hunter2\",\"a\":\"b\"}"`, `"{\"password\":\"[redacted]\",\"a\":\"b\"}"`},
		{"objects", `{"secrets": {"a": "b", "token": "c"}}`, `{"secrets": {"a": "b", "token": "[redacted]"}}`},
		{"lists", `tokens: [a, b]`, `tokens: [[redacted]]`},
		{"Docker's configuration", `{"auths":{"r.example.com":{"auth":"bWU6aHVudGVyMg=="}}}`, `{"auths":{"r.example.com":{"auth":"[redacted]"}}}`},
		{"YAML block", "password: |\n  one\n  two\nuser: me", "password: |\n  [redacted]\n  [redacted]\nuser: me"},
		{"YAML names", "env:\n- name: DB_PASSWORD\n  value: hunter2\n- name: A\n  value: b", "env:\n- name: DB_PASSWORD\n  value: [redacted]\n- name: A\n  value: b"},
		{"XML", "<user>me</user><password>hunter2</password>", "<user>me</user><password>[redacted]</password>"},
		{"XML attributes", `<add key="DbPassword" value="hunter2"/><add key="A" value="b"/>`, `<add key="DbPassword" value="[redacted]"/><add key="A" value="b"/>`},
		{"Go", `password := "hunter2"`, `password := "[redacted]"`},
		{"PHP", `$config['password'] = 'hunter2';`, `$config['password'] = '[redacted]';`},
		{"Ruby", `:password => "hunter2", :a => "b"`, `:password => "[redacted]", :a => "b"`},
		{"connection string", "Server=db;User=me;Password=hunter2;Database=x", "Server=db;User=me;Password=[redacted];Database=x"},
		{"query", "https://example.com/?a=b&token=abc&c=d", "https://example.com/?a=b&token=[redacted]&c=d"},
		{"npmrc", "//r.example.com/:_authToken=abc\n//r.example.com/:_auth=bWU=\n", "//r.example.com/:_authToken=[redacted]\n//r.example.com/:_auth=[redacted]\n"},
		{"netrc", "machine example.com login me password hunter2", "machine example.com login me password [redacted]"},
		{"netrc in lines", "machine example.com\n  login me\n  password hunter2\n", "machine example.com\n  login me\n  password [redacted]\n"},
		{"kubeconfig", "client-key-data: LS0tLS1CRUdJTg==", "client-key-data: [redacted]"},
		{"AWS credentials", "aws_secret_access_key = wJalrXUtnFEMI", "aws_secret_access_key = [redacted]"},

		// No secrets.
		{"variables", "PASSWORD=$DB_PASSWORD\nTOKEN=${TOKEN:-}\npassword: {{ .Values.password }}", "PASSWORD=$DB_PASSWORD\nTOKEN=${TOKEN:-}\npassword: {{ .Values.password }}"},
		{"variables in a command", "x PASSWORD=${A} TOKEN=$(cat f)", "x PASSWORD=${A} TOKEN=$(cat f)"},
		{"no value", "PASSWORD=\nA=b", "PASSWORD=\nA=b"},
		{"literals", `{"password": null, "token": false}`, `{"password": null, "token": false}`},
		{"descriptions of secrets", "PASSWORD_FILE=/run/x\ntokenEndpoint: https://example.com\nPASS_MAX_DAYS 99999\nPasswordAuthentication yes", "PASSWORD_FILE=/run/x\ntokenEndpoint: https://example.com\nPASS_MAX_DAYS 99999\nPasswordAuthentication yes"},
		{"PAM", "password\trequired\tpam_unix.so nullok", "password\trequired\tpam_unix.so nullok"},
		{"PWD", "PWD=/srv", "PWD=/srv"},
		{"similar words", "tokenizer: bert\nauthor: me\ncompass: north", "tokenizer: bert\nauthor: me\ncompass: north"},
	} {
		if got := Text(c.text); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

// TestReports repeats situations that users of other programs reported.
func TestReports(t *testing.T) {
	for _, c := range []struct{ report, text, want string }{
		{"openclaude 1711: values with delimiters of URLs", "DATABASE_PASSWORD=correct&horse=battery", "DATABASE_PASSWORD=[redacted]"},
		{"openclaude 1711", `{"command": "export DATABASE_PASSWORD=correct&horse=battery"}`, `{"command": "export DATABASE_PASSWORD=[redacted]"}`},
		{"openclaude 1711", "x-api-key: abc&def=ghi", "x-api-key: [redacted]"},
		{"openclaude 1711", "run token=abc;def=ghi", "run token=[redacted]"},
		{"ai-memory-mcp 3667: passwords in the query of a URL", "postgres://db.example.com/app?user=me&password=p%40ss", "postgres://db.example.com/app?user=me&password=[redacted]"},
		{"ai-memory-mcp 3667: at signs in later words", "see https://example.com:8080 or mail me@example.com", "see https://example.com:8080 or mail me@example.com"},
		{"influxdb 3883: passwords in queries", "CREATE USER reader WITH PASSWORD 'hunter2'", "CREATE USER reader WITH PASSWORD '[redacted]'"},
		{"influxdb 3883: other syntaxes", "create user 'me'@'%' identified by 'hunter2';", "create user 'me'@'%' identified by '[redacted]';"},
		{"agent-guard 179: texts that were redacted before", `{"log":"password=[redacted]"}`, `{"log":"password=[redacted]"}`},
		{"virtrigaud 95: names instead of values", "x password=secret123 and api_key=abcdef", "x password=[redacted] and api_key=[redacted]"},
		{"simstudio 6119: equals signs before quotes", `password="a" token='b' api_key="c"`, `password="[redacted]" token='[redacted]' api_key="[redacted]"`},
		{"trivy 11003: lines beside a match", "A_API_KEY=\"one\"\nB_WEBHOOK_SECRET=\"two\"", "A_API_KEY=\"[redacted]\"\nB_WEBHOOK_SECRET=\"[redacted]\""},
		{"detect-secrets 646: a key with escaped line breaks", `k = '-----BEGIN RSA PRIVATE KEY-----\r\nMIIC\r\n-----END RSA PRIVATE KEY-----'`, `k = '-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----'`},
	} {
		if got := Text(c.text); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.report, got, c.want)
		}
		if again := Text(c.want); again != c.want {
			t.Errorf("%s: redacted twice: %q", c.report, again)
		}
	}
}

func TestSplit(t *testing.T) {
	for key, want := range map[string]string{
		"DB_PASSWORD": "db password", "dbPassword": "db password", "DBPassword": "db password", "--auth-token": "auth token",
		"a": "a", "": "", "_": "", "spring.datasource.password": "spring datasource password", "APIKey": "api key", "X1Y": "x1 y",
	} {
		var got []string
		for w := range split(key) {
			got = append(got, w)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: got %q, want %q", key, g, want)
		}
	}
}

// TestTime reads texts that would take hours in quadratic time.
func TestTime(t *testing.T) {
	const size = 1 << 18
	for _, unit := range []string{
		"password ", "password=", "password: [", "PASSWORD=\"", "-----BEGIN PRIVATE KEY-----", "eyJ", "eyJabcdef.", "a://b:", "ENV PASSWORD=x ",
		"= ", "\"", "name: password ", "<password>", " -u a:", "a:1:b:c:", "\\", "password: |\n", "password=\"\n", " ", "$6$", "password=[", "'] ",
	} {
		start := time.Now()
		Text(strings.Repeat(unit, size/len(unit)))
		d := time.Since(start)
		if d > time.Minute {
			t.Errorf("%q: %v", unit, d)
		}
	}
}

func BenchmarkText(b *testing.B) {
	text := strings.Repeat("key: value, another=\"x\"\nserver { listen 80; }\nurl: https://example.com/\n", 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Text(text)
	}
}
