// Package helppage makes commands from their help texts, a Markdown page for each: the usage as its title, a summary, the text, and
// examples.
//
//	# tool db export FILE
//
//	Write all of a database as JSON lines
//
//	Export writes the database in FILE as JSON.
//
//	## Examples
//
//	    tool db export advisories.db
//
// The usage decides which arguments and flags a command line needs. Brackets enclose an optional argument or flag, and dots follow
// an argument that may repeat.
package helppage

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Command returns the command that a page describes, such as "db/export" for db/export.md. It checks arguments against the usage.
// It panics if the page does not exist.
func Command(pages fs.FS, page string, run func(ctx context.Context, args []string) error) *cobra.Command {
	text, err := fs.ReadFile(pages, page+".md")
	if err != nil {
		panic(err)
	}
	title, rest, _ := strings.Cut(strings.TrimSpace(string(text)), "\n\n")
	short, rest, _ := strings.Cut(rest, "\n\n")
	long, examples, _ := strings.Cut(rest, "## Examples\n\n")
	_, usage, _ := strings.Cut(title, path.Base(page))
	return &cobra.Command{
		Use:     path.Base(page) + usage,
		Short:   short,
		Long:    strings.TrimSpace(long),
		Example: examples,
		Args:    checkUsage,
		RunE:    func(c *cobra.Command, args []string) error { return run(c.Context(), args) },
	}
}

// Group returns a command that only shows its help, with subcommands.
func Group(pages fs.FS, page string, subcommands ...*cobra.Command) *cobra.Command {
	c := Command(pages, page, nil)
	c.DisableFlagsInUseLine = true
	c.SuggestionsMinimumDistance = 2
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return Unknown(c, args[0])
	}
	c.AddCommand(subcommands...)
	return c
}

// Unknown returns the error of a subcommand that c does not have.
func Unknown(c *cobra.Command, name string) error {
	hint := ""
	if near := c.SuggestionsFor(name); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q%s; see %s --help", name, hint, c.CommandPath())
}

// values is the annotation of a flag with the values of SetValues.
const values = "values"

// SetValues states the values of a flag that may stand without one.
func SetValues(f *pflag.Flag, list ...string) {
	f.Annotations = map[string][]string{values: list}
}

// Detached returns an error if a command line has a value of a flag behind a space, although the flag may stand without a value: the value would
// be an argument.
func Detached(c *cobra.Command, line []string) error {
	for i, word := range line[:max(0, len(line)-1)] {
		name, ok := strings.CutPrefix(word, "--")
		if ok && name == "" {
			break
		}
		f := c.Flags().Lookup(name)
		if !ok || f == nil {
			continue
		}
		known := f.Annotations[values]
		if f.Value.Type() == "bool" {
			known = []string{"true", "false"}
		}
		unknown := func(v string) bool { return !slices.Contains(known, strings.TrimPrefix(v, "-")) }
		if next := line[i+1]; !slices.ContainsFunc(strings.Split(next, ","), unknown) {
			return fmt.Errorf("write --%s=%s: with a space, %q is an argument; see %s --help", name, next, next, c.CommandPath())
		}
	}
	return nil
}

// checkUsage checks arguments and required flags against the usage of a command.
func checkUsage(c *cobra.Command, args []string) error {
	words := strings.Fields(c.Use)[1:]
	for i := 0; i < len(words); i++ {
		word := words[i]
		optional, flag := strings.HasPrefix(word, "["), strings.HasPrefix(strings.TrimPrefix(word, "["), "-")
		switch {
		case flag && optional:
			for !strings.HasSuffix(words[i], "]") {
				i++
			}
		case flag:
			i++
			if !isFlagSet(c, word) {
				return fmt.Errorf("%s %s is missing; see %s --help", word, words[i], c.CommandPath())
			}
		case len(args) == 0 && !optional:
			return fmt.Errorf("%s is missing; see %s --help", word, c.CommandPath())
		case strings.Contains(word, "..."):
			args = nil
		case len(args) > 0:
			args = args[1:]
		}
	}
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q; see %s --help", args[0], c.CommandPath())
	}
	return nil
}

// isFlagSet reports whether the command line sets a flag, written with its hyphens.
func isFlagSet(c *cobra.Command, flag string) bool {
	f := c.Flags().Lookup(strings.TrimLeft(flag, "-"))
	if f == nil {
		f = c.Flags().ShorthandLookup(flag[1:])
	}
	return f.Changed && f.Value.String() != ""
}
