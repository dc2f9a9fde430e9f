package secrets

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

// signed returns a token with a key.
func signed(claims, key string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// TestPublic searches texts of a developer's machine. They look like secrets, but are public or part of something else. The row behind each
// near miss has the secret.
func TestPublic(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	word := func(class, n string) string { return generated(t, r, "["+class+"]{"+n+"}") }
	facebook := exampleOf(t, r, "facebook-token").secret
	aws := exampleOf(t, r, "aws-secret-access-key").secret
	part := "Ab3" + word("0-9A-Za-z", "40")
	circle := word("0-9a-f", "40")
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text)) + "\n"
	}
	identifier := "GoogleCloudThingV1RetrieveLegacyResponse" // 40 letters and digits
	pyc := func(texts ...string) string {
		return "\xa7\x0d\x0d\x0a" + strings.Repeat("\x00", 16) + strings.Join(texts, "")
	}
	class := func(texts ...string) string {
		b := []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x10")
		for _, text := range texts {
			b = append(binary.BigEndian.AppendUint16(append(b, 1), uint16(len(text))), text...)
		}
		return string(b)
	}
	for _, c := range []struct{ what, name, content, want string }{
		{"base64 of an index with the prefix of Facebook", "srv/index.js", `rn("` + part + "/" + facebook + "+" + part + `")`, ""},
		{"base64 before it", "srv/index.js", `rn("` + part + "+" + facebook + `")`, ""},
		{"base64 behind it", "srv/index.js", `rn("` + facebook + "/" + part + `")`, ""},
		{"a token in an address", "srv/index.js", "https://graph.corp.net/v19/accounts/" + facebook + "/friends", "facebook-token:1"},
		{"a token alone", "srv/index.js", `rn("` + facebook + `")`, "facebook-token:1"},

		{"the head of a longer identifier, in compiled Python", "srv/a.pyc", pyc(short('Z', "LegacySecretKey"), short('z', identifier+"LegacySecretKeyResponse)")), ""},
		{"a bracket with the code of the length", "srv/a.pyc", pyc(short('Z', "LegacySecretKey"), short('z', "("+identifier+"LegacySecretKeyResponse)")), ""},
		{"a text of this length", "srv/a.pyc", pyc(short('Z', "aws_secret_key"), short('z', aws), "N)"), "aws-secret-access-key:2"},
		{"letters behind a text of this length", "srv/a.pyc", pyc(short('Z', "aws_secret_key"), short('z', aws), "r\x05"), "aws-secret-access-key:2"},
		{"a bracket with the code of the length, in a class", "srv/a.class", class("DEFAULT_SECRET_KEY", "("+identifier+"LegacyResponse)"), ""},
		{"the name of a type with this length, in a class", "srv/a.class", class("secretkey", "(Lcom/corpus/service/runtime/web9/Request;)V"), ""},
		{"a text of this length, in a class", "srv/a.class", class("DEFAULT_SECRET_KEY", aws, "Code"), "aws-secret-access-key:1"},

		{"a token signed with a key of documents", "srv/METADATA", ">>> " + signed(`{"some":"payload"}`, "secret") + "\n", ""},
		{"a token signed with another key", "srv/METADATA", ">>> " + signed(`{"some":"payload"}`, aws) + "\n", "json-web-token:1"},

		{"the badge of builds of a private project", "srv/README.md", "[![CircleCI](https://circleci.corp.net/gh/a/b.svg?style=svg&circle-token=" + circle + ")]\n", ""},
		{"the same token elsewhere", "srv/README.md", "[![CircleCI](https://circleci.corp.net/gh/a/b.svg?style=svg)] https://corp.net/api?circle-token=" + circle + "\n", "circleci-legacy-token:1"},

		{"a password that documents show", "srv/a.py", basic("robot:open sesame"), ""},
		{"another password", "srv/a.py", basic("robot:Kestrel-41-harbour"), "basic-header:1"},

		{"a key in base64 with escaped slashes", "srv/a.json", `{"k":"` + strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(privateKey(t, r)+strings.Repeat("?", 30))), "/", `\/`) + `"}`, "private-key:1"},
		{"a program that knows Secrets", "srv/kubectl", "\x7fELF\x02\x00 kind: Secret\x00" + "password: " + base64.StdEncoding.EncodeToString([]byte("Kestrel-41-harbour")) + "\n", ""},
		{"a large manifest", "srv/all.yaml", "kind: Secret\n" + strings.Repeat("# text, text\n", 600_000) + "data:\n  password: " + base64.StdEncoding.EncodeToString([]byte("Kestrel-41-harbour")) + "\n", "kubernetes-secret:600003"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := rulesOf(analyzed(t, New(Options{}), c.name, c.content)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSkippedBytes counts the unread part of an archive in bytes of the file, whatever sizes the archive states.
func TestSkippedBytes(t *testing.T) {
	large := strings.Repeat("text ", 4<<20) // 20 MB
	for _, c := range []struct {
		name, content string
		least         float64 // part of the file
	}{
		{"an entry that is searched in part", zipped(t, "a.txt", large), 0.15},
		{"an archive in an archive", zipped(t, "a.jar", zipped(t, "a.txt", large)), 0.15},
		{"a lie", strings.ReplaceAll(zipped(t, "a.txt", large), string(binary.LittleEndian.AppendUint32(nil, uint32(len(large)))), "\xff\xff\xff\x7f"), 0.15},
		{"a picture", zipped(t, "a.png", "\x89PNG\r\n"+large[:1<<20]), 0.5},
	} {
		n := 0.0
		for _, s := range analyzed(t, New(Options{}), "a.jar", c.content).Records {
			for _, digit := range s.Fields["bytes"] {
				n = 10*n + float64(digit-'0')
			}
		}
		if part := n / float64(len(c.content)); part < c.least || part > 1 {
			t.Errorf("%s: %.0f bytes are skipped, %.2f of the file", c.name, n, part)
		}
	}
}

// TestGzip searches the text in compressed files, and counts the bytes of a file behind the part that it searches.
func TestGzip(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	line := exampleOf(t, r, "slack-bot-token").line
	noise := make([]byte, 20<<20) // so that it stays large
	for i := range noise {
		noise[i] = "0123456789abcdef"[r.IntN(16)]
	}
	packed := func(text string) string {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a valid level
		w.Write([]byte(text))
		w.Close()
		return b.String()
	}
	for _, c := range []struct {
		name, content, want string
		least, most         float64 // part of the file that is skipped
	}{
		{"a copy", packed("-- dump\n" + line + "\n"), "slack-bot-token", 0, 0},
		{"two members", packed("-- dump\n") + packed(line+"\n"), "slack-bot-token", 0, 0},
		{"a cut", packed(line + "\n" + string(noise[:1<<20]))[:1<<19], "slack-bot-token", 0, 0},
		{"a large file", packed(line + "\n" + string(noise)), "slack-bot-token", 0.1, 0.3},
		{"a bomb", packed(line + "\n" + strings.Repeat("\x00", 32<<20)), "slack-bot-token", 0, 0.9},
		{"no gzip after all", "\x1f\x8b\x08 and other bytes", "", 0, 1},
	} {
		got := analyzed(t, New(Options{}), "srv/dump.sql.gz", c.content)
		skipped := 0.0
		for _, s := range got.Records {
			for _, digit := range s.Fields["bytes"] {
				skipped = 10*skipped + float64(digit-'0')
			}
		}
		rule := ""
		for _, f := range got.Findings {
			rule = strings.TrimPrefix(f.Rule, "secrets:")
			if !strings.HasPrefix(f.Detail, "dump.sql, line ") {
				t.Errorf("%s: %s", c.name, f.Detail)
			}
		}
		if part := skipped / float64(len(c.content)); rule != c.want || part < c.least || part > c.most {
			t.Errorf("%s: found %q, skipped %.2f of the file", c.name, rule, part)
		}
	}
}

// TestLargeFile counts the bytes of files that the scanner does not give to the analyzer.
func TestLargeFile(t *testing.T) {
	report := &analyzer.Report{
		Examined: []analyzer.Examination{{Analyzer: name}},
		Diagnostics: []analyzer.FileDiagnostic{
			{Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "12 bytes, more than the 8 that are read"}, Path: "a", Analyzer: name},
			{Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "12 bytes, more than the 8 that are read"}, Path: "a", Analyzer: "other"},
		},
	}
	if err := New(Options{}).(analyzer.Finisher).Finish(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	if got := report.Examined[0].Skipped; len(got) != 1 || got[0] != (analyzer.Skip{Reason: "large-file", Bytes: 12}) {
		t.Errorf("got %v", got)
	}
}

// TestManyCandidates bounds the time for texts in which each few bytes begin like a secret.
func TestManyCandidates(t *testing.T) {
	for _, beginning := range []string{
		"LS0tLS1CRUdJTi" + "Z2hwX", "A", "EAAE", "EAA/", "eyJ", ".eyJ", "xoxb-", "sk_live_", "pat", "MTA", "AKIA", "ghp_", "-us1", "://a:b@", "password: YWJjZA==\nkind: Secret\n", "heroku_key=", "AUTH0=", "secret_key", "Basic ",
	} {
		content := strings.Repeat(beginning, 1<<20/len(beginning))
		if took := cputime.Of(func() { analyzed(t, New(Options{}), "a.txt", content) }); took > 5*time.Second {
			t.Errorf("%v for 1 MB of %q", took, beginning)
		} else {
			t.Logf("%v for 1 MB of %q", took, beginning)
		}
	}
}

// TestOrder searches a file behind another one whose end looks like the beginning of its first name.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	set, err := ownRules()
	if err != nil {
		t.Fatal(err)
	}
	s := newSearch(set)
	s.ctx = t.Context()
	for _, c := range []struct{ content, want string }{
		{strings.Repeat("word_", 100), ""},
		{exampleOf(t, r, "hetzner-token").line, "hetzner-token:1"},
	} {
		got, err := s.file(t.Context(), analyzer.NewFile("srv/a.txt", 0o644, []byte(c.content)))
		if err != nil {
			t.Fatal(err)
		}
		if got == nil {
			got = new(analyzer.Result)
		}
		if got := rulesOf(got); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
