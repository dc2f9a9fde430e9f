package newplugin

import (
	"strings"

	"github.com/spf13/cobra"
)

// Command gives a command the flag --lang and its action, which prints what to run next.
func Command(c *cobra.Command, print func(format string, args ...any) error) *cobra.Command {
	lang := c.Flags().String("lang", "", "write it in `LANGUAGE`: "+strings.Join(Languages(), ", "))
	c.RunE = func(_ *cobra.Command, args []string) error {
		next, err := Create(args[0], *lang)
		if err != nil {
			return err
		}
		return print("Wrote %q. Next:\n    cd %q && %s\n    hullmark plugin verify . testdata/root", args[0], args[0], next)
	}
	return c
}
