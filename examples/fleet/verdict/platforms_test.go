package verdict_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
)

// TestCombine: the worst platform decides, and none stands for another.
func TestCombine(t *testing.T) {
	// Platforms are written "name: verdict", or "name: -reason" for one without an image, or "name: ?" for one without a verdict.
	index := func(more int, list ...[2]string) *store.Index {
		x := &store.Index{More: more}
		for _, p := range list {
			platform := store.Platform{Name: p[0], Digest: p[0] + p[1]}
			if p[1][0] == '-' {
				platform.Reason = p[1][1:]
			} else {
				platform.Image = &store.Image{Digest: platform.Digest, State: store.Analyzed, Verdict: p[1]}
			}
			x.Platforms = append(x.Platforms, platform)
		}
		return x
	}
	only := func(names ...string) func(string) bool {
		return func(p string) bool {
			for _, n := range names {
				if p == n {
					return true
				}
			}
			return false
		}
	}
	failed := index(0, [2]string{"a", "go"})
	failed.Platforms[0].Image.State, failed.Platforms[0].Image.Reason = store.Failed, "timeout"
	broken := errors.New("the database is gone")
	for _, test := range []struct {
		name         string
		x            *store.Index
		counts       func(string) bool
		action, lack string
		complete     bool
	}{
		{"all go", index(0, [2]string{"a", "go"}, [2]string{"b", "go"}), nil, "go", "", true},
		{"the last is the worst", index(0, [2]string{"a", "go"}, [2]string{"b", "warn"}, [2]string{"c", "stop"}), nil, "stop", "", true},
		{"the first is the worst", index(0, [2]string{"a", "warn"}, [2]string{"b", "go"}), nil, "warn", "", true},
		{"only one counts", index(0, [2]string{"a", "go"}, [2]string{"b", "stop"}), only("a"), "go", "", true},
		{"none is selected", index(0, [2]string{"a", "go"}, [2]string{"b", "stop"}), only("c"), "stop", "", true},
		{"one is missing", index(0, [2]string{"a", "go"}, [2]string{"b", "-"}), nil, "go", "b was not analyzed", false},
		{"one is missing with a reason", index(0, [2]string{"a", "stop"}, [2]string{"b", "-not-found"}), nil, "stop", "b was not analyzed: not-found", false},
		{"the missing one does not count", index(0, [2]string{"a", "go"}, [2]string{"b", "-"}), only("a"), "go", "", true},
		{"two are missing", index(0, [2]string{"a", "-limit"}, [2]string{"b", "-"}), nil, "", "a (limit) and b were not analyzed", false},
		{"one has no verdict", index(0, [2]string{"a", "?"}, [2]string{"b", "go"}), nil, "go", "a has no verdict", false},
		{"one has no name", index(0, [2]string{"", "-not-found"}), nil, "", "a platform without a name was not analyzed: not-found", false},
		{"further ones are not known", index(7, [2]string{"a", "go"}), only("a"), "go", "7 more platforms were not analyzed", false},
		{"many are missing", index(1, [2]string{"a", "-"}, [2]string{"b", "-"}, [2]string{"c", "-"}, [2]string{"d", "-"}, [2]string{"e", "-"}, [2]string{"f", "-"}), nil, "",
			"a, b, c, d, e and 2 more platforms were not analyzed", false},
		{"the analysis failed", failed, nil, "", "a was not analyzed: timeout", false},
		{"nothing is known", index(0), nil, "", "", false},
	} {
		c, err := verdict.Combine(test.x, test.counts, func(m *store.Image) (*catalog.Verdict, error) {
			if m.Verdict == "?" {
				return nil, fmt.Errorf("image: %w", verdict.ErrMissing)
			}
			return &catalog.Verdict{Action: m.Verdict}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Action.String() != test.action || c.Complete() != test.complete || (!c.Complete() && test.lack != "" && c.Lack() != test.lack) {
			t.Errorf("%s: %q, complete %t, %q", test.name, c.Action, c.Complete(), c.Lack())
		}
	}
	if _, err := verdict.Combine(index(0, [2]string{"a", "go"}), nil, func(*store.Image) (*catalog.Verdict, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := verdict.Combine(index(0, [2]string{"a", "perhaps"}), nil, func(m *store.Image) (*catalog.Verdict, error) {
		return &catalog.Verdict{Action: m.Verdict}, nil
	}); err == nil {
		t.Error("an unknown action is accepted")
	}
}
