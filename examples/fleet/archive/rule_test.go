package archive

import (
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

// TestSelect: images a to e of registry.example/app were analyzed and tagged one day after another, "a" first. f is another repository's, u
// is an upload without a name, and x is not analyzed. The tag "latest" pointed at d and then at e; "old" still points at a.
func TestSelect(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 6, n, 0, 0, 0, 0, time.UTC) }
	image := func(digest string, n int, reference string) store.Image {
		return store.Image{Digest: digest, State: store.Analyzed, Finished: day(n), Reference: reference}
	}
	const app, other = "registry.example/app", "registry.example/team/other"
	images := []store.Image{image("a", 1, app+":1"), image("b", 2, app+":2"), image("c", 3, app+"@sha256:"+strings.Repeat("0", 64)), image("d", 4, app+":4"), image("e", 5, app+":5"),
		image("f", 1, other+":1"), image("u", 1, "")}
	images = append(images, store.Image{Digest: "x", State: store.Failed, Finished: day(1), Reference: app + ":x"})
	tags := []store.Tag{{Name: app + ":1", Digest: "a", Since: day(1)}, {Name: app + ":2", Digest: "b", Since: day(2)}, {Name: app + ":4", Digest: "d", Since: day(4)}, {Name: app + ":5", Digest: "e", Since: day(5)},
		{Name: app + ":latest", Digest: "d", Since: day(4)}, {Name: app + ":latest", Digest: "e", Since: day(5)}, {Name: other + ":1", Digest: "f", Since: day(1)}, {Name: other + ":also", Digest: "a", Since: day(1)}}
	tests := []struct {
		rule Rule
		want string
	}{
		{Rule{}, ""},
		{Rule{Repositories: []string{"**"}}, ""},
		{Rule{OlderThan: 5 * 24 * time.Hour}, "a b c d e f u"},
		{Rule{OlderThan: 8 * 24 * time.Hour}, "a b f u"},
		{Rule{OlderThan: 8 * 24 * time.Hour, Repositories: []string{app}}, "b"}, // a has a name in another repository
		{Rule{OlderThan: 8 * 24 * time.Hour, Repositories: []string{"registry.example/**"}}, "a b f"},
		{Rule{Keep: 2}, "b c"},        // a is one of two images of the other repository
		{Rule{Keep: 1}, "b c d f"},    // a and f have the same age there, and a comes first
		{Rule{NewerTags: 1}, "b c d"}, // no newer tag of the other repository
		{Rule{NewerTags: 3}, "b c"},   // 4, 5, latest
		{Rule{NewerTags: 3, Keep: 4}, ""},
		{Rule{NewerTags: 1, OlderThan: 8 * 24 * time.Hour}, "b"},
	}
	for _, test := range tests {
		var got []string
		for _, m := range Select([]Rule{test.rule}, images, tags, day(10)) {
			got = append(got, m.Digest)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %q, want %q", test.rule, got, test.want)
		}
	}
}

// TestSelectIndex: the images of an index stay as long as its tag.
func TestSelectIndex(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 6, n, 0, 0, 0, 0, time.UTC) }
	var images []store.Image
	for _, d := range []string{"old-amd64", "old-arm64", "new-amd64", "new-arm64", "both"} {
		images = append(images, store.Image{Digest: d, State: store.Analyzed, Finished: day(1), Reference: "registry.example/app:1"})
	}
	tags := []store.Tag{
		{Name: "registry.example/app:1", Digest: "old-amd64", Index: "old", Since: day(1), Listed: []string{"old-amd64", "old-arm64", "both"}},
		{Name: "registry.example/app:2", Digest: "new-amd64", Index: "new", Since: day(2), Listed: []string{"new-amd64", "new-arm64", "both"}},
	}
	for _, test := range []struct {
		rule Rule
		want string
	}{
		{Rule{Keep: 1}, "old-amd64 old-arm64"},
		{Rule{Keep: 2}, ""},
		{Rule{NewerTags: 1}, "old-amd64 old-arm64"},
		{Rule{OlderThan: 24 * time.Hour}, "old-amd64 old-arm64 new-amd64 new-arm64 both"},
	} {
		var got []string
		for _, m := range Select([]Rule{test.rule}, images, tags, day(10)) {
			got = append(got, m.Digest)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %q, want %q", test.rule, got, test.want)
		}
	}
}
