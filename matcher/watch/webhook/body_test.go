package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

var formats = map[string]webhook.Format{
	"json": webhook.JSON, "cloudevents": webhook.CloudEvents("https://fleet.example/"), "cloudevents-binary": webhook.CloudEventsBinary("https://fleet.example/"),
	"slack": webhook.Slack, "teams": webhook.Teams, "matrix": webhook.Matrix, "clair": webhook.Clair("https://fleet.example/notification/"), "clair-page": webhook.ClairPage,
	"mail":          webhook.Mail("Fleet <fleet@example.org>", "team@example.org", nil),
	"mail-template": webhook.Mail("fleet@example.org", "team@example.org", template.Must(template.New("").Parse("{{.Title}}!\n{{range .Lines}}* {{.}}\n{{end}}"))),
}

// forPeople are the formats whose texts people read.
var forPeople = []string{"slack", "teams", "matrix", "mail", "mail-template"}

// hostile are names that an image or an advisory may have.
var hostile = []string{
	`<script>alert(1)</script> <!channel> <@U123> <https://evil.example|safe> &lt;`,
	"*bold* _it_ ~no~ `code` [safe](https://evil.example) ![x](https://evil.example/x.png) # h",
	"@everyone @room @channel <at>all</at> {{DATE(2026-01-01T00:00:00Z)}} {{{{.Title}} ${x}",
	"\x1b[31mred\x00\r\nBcc: evil@example.org\r\n\r\nbody\u2028\u2029",
	"a\u202eb\u2066c\u200bd\ufeff\xff\xfe",
	strings.Repeat("very long ", 1000),
}

// about returns a message in which all texts are the name.
func about(id, name string) webhook.Message {
	return webhook.Message{ID: id, Kind: watch.SeverityChanged, Time: start, Vulnerability: name, Was: name, Text: name,
		Package: webhook.Package{Type: "npm", Namespace: name, Name: name},
		Old:     webhook.State{Level: matcher.Low, Status: matcher.Fixed}, New: webhook.State{Level: matcher.Critical, Status: matcher.Fixed, Fixable: true, Exploited: true},
		Images: []webhook.Image{{Repository: name, Tag: name, Digest: "sha256:" + strings.Repeat("0", 64)}}}
}

// deliveries are those of the golden files, as the outbox has them.
func deliveries(t *testing.T) map[string]*webhook.Delivery {
	plain := watch.Event{ID: "event", Kind: watch.Appeared, Vulnerability: "CVE-2026-1", Package: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "openssl"},
		New: watch.State{Status: matcher.Fixed, Fixable: true, Level: matcher.High}}
	images := []webhook.Image{{Repository: "registry.example/team/app", Tag: "1.2", Digest: "sha256:" + strings.Repeat("a", 64), Tenant: "team"}, {Digest: "sha256:" + strings.Repeat("b", 64)}}
	all := map[string]*webhook.Delivery{
		"plain": {Messages: []webhook.Message{webhook.FromEvent(plain, start, images)}},
		"test":  {Messages: []webhook.Message{{ID: "t", Kind: webhook.Test, Time: start, Text: "This subscription works."}}},
	}
	var digest []webhook.Message
	for i, name := range hostile {
		m := about(fmt.Sprint(i), name)
		digest = append(digest, m)
		all[fmt.Sprint("hostile-", i)] = &webhook.Delivery{Messages: []webhook.Message{m}}
	}
	all["digest"] = &webhook.Delivery{Messages: append(digest, all["plain"].Messages...)}
	for name, d := range all {
		f := newFleet(t, webhook.Subscription{ID: "s"})
		if err := f.Queue(t.Context(), f.subs, d.Messages...); err != nil {
			t.Fatal(err)
		}
		d.Messages = nil
		for _, q := range f.list(webhook.Pending) {
			d.Messages = append(d.Messages, q.Messages...)
		}
		d.ID, d.Created = "msg_"+name, start
	}
	return all
}

