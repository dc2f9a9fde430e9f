package secrets_test

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/npm"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/secrets"
	corpus "github.com/hullmark/hullmark/internal/testing/plantedsecrets"
)

// minFreshRecall and maxFreshFalse are minRecall and maxFalse for plantedsecrets.Fresh.
const minFreshRecall = 0.99

var maxFreshFalse = map[string]int{}

// formatsWithRules lists the formats of the planted image that have a rule, a format and a rule a line.
//
//go:embed testdata/formats.txt
var formatsWithRules string

// minRecall is the recall that the rules reached. It may only rise.
const minRecall = 0.975

// maxFalse are the false positives that the rules reached, by the kind of near miss and the rule. They may only fall. A finding without a
// kind is in a file or variable beside a planted secret.
var maxFalse = map[string]int{
	" alibaba-access-key": 1, " aws-access-key-id": 2, " configured-password": 2, " connection-string": 1, " gcp-hmac-key": 1, " razorpay-key": 1, " twilio-key": 1,
	"placeholder tencent-secret-key": 1,
}

// freshFormats lists the formats of plantedsecrets.Fresh that had a rule when they were written.
//
//go:embed testdata/fresh.txt
var freshFormats string

// covered returns the rules of the formats in a list.
func covered(t *testing.T, text string, formats []*corpus.Format) map[string]string {
	t.Helper()
	list := make(map[string]string)
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if format, rule, ok := strings.Cut(s.Text(), " "); ok && format != "#" {
			list[format] = rule
		}
	}
	known := make(map[string]bool)
	for _, f := range formats {
		known[f.Name] = true
	}
	for name := range list {
		if !known[name] {
			t.Errorf("no format %q in the planted image", name)
		}
	}
	return list
}

// TestMeasure scans the image of package plantedsecrets and measures:
//   - recall: the part of the planted secrets with a finding in their file or variable, over the formats that have a rule
//   - false positives: findings without a planted secret, by the kind of near miss
//   - leaks: pieces of planted secrets in the report as JSON
//
// It lists the misses and the false positives with -v.
func TestMeasure(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("the keys of the planted image take several seconds, and a minute with the race detector")
	}
	measure(t, *seed, corpus.Formats(), formatsWithRules, minRecall, maxFalse)
}

// TestFresh is TestMeasure with formats that the rules were not written with.
func TestFresh(t *testing.T) {
	measure(t, *seed, corpus.Fresh(), freshFormats, minFreshRecall, maxFreshFalse)
}

var seed = flag.Uint64("secrets.seed", 1, "seed of the planted images")

func measure(t *testing.T, seed uint64, formats []*corpus.Format, list string, least float64, most map[string]int) {
	set, err := corpus.NewOf(seed, formats)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{secrets.New(secrets.Options{}), npm.New(), pip.New()}}.Scan(t.Context(), set.Image)
	if err != nil {
		t.Fatal(err)
	}
	score := set.Score(report, "secrets")
	rules := covered(t, list, formats)
	covered := func(format string) bool { return rules[format] != "" }

	t.Logf("seed %d: %d secrets, %d near misses; recall %.4f of %d formats with a rule, %.4f of all %d", seed, len(set.Plants), len(set.Misses), score.Recall(covered), len(rules), score.Recall(nil), len(score.ByFormat))
	if got := score.Recall(covered); got < least {
		t.Errorf("recall %.4f, want at least %.4f", got, least)
	}
	for _, p := range score.Missed {
		note := ""
		if !covered(p.Format) {
			note = " (no rule)"
		}
		t.Logf("missed: %s in %s: %s %s%s", p.Format, p.Carrier, p.Path, p.Place, note)
	}
	if len(score.Mismarked) > 0 {
		t.Errorf("%d findings are wrong about Hidden", len(score.Mismarked))
	}

	kinds := make(map[string]int)
	for _, f := range score.False {
		kinds[f.Kind+" "+strings.TrimPrefix(f.Rule, "secrets:")]++
		t.Logf("false: %s:%d %s %s", f.Path, f.Line, f.Rule, f.Kind)
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("false positives: %q: %d", k, kinds[k])
		if kinds[k] > most[k] {
			t.Errorf("%d false positives of %q, want at most %d", kinds[k], k, most[k])
		}
	}

	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(report); err != nil {
		t.Fatal(err)
	}
	for _, l := range set.Leaks(out.Bytes()) {
		t.Errorf("the report has a piece of a planted secret: %s in %s, %s", l.Plant.Format, l.Plant.Carrier, l.Form)
	}
}
