package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// baseFlags name the image that an image was built on, and one to build on instead.
type baseFlags struct {
	base  string
	newer string
}

func (f *baseFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.base, "base", "", "`IMAGE` that the image was built on (default by its annotations, labels and history)")
	c.Flags().StringVar(&f.newer, "newer-base", "", "report what building on `IMAGE` instead would fix")
}

// compare adds the bases that the flags name to the pipeline of an image. It scans the newer base.
func (f *baseFlags) compare(ctx context.Context, a *app, ref string, image *imageFlags, p *assess.Pipeline, found *analyzer.Report) error {
	open := *image
	open.image, open.shared = nil, nil
	newer := f.newer
	if f.base != "" {
		var err error
		if p.Base, err = a.base(ctx, f.base, open.of(f.base, ref, found), found); err != nil {
			return err
		}
		switch {
		case p.Base != nil:
		case newer != "":
			a.say("the layers of --base %s are not the first layers of the image", terminal.Escape(f.base))
		default:
			a.say("the layers of --base %s are not the first layers of the image; it is compared as a newer base", terminal.Escape(f.base))
			newer = f.base
		}
	}
	if newer == "" {
		return nil
	}
	other, config, err := a.readImage(ctx, newer, open.of(newer, ref, found))
	if err != nil {
		return fmt.Errorf("--newer-base: %w", err)
	}
	q := *p
	q.Name, q.Names, q.Policy, q.VEX, q.Base, q.NewerBase = newer, nil, nil, nil, nil, nil
	q.Gate, q.View.Since = report.Gate{}, nil
	p.NewerBase, err = q.Report(ctx, other, config)
	return err
}

// of returns the flags that open a base for the platform of an image. Some kinds of images have no choice. The password of --username
// goes to the registry of the image only.
func (f imageFlags) of(ref, image string, found *analyzer.Report) *imageFlags {
	if imageref.Parse(ref).Registry != imageref.Parse(image).Registry {
		f.username, f.fromStdin = "", false
	}
	if f.platform = found.Image.Platform; ref == demoRef || strings.HasPrefix(ref, "rootfs") || strings.HasPrefix(ref, "dir:") {
		f.platform = ""
	}
	return &f
}

// base returns the base with a name, nil if its layers are not the first ones of the image.
func (a *app) base(ctx context.Context, ref string, f *imageFlags, found *analyzer.Report) (*report.Base, error) {
	img, closeImage, err := a.openImage(ctx, ref, f)
	if err != nil {
		return nil, fmt.Errorf("--base: %w", err)
	}
	defer closeImage() // nothing is written
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("--base %s: %w", ref, err)
	}
	digest := ""
	if opened, ok := img.(*source.Image); ok {
		digest = opened.ManifestDigest()
	}
	return report.BaseGivenAs(ref, digest, found, config.RootFS.DiffIDs), nil
}
