package advice

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Flag returns what to write instead of a flag that a command does not have, "" if there is no advice. It begins with "; ". The page
// has tables of other tools' flags, as FLAGS.md has: the flags, ours, and a reason.
func Flag(c *cobra.Command, page string, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return ""
	}
	name := unknown.GetSpecifiedName()
	if near := similar(c, name); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !slices.Contains(strings.Split(strings.TrimSpace(cells[1]), ", "), "`--"+name+"`") {
			continue
		}
		ours, reason := plain(cells[2]), plain(cells[3])
		switch {
		case ours == "none":
			return "; hullmark has none like it: " + reason
		case reason == "":
			return "; use " + ours
		}
		return "; use " + ours + " (" + reason + ")"
	}
	return ""
}

// plain returns the text of a table's cell without its marks of code.
func plain(cell string) string {
	return strings.TrimSpace(strings.ReplaceAll(cell, "`", ""))
}

// similar returns the flags of a command with a name like another one. Cobra suggests only commands.
func similar(c *cobra.Command, name string) []string {
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags.AddCommand(&cobra.Command{Use: "--" + f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	return flags.SuggestionsFor("--" + name)
}
