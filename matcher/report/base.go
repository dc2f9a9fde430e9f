package report

import (
	"encoding/json"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
)

// A Base is the image that an image was built on.
type Base struct {
	Name   string // "docker.io/library/debian:12"; "" if it is unknown
	Digest string // digest of its manifest; "" if it is unknown
	Layers int    // how many of the image's layers, from the bottom, are its own; 0 if it is unknown
	Origin BaseOrigin

	Findings    int // shown findings of packages in its layers; 0 if Layers is
	Application int // the other shown findings; 0 if Layers is

	Newer *NewerBase // nil unless Options.NewerBase is given
}

// A BaseOrigin tells how a Base was found.
type BaseOrigin string

const (
	BaseGiven       BaseOrigin = "given"       // by the caller; its layers are the first ones of the image
	BaseAnnotations BaseOrigin = "annotations" // annotations of the image's manifest
	BaseLabels      BaseOrigin = "labels"      // labels in the image's configuration; an image inherits labels, so they may name the base of its base
	BaseHistory     BaseOrigin = "history"     // history in the image's configuration: where its instructions follow those of another image
)

// Text returns the origin for a person.
func (o BaseOrigin) Text() string {
	switch o {
	case BaseGiven:
		return "as given"
	case BaseHistory:
		return "by the image's history"
	}
	return "by the image's " + string(o)
}

// A NewerBase is an image on which an image could be built instead.
type NewerBase struct {
	Name    string
	Fixes   int // findings with the present base that it does not have
	Remains int // findings with the present base that it has too
	Brings  int // findings that it has and the present base has not

	Uncovered int // packages of it that could not be checked for want of advisories: it may have more findings
}

// Names of labels and annotations: https://github.com/opencontainers/image-spec/blob/main/annotations.md,
// https://github.com/buildpacks/spec/blob/main/platform.md
const (
	baseName       = "org.opencontainers.image.base.name"
	baseDigest     = "org.opencontainers.image.base.digest"
	buildpackLabel = "io.buildpacks.lifecycle.metadata"
)

// maxLabel is the most bytes of a label that is read.
const maxLabel = 1 << 20

// FindBase finds the image that an image was built on, by the annotations of its manifest, its labels and its history. It returns nil
// if these do not tell. The configuration may be nil.
func FindBase(found *analyzer.Report, config *v1.ConfigFile) *Base {
	if len(found.Layers) == 0 {
		return nil
	}
	var b Base
	switch labels := labelsOf(config); {
	case found.Image.BaseName != "" || found.Image.BaseDigest != "":
		b = Base{Name: found.Image.BaseName, Digest: found.Image.BaseDigest, Origin: BaseAnnotations}
	case labels[baseName] != "" || labels[baseDigest] != "":
		b = Base{Name: labels[baseName], Digest: labels[baseDigest], Origin: BaseLabels}
	}
	if run := runImage(found, config); run != nil {
		if b.Origin == "" {
			b = *run
		}
		b.Layers = run.Layers
	}
	if b.Layers == 0 {
		b.Layers = historyLayers(found, config)
	}
	if b.Layers > 0 && b.Origin == "" {
		b.Origin = BaseHistory
	}
	if b.Origin == "" {
		return nil
	}
	return &b
}

func labelsOf(config *v1.ConfigFile) map[string]string {
	if config == nil {
		return nil
	}
	return config.Config.Labels
}

// runImage returns the base of an image of Cloud Native Buildpacks, which names its base's top layer in a label.
func runImage(found *analyzer.Report, config *v1.ConfigFile) *Base {
	text := labelsOf(config)[buildpackLabel]
	if text == "" || len(text) > maxLabel {
		return nil
	}
	var label struct {
		RunImage struct {
			TopLayer  string `json:"topLayer"`
			Reference string `json:"reference"`
			Image     string `json:"image"`
		} `json:"runImage"`
		Stack struct {
			RunImage struct {
				Image string `json:"image"`
			} `json:"runImage"`
		} `json:"stack"`
	}
	if json.Unmarshal([]byte(text), &label) != nil || label.RunImage.TopLayer == "" {
		return nil
	}
	top := slices.IndexFunc(found.Layers, func(l analyzer.Layer) bool { return l.DiffID == label.RunImage.TopLayer })
	if top < 0 || top == len(found.Layers)-1 {
		return nil
	}
	b := &Base{Name: label.RunImage.Image, Layers: top + 1, Origin: BaseLabels}
	if b.Name == "" {
		b.Name = label.Stack.RunImage.Image
	}
	if _, digest, ok := strings.Cut(label.RunImage.Reference, "@"); ok {
		b.Digest = digest
	}
	return b
}

