package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/helppage"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/version"
)

// thisTool identifies the command in formats that name the program that scanned.
func thisTool() report.Tool {
	return report.Tool{Name: "hullmark", Version: buildVersion(), URL: "https://github.com/hullmark/hullmark"}
}

// buildVersion returns the version of this build, "" if it is unknown.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

func (a *app) versionCommand() *cobra.Command {
	c := group("version", command("version/compare", func(_ context.Context, args []string) error {
		return a.versionCompare(args[0], args[1], args[2])
	}))
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return helppage.Unknown(c, args[0])
		}
		return a.print("hullmark %s, %s %s/%s", cmp.Or(buildVersion(), "of an unknown version"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	}
	return c
}

func (a *app) versionCompare(purlType, first, second string) error {
	if _, ok := version.For(purlType); !ok {
		return fmt.Errorf("unknown version type %q; known types are %s", purlType, strings.Join(version.Types(), ", "))
	}
	order, err := version.Compare(purlType, first, second)
	if err != nil {
		return err
	}
	return a.print("%s %s %s", terminal.Escape(first), [...]string{"<", "=", ">"}[order+1], terminal.Escape(second))
}

func (a *app) schemaCommand() *cobra.Command {
	return command("schema", func(context.Context, []string) error {
		return a.print("%s", strings.TrimSpace(string(json.Schema())))
	})
}
