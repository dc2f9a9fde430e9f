package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/version"
)

func (a *app) versionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "version",
		Short: "Say which build of hullmark this is, or compare the versions of packages",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command %q; see %s --help", args[0], c.CommandPath())
			}
			build := cmp.Or(buildVersion(), "of an unknown version")
			_, err := fmt.Fprintf(a.stdout, "hullmark %s, %s %s/%s\n", build, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.Args = func(*cobra.Command, []string) error { return nil } // RunE knows better what to say
	c.AddCommand(a.versionCompareCommand())
	return c
}

func (a *app) versionCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare TYPE A B",
		Short: "Say which of two versions comes first",
		Long: `Compare prints "A < B", "A = B" or "A > B": the order of two versions in the ecosystem of a PURL type, as scan
compares them and as the ecosystem's own tool does. TYPE is one of
` + strings.Join(version.Types(), ", ") + `.

It exits with 0, or with 1 if one of the two is no version of that type. A version that begins with a hyphen goes
behind "--".`,
		Example: `  hullmark version compare deb 1:2.36-9+deb12u4 2.36-9+deb12u7
  hullmark version compare rpm 1.2~rc1-1 1.2-1
  hullmark version compare pypi 1.0.post1 1.0+local`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 3 {
				return fmt.Errorf("%s needs a TYPE and two versions, not %s; see %[1]s --help", c.CommandPath(), plural.Count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.versionCompare(args[0], args[1], args[2]) },
	}
}

func (a *app) versionCompare(purlType, first, second string) error {
	s, ok := version.For(purlType)
	if !ok {
		return fmt.Errorf("the versions of type %q have no order that is known; known are %s", purlType, strings.Join(version.Types(), ", "))
	}
	v, errA := s.Parse(first)
	if errA != nil {
		errA = fmt.Errorf("A: %w", errA)
	}
	w, errB := s.Parse(second)
	if errB != nil {
		errB = fmt.Errorf("B: %w", errB)
	}
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s %s %s\n", terminal.Escape(first), [...]string{"<", "=", ">"}[v.Compare(w)+1], terminal.Escape(second))
	return err
}

// buildVersion returns the version of this build, "" where it is not known.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
