package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/attach"
)

// A document is a form in which the command writes what an image consists of.
type document struct {
	name      string
	format    sbom.Format
	statement bool
	mediaType string
}

func documents() []document {
	return []document{
		{"cyclonedx-json", sbom.CycloneDXJSON, false, attach.CycloneDXJSON},
		{"cyclonedx-xml", sbom.CycloneDXXML, false, attach.CycloneDXXML},
		{"spdx-json", sbom.SPDXJSON, false, attach.SPDXJSON},
		{"in-toto", sbom.CycloneDXJSON, true, attach.InToto},
	}
}

// documentFlags say in which form a document is written.
type documentFlags struct {
	format  string
	version string
}

func (f *documentFlags) register(c *cobra.Command) {
	var names []string
	for _, d := range documents() {
		names = append(names, d.name)
	}
	c.Flags().StringVar(&f.format, "format", names[0], "write `FORMAT`: "+names[0]+" (default), "+strings.Join(names[1:], ", "))
	c.Flags().Lookup("format").DefValue = "" // said already, in fewer characters
	c.Flags().StringVar(&f.version, "spec-version", "", "write `VERSION` of the format: 1.4 to 1.7 of CycloneDX (default 1.6), 2.3 of SPDX")
}

func (f *documentFlags) options(name string) (sbom.Options, document, error) {
	o, err := sbomOptions(name)
	if err != nil {
		return o, document{}, err
	}
	for _, d := range documents() {
		if d.name == f.format {
			o.Format, o.Statement, o.Version = d.format, d.statement, f.version
			return o, d, nil
		}
	}
	return o, document{}, fmt.Errorf("there is no format %q; see --help for those there are", f.format)
}

// sbomOptions leaves out what would make two documents about the same image differ: this program's version and, unless
// SOURCE_DATE_EPOCH gives it, the time; see https://reproducible-builds.org/specs/source-date-epoch/.
func sbomOptions(ref string) (sbom.Options, error) {
	o := sbom.Options{Name: ref, Tool: report.Tool{Name: "hullmark"}}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 {
			return o, fmt.Errorf("SOURCE_DATE_EPOCH is %q, not a number of seconds since 1970", epoch)
		}
		o.Timestamp = time.Unix(seconds, 0).UTC()
	}
	return o, nil
}

func (a *app) sbomCommand() *cobra.Command {
	var f imageFlags
	var d documentFlags
	var attached bool
	c := &cobra.Command{
		Use:   "sbom IMAGE",
		Short: "Write what an image consists of, as CycloneDX or SPDX",
		Long: `Sbom lists what an image consists of. The same image gives the same bytes: a document has a time only where
SOURCE_DATE_EPOCH is set, and then that one.

With --attach the document is kept in the registry of the image, as an artifact that refers to it, and what is
written is the name of the artifact; scan --sbom-from-registry uses it. The form in-toto is a statement about
the image with the document as its predicate, to be signed by tools that do that.

With --platform all there is a document for each image of an index: on standard output one after the other, with
-o each in a file of its own, FILE.OS-ARCH.EXT.

It exits with 0, or with 1 if the image could not be scanned or the document could not be attached.`,
		Example: `  hullmark sbom demo:
  hullmark sbom --platform linux/arm64 -o debian.cdx.json debian:12
  hullmark sbom --platform all -o debian.cdx.json debian:12
  hullmark sbom --format spdx-json ./app.tar
  hullmark sbom --attach registry.example.com/app:1`,
		Args: one("IMAGE"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.eachImage(c.Context(), args[0], &f, func(name, tag string, f *imageFlags) error {
				f.output = taggedFile(f.output, tag)
				return a.sbom(c.Context(), name, f, &d, attached)
			})
		},
	}
	f.register(c)
	d.register(c)
	c.Flags().BoolVar(&attached, "attach", false, "attach the document to the image in its registry")
	c.AddCommand(a.sbomDiffCommand(), a.sbomMergeCommand())
	return c
}

func (a *app) sbom(ctx context.Context, ref string, f *imageFlags, d *documentFlags, attached bool) error {
	o, kind, err := d.options(ref)
	if err != nil {
		return err
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	var image string
	if attached {
		if image, err = registryImage(ctx, f.only(ref), f.platform); err != nil {
			return err
		}
	}
	found, err := a.read(ctx, ref, f)
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	x, err := assess.Pipeline{Name: ref, Declared: f.declared}.Report(ctx, found, nil)
	if err != nil {
		return err
	}
	if !attached {
		if err := sbom.Encode(out, x, o); err != nil {
			return fmt.Errorf("%s: %w%s", ref, err, documentAdvice(err))
		}
		return out.commit()
	}
	if _, digest, _ := strings.Cut(image, "@"); found.Image.Digest != digest {
		return fmt.Errorf("%s: it was changed in the registry meanwhile; run the command again", ref)
	}
	var b bytes.Buffer
	if err := sbom.Encode(&b, x, o); err != nil {
		return fmt.Errorf("%s: %w%s", ref, err, documentAdvice(err))
	}
	var annotations map[string]string
	if !o.Timestamp.IsZero() {
		annotations = map[string]string{"org.opencontainers.image.created": o.Timestamp.Format(time.RFC3339)}
	}
	artifact, err := attach.Push(ctx, image, kind.mediaType, b.Bytes(), annotations, registry.Options{})
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	fmt.Fprintln(out, artifact)
	return out.commit()
}

// documentAdvice says what to do about a document that could not be made.
func documentAdvice(err error) string {
	if errors.Is(err, sbom.ErrNoDigest) {
		return "; a statement can be made about an image in a registry or an OCI layout"
	}
	return ""
}

// writeDocument writes a report as a document.
func (a *app) writeDocument(r *analyzer.Report, o sbom.Options, output string) error {
	out, err := a.output(output)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := sbom.Encode(out, &report.Assessment{Report: r}, o); err != nil {
		return fmt.Errorf("%w%s", err, documentAdvice(err))
	}
	return out.commit()
}
