package policy

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed presets/*.yaml
var presets embed.FS

// Presets returns the names of the documents that [Preset] knows.
func Presets() []string { return []string{"severity", "fixable", "vendor-only", "kev", "strict"} }

// Preset returns the text of a document to copy and change:
//
//   - severity stops on what is of high severity or worse,
//   - fixable stops on what has a fix, and hides the rest,
//   - vendor-only hides what the publisher will not fix, and stops on what is left of high severity or worse,
//   - kev stops on what is known to be exploited, or likely to be soon,
//   - strict stops on anything that is not known to be harmless, and on what could not be judged.
func Preset(name string) (string, error) {
	b, err := presets.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return "", fmt.Errorf("policy: there is no preset %q, but %s", name, strings.Join(Presets(), ", "))
	}
	return string(b), nil
}
