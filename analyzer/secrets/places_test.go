package secrets

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hullmark/hullmark/analyzer"
)

func inUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// zipped returns an archive with one entry.
func zipped(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string
	return string(b)
}

// places are the ways in which files have a secret, by the name of a file.
var places = []struct {
	name, file string
	content    func(t testing.TB, e example) string
}{
	{"line", "srv/a.txt", func(_ testing.TB, e example) string { return e.line }},
	{"environment", "srv/.env", func(_ testing.TB, e example) string { return "A=1\n" + assigned(e, "export ", "=", "\"") + "\n" }},
	{"YAML", "srv/a.yaml", func(_ testing.TB, e example) string { return "a:\n  " + assigned(e, "", ": ", "") + "\n  b: 1\n" }},
	{"JSON", "srv/a.json", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return `{"a":{` + quoted(n) + `:` + quoted(v) + `},"b":1}`
	}},
	{"JSON in JSON", "srv/a.json", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return `{"a":` + quoted(`{`+quoted(n)+`:`+quoted(v)+`}`) + `}`
	}},
	{"behind an escaped line end", "srv/a.json", func(_ testing.TB, e example) string { return `{"a":` + quoted("x\n"+e.line+"\ny") + `}` }},
	{"Kubernetes", "srv/a.yaml", func(_ testing.TB, e example) string {
		n, v := parts(e)
		if n != "value" {
			v = n + "=" + v
		}
		return "apiVersion: v1\nkind: Secret\ndata:\n  some.conf: " + base64.StdEncoding.EncodeToString([]byte(v+"\n")) + "\n"
	}},
	{"Kubernetes in JSON", "srv/a.json", func(_ testing.TB, e example) string {
		return `{"kind":"Secret","data":{"conf":"` + base64.StdEncoding.EncodeToString([]byte(e.line)) + `"}}`
	}},
	{"UTF-16 little endian", "srv/a.reg", func(_ testing.TB, e example) string {
		return "\xff\xfe" + inUTF16(binary.LittleEndian, "text\n"+e.line+"\r\nmore")
	}},
	{"UTF-16 big endian without a mark", "srv/a.ini", func(_ testing.TB, e example) string {
		return inUTF16(binary.BigEndian, "text\n"+e.line+"\r\nmore")
	}},
	{"minified", "srv/a.js", func(_ testing.TB, e example) string {
		n, v := parts(e)
		pad := strings.Repeat("function(e,t){return e+t};", 1_000)
		return pad + "var o={" + n + ":" + quoted(v) + "};" + pad
	}},
	{"across a chunk", "srv/a.txt", func(_ testing.TB, e example) string {
		return strings.Repeat("-", chunk-len(e.line)/2-1) + "\n" + e.line + "\n"
	}},
	{"jar", "srv/a.jar", func(t testing.TB, e example) string { return zipped(t, "application.properties", e.line+"\n") }},
	{"jar in a jar", "srv/a.war", func(t testing.TB, e example) string {
		return zipped(t, "lib/b.jar", zipped(t, "application.properties", e.line+"\n"))
	}},
	{"SQLite", "srv/a.db", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return "SQLite format 3\x00" + strings.Repeat("\x00", 84) + "\x0d\x00\x00\x00\x01\x04" + n + v + "2026-01-01" + strings.Repeat("\x00", 50)
	}},
	{"compiled Python", "srv/a.pyc", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return "\xa7\x0d\x0d\x0a" + strings.Repeat("\x00", 16) + "\xe3\x00\x00\x00\x00" + short('z', v) + "N)\x01" + short('Z', n) + "\xa9\x00"
	}},
	{"shell history", "root/.bash_history", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return "ls\nexport " + n + "=" + v + "\ncurl -H 'X: " + v + "' https://api.corp.net\n"
	}},
	{"image configuration", "", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return `{"config":{"Env":["PATH=/bin",` + quoted(n+"="+v) + `]}}`
	}},
	{"label", "", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return `{"config":{"Labels":{` + quoted(n) + `:` + quoted(v) + `}}}`
	}},
	{"history", "", func(_ testing.TB, e example) string {
		n, v := parts(e)
		return `{"history":[{"created_by":` + quoted("RUN |1 "+n+"="+v+" /bin/sh -c make") + `}]}`
	}},
}