func TestBodies(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			all := deliveries(t)
			for _, what := range sortedKeys(all) {
				body, err := format(all[what])
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "=== %s: %s %s\n", what, body.Method, body.ContentType)
				for _, h := range sortedKeys(body.Header) {
					fmt.Fprintf(&b, "%s: %s\n", h, body.Header.Get(h))
				}
				content := body.Content
				if json.Valid(content) {
					var indented bytes.Buffer
					if err := json.Indent(&indented, content, "", "  "); err != nil {
						t.Fatal(err)
					}
					content = indented.Bytes()
				} else if body.ContentType != "message/rfc822" {
					t.Errorf("%s: not JSON", what)
				}
				fmt.Fprintf(&b, "%s\n", bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")))
				again, err := format(all[what])
				if err != nil || !bytes.Equal(again.Content, body.Content) {
					t.Errorf("%s: another body the second time, %v", what, err)
				}
			}
			golden.Check(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// texts returns all strings of a JSON value, or the decoded lines of a mail.
func texts(t *testing.T, body *webhook.Body) []string {
	t.Helper()
	if body.ContentType == "message/rfc822" {
		m, err := mail.ReadMessage(bytes.NewReader(body.Content))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "headers", sortedKeys(m.Header), strings.Fields("Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To"))
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		return append(strings.Split(string(b), "\n"), subject)
	}
	var v any
	if err := json.Unmarshal(body.Content, &v); err != nil {
		t.Fatal(err)
	}
	var list []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			list = append(list, strings.Split(v, "\n")...)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return list
}

// TestHostileNames requires that texts for people have only characters that they see, and that long names are cut with a mark.
func TestHostileNames(t *testing.T) {
	for _, name := range forPeople {
		for what, d := range deliveries(t) {
			body, err := formats[name](d)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(texts(t, body), "\n")
			for _, r := range strings.ReplaceAll(strings.ReplaceAll(all, "\n", ""), "\r", "") {
				if !unicode.IsPrint(r) {
					t.Errorf("%s of %s has %U", name, what, r)
				}
			}
			if !utf8.ValidString(all) {
				t.Errorf("%s of %s is not UTF-8", name, what)
			}
			if what == "hostile-5" && !strings.Contains(all, "very long very long …") && !strings.Contains(all, "…") {
				t.Errorf("%s: a long name is cut without a mark", name)
			}
			if name == "slack" && strings.ContainsAny(all, "<>") {
				t.Errorf("slack of %s has control characters of Slack: %s", what, all)
			}
			if name == "teams" && strings.Contains(all, "{{") {
				t.Errorf("teams of %s has a function: %s", what, all)
			}
		}
	}
}

// TestLimits has the greatest digest of the longest texts. Slack, Teams and Matrix refuse larger messages:
// https://github.com/robusta-dev/robusta/issues/2111.
func TestLimits(t *testing.T) {
	for _, unit := range []string{"<", "&", `"`, "\\", "\u202e", "\xff", "\x00", "é", "🦀", "a", " "} {
		long := strings.Repeat(unit, 10_000)
		for _, n := range []int{0, 1, 31, 500} {
			d := &webhook.Delivery{ID: "msg_1", Created: start}
			for i := range n {
				m := about(fmt.Sprint(i), long)
				m.Kind = watch.Kind(fmt.Sprint(i, long))
				m.Images = slices.Repeat(m.Images, 100)
				d.Messages = append(d.Messages, m)
			}
			for _, name := range forPeople {
				body, err := formats[name](d)
				if err != nil {
					t.Fatal(err)
				}
				if most := map[string]int{"slack": 100_000, "teams": 28_000, "matrix": 60_000, "mail": 100_000, "mail-template": 100_000}[name]; len(body.Content) > most {
					t.Errorf("%s of %d messages of %q: %d bytes, want at most %d", name, n, unit, len(body.Content), most)
				}
				if name == "slack" {
					checkSlack(t, body)
				}
				for _, l := range bytes.Split(body.Content, []byte("\r\n")) {
					if body.ContentType == "message/rfc822" && len(l) > 998 {
						t.Errorf("%s: a line of %d bytes", name, len(l))
					}
				}
			}
		}
	}
}

// checkSlack checks the limits of Slack's blocks. A text that is empty was the error of
// https://github.com/DependencyTrack/dependency-track/issues/4161.
func checkSlack(t *testing.T, body *webhook.Body) {
	t.Helper()
	var m struct {
		Text   string
		Blocks []struct {
			Type string
			Text struct{ Text string }
		}
	}
	if err := json.Unmarshal(body.Content, &m); err != nil {
		t.Fatal(err)
	}
	if m.Text == "" || len(m.Blocks) == 0 || len(m.Blocks) > 50 {
		t.Errorf("slack: %d blocks, text %q", len(m.Blocks), m.Text)
	}
	for _, b := range m.Blocks {
		most := 3000
		if b.Type == "header" {
			most = 150
		}
		if n := utf8.RuneCountInString(b.Text.Text); n == 0 || n > most {
			t.Errorf("slack: a %s of %d characters", b.Type, n)
		}
	}
}

// TestCloudEventID is https://github.com/goharbor/harbor/issues/18448: two events had one ID.
func TestCloudEventID(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "a", URL: r.URL, Format: webhook.CloudEventsBinary("urn:a")}, webhook.Subscription{ID: "b", URL: r.URL, Format: webhook.CloudEvents("urn:a")})
	f.Parallel = 1
	f.queue("1", "2")
	f.send()
	seen := make(map[string]bool)
	for _, q := range r.requests() {
		id := q.header.Get("ce-id")
		if id == "" {
			var e struct{ ID, SpecVersion, Source, Type, Time string }
			if err := json.Unmarshal(q.body, &e); err != nil || e.SpecVersion != "1.0" || e.Source != "urn:a" || e.Type != "hullmark.appeared" {
				t.Errorf("%+v, %v", e, err)
			}
			if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
				t.Error(err)
			}
			id = e.ID
		}
		if seen[id] || id != q.id {
			t.Errorf("ID %q of the message %q", id, q.id)
		}
		seen[id] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d IDs, want 4", len(seen))
	}
}

