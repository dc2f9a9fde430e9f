package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/analyzer"
)

func (a *app) completionCommand() *cobra.Command {
	c := command("completion", nil)
	shells := map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(a.stdout, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(a.stdout) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(a.stdout, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(a.stdout) },
	}
	c.ValidArgs = slices.Sorted(maps.Keys(shells))
	c.RunE = func(c *cobra.Command, args []string) error {
		write := shells[args[0]]
		if write == nil {
			return fmt.Errorf("unknown shell %q; use bash, zsh, fish or powershell", args[0])
		}
		return write(c.Root())
	}
	return c
}

// complete makes the completion scripts know the values of flags, in all commands.
func complete(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, ok := completed[f.Name]; !ok || f.Name == "format" && c.Flags().Lookup("template") == nil {
			return
		}
		c.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { // fails for a missing flag only
			return completed[f.Name](), cobra.ShellCompDirectiveNoFileComp
		})
	})
	for _, sub := range c.Commands() {
		complete(sub)
	}
}

// completed has the values of flags with few. Few runs of the command need them.
var completed = map[string]func() []string{
	"fail-on":  severities,
	"severity": severities,
	"format":   func() []string { return slices.Sorted(maps.Keys(extensions)) },
	"ignore-status": func() []string {
		return []string{"affected", "fixed", "will-not-fix", "deferred", "under-investigation", "end-of-life"}
	},
	"include":  func() []string { return []string{string(analyzer.Cached), string(analyzer.TestData)} },
	"sort-by":  func() []string { return []string{"package", "severity", "risk", "epss", "id", "name"} },
	"group-by": func() []string { return []string{"package", "layer", "file", "none"} },
	"skip":     analyzers,
}

func severities() []string { return []string{"critical", "high", "medium", "low", "negligible"} }