// historyLayers returns how many layers a base has, as far as the history tells: a base ends with CMD or ENTRYPOINT, and layers of the
// application follow. An image whose history has neither has the layer with the distribution's packages as its base, if others follow.
func historyLayers(found *analyzer.Report, config *v1.ConfigFile) int {
	if config == nil {
		return 0
	}
	layers := 0
	for _, h := range config.History {
		if !h.EmptyLayer {
			layers++
		}
	}
	if layers != len(found.Layers) {
		return 0 // the history is not of these layers
	}
	last := len(config.History) - 1
	for last >= 0 && config.History[last].EmptyLayer { // settings of the application itself
		last--
	}
	for n := layers; last >= 0; last-- {
		h := config.History[last]
		if !h.EmptyLayer {
			n--
			continue
		}
		instruction, _, _ := strings.Cut((&analyzer.Layer{CreatedBy: h.CreatedBy}).Instruction(), " ")
		if n > 0 && (instruction == "CMD" || instruction == "ENTRYPOINT") {
			return n
		}
	}
	if layers > 1 && slices.ContainsFunc(found.Components, func(c analyzer.Component) bool { return c.System && !c.Stated && c.Layer == 0 }) {
		return 1
	}
	return 0
}

// BaseGivenAs returns the Base with a name whose layers, by the digests of their content, are the first ones of the image. It returns
// nil if they are not, or if all layers of the image are the base's.
func BaseGivenAs(name, digest string, found *analyzer.Report, diffIDs []v1.Hash) *Base {
	if len(diffIDs) == 0 || len(diffIDs) >= len(found.Layers) {
		return nil
	}
	for i, id := range diffIDs {
		if found.Layers[i].DiffID != id.String() {
			return nil
		}
	}
	return &Base{Name: name, Digest: digest, Layers: len(diffIDs), Origin: BaseGiven}
}

// FromBase reports whether a finding is of a package in the base's layers, and whether the Base's layers are known.
func (a *Assessment) FromBase(f *Finding) (base, known bool) {
	if a.Base == nil || a.Base.Layers == 0 {
		return false, false
	}
	return slices.ContainsFunc(f.Components, func(c *analyzer.Component) bool { return c.Layer >= 0 && c.Layer < a.Base.Layers }), true
}

// countBase counts the findings of the base and of the application, and compares the base with a newer one.
func (a *Assessment) countBase(newer *Assessment) {
	if a.Base == nil || a.Base.Layers == 0 {
		return
	}
	b := *a.Base // the caller's stays
	a.Base, b.Findings, b.Application, b.Newer = &b, 0, 0, nil
	type key struct{ name, id string }
	present := make(map[key]bool)
	for i := range a.Findings {
		f := &a.Findings[i]
		if base, _ := a.FromBase(f); !base {
			b.Application++
			continue
		}
		b.Findings++
		present[key{f.Subject.Name, f.ID}] = true
	}
	if newer == nil {
		return
	}
	b.Newer = &NewerBase{Name: newer.Name, Uncovered: newer.Uncovered}
	has := make(map[key]bool)
	for i := range newer.Findings {
		f := &newer.Findings[i]
		k := key{f.Subject.Name, f.ID}
		if has[k] = true; !present[k] {
			b.Newer.Brings++
		}
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if base, _ := a.FromBase(f); base && has[key{f.Subject.Name, f.ID}] {
			b.Newer.Remains++
		} else if base {
			b.Newer.Fixes++
		}
	}
}
