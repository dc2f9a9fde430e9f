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

// allPlatforms is what --platform takes for every image that a reference means, with a report each.
const allPlatforms = "all"

// eachImage calls do for the image that ref names or, with --platform all, for each that it means. Of these, name says which
// one it is, and tag tells its files from those of the others. What do says of one does not keep the others from their
// turn; the worst of it is returned. Layers that several have are read once.
func (a *app) eachImage(ctx context.Context, ref string, f *imageFlags, do func(name, tag string, f *imageFlags) error) error {
	if f.platform != allPlatforms {
		return do(ref, "", f)
	}
	if kind, _, _ := strings.Cut(ref, ":"); kind == "daemon" || kind == "sif" || ref == demoRef {
		return fmt.Errorf("%s: has one image only; leave --platform out", kind)
	}
	shared := new(scan.MemCache) // where there is no other
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
		tag := platformOf(img)
		if seen[tag]++; seen[tag] > 1 { // an archive may hold several images for one
			tag = fmt.Sprintf("%s.%d", tag, seen[tag])
		}
		one := *f
		one.platform, one.image, one.shared = "", img, shared
		err = errors.Join(do(fmt.Sprintf("%s (%s)", ref, tag), strings.ReplaceAll(tag, "/", "-"), &one), img.Close())
		var v *verdict
		switch {
		case err == nil:
		case errors.As(err, &v):
			a.say("%s: %s", tag, v)
			if worst == nil || v.code > worst.code {
				worst = v
			}
		case ctx.Err() != nil:
			return err
		default:
			failed = append(failed, fmt.Errorf("%s: %w", tag, err))
		}
	}
	switch {
	case len(failed) > 0:
		return errors.Join(failed...)
	case worst != nil:
		return &verdict{worst.code, "of " + ref + ", not all images pass"}
	}
	return nil
}

// platformOf names what an image is for, as far as it says so.
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

// taggedFile returns the name of an image's own file: with "linux-arm64", sbom.linux-arm64.json for sbom.json. Standard output
// takes all of them, one after the other.
func taggedFile(name, tag string) string {
	if name == "" || name == "-" || tag == "" {
		return name
	}
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + tag + ext
}

// taggedFormats does the same to the files of --format.
func taggedFormats(formats []string, tag string) []string {
	var tagged []string
	for _, word := range formats {
		name, file, named := strings.Cut(word, "=")
		if named {
			word = name + "=" + taggedFile(file, tag)
		}
		tagged = append(tagged, word)
	}
	return tagged
}

// only returns a reference to the one image that is meant.
func (f *imageFlags) only(ref string) string {
	if f.image != nil {
		return f.image.Ref
	}
	return ref
}
