package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/hullmark/hullmark/analyzer"
)

// A fleet is a synthetic set of images: applications with several tags, on patch levels of base images. Everything follows from numbers, so
// the simulation keeps no images.
type fleet struct {
	images int // 1,000,000 for the whole
	names  int // of packages of languages
}

const (
	bases       = 40
	levels      = 60  // of patches of a base image
	basePool    = 700 // packages that base images have
	perBase     = 150
	perApp      = 130
	tagsPerApp  = 10 // on average, 1 to 19
	commonNames = 2000
)

func newFleet(images int) fleet { return fleet{images, max(images*170/1000, 5000)} }

func hashOf(numbers ...int) int {
	h := fnv.New64a()
	for _, n := range numbers {
		for i := range 4 {
			h.Write([]byte{byte(n >> (8 * i))})
		}
	}
	return int(h.Sum64() >> 2)
}

func digestOf(image int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "image %d", image))
	return "sha256:" + hex.EncodeToString(h[:])
}

// release returns the release of Debian of a base image.
func release(base int) string { return fmt.Sprint(10 + base%4) }

// baseVersion returns the version of a package of the distribution after some patches of its release. Most packages get few patches.
func baseVersion(name, base, level int) string {
	patches := 0
	for l := 1; l <= level; l++ {
		if hashOf(name, base%4, l)%25 == 0 {
			patches++
		}
	}
	return fmt.Sprintf("%d.%d-1+deb%su%d", 1+name%7, name%11, release(base), patches)
}

// report returns the report of an image. Images with the same application and another tag differ in some packages.
func (f fleet) report(image int) *analyzer.Report {
	app := image / tagsPerApp
	if hashOf(app, 1)%3 == 0 { // fewer tags for one application, more for the one before
		app = image / (2 * tagsPerApp) * 2
	}
	base, level := hashOf(app, 2)%bases, (hashOf(app, 3)+image%tagsPerApp)%levels
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "sha256:" + fmt.Sprint("config", image), Platform: "linux/amd64"},
		Distro: &analyzer.Distro{ID: "debian", VersionID: release(base), Name: "Debian GNU/Linux"},
		Layers: []analyzer.Layer{{DiffID: fmt.Sprintf("sha256:base%d-%d", base, level)}, {DiffID: fmt.Sprint("sha256:app", image)}},
	}
	for i := range perBase {
		name := i // the packages that all have
		if i >= 60 {
			name = 60 + hashOf(base, i)%(basePool-60)
		}
		r.Components = append(r.Components, analyzer.Component{ID: fmt.Sprint("b", i), Path: "var/lib/dpkg/status", Analyzer: "dpkg", Package: analyzer.Package{
			Type: "deb", Namespace: "debian", Name: fmt.Sprint("lib", name), Version: baseVersion(name, base, level), Arch: "amd64", System: true, Vendor: "Maintainers <team@debian.org>",
		}})
	}
	kind := [...]string{"npm", "pypi", "maven", "golang"}[hashOf(app, 4)%4]
	random := rand.New(rand.NewPCG(uint64(app), 7))
	for i := range perApp {
		name := random.IntN(commonNames)
		if random.IntN(3) == 0 {
			name = random.IntN(f.names)
		}
		version := random.IntN(12)
		if hashOf(image, i)%20 == 0 { // an update since another tag
			version++
		}
		p := analyzer.Package{Type: kind, Name: fmt.Sprint("package", name), Version: fmt.Sprintf("%d.%d.%d", 1+version/4, version%4, name%5)}
		if kind == "maven" || kind == "golang" {
			p.Namespace = "org.example"
		}
		r.Components = append(r.Components, analyzer.Component{ID: fmt.Sprint("a", i), Layer: 1, Path: "opt/app/lock", Analyzer: kind, Package: p})
	}
	return r
}
