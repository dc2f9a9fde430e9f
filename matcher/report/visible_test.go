package report_test

import (
	"bytes"
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
)

// hidden are characters that reorder or hide what stands beside them; see https://trojansource.codes.
const hidden = "\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2064\u2066\u2067\u2068\u2069\u206a\u206f\u3164\ufeff\ufff9\U000e0001\U000e007f"

// links are texts of which forms for people make links.
const links = "[update here](https://evil.example/x) www.evil.example WWW.evil.example"

// dressed is an image in whose every text there are hidden characters and links.
func dressed() *report.Assessment {
	found, result := scanned()
	text := "a" + hidden + "z " + links
	found.Distro.Name = text
	for i := range found.Components {
		c := &found.Components[i]
		c.Name, c.Version, c.Path = c.Name+text, c.Version+hidden, c.Path+hidden
	}
	for i := range found.Findings {
		f := &found.Findings[i]
		f.Title, f.Detail, f.Path, f.Rule = text, text, text, "rule"+hidden
	}
	for i := range found.Diagnostics {
		found.Diagnostics[i].Path, found.Diagnostics[i].Message = text, text
	}
	for i := range result.Matches {
		m := &result.Matches[i]
		m.Reason, m.Fixed, m.Uncertain = text, hidden, text
		for k := range m.Advisories {
			m.Advisories[k].Summary = text
		}
	}
	return report.New(found, result, report.Options{Name: text})
}

// TestHiddenCharacters requires that forms for people show hidden characters as escapes, and that JSON keeps them.
func TestHiddenCharacters(t *testing.T) {
	for name, text := range forms(t, dressed()) {
		found := bytes.ContainsFunc(text, terminal.Hidden)
		switch name {
		case "report.txt", "report.md", "report.html":
			if found {
				t.Errorf("%s has hidden characters", name)
			}
			if !bytes.Contains(text, []byte(`\u202e`)) || !bytes.Contains(text, []byte(`\u200b`)) {
				t.Errorf("%s does not show them", name)
			}
		case "report.json":
			if !found {
				t.Errorf("%s lacks the data", name)
			}
		}
	}
	for _, r := range hidden {
		if !terminal.Hidden(r) {
			t.Errorf("%U is shown", r)
		}
	}
	for _, r := range "aß日\u00a0\u0301\u2026\u2013👍" {
		if terminal.Hidden(r) {
			t.Errorf("%U is hidden", r)
		}
	}
}

// TestLinks requires that no text of an image becomes a link in Markdown or in the messages of SARIF.
func TestLinks(t *testing.T) {
	all := forms(t, dressed())
	markdown := string(all["report.md"])
	if strings.Contains(strings.ToLower(markdown), "www.e") || strings.Contains(markdown, "[update here](") {
		t.Error("report.md has a link")
	}
	var doc any
	if err := stdjson.Unmarshal(all["sarif.json"], &doc); err != nil {
		t.Fatal(err)
	}
	messages := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if text, ok := v["text"].(string); ok {
				messages++
				if strings.Contains(text, "here](") {
					t.Errorf("sarif.json has a link: %q", text)
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(doc)
	if messages < 10 || !bytes.Contains(all["sarif.json"], []byte(`\\[update here\\](`)) {
		t.Errorf("%d messages", messages)
	}
}
