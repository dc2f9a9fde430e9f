package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/html"
)

// crowd is the number of findings in a crowded image.
const crowd = 20_000

var crowdedOnce struct {
	sync.Once
	a *report.Assessment
}

// crowded is an image in which every package of Debian 9, PyPI, npm, Maven, crates.io, Go and Drupal is installed in its oldest
// version, matched with what their publishers said.
func crowded(t *testing.T) *report.Assessment {
	t.Helper()
	corpus.Dir(t) // or skip
	crowdedOnce.Do(func() { crowdedOnce.a = newCrowded(t) })
	return crowdedOnce.a
}

func newCrowded(t *testing.T) *report.Assessment {
	t.Helper()
	b := new(db.Builder)
	dir := filepath.Join(corpus.Dir(t), "feeds")
	for _, in := range [][2]string{
		{"debian", "debian/tracker-2019-09-01/data.json.zst"}, {"osv", "osv"}, {"nvd", "nvd/cve-items-1.1-2019-09-01-jessie-slim.tar.zst"},
		{"kev", "kev/known_exploited_vulnerabilities.json"}, {"exploitdb", "exploitdb/files_exploits-sample.csv"},
	} {
		i := slices.IndexFunc(all.Feeds(), func(f feed.Feed) bool { return f.Name == in[0] })
		if _, err := feed.Load(t.Context(), b, feed.Input{Feed: all.Feeds()[i], Location: filepath.Join(dir, in[1])}, feed.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}

	debian := &analyzer.Distro{ID: "debian", VersionID: "9", Name: "Debian GNU/Linux 9 (stretch)"}
	packages := make(map[string]analyzer.Component)
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		k := a.Key
		c := analyzer.Component{Package: analyzer.Package{Type: k.Type, Namespace: k.Namespace, Name: k.Name, Version: "0.0.1"}}
		switch {
		case k.Type == "deb" && k.Release == "9":
			c.System, c.Path, c.Analyzer = true, "var/lib/dpkg/status", "dpkg"
		case k.Release != "" || k.Type == "deb" || k.Type == "generic":
			continue
		default:
			c.Path, c.Analyzer = fmt.Sprintf("srv/app/node_modules/%s/package.json", k.Name), k.Type
			for _, r := range a.Ranges {
				if r.Introduced != "" && r.Introduced != "0" {
					c.Version = r.Introduced
				}
			}
		}
		c.PURL = c.Package.PURL(debian)
		c.ID = k.Type + "/" + k.Namespace + "/" + k.Name
		packages[c.ID] = c
	}
	r := &analyzer.Report{Image: analyzer.ImageInfo{ID: "sha256:" + strings.Repeat("1", 64), Digest: "sha256:" + strings.Repeat("2", 64), Platform: "linux/amd64"}, Distro: debian}
	for i, by := range []string{"ADD rootfs.tar.xz /", "RUN apt-get update && apt-get install -y --no-install-recommends build-essential ca-certificates curl", "RUN apt-get install -y everything", "COPY requirements.txt .", "RUN pip install -r requirements.txt", "COPY package.json package-lock.json ./", "RUN npm ci", "COPY . ."} {
		r.Layers = append(r.Layers, analyzer.Layer{DiffID: fmt.Sprintf("sha256:%064d", i), CreatedBy: by})
	}
	for i, id := range slices.Sorted(maps.Keys(packages)) {
		c := packages[id]
		c.Layer = 3 + i%5
		if c.System {
			c.Layer = i % 3
		}
		r.Components = append(r.Components, c)
	}
	result, err := matcher.Matcher{Source: d}.Match(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages, %d matches", len(r.Components), len(result.Matches))
	slices.SortStableFunc(result.Matches, func(a, b matcher.Match) int { // other packages than Debian's first
		return strings.Compare(b.Component, a.Component)
	})
	if len(result.Matches) > crowd {
		result.Matches = result.Matches[:crowd]
	}
	return report.New(r, result, report.Options{
		Name: "registry.example/team/crowded:1", Time: time.Date(2026, 6, 15, 12, 30, 0, 0, time.UTC), Tool: report.Tool{Name: "hullmark", Version: "1.0.0"},
	})
}

func TestCrowdedTemp(t *testing.T) {
	os.WriteFile("/tmp/html/crowded.html", write(t, func(b *bytes.Buffer) error { return html.Write(b, crowded(t)) }), 0o644)
	os.WriteFile("/tmp/html/sample.html", forms(t, sample())["report.html"], 0o644)
	for range 1 {
		b := open(t, "/tmp/html/crowded.html", 1400, 900)
		metrics := func() map[string]float64 {
			var r struct{ Metrics []struct{ Name string; Value float64 } }
			b.call("Performance.getMetrics", nil, &r)
			m := map[string]float64{}
			for _, x := range r.Metrics { m[x.Name] = x.Value }
			return m
		}
		b.call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil)
		t.Log(b.eval(`JSON.stringify([performance.getEntriesByType("navigation")[0].responseEnd, performance.getEntriesByType("navigation")[0].domInteractive, performance.getEntriesByType("navigation")[0].loadEventEnd, performance.getEntriesByType("paint").map(p => p.name + p.startTime), framed])`), metrics())
		time.Sleep(3*time.Second)
		for _, do := range []string{
			`by("fixed").click()`, `by("fixed").click()`,
			`document.querySelector("[data-sort=package]").click()`, `document.querySelector("[data-sort=level]").click()`,
			`(by("search").value = "linux", by("search").dispatchEvent(new Event("input")))`,
			`(by("search").value = "", by("search").dispatchEvent(new Event("input")))`,
			`(by("group").value = "package", by("group").dispatchEvent(new Event("input")))`,
			`(by("group").value = "layer", by("group").dispatchEvent(new Event("input")))`,
			`(by("group").value = "", by("group").dispatchEvent(new Event("input")))`,
		} {
			m := metrics()
			x := b.eval(`(async () => { const by = id => document.getElementById(id), from = performance.now(); `+do+`; const did = performance.now() - from; await new Promise(f => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = f; c.port2.postMessage(0) })); return did + " " + (performance.now() - from) })()`)
			n := metrics()
			line := ""
			for _, k := range []string{"TaskDuration", "ScriptDuration", "RecalcStyleDuration", "LayoutDuration"} { line += fmt.Sprintf(" %s %.0f", k, 1000*(n[k]-m[k])) }
			t.Log(do, x, line)
		}
		b.screenshot("crowded")
	}
}
