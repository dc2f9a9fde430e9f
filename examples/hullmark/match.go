package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/sbom"
)

func (a *app) matchCommand() *cobra.Command {
	var f matchFlags
	var output string
	var declared bool
	c := &cobra.Command{
		Use:   "match SBOM",
		Short: "Match the packages that an SBOM lists against a database of advisories",
		Long: `Match reads what an image consists of from a document, of whatever tool, and matches it as scan would match the
image. SBOM is a file of CycloneDX (JSON or XML) or SPDX (JSON), gzipped or not, or - for standard input. What the
document leaves out that matching needs, such as the distribution or a source package, is said on standard error.

Results are written as ` + formatNames() + `, as by scan.

Exit codes:
  0  nothing is disallowed
  1  the document could not be read
  3  --fail-on or --policy was given, but there are no advisories for a part of it, and no --allow-uncovered
  4  --fail-on or --policy disallows something`,
		Example: `  hullmark match app.cdx.json
  hullmark match --db advisories.db --fail-on high app.cdx.xml
  hullmark sbom debian:12 | hullmark match -`,
		Args: one("SBOM"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, name := c.Context(), args[0]
			if name == "-" {
				name = "standard input"
			}
			return a.match(ctx, name, &f, output, declared, func() (*analyzer.Report, *v1.ConfigFile, error) {
				found, err := readDocument(ctx, c.InOrStdin(), args[0])
				return found, nil, err
			})
		},
	}
	f.register(c)
	flags := c.Flags()
	flags.StringVarP(&output, "output", "o", "", "write results to `FILE` instead of standard output")
	flags.BoolVar(&declared, "declared", false, "also take packages that only lock files and manifests name")
	return c
}

// readDocument reads the document in a file, or from stdin where that is called "-".
func readDocument(ctx context.Context, stdin io.Reader, name string) (*analyzer.Report, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b := bufio.NewReader(interruptible{ctx, in})
	in = b
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z := inflate.NewReader(b, inflate.Gzip)
		defer z.Close()
		in = z
	}
	report, err := sbom.Decode(in, sbom.Limits{})
	switch {
	case errors.Is(err, sbom.ErrUnsupported):
		return nil, fmt.Errorf("%s: %w; match takes a CycloneDX or SPDX document, and scan an image", name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return report, nil
}

// An interruptible reader ends with its context.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
