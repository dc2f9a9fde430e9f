package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/diff"
	"github.com/hullmark/hullmark/analyzer/merge"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/terminal"
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
	c.Flags().StringVarP(&f.format, "format", "f", "", "write `FORMAT`: cyclonedx-json, cyclonedx-xml, spdx-json, in-toto (default by the name of -o, or cyclonedx-json)")
	c.Flags().StringVar(&f.version, "spec-version", "", "write `VERSION` of the format: 1.4 to 1.7 of CycloneDX (default 1.6), 2.3 of SPDX")
	outputFlag(c, &f.output)
}

func (f *documentFlags) options(name string) (sbom.Options, error) {
	o, err := sbomOptions(name)
	o.Version = f.version
	switch f.format {
	case "", "cyclonedx-json", "cyclonedx": // the name in the report formats of scan
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
	attach bool
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
	f.imageFlags.register(a, c)
	f.content.RegisterSearch(c.Flags())
	f.documentFlags.register(c)
	c.Flags().BoolVar(&f.attach, "attach", false, "attach the document to the image in its registry")
	c.AddCommand(timed(a.sbomDiffCommand()), timed(a.sbomMergeCommand()))
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
			if image, err = a.registryImage(ctx, ref, &f.imageFlags); err != nil {
				return err
			}
		}
		x, err := a.contents(ctx, ref, &f.imageFlags, a.read)
		if err != nil {
			return err
		}
		if !f.attach {
			return encode(out, x, o)
		}
		options, err := f.registryFlags.options(a, image)
		if err != nil {
			return err
		}
		artifact, err := remote.Write(ctx, image, x, o, options)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		_, err = fmt.Fprintln(out, artifact)
		return err
	})
}

// contents reads an image, reports its problems, and leaves out what flags exclude.
func (a *app) contents(ctx context.Context, ref string, f *imageFlags, read func(context.Context, string, *imageFlags) (*analyzer.Report, error)) (*report.Assessment, error) {
	found, err := read(ctx, ref, f)
	if err != nil {
		return nil, err
	}
	p := assess.Pipeline{Name: ref}
	f.placeFlags.apply(&p)
	x, err := p.Report(ctx, found, nil)
	if err == nil {
		a.diagnose(x.Report.Diagnostics)
		a.tellLeftOut(x)
	}
	return x, err
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

func (a *app) sbomDiffCommand() *cobra.Command {
	var f imageFlags
	var file, format string
	c := command("sbom/diff", func(ctx context.Context, args []string) error {
		if format != "table" && format != "json" {
			return fmt.Errorf("unknown --format %q; use table or json", format)
		}
		return a.write(file, func(out *output) error {
			reports, err := a.readAll(ctx, args, &f)
			if err != nil {
				return err
			}
			d := diff.Compare(reports[0], reports[1])
			if format == "table" {
				s := a.style(out)
				return diff.Write(out, d, diff.Options{Width: s.Width, Color: s.Color})
			}
			e := json.NewEncoder(out)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(d)
		})
	})
	f.register(a, c)
	outputFlag(c, &file)
	c.Flags().StringVarP(&format, "format", "f", "table", "write the result as `FORMAT`: table or json")
	return c
}

func (a *app) sbomMergeCommand() *cobra.Command {
	var f imageFlags
	var d documentFlags
	var name string
	c := command("sbom/merge", func(ctx context.Context, args []string) error {
		o, err := d.options(cmp.Or(name, args[0]))
		if err != nil {
			return err
		}
		reports, err := a.readAll(ctx, args, &f)
		if err != nil {
			return err
		}
		merged, err := merge.Reports(reports...)
		if err != nil {
			return fmt.Errorf("%w (reports are numbered from 1, in the order of the %d arguments)", err, len(args))
		}
		return a.write(d.output, func(out *output) error {
			return encode(out, &report.Assessment{Report: merged}, o)
		})
	})
	f.register(a, c)
	d.register(c)
	c.Flags().StringVar(&name, "name", "", "`NAME` of the product (default the first argument)")
	return c
}

// readAll reads SBOMs and images.
func (a *app) readAll(ctx context.Context, args []string, f *imageFlags) ([]*analyzer.Report, error) {
	reports := make([]*analyzer.Report, len(args))
	for i, arg := range args {
		x, err := a.contents(ctx, arg, f, a.readAny)
		if err != nil {
			return nil, err
		}
		reports[i] = x.Report
	}
	return reports, nil
}

// readAny reads an SBOM, or else an image.
func (a *app) readAny(ctx context.Context, name string, f *imageFlags) (*analyzer.Report, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return a.read(ctx, name, f)
	}
	found, notSBOM := a.readDocument(ctx, name)
	if !errors.Is(notSBOM, sbom.ErrUnsupported) {
		return found, notSBOM
	}
	found, err = a.read(ctx, name, f)
	if err != nil {
		return nil, errors.Join(notSBOM, err)
	}
	return found, nil
}

// readDocument reads the SBOM in a file, or on standard input if name is "-".
func (a *app) readDocument(ctx context.Context, name string) (*analyzer.Report, error) {
	in, err := a.input(ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	found, err := sbom.Decode(in, sbom.Limits{})
	switch {
	case errors.Is(err, sbom.ErrUnsupported):
		return nil, fmt.Errorf("%s: %w; match takes a document of CycloneDX, SPDX or syft, and scan an image", name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
}

// input opens a file, or standard input if name is "-".
func (a *app) input(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return interruptible{ctx, io.NopCloser(a.stdin)}, nil
	}
	f, err := os.Open(name)
	return interruptible{ctx, f}, err
}

// An interruptible reader ends with its context.
type interruptible struct {
	ctx context.Context
	io.ReadCloser
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(p)
}

// registryImage returns the digest reference of an image in a registry: "registry/repository@sha256:...". If ref
// names an index, it chooses the image for the platform.
func (a *app) registryImage(ctx context.Context, ref string, f *imageFlags) (string, error) {
	v, closeImage, err := a.openImage(ctx, f.only(ref), f)
	if err != nil {
		return "", err
	}
	defer closeImage() // nothing is written
	img, ok := v.(*source.Image)
	if ok {
		if at, inRegistry := strings.CutPrefix(img.Ref, "registry:"); inRegistry && img.ManifestDigest() != "" {
			tag, err := name.ParseReference(at)
			if err != nil {
				return "", fmt.Errorf("%s: %w", ref, err)
			}
			return tag.Context().Digest(img.ManifestDigest()).Name(), nil
		}
	}
	return "", fmt.Errorf("%s: not an image in a registry; only those can have attached documents", ref)
}

// readAttached reads the SBOM that is attached to an image in a registry.
func (a *app) readAttached(ctx context.Context, ref string, f *imageFlags) (*analyzer.Report, error) {
	image, err := a.registryImage(ctx, ref, f)
	if err != nil {
		return nil, err
	}
	options, err := f.registryFlags.options(a, image)
	if err != nil {
		return nil, err
	}
	defer a.wait(ctx, f.quiet, nil)()
	found, artifact, err := remote.Read(ctx, image, options)
	switch {
	case errors.Is(err, remote.ErrNone):
		return nil, fmt.Errorf("%s: %w; hullmark sbom --attach attaches one", ref, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	a.say("the packages are from %s; the image was not scanned", terminal.Escape(artifact))
	return found, nil
}
