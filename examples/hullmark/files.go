package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/files"
)

func (a *app) filesCommand() *cobra.Command {
	var f imageFlags
	var digests []string
	var format, file string
	c := command("files", func(ctx context.Context, args []string) error {
		o, err := sbomOptions(args[0])
		switch o.Files = true; {
		case err != nil:
			return err
		case !slices.Contains([]string{"json-lines", "csv", "cyclonedx"}, format):
			return fmt.Errorf("unknown --format %q; use json-lines, csv or cyclonedx", format)
		case format == "cyclonedx" && digests == nil:
			digests = []string{"sha256"} // which readers of this format expect
		}
		f.more = []analyzer.Analyzer{files.List(digests...)}
		return a.write(file, func(out *output) error {
			x, err := a.contents(ctx, args[0], &f, a.read)
			switch {
			case err != nil:
				return err
			case format == "csv":
				return files.WriteCSV(out, x.Report)
			case format == "cyclonedx":
				return encode(out, x, o)
			}
			return files.WriteJSONLines(out, x.Report)
		})
	})
	f.register(a, c)
	c.Flags().StringVarP(&format, "format", "f", "json-lines", "write `FORMAT`: json-lines, csv, cyclonedx")
	c.Flags().StringSliceVar(&digests, "digest", nil, "compute digests of all files: md5, sha1, sha256, sha512; `ALGORITHMS` with commas")
	outputFlag(c, &file)
	return c
}