// TestMatrix puts the message below its own ID.
func TestMatrix(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL + "/rooms/!a:example.org/send/m.room.message/{id}", Format: webhook.Matrix, Bearer: "token"})
	f.queue("1")
	f.send()
	q := r.requests()[0]
	if q.method != http.MethodPut || q.path != "/rooms/!a:example.org/send/m.room.message/"+q.id || q.header.Get("Authorization") != "Bearer token" {
		t.Errorf("%s %s", q.method, q.path)
	}
}

// TestClair reads the page as Quay does.
func TestClair(t *testing.T) {
	all := deliveries(t)
	d := all["plain"]
	body, err := webhook.Clair("https://fleet.example/n")(d)
	if err != nil {
		t.Fatal(err)
	}
	var hook struct {
		ID       string `json:"notification_id"`
		Callback string `json:"callback"`
	}
	if err := json.Unmarshal(body.Content, &hook); err != nil || hook.ID != webhook.ClairID(d.ID) || hook.Callback != "https://fleet.example/n/"+hook.ID {
		t.Errorf("%+v, %v", hook, err)
	}
	if body, err = webhook.ClairPage(d); err != nil {
		t.Fatal(err)
	}
	var page struct {
		Page          struct{ Size int }
		Notifications []struct {
			ID, Manifest, Reason string
			Vulnerability        struct {
				Name, Severity string
				Package        struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal(body.Content, &page); err != nil {
		t.Fatal(err)
	}
	n := page.Notifications
	if page.Page.Size != 2 || len(n) != 2 || n[0].ID == n[1].ID || n[1].Manifest != "sha256:"+strings.Repeat("b", 64) || n[0].Reason != "added" ||
		n[0].Vulnerability.Severity != "High" || n[0].Vulnerability.Package.Name != "openssl" {
		t.Errorf("%+v", page)
	}
}

// TestBadFormat requires that a body that cannot be made is recorded, and keeps no other message from being sent.
func TestBadFormat(t *testing.T) {
	r := newReceiver(t, nil)
	bad := template.Must(template.New("").Parse("{{.Missing}}"))
	f := newFleet(t, webhook.Subscription{ID: "a", URL: r.URL, Format: webhook.Mail("fleet@example.org", "team@example.org", bad)},
		webhook.Subscription{ID: "b", URL: r.URL, Secrets: []string{"whsec_short"}}, webhook.Subscription{ID: "c", URL: r.URL, Format: webhook.Mail("fleet", "a@example.org", nil)})
	f.queue("1")
	f.send()
	for _, d := range f.list(webhook.Pending) {
		if d.Attempts != 1 || d.Error == "" || strings.Contains(d.Error, "short") {
			t.Errorf("%+v", d)
		}
	}
	if n := len(f.list(webhook.Pending)); n != 3 || len(r.requests()) != 0 {
		t.Errorf("%d deliveries", n)
	}
}

// FuzzPeople makes the bodies for people of any names.
func FuzzPeople(f *testing.F) {
	for _, name := range hostile {
		f.Add(name, "renamed", uint8(3))
	}
	f.Fuzz(func(t *testing.T, name, kind string, n uint8) {
		d := &webhook.Delivery{ID: "msg_1", Created: start}
		for range n % 40 {
			m := about("1", name)
			m.Kind = watch.Kind(kind)
			d.Messages = append(d.Messages, m)
		}
		for _, format := range forPeople {
			body, err := formats[format](d)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts(t, body) {
				if i := strings.IndexFunc(strings.TrimSuffix(text, "\r"), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(text) {
					t.Errorf("%s: %q", format, text)
				}
			}
			if format == "slack" {
				checkSlack(t, body)
			}
		}
	})
}
