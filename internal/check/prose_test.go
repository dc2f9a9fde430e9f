package check

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
)

// phrases match turns of phrase that technical English does without. Each has a plain equivalent: a subject, a verb, and the
// name of the thing. A phrase that two of them match counts twice.
var phrases = []*regexp.Regexp{
	// "what is not read" for "unread files"
	regexp.MustCompile(`(?i)\bwhat (?:is|was|are|were|has|have|had|an?|the|it|they|there|this|that|nobody|anybody|no|one|its|of|can|cannot|could|would|does|did|do|else)\b`),
	// "nobody asks" for "no caller asks"
	regexp.MustCompile(`(?i)\b(?:nobody|anybody|somebody|everybody|whom|one who|those who|who(?:ever)? )\b`),
	// "of which one is read"; sentences that begin with "Of the"
	regexp.MustCompile(`(?i)\bof (?:which|whom|what)\b|(?:^|[.;:] )of (?:the|a|an|those|these|what|which|all|such|its|each|two|one)\b`),
	// "is said to" for "reports"
	regexp.MustCompile(`(?i)\b(?:is|are|was|were|be|been) (?:said|told|believed|wished|meant|asked|spoken|called so|to be had|at hand|of use)\b`),
	// "the reason stands there" for "see"
	regexp.MustCompile(`(?i)\b(?:stands?|stood) (?:there|here|beside|above|below|for itself|in the way)\b|\bthereof\b|\btherein\b|\bthereby\b|\bby itself\b|\bof itself\b`),
	// "there is none" for "no file exists"
	regexp.MustCompile(`(?i)\bas (?:it|they) (?:is|are|was|were)\b|\bsuch as it is\b|\bis none\b|\bare none\b|\bhas none\b|\bhave none\b|\bneed not\b`),
}

var word = regexp.MustCompile(`[A-Za-z']+`)

const ceilingsFile = "testdata/prose.txt"

// maxSlack is how far a number may fall before the ceiling must follow.
const maxSlack = 3

// TestProse counts phrases that engineers who write English don't use, per 10,000 words: in comments and Markdown pages, and
// in strings. Neither number may exceed its ceiling in testdata/prose.txt, and a ceiling must follow a number that falls. Run
// the test with -update to lower the ceilings, and with -v to list the worst files.
func TestProse(t *testing.T) {
	comments, literals := proseTexts(t)
	old, err := os.ReadFile(ceilingsFile)
	if err != nil {
		t.Fatal(err)
	}
	var lowered strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(string(old)), "\n") {
		name, number, _ := strings.Cut(line, " ")
		ceiling, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%s: %v", ceilingsFile, err)
		}
		texts := map[string][]prose{"comments": comments, "strings": literals}[name]
		rate := report(t, name, texts)
		next := int(math.Ceil(rate))
		switch {
		case next > ceiling:
			t.Errorf("%s: %.1f phrases per 10,000 words, want at most %d; run the test with -v to see them", name, rate, ceiling)
		case rate < float64(ceiling-maxSlack) && !golden.Updating():
			t.Errorf("%s: %.1f phrases per 10,000 words: lower the ceiling in %s from %d to %d", name, rate, ceilingsFile, ceiling, next)
		}
		fmt.Fprintln(&lowered, name, min(ceiling, next))
	}
	if golden.Updating() {
		golden.Check(t, ceilingsFile, []byte(lowered.String()))
	}
}

// report logs the total and the worst files, and returns the number of phrases per 10,000 words.
func report(t *testing.T, name string, texts []prose) float64 {
	type file struct {
		prose
		hits []string
	}
	var files []file
	total, words := 0, 0
	for _, p := range texts {
		hits := hits(p.text)
		files = append(files, file{p, hits})
		total += len(hits)
		words += len(word.FindAllString(p.text, -1))
	}
	rate := float64(total) * 1e4 / float64(max(words, 1))
	t.Logf("%s: %d phrases in %d words, %.1f per 10,000", name, total, words, rate)
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(len(b.hits), len(a.hits)) })
	for _, f := range files[:min(20, len(files))] {
		for _, h := range f.hits[:min(5, len(f.hits))] {
			t.Logf("%s (%d): ...%s...", strings.TrimPrefix(f.file, root+"/"), len(f.hits), h)
		}
	}
	return rate
}

// hits returns the phrases in text with the characters around them.
func hits(text string) []string {
	var list []string
	for _, re := range phrases {
		for _, h := range re.FindAllStringIndex(text, -1) {
			list = append(list, strings.ReplaceAll(text[max(0, h[0]-40):min(len(text), h[1]+40)], "\n", " "))
		}
	}
	return list
}

// TestProseCorpus compares the count of TestProse with that of the checker beside the test data.
func TestProseCorpus(t *testing.T) {
	corpus := os.Getenv("HULLMARK_CORPUS")
	if corpus == "" {
		t.Skip("HULLMARK_CORPUS is not set")
	}
	out, err := exec.CommandContext(t.Context(), "python3", filepath.Join(corpus, "bin", "check-prose"), root).Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := bytes.Fields(out[bytes.LastIndex(out, []byte("\ntotal")):])
	want, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	comments, _ := proseTexts(t)
	for _, p := range comments {
		got += len(hits(p.text))
	}
	if got < want-1 || got > want+1 {
		t.Errorf("%d phrases, want %d", got, want)
	}
}
