package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/policy"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Check policy documents, and print some to begin with",
	}
	group(c)
	c.AddCommand(&cobra.Command{
		Use:   "preset [NAME]",
		Short: "Print a policy document to copy and change, or list what there is",
		Long: `Preset prints one of the policy documents that come with hullmark, to be copied and changed:

  severity     stops on what is of high severity or worse
  fixable      stops on what has a fix, and hides the rest
  vendor-only  hides what the publisher will not fix, and stops on the rest of high severity or worse
  kev          stops on what is known to be exploited
  strict       stops on anything that is not known to be harmless, and on what could not be judged`,
		Example: `  hullmark policy preset kev > policy.yaml
  hullmark scan --policy preset:kev debian:12`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.stdout, strings.Join(policy.Presets(), "\n"))
				return err
			}
			text, err := policy.Preset(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.stdout, text)
			return err
		},
	}, &cobra.Command{
		Use:     "check FILE",
		Short:   "Say all that is wrong with a policy document, with lines",
		Long:    `Check reads a policy document and exits with 1 if anything is wrong with it, after saying all of it with lines.`,
		Example: `  hullmark policy check policy.yaml`,
		Args:    one("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := loadPolicy(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %s (%s), %s, %s of lists\n", terminal.Escape(args[0]), plural.Count(len(d.Policies), "policy"), terminal.Escape(strings.Join(d.Policies, ", ")), plural.Count(d.Rules, "rule"), plural.Count(d.Entries, "entry"))
			return err
		},
	})
	return c
}
