package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
)

// allPlatforms is the --platform that stands for every image of an index.
const allPlatforms = "all"

// eachImage calls do for the image that ref names or, with --platform all, for each image of an index. It passes the name of the
// image, and a tag for the names of its files. If do fails for one image, eachImage goes on with the next and returns the worst
// result. Layers that several images have are read once.
func (a *app) eachImage(ctx context.Context, ref string, f *imageFlags, do func(name, tag string, f *imageFlags) error) error {
	if f.platform != allPlatforms {
		return do(ref, "", f)
	}
	if kind, _, _ := strings.Cut(ref, ":"); kind == "daemon" || kind == "sif" || ref == demoRef {
		return fmt.Errorf("%s: has only one image; omit --platform", kind)
	}
	shared := new(scan.MemCache)
	seen := make(map[string]int)
	var failed []error
	var worst *verdict
	for img, err := range source.OpenAll(ctx, ref, source.Options{}) {
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, fmt.Errorf("%w%s", err, openAdvice(err)))
			continue
		}
		platform := platformOf(img)
		if seen[platform]++; seen[platform] > 1 { // an archive can hold several
			platform = fmt.Sprintf("%s.%d", platform, seen[platform])
		}
		one := *f
		one.platform, one.image, one.shared = "", img, shared
		err = do(fmt.Sprintf("%s (%s)", ref, platform), strings.ReplaceAll(platform, "/", "-"), &one)
		err = errors.Join(err, img.Close())
		var v *verdict
		switch {
		case err == nil:
		case errors.As(err, &v):
			a.say("%s: %s", platform, v)
			if worst == nil || v.code > worst.code {
				worst = v
			}
		case ctx.Err() != nil:
			return err
		default:
			failed = append(failed, fmt.Errorf("%s: %w", platform, err))
		}
	}
	switch {
	case len(failed) > 0:
		return errors.Join(failed...)
	case worst != nil:
		return &verdict{worst.code, "not all images of " + ref + " pass"}
	}
	return nil
}

// platformOf returns the platform of an image, "unknown" if its configuration lacks it.
func platformOf(img *source.Image) string {
	if img.Root() != nil {
		return "unknown"
	}
	config, err := img.ConfigFile()
	if err != nil || config.OS == "" || config.Architecture == "" {
		return "unknown"
	}
	return config.Platform().String()
}

// taggedFile inserts a tag into the name of a file: sbom.linux-arm64.json for sbom.json. Standard output stays.
func taggedFile(name, tag string) string {
	if name == "" || name == "-" || tag == "" {
		return name
	}
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + tag + ext
}

// only returns the reference of the open image, or ref.
func (f *imageFlags) only(ref string) string {
	if f.image != nil {
		return f.image.Ref
	}
	return ref
}
