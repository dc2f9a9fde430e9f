package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
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
	severities := []string{"critical", "high", "medium", "low", "negligible"}
	var analyzers []string
	for _, a := range all.All() {
		analyzers = append(analyzers, a.Info().Name)
	}
	values := map[string][]string{
		"fail-on": severities, "severity": severities, "skip": analyzers,
		"ignore-status": {"affected", "fixed", "will-not-fix", "deferred", "under-investigation", "end-of-life"},
		"include":       {string(analyzer.Cached), string(analyzer.TestData)},
		"sort-by":       {"package", "severity", "risk", "epss", "id", "name"},
		"group-by":      {"package", "layer", "file", "none"},
	}
	if c.Flags().Lookup("template") != nil {
		values["format"] = slices.Sorted(maps.Keys(extensions))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if c.Flags().Lookup(name) != nil {
			c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values[name], cobra.ShellCompDirectiveNoFileComp)) // fails for a missing flag only
		}
	}
	for _, sub := range c.Commands() {
		complete(sub)
	}
}
