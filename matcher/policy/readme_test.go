package policy_test

import (
	"os"
	"strings"
	"testing"
)

// The document that the README shows is one, and judges.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, document, ok := strings.Cut(string(text), "```yaml\n")
	if !ok {
		t.Fatal("README.md shows no policy")
	}
	document, _, _ = strings.Cut(document, "```")
	v := evaluate(t, document, input())
	if v.Action.String() != "stop" || v.Mapping[:9] != "mapping 1" || v.Hidden() != 0 {
		t.Errorf("%v by %s, %d hidden", v.Action, v.Mapping, v.Hidden())
	}
}
