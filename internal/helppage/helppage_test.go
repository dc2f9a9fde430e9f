package helppage_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/helppage"
)

var pages = fstest.MapFS{
	"tool.md":      {Data: []byte("# tool\n\nDo things\n")},
	"db.md":        {Data: []byte("# tool db\n\nWork on files\n\nDb works on files.\n")},
	"db/export.md": {Data: []byte("# tool db export [--key KEY] IN [OUT]\n\nWrite a file\n\nExport writes a file.\n\nIt is fast.\n\n## Examples\n\n    tool db export a b\n")},
	"db/merge.md":  {Data: []byte("# tool db merge -o FILE --name NAME A [B...]\n\nMerge files\n")},
}

// run runs a command line, and returns the arguments of the command that ran.
func run(args ...string) (got []string, stdout string, err error) {
	note := func(name string) func(context.Context, []string) error {
		return func(_ context.Context, args []string) error {
			got = append([]string{name}, args...)
			return nil
		}
	}
	export := helppage.Command(pages, "db/export", note("export"))
	export.Flags().String("key", "", "")
	merge := helppage.Command(pages, "db/merge", note("merge"))
	merge.Flags().StringP("output", "o", "", "")
	merge.Flags().StringArray("name", nil, "")
	root := helppage.Group(pages, "tool", helppage.Group(pages, "db", export, merge))
	root.SilenceErrors, root.SilenceUsage = true, true
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs(args)
	err = root.Execute()
	return got, out.String(), err
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		line string
		err  string // "" if the command runs
	}{
		{"db export in", ""},
		{"db export in out", ""},
		{"db export --key k in", ""},
		{"db export", "IN is missing; see tool db export --help"},
		{"db export a b c", `unexpected argument "c"; see tool db export --help`},
		{"db merge -o f --name n a", ""},
		{"db merge --output f --name n a b c", ""},
		{"db merge --name n a", "-o FILE is missing; see tool db merge --help"},
		{"db merge --output= --name n a", "-o FILE is missing; see tool db merge --help"},
		{"db merge -o f a", "--name NAME is missing; see tool db merge --help"},
		{"db merge -o f --name n", "A is missing; see tool db merge --help"},
		{"db exprt", `unknown command "exprt"; did you mean export?; see tool db --help`},
		{"none", `unknown command "none"; see tool --help`},
	} {
		words := strings.Fields(c.line)
		got, _, err := run(words...)
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err || got != nil {
				t.Errorf("%s: %v, error %v; want %s", c.line, got, err, c.err)
			}
		case err != nil || got[0] != words[1] || !slices.Equal(got[1:], words[len(words)-len(got)+1:]):
			t.Errorf("%s: %v, %v", c.line, got, err)
		}
	}
}

// TestDetached finds the values that stand behind a space.
func TestDetached(t *testing.T) {
	for line, want := range map[string]string{
		"scan --content demo:":                  "",
		"scan --content=accounts demo:":         "",
		"scan --content accounts demo:":         `write --content=accounts: with a space, "accounts" is an argument; see scan --help`,
		"scan --content accounts":               `write --content=accounts: with a space, "accounts" is an argument; see scan --help`,
		"scan --content accounts,-verify demo:": `write --content=accounts,-verify: with a space, "accounts,-verify" is an argument; see scan --help`,
		"scan --quiet false demo:":              `write --quiet=false: with a space, "false" is an argument; see scan --help`,
		"scan --output accounts demo:":          "",
		"scan --none accounts":                  "",
		"scan -- --content accounts":            "",
		"scan demo: --content":                  "",
		"":                                      "",
	} {
		c := &cobra.Command{Use: "scan"}
		c.Flags().StringSlice("content", nil, "")
		c.Flags().Bool("quiet", false, "")
		c.Flags().String("output", "", "")
		helppage.SetValues(c.Flags().Lookup("content"), "accounts", "verify")
		got := ""
		if err := helppage.Detached(c, strings.Fields(line)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestHelp(t *testing.T) {
	for line, want := range map[string]string{
		"db export --help": "Export writes a file.\n\nIt is fast.\n\nUsage:\n  tool db export [--key KEY] IN [OUT] [flags]\n\nExamples:\n    tool db export a b\n",
		"db merge --help":  "Merge files\n\nUsage:\n  tool db merge -o FILE --name NAME A [B...] [flags]\n",
		"db":               "Db works on files.\n\nUsage:\n  tool db",
	} {
		if _, out, err := run(strings.Fields(line)...); err != nil || !strings.HasPrefix(out, want) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

func TestMissingPage(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	helppage.Command(pages, "db/none", func(context.Context, []string) error { return nil })
}
