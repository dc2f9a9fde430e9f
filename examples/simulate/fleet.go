package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/hullmark/hullmark/analyzer"
)

// A fleet is a synthetic set of images: applications with several tags, on patch levels of base images. Everything follows from numbers, so
// the simulation keeps no images.
type fleet struct {
	world  *world
	images int // 1,000,000 for the whole
	names  int // of packages of languages

	builds [][][levels]string // of packages of the pool: by number, release and level
}

const (
	bases       = 40
	levels      = 60  // of patches of a base image
	perBase     = 150 // packages of a base image
	perLibrary  = 100 // packages of the layer that several tags of an application share
	perApp      = 30  // packages of the layer that each tag has for itself
	mostTags    = 20  // of an application; the fewest are 1
	perName     = 14  // versions of a package of a language
	commonNames = 500 // of each language, which two of three packages of an application have
)

func newFleet(w *world, images, names int) *fleet {
	f := &fleet{world: w, images: images, names: names}
	for n := range poolSize {
		of := make([][levels]string, len(w.releases))
		for r := range w.releases {
			patches := 0
			for level := range levels { // most packages get few patches
				if level > 0 && hashOf(n, r, level)%25 == 0 {
					patches++
				}
				of[r][level] = w.build(place{n, r}, patches)
			}
		}
		f.builds = append(f.builds, of)
	}
	return f
}

// hashOf returns a number that looks random and depends on numbers.
func hashOf(numbers ...int) int {
	h := uint64(14695981039346656037)
	for _, n := range numbers {
		h = (h ^ uint64(n)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return int(h >> 2)
}

func digestOf(image int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "image %d", image))
	return "sha256:" + hex.EncodeToString(h[:])
}

// application returns the application of an image, and the number of its tag. Of 21 images in a row, the first ones are of one application.
func application(image int) (app, tag int) {
	group, at := image/(mostTags+1), image%(mostTags+1)
	first := 1 + hashOf(group, 1)%mostTags
	if at < first {
		return 2 * group, at
	}
	return 2*group + 1, at - first
}

// tagOf returns the name that an image has in its registry.
func tagOf(image int) string {
	app, tag := application(image)
	return fmt.Sprintf("registry.example/team%d/app%d:1.%d", app%50, app, tag)
}

// report returns the report of an image. Images of one application differ in some packages.
func (f *fleet) report(image int) *analyzer.Report {
	app, tag := application(image)
	base, level := hashOf(app, 2)%bases, (hashOf(app, 3)+tag)%levels
	release := base % len(f.world.releases)
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: fmt.Sprint("sha256:config", image), Platform: "linux/amd64"},
		Distro: &analyzer.Distro{ID: "debian", VersionID: f.world.releases[release], Name: "Debian GNU/Linux"},
		Layers: []analyzer.Layer{
			{DiffID: fmt.Sprintf("sha256:base%d-%d", base, level)}, {DiffID: fmt.Sprintf("sha256:libraries%d-%d", app, tag/5)}, {DiffID: fmt.Sprint("sha256:app", image)},
		},
		Components: make([]analyzer.Component, 0, perBase+perLibrary+perApp),
	}
	add := func(prefix string, layer int, path, by string, p analyzer.Package) {
		r.Components = append(r.Components, analyzer.Component{ID: fmt.Sprint(prefix, len(r.Components)), Layer: layer, Path: path, Analyzer: by, Package: p})
	}
	for i := range perBase {
		name := i // the packages that all have
		if i >= everywhere {
			name = everywhere + (hashOf(base)%poolSize+7*i)%(poolSize-everywhere)
		}
		add("b", 0, "var/lib/dpkg/status", "dpkg", analyzer.Package{
			Type: "deb", Namespace: "debian", Name: f.world.pool[name], Version: f.builds[name][release][level], Arch: "amd64", System: true, Vendor: "Maintainers <team@debian.org>",
		})
	}
	kind := hashOf(app, 4) % len(kinds)
	random := rand.New(rand.NewPCG(uint64(app), 7))
	for i := range perLibrary + perApp {
		number := random.IntN(commonNames)
		if random.IntN(3) == 0 {
			number = random.IntN(f.names / len(kinds))
		}
		v, layer, updates := random.IntN(perName-3), 1, tag/5
		if i >= perLibrary {
			layer, updates = 2, tag
		}
		for u := range updates { // an update between two tags
			if hashOf(app, i, u)%20 == 0 {
				v++
			}
		}
		namespace, name, version := f.world.library(kind, number, min(v, perName-1))
		add("a", layer, "opt/app/lock", kinds[kind], analyzer.Package{Type: kinds[kind], Namespace: namespace, Name: name, Version: version})
	}
	return r
}
