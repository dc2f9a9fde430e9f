package binary

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReadme compares the table of README.md with the classes.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string][]string)
	for pair := range slices.Chunk(strings.Fields(debian), 2) {
		packages[pair[0]] = append(packages[pair[0]], pair[1])
	}
	for i := range classes().all {
		c := &classes().all[i]
		of := strings.Join(packages[c.name], " ")
		if of == "" {
			of = "-"
		}
		row := fmt.Sprintf("| %s | %s | `%s` | %s |\n", c.name, c.cpe, strings.Join(strings.Fields(c.files), "` `"), of)
		if strings.Count(string(text), row) != 1 {
			t.Errorf("README.md lacks %s", row)
		}
	}
}
