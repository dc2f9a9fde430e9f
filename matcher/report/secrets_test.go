package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/template"
	"github.com/hullmark/hullmark/sbom"
)

// TestSecrets plants secrets in the history and the configuration of an image. No format shows one.
func TestSecrets(t *testing.T) {
	const secret = "hunter2"
	layers := []*imagetest.Layer{
		{CreatedBy: "RUN |2 NPM_TOKEN=" + secret + "a HARMLESS=two " + secret + "b /bin/sh -c npm ci # buildkit"},
		{CreatedBy: "|1 X=" + secret + "c /bin/sh -c make"},
		{CreatedBy: "RUN |1 X=" + secret + "n /my/shell make"},
		{CreatedBy: "/bin/sh -c curl -u me:" + secret + "d https://me:" + secret + "e@example.com/x"},
		{CreatedBy: "RUN /bin/sh -c echo 'root:" + secret + "f' | chpasswd # buildkit"},
		{CreatedBy: "RUN /bin/sh -c docker login --password " + secret + "g # buildkit"},
		{CreatedBy: "RUN /bin/sh -c export API_KEY=" + secret + "h\ncurl -H 'Authorization: Bearer " + secret + "i' https://example.com"},
		{CreatedBy: "ENV A=b DB_PASSWORD=two " + secret + "j"},
		{CreatedBy: "COPY a b # buildkit"},
	}
	for _, l := range layers {
		l.File("usr/share/x", "")
	}
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Config.Env = []string{"PATH=/bin", "DB_PASSWORD=" + secret + "k", "DATABASE_URL=postgres://me:" + secret + "l@db/x"}
	config.Config.Labels = map[string]string{"com.example.token": secret + "m"}
	config.Config.Cmd = []string{"app", "--api-key", secret + "o"}
	config.Config.Entrypoint = []string{"/bin/sh", "-c", "TOKEN=" + secret + "p app"}
	config.Config.OnBuild = []string{"ENV TOKEN=" + secret + "q"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{history.New()}}
	r, err := s.Scan(context.Background(), img)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Layers); n != len(layers) || r.Layers[n-1].CreatedBy != layers[n-1].CreatedBy || !strings.Contains(r.Layers[0].CreatedBy, "NPM_TOKEN=[redacted]") {
		t.Errorf("layers: %+v", r.Layers)
	}
	for i := range layers {
		r.Components = append(r.Components, analyzer.Component{ID: string(rune('a' + i)), Layer: i, Path: "x", PURL: "pkg:npm/x@1", Package: analyzer.Package{Type: "npm", Name: "x", Version: "1"}})
	}
	m := &matcher.Result{Matches: []matcher.Match{{ID: "CVE-2024-1", Component: "a", Severity: matcher.Severity{Level: matcher.High}}}}
	v := report.New(r, m, report.Options{Name: "app"})
	all := forms(t, v)
	whole, err := template.Parse("all", "{{json .}}")
	if err != nil {
		t.Fatal(err)
	}
	all["template"] = write(t, func(b *bytes.Buffer) error { return whole.Write(b, v) })
	for _, f := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		all[f.String()] = write(t, func(b *bytes.Buffer) error { return sbom.Encode(b, v, sbom.Options{Format: f}) })
	}
	for name, text := range all {
		if at := bytes.Index(text, []byte(secret)); at >= 0 {
			t.Errorf("%s: %s", name, text[max(0, at-80):min(len(text), at+20)])
		}
	}
	if !bytes.Contains(all["report.json"], []byte("NPM_TOKEN=[redacted]")) {
		t.Error("the JSON form has no instructions")
	}

	// Documents of other tools and older versions have secrets.
	old := bytes.ReplaceAll(all["report.json"], []byte("NPM_TOKEN=[redacted]"), []byte("NPM_TOKEN="+secret))
	again, err := json.Read(bytes.NewReader(old))
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Report.Layers[0].CreatedBy; got != r.Layers[0].CreatedBy {
		t.Errorf("read again: %s", got)
	}
}
