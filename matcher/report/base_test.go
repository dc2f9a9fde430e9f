package report

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// layered is a report of an image with layers "sha256:0", "sha256:1" ..., each of which brings a package of the distribution.
func layered(layers int) *analyzer.Report {
	r := new(analyzer.Report)
	for i := range layers {
		id := "sha256:" + strings.Repeat(string(rune('0'+i)), 64)
		r.Layers = append(r.Layers, analyzer.Layer{DiffID: id})
		r.Components = append(r.Components, analyzer.Component{ID: id, Layer: i, Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "p" + id[7:8], Version: "1", System: true}})
	}
	return r
}

// history makes a history of lines; those that begin with "-" have no layer.
func history(lines ...string) *v1.ConfigFile {
	c := new(v1.ConfigFile)
	for _, line := range lines {
		text, empty := strings.CutPrefix(line, "-")
		c.History = append(c.History, v1.History{CreatedBy: text, EmptyLayer: empty})
	}
	return c
}

func TestFindBase(t *testing.T) {
	labelled := func(c *v1.ConfigFile, labels ...string) *v1.ConfigFile {
		c.Config.Labels = make(map[string]string)
		for i := 0; i < len(labels); i += 2 {
			c.Config.Labels[labels[i]] = labels[i+1]
		}
		return c
	}
	classic := func() *v1.ConfigFile {
		return history("/bin/sh -c #(nop) ADD file:1 in /", `-/bin/sh -c #(nop)  CMD ["bash"]`, "RUN /bin/sh -c apt-get install app # buildkit", "COPY app /app # buildkit", `-CMD ["/app"]`)
	}
	for _, test := range []struct {
		name   string
		layers int
		config *v1.ConfigFile
		image  analyzer.ImageInfo
		want   *Base
	}{
		{"nothing is known", 3, nil, analyzer.ImageInfo{}, nil},
		{"a file system", 0, classic(), analyzer.ImageInfo{}, nil},
		{"annotations", 3, nil, analyzer.ImageInfo{BaseName: "debian:12", BaseDigest: "sha256:1"}, &Base{Name: "debian:12", Digest: "sha256:1", Origin: BaseAnnotations}},
		{"annotations and history", 3, classic(), analyzer.ImageInfo{BaseName: "debian:12"}, &Base{Name: "debian:12", Layers: 1, Origin: BaseAnnotations}},
		{"labels", 3, labelled(classic(), baseName, "debian:12", baseDigest, "sha256:1"), analyzer.ImageInfo{}, &Base{Name: "debian:12", Digest: "sha256:1", Layers: 1, Origin: BaseLabels}},
		{"annotations before labels", 3, labelled(classic(), baseName, "debian:12"), analyzer.ImageInfo{BaseName: "python:3"}, &Base{Name: "python:3", Layers: 1, Origin: BaseAnnotations}},
		{"buildpacks", 4, labelled(history(), buildpackLabel, `{"runImage": {"topLayer": "sha256:`+strings.Repeat("1", 64)+`", "reference": "x@sha256:7", "image": "run:1"}}`), analyzer.ImageInfo{}, &Base{Name: "run:1", Digest: "sha256:7", Layers: 2, Origin: BaseLabels}},
		{"buildpacks, another image", 4, labelled(history(), buildpackLabel, `{"runImage": {"topLayer": "sha256:9"}}`), analyzer.ImageInfo{}, nil},
		{"buildpacks, not JSON", 4, labelled(history(), buildpackLabel, `{`), analyzer.ImageInfo{}, nil},
		{"history", 3, classic(), analyzer.ImageInfo{}, &Base{Layers: 1, Origin: BaseHistory}},
		{"history, a base on a base", 4, history("ADD rootfs", `-CMD ["bash"]`, "RUN install python", `-CMD ["python3"]`, "COPY app", "RUN build", `-ENTRYPOINT ["app"]`, `-CMD []`), analyzer.ImageInfo{}, &Base{Layers: 2, Origin: BaseHistory}},
		{"history, the application has no settings", 2, history("ADD rootfs", `-CMD ["bash"]`, "COPY app"), analyzer.ImageInfo{}, &Base{Layers: 1, Origin: BaseHistory}},
		{"history, a base image itself", 1, history("ADD rootfs", `-CMD ["bash"]`), analyzer.ImageInfo{}, nil},
		{"history, a base without settings", 3, history("# debian.sh --arch 'amd64' out/ 'bookworm'", "RUN apt-get", "COPY app", `-CMD ["app"]`), analyzer.ImageInfo{}, &Base{Layers: 1, Origin: BaseHistory}},
		{"history of other layers", 3, history("ADD rootfs", `-CMD ["bash"]`, "COPY app"), analyzer.ImageInfo{}, nil},
		{"settings before any layer", 2, history(`-CMD ["x"]`, "COPY a", "COPY b"), analyzer.ImageInfo{}, &Base{Layers: 1, Origin: BaseHistory}},
	} {
		found := layered(test.layers)
		found.Image = test.image
		got := FindBase(found, test.config)
		switch {
		case (got == nil) != (test.want == nil), got != nil && *got != *test.want:
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestBase counts the findings of a base, and those that a newer one would fix.
func TestBase(t *testing.T) {
	found := layered(3)
	match := func(id string, layer int) matcher.Match {
		return matcher.Match{ID: id, Component: found.Components[layer].ID}
	}
	result := &matcher.Result{Matches: []matcher.Match{match("CVE-1", 0), match("CVE-2", 0), match("CVE-3", 1), match("CVE-4", 2), match("CVE-1", 2)}}
	ids := func(n int) (list []v1.Hash) {
		for _, l := range found.Layers[:n] {
			list = append(list, v1.Hash{Algorithm: "sha256", Hex: strings.TrimPrefix(l.DiffID, "sha256:")})
		}
		return list
	}
	renewed := layered(1) // its package p0 has no CVE-1 any more, but a CVE-9
	newer := New(renewed, &matcher.Result{Matches: []matcher.Match{{ID: "CVE-2", Component: renewed.Components[0].ID}, {ID: "CVE-9", Component: renewed.Components[0].ID}}}, Options{Name: "base:2"})
	base := BaseGivenAs("base:1", "", found, ids(2))
	a := New(found, result, Options{Base: base, NewerBase: newer})
	if want := (Base{Name: "base:1", Layers: 2, Origin: BaseGiven, Findings: 3, Application: 2}); a.Base == nil || a.Base.Newer == nil || *a.Base.Newer != (NewerBase{"base:2", 2, 1, 1, 1}) {
		t.Errorf("%+v %+v", a.Base, a.Base.Newer)
	} else if got := *a.Base; got.Findings != want.Findings || got.Application != want.Application || got.Origin != want.Origin || base.Findings != 0 {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if got, known := a.FromBase(f); !known || got != (f.Components[0].Layer < 2) {
			t.Errorf("%s of layer %d: %v", f.ID, f.Components[0].Layer, got)
		}
	}
	other := ids(2)
	other[1].Hex = strings.Repeat("f", 64)
	for name, list := range map[string][]v1.Hash{"other layers": other, "all layers": ids(3), "none": nil} {
		if got := BaseGivenAs("x", "", found, list); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