// short returns a text as package marshal of Python writes it.
func short(kind byte, s string) string {
	if len(s) > 255 {
		return string(append(binary.LittleEndian.AppendUint32([]byte{kind - 25 | 0x80}, uint32(len(s))), s...))
	}
	return string([]byte{kind | 0x80, byte(len(s))}) + s
}

// parts returns a name and a value for an example.
func parts(e example) (name, value string) {
	d := ownDocument().Rule[e.id]
	if name, value, ok := strings.Cut(e.line, "="); ok && d.Names != nil {
		return name, value
	}
	return "value", e.line
}

func assigned(e example, before, separator, quote string) string {
	n, v := parts(e)
	return before + n + separator + quote + v + quote
}

// TestPlaces looks for examples of all rules in all places.
func TestPlaces(t *testing.T) {
	a := New(Options{})
	found, all := 0, 0
	missed := make(map[string][]string)
	for _, id := range ruleIDs(t) {
		d := ownDocument().Rule[id]
		r := rand.New(rand.NewPCG(3, 4))
		for _, p := range places {
			e := exampleOf(t, r, id)
			if d.Where == "config" && !isConfiguration(p.file) && p.file != "" {
				continue
			}
			all++
			if got := analyzed(t, a, p.file, p.content(t, e)); len(got.Findings) > 0 {
				found++
			} else {
				missed[p.name] = append(missed[p.name], id)
			}
		}
	}
	for name, ids := range missed {
		t.Logf("%s: missed %d: %v", name, len(ids), ids)
	}
	if found*100 < all*97 {
		t.Errorf("found %d of %d", found, all)
	}
	t.Logf("found %d of %d", found, all)
}

// TestNoLeak looks for parts of secrets in all that the analyzer returns.
func TestNoLeak(t *testing.T) {
	a := New(Options{})
	for _, id := range ruleIDs(t) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, p := range places {
			e := exampleOf(t, r, id)
			res, err := a.Analyze(t.Context(), analyzer.NewFile(p.file, 0o644, []byte(p.content(t, e))))
			out := fmt.Sprintf("%+v %v", res, err)
			secret := e.secret
			if id == "private-key" {
				secret = strings.Split(secret, "\n")[1]
			}
			_, tail, _ := strings.Cut(secret, "_")
			for _, part := range []string{secret, secret[len(secret)-8:], tail} {
				if len(part) > 7 && strings.Contains(out, part) {
					t.Errorf("%s in %s: %q is in %s", id, p.name, part, out)
				}
			}
			if res == nil {
				continue
			}
			for _, f := range res.Findings {
				if n := len(f.Rule + f.Title + f.Detail + f.Severity); n > 200 {
					t.Errorf("%s in %s: a finding of %d bytes: %+v", id, p.name, n, f)
				}
			}
		}
	}
}

// TestNearMisses changes examples so that they are no secrets.
func TestNearMisses(t *testing.T) {
	a := New(Options{})
	hexes := func(r *rand.Rand, n int) string { return generated(t, r, fmt.Sprintf("[0-9a-f]{%d}", n)) }
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 200 {
		uuid := hexes(r, 8) + "-" + hexes(r, 4) + "-4" + hexes(r, 3) + "-a" + hexes(r, 3) + "-" + hexes(r, 12)
		lines := []string{
			"commit " + hexes(r, 40), "md5: " + hexes(r, 32), "sha256:" + hexes(r, 64), "id = " + uuid, `"integrity": "sha512-` + generated(t, r, "[0-9A-Za-z+/]{86}") + `=="`,
			"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ" + generated(t, r, "[0-9A-Za-z+/]{300}") + " me@host", "AKIA" + generated(t, r, "[A-Z0-9]{9}") + "EXAMPLE", "password: ${PASSWORD}",
			"ghp_" + generated(t, r, "[0-9A-Za-z]{36}"), "npm_" + generated(t, r, "[0-9A-Za-z]{36}"), "postgresql://user:password@localhost/db", "https://user:pass@example.com/", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
			"heroku_app_id: " + uuid, "sonar_project_hash: " + hexes(r, 40), "-----BEGIN PUBLIC KEY-----\n" + generated(t, r, "[0-9A-Za-z+/]{64}") + "\n-----END PUBLIC KEY-----",
			"-----BEGIN " + "PRIVATE KEY-----\n...\n-----END " + "PRIVATE KEY-----", "xoxb-your-token", "AIza" + strings.Repeat("x", 35), "dapi" + strings.Repeat("0", 32), "glpat-" + strings.Repeat("x", 20),
		}
		for _, line := range lines {
			if got := analyzed(t, a, "srv/a.txt", line+"\n"); len(got.Findings) > 0 {
				t.Errorf("%d: %q: %s", i, line, rulesOf(got))
			}
		}
	}
}

