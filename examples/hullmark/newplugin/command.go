package newplugin

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/terminal"
)

// Command gives a command the flag --lang and its action, which writes what to run next to out.
func Command(c *cobra.Command, out io.Writer) *cobra.Command {
	lang := c.Flags().String("lang", "", "write it in `LANGUAGE`: "+strings.Join(Languages(), ", "))
	c.RunE = func(_ *cobra.Command, args []string) error {
		next, err := Create(args[0], *lang)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "Wrote %q. Next:\n    %s && %s\n    hullmark plugin verify . testdata/root\n", args[0], terminal.ShellLine([]string{"cd", args[0]}), next)
		return err
	}
	return c
}
