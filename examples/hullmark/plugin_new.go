package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/examples/hullmark/newplugin"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/plugin"
)

func (a *app) pluginNewCommand() *cobra.Command {
	var lang string
	c := command("plugin/new", func(_ context.Context, args []string) error {
		next, err := newplugin.Create(args[0], lang)
		if err != nil {
			return err
		}
		return a.write("", func(out *output) error {
			dir := terminal.Escape(args[0])
			_, err := fmt.Fprintf(out, "Wrote %s. Next:\n    cd %s && %s\n    hullmark plugin verify . testdata/root\n", dir, dir, next)
			return err
		})
	})
	c.Flags().StringVar(&lang, "lang", "", "write it in `LANGUAGE`: go, javascript or python")
	return c
}

func (a *app) pluginDigest(_ context.Context, args []string) error {
	digest, err := plugin.Digest(args[0])
	if err != nil {
		return err
	}
	return a.print("sha256:%s", digest)
}
