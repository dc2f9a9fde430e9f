package webhook_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// TestReadme requires that the body in README.md is one that a receiver gets, and that the page lists all kinds.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```json\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("no body")
	}
	var want struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      struct {
			Events []webhook.Message `json:"events"`
		} `json:"data"`
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	body, err := webhook.JSON(&webhook.Delivery{Messages: want.Data.Events})
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil || compact.String() != string(body.Content) {
		t.Errorf("got  %s\nwant %s, %v", body.Content, compact.Bytes(), err)
	}
	for _, k := range []watch.Kind{watch.Appeared, watch.Disappeared, watch.FixAvailable, watch.SeverityChanged, watch.Exploited, watch.StatusChanged, watch.Renamed,
		webhook.ImageAnalyzed, webhook.AnalysisFailed, webhook.TagMoved, webhook.VerdictChanged, webhook.FeedFailed, webhook.MarkExpired, webhook.Test} {
		if !strings.Contains(string(page), "`"+string(k)+"`") {
			t.Errorf("README.md does not list %s", k)
		}
	}
}
