package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/diff"
	"github.com/hullmark/hullmark/analyzer/merge"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/remote"
)

// inputFlags are the flags of commands that read images and SBOMs.
type inputFlags struct {
	imageFlags
	declared bool
}

func (f *inputFlags) register(c *cobra.Command) {
	f.imageFlags.register(c)
	declaredFlag(c, &f.declared)
}

func (a *app) sbomDiffCommand() *cobra.Command {
	var f inputFlags
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
	f.register(c)
	outputFlag(c, &file)
	c.Flags().StringVar(&format, "format", "table", "write the result as `FORMAT`: table or json")
	return c
}

func (a *app) sbomMergeCommand() *cobra.Command {
	var f inputFlags
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
	f.register(c)
	d.register(c)
	c.Flags().StringVar(&name, "name", "", "`NAME` of the product (default the first argument)")
	return c
}

// readAll reads SBOMs and images.
func (a *app) readAll(ctx context.Context, args []string, f *inputFlags) ([]*analyzer.Report, error) {
	reports := make([]*analyzer.Report, len(args))
	for i, arg := range args {
		found, err := a.readAny(ctx, arg, f)
		if err != nil {
			return nil, err
		}
		a.diagnose(found.Diagnostics)
		if !f.declared {
			found = report.New(found, nil, report.Options{}).Report
		}
		reports[i] = found
	}
	return reports, nil
}

// readAny reads an SBOM, or else an image.
func (a *app) readAny(ctx context.Context, name string, f *inputFlags) (*analyzer.Report, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return a.read(ctx, name, &f.imageFlags)
	}
	found, notSBOM := a.readDocument(ctx, name)
	if !errors.Is(notSBOM, sbom.ErrUnsupported) {
		return found, notSBOM
	}
	found, err = a.read(ctx, name, &f.imageFlags)
	if err != nil {
		return nil, errors.Join(notSBOM, err)
	}
	return found, nil
}

// readDocument reads the SBOM in a file, or on standard input if name is "-".
func (a *app) readDocument(ctx context.Context, name string) (*analyzer.Report, error) {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	found, err := sbom.Decode(interruptible{ctx, in}, sbom.Limits{})
	switch {
	case errors.Is(err, sbom.ErrUnsupported):
		return nil, fmt.Errorf("%s: %w; match takes a CycloneDX or SPDX document, and scan an image", name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
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

// registryImage returns the digest reference of an image in a registry: "registry/repository@sha256:...". If ref
// names an index, it chooses the image for the platform.
func registryImage(ctx context.Context, ref, platform string) (string, error) {
	v, closeImage, err := openImage(ctx, ref, platform)
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
func (a *app) readAttached(ctx context.Context, ref, platform string) (*analyzer.Report, error) {
	image, err := registryImage(ctx, ref, platform)
	if err != nil {
		return nil, err
	}
	found, artifact, err := remote.Read(ctx, image, registry.Options{})
	switch {
	case errors.Is(err, remote.ErrNone):
		return nil, fmt.Errorf("%s: %w; hullmark sbom --attach attaches one", ref, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	a.say("the packages are from %s; the image was not scanned", terminal.Escape(artifact))
	return found, nil
}
