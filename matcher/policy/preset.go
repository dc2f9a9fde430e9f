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
//   - severity stops on high severity or worse, also of findings in files,
//   - fixable stops on vulnerabilities with a fix, and hides the rest,
//   - vendor-only hides vulnerabilities that the publisher will not fix, and stops on others of high severity or worse, and on such findings in files,
//   - kev stops on known and likely exploitation,
//   - strict stops on everything without proof that it is harmless, and on ecosystems without advisories.
//
// All but strict let pass the kernel's vulnerabilities in packages that have only its headers.
func Preset(name string) (string, error) {
	b, err := presets.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return "", fmt.Errorf("policy: there is no preset %q, but %s", name, strings.Join(Presets(), ", "))
	}
	return string(b), nil
}
