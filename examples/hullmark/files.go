package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/files"
)

func (a *app) filesCommand() *cobra.Command {
	var f imageFlags
	var digests []string
	var format, file string
	c := command("files", func(ctx context.Context, args []string) error {
		write := files.WriteJSONLines
		switch format {
		case "json-lines":
		case "csv":
			write = files.WriteCSV
		default:
			return fmt.Errorf("unknown --format %q; use json-lines or csv", format)
		}
		f.more = []analyzer.Analyzer{files.List(digests...)}
		return a.write(file, func(out *output) error {
			found, err := a.read(ctx, args[0], &f)
			if err != nil {
				return err
			}
			return write(out, found)
		})
	})
	f.register(a, c)
	c.Flags().StringVarP(&format, "format", "f", "json-lines", "write `FORMAT`: json-lines, csv")
	c.Flags().StringSliceVar(&digests, "digest", nil, "compute digests of all files: md5, sha1, sha256, sha512; `ALGORITHMS` with commas")
	outputFlag(c, &file)
	return c
}
