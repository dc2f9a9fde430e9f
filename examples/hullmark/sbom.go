package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

func (a *app) sbomCommand() *cobra.Command {
	var f imageFlags
	c := &cobra.Command{
		Use:   "sbom IMAGE",
		Short: "Write what an image consists of, as CycloneDX",
		Long: `Sbom lists what an image consists of, as CycloneDX 1.6 in JSON. The same image gives the same bytes.

It exits with 0, or with 1 if the image could not be scanned.`,
		Example: `  hullmark sbom demo:
  hullmark sbom --platform linux/arm64 -o debian.cdx.json debian:12`,
		Args: one("IMAGE"),
		RunE: func(c *cobra.Command, args []string) error { return a.sbom(c.Context(), args[0], &f) },
	}
	f.register(c)
	return c
}

func (a *app) sbom(ctx context.Context, ref string, f *imageFlags) error {
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	found, err := a.read(ctx, ref, f)
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	if f.declared {
		found, _, _ = report.Once(found, nil)
	} else {
		found, _, _ = report.Installed(found, nil)
	}
	if err := sbom.Encode(out, found, nil, sbomOptions(ref)); err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	return out.commit()
}

// sbomOptions leaves out what would make two documents about the same image differ: the time, and this program's version.
func sbomOptions(ref string) sbom.Options {
	return sbom.Options{Name: ref, Tool: sbom.Tool{Name: "hullmark"}}
}
