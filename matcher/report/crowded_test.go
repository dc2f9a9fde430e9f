package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
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
	"github.com/hullmark/hullmark/internal/testing/corpus"
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

// TestCrowded holds a page of 20,000 findings against what it may cost: 15 MB, a first frame within a second after the page's load,
// and 0.2 s from a click or a key to the frame that shows its effect, the median of five.
//
// A loaded machine makes any clock lie. An effect therefore counts by the processor time of the page's main thread, which does all of
// it: script, style and layout. The log has the times of the clock.
func TestCrowded(t *testing.T) {
	a := crowded(t)
	if len(a.Findings) != crowd {
		t.Fatalf("%d findings, want %d", len(a.Findings), crowd)
	}
	text := write(t, func(b *bytes.Buffer) error { return html.Write(b, a) })
	t.Logf("%d findings make %.1f MB", crowd, float64(len(text))/1e6)
	if len(text) > 15e6 {
		t.Errorf("a page of %d bytes", len(text))
	}
	file := filepath.Join(t.TempDir(), "crowded.html")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}

	var b *browser
	var frames, loads []float64
	for range 5 {
		b = open(t, file, 1400, 900)
		times := b.eval(`new Promise(f => (function wait() { if (window.framed) f([framed - performance.getEntriesByType("navigation")[0].loadEventEnd, framed]); else setTimeout(wait, 10) })())`).([]any)
		frames, loads = append(frames, times[0].(float64)), append(loads, times[1].(float64))
	}
	t.Logf("first frame %.0f ms after the load, %.0f ms after the beginning", median(frames), median(loads))
	if m := median(frames); m > 1000 {
		t.Errorf("the first frame comes %.0f ms after the load", m)
	}
	if n := len(strings.Fields(b.rows())); n != crowd {
		t.Fatalf("%d rows, want %d", n, crowd)
	}
	b.eval(`new Promise(f => (function wait() { if (document.querySelector("#findings tr[id]:last-child button:not([aria-expanded])")) setTimeout(wait, 50); else f() })())`)

	b.call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil)
	// spent returns the milliseconds of the processor that the page has taken, in all and by the browser's parts.
	spent := func() map[string]float64 {
		var r struct {
			Metrics []struct {
				Name  string
				Value float64
			}
		}
		b.call("Performance.getMetrics", nil, &r)
		found := make(map[string]float64)
		for _, m := range r.Metrics {
			if part, ok := strings.CutSuffix(m.Name, "Duration"); ok {
				found[part] = 1000 * m.Value
			}
		}
		if found["Task"] == 0 {
			t.Fatal("no TaskDuration")
		}
		return found
	}
	set := func(id, value string) string {
		return fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("input")) })(document.getElementById(%q))`, value, id)
	}
	for _, act := range []struct{ what, do, undo string }{
		{"filter by a word", set("search", "kernel"), set("search", "")},
		{"show all again", set("search", ""), set("search", "overflow")},
		{"filter by severity", `document.querySelector("[data-level=medium]").click()`, `document.querySelector("[data-level=medium]").click()`},
		{"with a fix", `document.getElementById("fixed").click()`, `document.getElementById("fixed").click()`},
		{"sort by package", `document.querySelector("[data-sort=package]").click()`, `document.querySelector("[data-sort=id]").click()`},
		{"sort by severity", `document.querySelector("[data-sort=level]").click()`, `document.querySelector("[data-sort=fix]").click()`},
		{"group by package", set("group", "package"), set("group", "")},
		{"group by layer", set("group", "layer"), set("group", "")},
		{"group by instruction", set("group", "instruction"), set("group", "")},
		{"not in groups", set("group", ""), set("group", "package")},
	} {
		var used, clock, placed []float64
		parts := make(map[string][]float64)
		if act.what == "not in groups" || act.what == "show all again" {
			b.eval(act.undo)
			b.rows()
		}
		for range 5 {
			before := spent()
			clock = append(clock, b.eval(`(async () => {
				const from = performance.now();
				`+act.do+`;
				await new Promise(f => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = f; c.port2.postMessage(0) }));
				return performance.now() - from;
			})()`).(float64))
			for part, value := range spent() {
				parts[part] = append(parts[part], value-before[part])
			}
			placed = append(placed, b.eval(`(async () => {
				const from = performance.now();
				while (document.querySelector("#findings[aria-busy]")) await new Promise(f => setTimeout(f, 5));
				return performance.now() - from;
			})()`).(float64))
			b.eval(act.undo)
			b.eval(`(async () => { while (document.querySelector("#findings[aria-busy]")) await new Promise(f => setTimeout(f, 5)) })()`)
		}
		used = parts["Task"]
		t.Logf("%s: %.0f ms of the processor (script %.0f, style %.0f, layout %.0f), %.0f ms until the frame, %.0f ms more until the last row is in place",
			act.what, median(used), median(parts["Script"]), median(parts["RecalcStyle"]), median(parts["Layout"]), median(clock), median(placed))
		if m := median(used); m > 200 {
			t.Errorf("%s takes %.0f ms", act.what, m)
		}
	}
	b.screenshot("crowded")

	b.eval(set("search", ""))
	b.rows()
	for _, id := range []string{a.Findings[0].ID, a.Findings[crowd/2].ID, a.Findings[crowd-1].ID} {
		if found := b.eval(fmt.Sprintf(`getSelection().removeAllRanges(); find(%q, true, false, true) && getSelection().anchorNode.parentElement.closest("tr").cells[1].textContent`, id)); found != id {
			t.Errorf("find in page for %s reaches %v", id, found)
		}
	}
	b.quiet()
}

// median returns the middle of values.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// TestCrowdedPaper prints 2,000 findings, or all 20,000 with HULLMARK_PAPER, which takes minutes and 3 GB: each is on paper, and every page
// has the names of the columns.
func TestCrowdedPaper(t *testing.T) {
	corpus.Slow(t)
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("poppler-utils is not installed: the printed report is not read")
	}
	n, v := 2_000, *crowded(t)
	if os.Getenv("HULLMARK_PAPER") != "" {
		n = crowd
	}
	v.Findings = v.Findings[:n]
	b := open(t, page(t, &v), 1400, 900)
	want := b.rows() // the order that the page shows
	file := b.print()
	if again := b.rows(); again != want {
		t.Error("printing changes the rows of the page")
	}
	if n := b.eval(`document.querySelectorAll("tr.head").length`); n != 0.0 {
		t.Errorf("%v heads stay in the page", n)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	printed := make(map[string]int)
	for i, p := range pages {
		rows := 0
		for _, word := range strings.Fields(p) {
			printed[word]++
			if strings.HasPrefix(word, "CVE-") || strings.HasPrefix(word, "GHSA-") {
				rows++
			}
		}
		if rows > 5 && !(strings.Contains(p, "Vulnerability") && strings.Contains(p, "Fixed in")) {
			t.Errorf("page %d has no names of columns:\n%s", i+1, p)
			break
		}
	}
	var missing []string
	for _, id := range strings.Fields(want) {
		if printed[id]--; printed[id] < 0 {
			missing = append(missing, id)
		}
	}
	t.Logf("%d findings on %d pages", len(strings.Fields(want)), len(pages))
	if len(missing) > 0 || len(strings.Fields(want)) != n {
		t.Errorf("%d of %d findings are not on paper: %.20q", len(missing), n, missing)
	}
}