func FuzzText(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, id := range ruleIDs(f) {
		f.Add(exampleOf(f, r, id).line, "srv/.env")
	}
	for _, p := range places {
		f.Add(p.content(f, exampleOf(f, r, "github-token")), p.file)
	}
	a := New(Options{})
	f.Fuzz(func(t *testing.T, content, name string) {
		if len(content) > 1<<18 {
			return
		}
		res, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(content)))
		if err != nil && name != "" || res == nil {
			return
		}
		for _, x := range res.Findings {
			if x.Line < 0 || x.Line > 1+strings.Count(content, "\n") || len(x.Rule+x.Title+x.Detail+x.Severity) > 200 {
				t.Errorf("%+v", x)
			}
		}
	})
}

func FuzzReadGitleaks(f *testing.F) {
	f.Add(gitleaksRules)
	f.Add("[[rules]]\nid = \"a\"\nregex = '''((a{2}b)|c)'''\n")
	f.Fuzz(func(t *testing.T, text string) {
		rules, _, err := ReadGitleaks(strings.NewReader(text))
		if err != nil || len(rules) > 20 {
			return
		}
		a := New(Options{Rules: rules, Only: true})
		if a.Info().Unavailable != "" {
			return
		}
		if _, err := a.Analyze(t.Context(), analyzer.NewFile("f", 0o644, []byte("a key = \"abcdef\" aab"))); err != nil {
			t.Error(err)
		}
	})
}

const gitleaksRules = `
title = "rules"
[allowlist]
paths = ['''(^|/)vendor/''']
stopwords = ["nothing"]

[[rules]]
id = "corp-token"
description = "a token"
regex = '''corp_([a-z0-9]{20})'''
entropy = 2
keywords = ["corp_"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''#public''']

[[rules]]
id = "without-keyword"
regex = '''(?:AB|CDE)XYZ-[0-9]{8}'''

[[rules]]
id = "too-open"
regex = '''[a-z]+'''

[[rules]]
id = "path-only"
path = '''\.p12$'''

[[rules]]
id = "not-re2"
regex = '''(?=a)b'''
keywords = ["b"]
`

func TestReadGitleaks(t *testing.T) {
	rules, refused, err := ReadGitleaks(strings.NewReader(gitleaksRules))
	if err != nil {
		t.Fatal(err)
	}
	want := "too-open: no keyword\npath-only: only a path\nnot-re2: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"
	if got := strings.Join(refused, "\n"); got != want {
		t.Errorf("refused %s", got)
	}
	a := New(Options{Rules: rules, Only: true})
	for _, c := range []struct{ name, content, want string }{
		{"a", "x\nCORP_ corp_abcdefghij0123456789", "corp-token:2"},
		{"a", "corp_abcdefghij0123456789 #public", ""},
		{"vendor/a", "corp_abcdefghij0123456789", ""},
		{"a", "corp_nothing" + "0123456789abc", ""},
		{"a", "corp_aaaaaaaaaaaaaaaaaaaa", ""},
		{"a", "CDEXYZ-12345678 ", "without-keyword:1"},
	} {
		if got := rulesOf(analyzed(t, a, c.name, c.content)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.content, got, c.want)
		}
	}
	if a.Info().Build == New(Options{}).Info().Build {
		t.Error("the build does not depend on rules")
	}
}
