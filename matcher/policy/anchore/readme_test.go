package anchore_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
)

const mark = "<!-- below: made of the table of gates by go test ./matcher/policy/anchore -run TestReadme -update -->\n"

// TestReadme compares the tables of README.md with the language.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(b), mark)
	if !ok {
		t.Fatal("README.md has no mark")
	}
	golden.Check(t, "README.md", []byte(head+mark+tables()))
}

// tables writes the language, gate by gate.
func tables() string {
	var b strings.Builder
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	var ended []string
	for _, g := range anchore.Gates() {
		if g.State == anchore.EndOfLife {
			s := "`" + g.Name + "`"
			if g.Successor != "" {
				s += " (now `" + g.Successor + "`)"
			}
			ended = append(ended, s)
			continue
		}
		fmt.Fprintf(&b, "\n## %s: %s\n\n| trigger | fires | trigger ID | facts | differs from Anchore |\n|---|---|---|---|---|\n", g.Name, g.Description)
		parameters := ""
		for _, trigger := range g.Triggers {
			name := "`" + trigger.Name + "`"
			for _, alias := range trigger.Aliases {
				name += " (`" + alias + "`)"
			}
			id := trigger.ID
			if id == "" {
				id = "digest"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, cell(trigger.Description), cell(id), cell(trigger.Needs), cell(trigger.Differs))
			for _, p := range trigger.Parameters {
				name := "`" + p.Name + "`"
				for _, alias := range p.Aliases {
					name += " (`" + alias + "`)"
				}
				if p.Required {
					name += " *"
				}
				form := string(p.Validator)
				switch {
				case p.By != "":
					form = "by `" + p.By + "`"
				case len(p.Values) > 0:
					form = strings.Join(p.Values, ", ")
				}
				parameters += fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", trigger.Name, name, cell(form), p.Default, cell(p.Description))
			}
		}
		if parameters != "" {
			b.WriteString("\n| trigger | parameter | form | default | |\n|---|---|---|---|---|\n" + parameters)
		}
	}
	fmt.Fprintf(&b, "\n## Gates that reached their end of life\n\n%s.\n", strings.Join(ended, ", "))
	return b.String()
}
