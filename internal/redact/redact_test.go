package redact

import (
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/testing/cputime"
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
		{"detect-secrets 247: NOPASSWD is no name", "me ALL=(ALL) NOPASSWD: ALL", "me ALL=(ALL) NOPASSWD: ALL"},
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

func TestIsSecret(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"DB_PASSWORD", "geheim", true}, {"PGPASSWORD", "y", true}, {"dbPassword", "y", true}, {"MYSQL_PWD", "y", true}, {"DB_PASS", "y", true},
		{"GITHUB_TOKEN", "abc", true}, {"API_KEY", "abc", true}, {"AWS_SECRET_ACCESS_KEY", "abc", true}, {"JWT_SECRET", "abc", true},
		{"ANYTHING", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", true}, {"DATABASE_URL", "postgres://me:geheim@db/x", true},
		{"GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", false}, // the fingerprint of a public key, in images of Python
		{"PWD", "/app", false}, {"PASSWORD", "", false}, {"PASSWORD", "$SECRET", false}, {"PASSWORD_FILE", "/run/secrets/x", false},
		{"MYSQL_ALLOW_EMPTY_PASSWORD", "yes", false}, {"TOKENIZERS_PARALLELISM", "false", false}, {"TOKENIZERS", "fast", false},
		{"PASSWORD_MIN_LENGTH", "12", false}, {"SECRET_NAME", "db", false}, {"PATH", "/usr/bin", false}, {"KEYBOARD", "us", false},
		{"NEXT_PUBLIC_API_KEY", "y", false}, {"TOKEN_VERSION", "y", false}, // moby/buildkit 5410, 6501
		{"PASSENGER_APP", "x", false}, {"DATABASE_URL", "postgres://me@db/x", false}, {"TOKEN_URL", "https://example.com/token", false},
	} {
		if got := IsSecret(c.name, c.value); got != c.want {
			t.Errorf("%s=%s: %t, want %t", c.name, c.value, got, c.want)
		}
	}
}

func TestInstructions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"make X=1", "make X=1"},
		{"export API_TOKEN=abc PATH=/bin", "export API_TOKEN=[redacted] PATH=/bin"},
		{`login --password "a b" -u me`, `login --password "[redacted]" -u me`},
		{`ENTRYPOINT ["/app","--api-key","a b","-x"]`, `ENTRYPOINT ["/app","--api-key","[redacted]","-x"]`},
		{`ENTRYPOINT ["/app" "--api-key" "abc"]`, `ENTRYPOINT ["/app" "--api-key" "[redacted]"]`},
		{"login --password=abc --token-file x", "login --password=[redacted] --token-file x"},
		{"curl -u me:geheim https://a.example.com", "curl -u me:[redacted] https://a.example.com"},
		{"curl -H 'Authorization: Bearer abc.def'", "curl -H 'Authorization: [redacted]'"},
		{"git clone https://me:geheim@example.com/x.git", "git clone https://me:[redacted]@example.com/x.git"},
		{"echo 'root:geheim' | chpasswd", "echo 'root:[redacted]' | chpasswd"},
		{"echo geheim | passwd --stdin root", "echo [redacted] | passwd --stdin root"},
		{"git clone https://$USER:$TOKEN@example.com/x.git", "git clone https://$USER:$TOKEN@example.com/x.git"},
		{"a --password -x --token=$T; PASSWORD='a b'c; make", "a --password -x --token=$T; PASSWORD=[redacted]; make"},
		{"aws AKIAIOSFODNN7EXAMPLE", "aws [redacted]"},
		{"echo -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- > k", "echo -----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY----- > k"},
	} {
		got := Text(c.text)
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
		if again := Text(got); again != got {
			t.Errorf("%q changes when it is redacted again: %q", got, again)
		}
	}
}

// TestNames shows which names are those of secrets.
func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"DB_PASSWORD": true, "dbPassword": true, "DBPassword": true, "--auth-token": true, "a": false, "": false, "_": false, "spring.datasource.password": true,
		"APIKey": true, "X1Y": false, "passwordFile": false, "PASSWORD_": true, "TOKEN_ID": false, "PWD": false, "pwd": true, "OLDPWD": false, "my_pwd": true,
		"_auth": true, "WEBHOOK_URL": true, "keyboard": false, "tokenizer": false,
	} {
		if got := isSecret(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

// TestCreatedBy shows entries of histories in the forms of builders.
func TestCreatedBy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"RUN |2 A=one two B= /bin/sh -c make # buildkit", "RUN |2 A=[redacted] B= /bin/sh -c make # buildkit"},
		{"|1 A=x /bin/sh -c curl -u me:geheim https://example.com", "|1 A=[redacted] /bin/sh -c curl -u me:[redacted] https://example.com"},
		{"RUN |1 A=x /my/shell make", "RUN |1 A=[redacted] /my/shell make"},
		{"RUN |x password=geheim", "RUN |x password=[redacted]"},
		{"RUN /bin/sh -c TOKEN=geheim make # buildkit", "RUN /bin/sh -c TOKEN=[redacted] make # buildkit"},
		{"/bin/sh -c #(nop)  ENV A=b DB_PASSWORD=two words C=d", "/bin/sh -c #(nop)  ENV A=b DB_PASSWORD=[redacted] C=d"},
		{"ENV A=b c D=e", "ENV A=b c D=e"},
		{"LABEL token=a b", "LABEL token=[redacted]"},
		{"ENV PASSWORD geheim", "ENV PASSWORD [redacted]"},
		{"COPY . /src # buildkit", "COPY . /src # buildkit"},
	} {
		got := CreatedBy(c.text)
		if got != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
		if again := CreatedBy(got); again != got {
			t.Errorf("%q: changes again: %q", got, again)
		}
	}
}

// TestTime reads texts that would take hours in quadratic time, and checks that expressions are not slower than their length allows.
func TestTime(t *testing.T) {
	const size = 1 << 18
	for _, unit := range []string{
		"password ", "password=", "password: [", "PASSWORD=\"", "-----BEGIN PRIVATE KEY-----", "eyJ", "eyJ-", "eyJabcdef.", "eyJabcdef.-", "a://b:", "ENV PASSWORD=x ",
		"= ", "\"", "name: password ", "<password>", " -u a:", "a:1:b:c:", "\\", "password: |\n", "password=\"\n", " ", "$6$", "password=[", "'] ",
		"token=a\n", "token='a' ", "aB cD ", "pw=a ", "password=$(", "password={{", "{SHA}", "Bearer ", "Basic-", "identified by '", "identified by \"'",
		"AKIA-", "glpat-", "sk-", "SG.", "Private-Lines: 1\n", "BEGIN PRIVATE KEY----", "a:1:b:c:d\n", "\n", "https://aaaaaaaaaaaaaaaa@", "|chpasswd", "echo a:b|chpasswd",
		"chpasswd<<<", "echo x passwd --stdin ", "\"password=a \\", "login password x", "\"--token\",", "name=name ", "xxxx=", "-u \"",
	} {
		for _, text := range []string{strings.Repeat(unit, size/len(unit)), strings.Repeat(unit, size/len(unit)/2) + strings.Repeat(" ", size/2)} {
			if d := cputime.Of(func() { Text(text) }); d > 2*time.Second {
				t.Errorf("%q: %v", unit, d)
			} else if d > 60*time.Millisecond {
				t.Logf("%q: %v", unit, d)
			}
		}
	}
	text := "|1 A=" + strings.Repeat("/a ", size)
	if d := cputime.Of(func() { CreatedBy(text) }); d > 2*time.Second {
		t.Errorf("arguments: %v", d)
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
