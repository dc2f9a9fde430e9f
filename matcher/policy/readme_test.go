package policy_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadme judges with the documents that README.md and the README of the module show.
func TestReadme(t *testing.T) {
	for _, name := range []string{"README.md", "../../README.md"} {
		t.Run(name, func(t *testing.T) { testReadme(t, name) })
	}
}

func testReadme(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, document, ok := strings.Cut(string(text), "```yaml\n")
	if !ok {
		t.Fatal("README.md shows no policy")
	}
	document, _, _ = strings.Cut(document, "```")
	v := evaluate(t, document, input())
	if v.Action.String() != "stop" || v.Hidden() != 0 {
		t.Errorf("%v, %d hidden", v.Action, v.Hidden())
	}
}
