package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/remote"
)

// documentFlags choose the form of an SBOM and its destination.
type documentFlags struct {
	format  string
	version string
	output  string
}

func (f *documentFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", "", "write `FORMAT`: cyclonedx-json (default), cyclonedx-xml, spdx-json, in-toto")
	c.Flags().StringVar(&f.version, "spec-version", "", "write `VERSION` of the format: 1.4 to 1.7 of CycloneDX (default 1.6), 2.3 of SPDX")
	outputFlag(c, &f.output)
}

func (f *documentFlags) options(name string) (sbom.Options, error) {
	o, err := sbomOptions(name)
	o.Version = f.version
	switch f.format {
	case "", "cyclonedx-json":
	case "cyclonedx-xml":
		o.Format = sbom.CycloneDXXML
	case "spdx-json":
		o.Format = sbom.SPDXJSON
	case "in-toto":
		o.Statement = true
	default:
		return o, fmt.Errorf("unknown --format %q; use cyclonedx-json, cyclonedx-xml, spdx-json or in-toto", f.format)
	}
	return o, err
}

// sbomOptions leaves out the version of this program and the time, so that equal images give equal documents. SOURCE_DATE_EPOCH
// sets the time; see https://reproducible-builds.org/specs/source-date-epoch/.
func sbomOptions(ref string) (sbom.Options, error) {
	o := sbom.Options{Name: ref, Tool: report.Tool{Name: "hullmark"}}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 {
			return o, fmt.Errorf("SOURCE_DATE_EPOCH is %q, want a number of seconds since 1970", epoch)
		}
		o.Timestamp = time.Unix(seconds, 0).UTC()
	}
	return o, nil
}

// sbomFlags are the flags of the sbom command.
type sbomFlags struct {
	imageFlags
	documentFlags
	declared bool
	attach   bool
}

func (a *app) sbomCommand() *cobra.Command {
	var f sbomFlags
	c := command("sbom", func(ctx context.Context, args []string) error {
		return a.eachImage(ctx, args[0], &f.imageFlags, func(name, tag string, image *imageFlags) error {
			one := f
			one.imageFlags, one.output = *image, taggedFile(f.output, tag)
			return a.sbom(ctx, name, &one)
		})
	})
	f.imageFlags.register(c)
	f.documentFlags.register(c)
	declaredFlag(c, &f.declared)
	c.Flags().BoolVar(&f.attach, "attach", false, "attach the document to the image in its registry")
	c.AddCommand(a.sbomDiffCommand(), a.sbomMergeCommand())
	return c
}

func (a *app) sbom(ctx context.Context, ref string, f *sbomFlags) error {
	o, err := f.options(ref)
	if err != nil {
		return err
	}
	return a.write(f.output, func(out *output) error {
		image := ""
		if f.attach {
			if image, err = registryImage(ctx, f.only(ref), f.platform); err != nil {
				return err
			}
		}
		found, err := a.read(ctx, ref, &f.imageFlags)
		if err != nil {
			return err
		}
		a.diagnose(found.Diagnostics)
		x, err := assess.Pipeline{Name: ref, Declared: f.declared}.Report(ctx, found, nil)
		if err != nil {
			return err
		}
		if !f.attach {
			return encode(out, x, o)
		}
		artifact, err := remote.Write(ctx, image, x, o, registry.Options{})
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		_, err = fmt.Fprintln(out, artifact)
		return err
	})
}

// encode writes a document.
func encode(w io.Writer, x *report.Assessment, o sbom.Options) error {
	err := sbom.Encode(w, x, o)
	switch {
	case errors.Is(err, sbom.ErrNoDigest):
		return fmt.Errorf("%s: %w; a statement needs an image in a registry or an OCI layout", o.Name, err)
	case err != nil:
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}
