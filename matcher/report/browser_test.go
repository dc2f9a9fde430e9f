package report_test

import (
	"bytes"
	"encoding/csv"
	stdjson "encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/html"
)

// page writes an Assessment as a page, and returns its file.
func page(t *testing.T, a *report.Assessment) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, write(t, func(b *bytes.Buffer) error { return html.Write(b, a) }), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBrowser opens the report from a file in a real browser, and uses it.
func TestBrowser(t *testing.T) {
	const openssl, tar, log4j, script, vexed, temp = "CVE-2023-5678", "CVE-2005-2541", "CVE-2021-44228", "CVE-2024-0001", "CVE-2024-0002", "TEMP-0290435-0B57B5"
	b := open(t, page(t, sample()), 1280, 900)
	see := func(what string, want ...string) {
		t.Helper()
		if got := b.rows(); got != strings.Join(want, " ") {
			t.Errorf("%s: sees %s, want %s", what, got, strings.Join(want, " "))
		}
	}
	see("at first, by risk", log4j, script, openssl, tar)
	if s := b.eval(`document.getElementById("shown").textContent`); s != "4 of 4 findings" {
		t.Errorf("says %q", s)
	}
	b.screenshot("wide")

	b.click(`button[data-sort=package]`)
	see("by package", script, openssl, log4j, tar)
	b.click(`button[data-sort=package]`)
	see("by package, backwards", tar, log4j, openssl, script)
	b.click(`button[data-sort=level]`)
	see("the worst first", log4j, script, openssl, tar)
	b.click(`button[data-sort=level]`)
	see("the worst last", tar, openssl, script, log4j)
	b.click(`button[data-sort=id]`)
	see("by identifier", tar, log4j, openssl, script)

	b.click(`button[data-level=high]`)
	see("of high severity", script)
	b.click(`button[data-level=critical]`)
	see("high or critical", log4j, script)
	b.click(`button[data-level=high]`)
	b.click(`button[data-level=critical]`)
	see("all again", tar, log4j, openssl, script)

	b.click(`#fixed`)
	see("with a fix", log4j, openssl)
	b.click(`#exploited`)
	see("with a fix, and exploited", log4j)
	b.click(`#fixed`)
	b.click(`#exploited`)
	b.click(`#hidden`)
	see("hidden too", tar, log4j, openssl, script, vexed, temp)
	b.click(`#hidden`)

	b.click(`#search`)
	b.call("Input.insertText", map[string]any{"text": "GHSA-jfh8 log4j"}, nil)
	see("by alias and name", log4j)
	b.click(`tr[id^="f:` + log4j + `"] button`)
	text := fmt.Sprint(b.eval(`document.querySelector("tr[id^='f:CVE-2021-44228'] dl").innerText`))
	for _, want := range []string{"GHSA-jfh8-c2jp-5v3q", "critical 10.0 by ghsa CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "since 2021-12-10", "CVE-2021-44228 is exploited", "opt/app dir/app.war!WEB-INF/lib/log4j-core-2.14.1.jar, layer 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the finding does not say %q: %q", want, text)
		}
	}
	b.click(`tr[id^="f:` + log4j + `"] button`)
	if b.eval(`document.querySelector("tr[id^='f:CVE-2021-44228'] dl").offsetHeight`) != 0.0 {
		t.Error("a second click does not close the finding")
	}
	b.click(`tr[id^="f:` + log4j + `"] button`)
	b.screenshot("open")
	if n := b.eval(`document.querySelectorAll("script").length`); n != float64(1) {
		t.Errorf("%v scripts", n)
	}
	if w := b.eval(`document.documentElement.scrollWidth <= innerWidth`); w != true {
		t.Error("the page is wider than the window")
	}
	b.quiet()
}

// TestNarrowScreen asks that on a narrow screen nothing has to be moved sideways, that a finding is a card, and that no table breaks a word that
// fits.
func TestNarrowScreen(t *testing.T) {
	b := open(t, page(t, sample()), 390, 844)
	if w := b.eval(`document.documentElement.scrollWidth`); w.(float64) > 390 {
		t.Errorf("the page is %v wide", w)
	}
	if c := b.eval(`getComputedStyle(document.querySelector("#findings tr[id]")).gridTemplateColumns.split(" ").length`); c != 2.0 {
		t.Errorf("a card has %v columns", c)
	}
	b.screenshot("phone")
	b.choose("sort", "package")
	if got := b.rows(); !strings.HasPrefix(got, "CVE-2024-0001 CVE-2023-5678 ") {
		t.Errorf("sees %s", got)
	}
	b.click(`tr[id^="f:CVE-2021-44228"] button`)
	if b.eval(`document.querySelector("tr[id^='f:CVE-2021-44228'] dl").offsetHeight > 50`) != true || b.eval(`document.documentElement.scrollWidth`).(float64) > 390 {
		t.Error("an open finding does not fit")
	}
	b.screenshot("phone-open")
	b.eval(`for (const d of document.querySelectorAll("details")) d.open = true`)
	if w := b.eval(`document.documentElement.scrollWidth`); w.(float64) > 390 {
		t.Errorf("with all lists open, the page is %v wide", w)
	}
	broken := b.eval(`(() => {
		const broken = [], nodes = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
		let words = 0;
		while (nodes.nextNode()) {
			if (!nodes.currentNode.parentElement.closest("tbody")?.offsetHeight) continue;
			for (const m of nodes.currentNode.textContent.matchAll(/(?<=^|\s)[A-Za-z]{2,16}(?=\s|$)/g)) {
				const range = document.createRange();
				range.setStart(nodes.currentNode, m.index);
				range.setEnd(nodes.currentNode, m.index + m[0].length);
				words++;
				if (new Set(Array.from(range.getClientRects(), r => r.top)).size > 1) broken.push(m[0]);
			}
		}
		return words + " words; broken: " + broken.join(" ");
	})()`)
	if !regexp.MustCompile(`^\d{3} words; broken: $`).MatchString(fmt.Sprint(broken)) {
		t.Error(broken)
	}
	for _, list := range []string{"updates", "files", "examined", "advisories", "layers", "packages", "records"} {
		b.eval(fmt.Sprintf(`document.getElementById(%q).scrollIntoView()`, list))
		b.screenshot("phone-" + list)
	}
	b.quiet()
}

// rowed is an image of a number of packages in five layers, three of which one instruction made, with a finding in each package.
func rowed(n int) *report.Assessment {
	r := &analyzer.Report{Image: analyzer.ImageInfo{Platform: "linux/amd64"}}
	m := new(matcher.Result)
	for i, by := range []string{"ADD rootfs.tar /", "RUN npm ci", "RUN npm ci", "RUN npm ci", "COPY . ."} {
		r.Layers = append(r.Layers, analyzer.Layer{DiffID: fmt.Sprintf("sha256:%064d", i), CreatedBy: by})
	}
	for i := range n {
		id := strconv.Itoa(i)
		r.Components = append(r.Components, analyzer.Component{ID: id, Path: "srv/" + id + "/package.json", Layer: i % 5, PURL: "pkg:npm/p" + id + "@1.0.0", Package: analyzer.Package{Type: "npm", Name: "p" + id, Version: "1.0.0"}})
		m.Matches = append(m.Matches, matcher.Match{
			ID: fmt.Sprintf("CVE-2020-%04d", i), Component: id, Fixed: "1.0." + id, Severity: matcher.Severity{Level: matcher.Level(i % 6), Source: "ghsa"},
			Advisories: []matcher.Advisory{{ID: "GHSA-" + id, Summary: "What is wrong with package " + id, URLs: []string{"https://x.example/" + id}}},
		})
	}
	return report.New(r, m, report.Options{Name: "registry.example/rowed:1"})
}

// TestGroups groups by package, layer and instruction. Each heading counts its findings by severity.
func TestGroups(t *testing.T) {
	b := open(t, page(t, sample()), 1280, 900)
	headings := func() string {
		b.rows()
		return fmt.Sprint(b.eval(`Array.from(document.querySelectorAll("#findings tr.group")).map(r => r.textContent.replace(/\s+/g, " ").trim()).join("; ")`))
	}
	for _, tt := range []struct{ by, rows, headings string }{
		{"package", "CVE-2021-44228 CVE-2024-0001 CVE-2023-5678 CVE-2005-2541", "org.apache.logging.log4j/log4j-core 2.14.1 update to 2.15.0 fixes 1 of 1 1 critical; " + strings.Replace(hostile, "\x01", "\uFFFD", 1) + " 1.0.0 1 high; openssl 3.0.11-1~deb12u2 update to 3.0.13-1~deb12u1 fixes 1 of 1 1 medium; tar 1.34+dfsg-1.2 1 negligible"},
		{"layer", "CVE-2023-5678 CVE-2005-2541 CVE-2021-44228 CVE-2024-0001", "Layer 0 1 medium, 1 negligible; Layer 1 1 critical, 1 high"},
		{"", "CVE-2021-44228 CVE-2024-0001 CVE-2023-5678 CVE-2005-2541", ""},
	} {
		b.choose("group", tt.by)
		if got := b.rows(); got != tt.rows {
			t.Errorf("by %s: rows %s, want %s", tt.by, got, tt.rows)
		}
		if got := headings(); got != tt.headings {
			t.Errorf("by %s: headings %s, want %s", tt.by, got, tt.headings)
		}
	}
	b.quiet()

	b = open(t, page(t, rowed(500)), 1280, 900)
	b.choose("group", "instruction")
	var want []string
	for _, group := range []struct {
		instruction string
		layers      []int
	}{{"ADD rootfs.tar /", []int{0}}, {"RUN npm ci", []int{1, 2, 3}}, {"COPY . .", []int{4}}} {
		counts := make(map[matcher.Level]int)
		for i := range 500 {
			if slices.Contains(group.layers, i%5) {
				counts[matcher.Level(i%6)]++
			}
		}
		var words []string
		for l := matcher.Critical; len(words) < 6; l-- {
			words = append(words, fmt.Sprintf("%d %s", counts[l], l))
		}
		want = append(want, group.instruction+" "+strings.Join(words, ", "))
	}
	if got := headings(); got != strings.Join(want, "; ") {
		t.Errorf("headings %s, want %s", got, strings.Join(want, "; "))
	}
	if n := len(strings.Fields(b.rows())); n != 500 {
		t.Errorf("%d rows in groups, want 500", n)
	}
	if s := b.eval(`document.getElementById("shown").textContent`); s != "500 of 500 findings in 3 groups" {
		t.Errorf("says %q", s)
	}
	b.choose("search", "p499")
	if got := headings(); got != "COPY . . 1 negligible" {
		t.Errorf("a filter leaves the headings %s", got)
	}
	b.choose("search", "")
	b.eval(`scrollTo(0, 8000)`)
	b.choose("search", "p4")
	shown := func() bool {
		return b.eval(`(e => e.getBoundingClientRect().top >= document.getElementById("controls").offsetHeight && e.getBoundingClientRect().top < 300)(document.querySelector("#findings tr.group"))`) == true
	}
	for end := time.Now().Add(10 * time.Second); !shown(); time.Sleep(50 * time.Millisecond) { // the page scrolls when the browser paints
		if time.Now().After(end) {
			t.Fatal("a filter far down the page does not show its first row")
		}
	}
	b.choose("search", "nothing like it")
	if got := fmt.Sprint(b.eval(`document.querySelector("#findings tr.none").textContent`)); !strings.Contains(got, "No finding is like that.") {
		t.Errorf("without rows the table says %q", got)
	}
	b.choose("search", "")
	if n := len(strings.Fields(b.rows())); n != 500 {
		t.Errorf("%d rows after the filter, want 500", n)
	}
	if n := b.eval(`Math.max(...Array.from(document.querySelectorAll("#findings tbody:not([hidden])"), b => b.rows.length))`); n.(float64) > 103 {
		t.Errorf("a block has %v rows", n)
	}
	b.quiet()
}

// TestBaseGroups tells the findings of the base image from those of the application.
func TestBaseGroups(t *testing.T) {
	r, m := scanned()
	newer, fewer := scanned()
	fewer.Matches = fewer.Matches[2:]
	a := report.New(r, m, report.Options{
		Name: "registry.example/team/app:1.2", Base: &report.Base{Name: "registry.example/debian:12", Layers: 1, Origin: report.BaseAnnotations},
		NewerBase: report.New(newer, fewer, report.Options{Name: "registry.example/debian:13"}),
	})
	b := open(t, page(t, a), 1280, 900)
	b.choose("group", "base")
	if got, want := b.rows(), "CVE-2023-5678 CVE-2005-2541 TEMP-0290435-0B57B5 CVE-2021-44228 CVE-2024-0001"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if got, want := b.eval(`Array.from(document.querySelectorAll("#findings tr.group")).map(r => r.textContent.replace(/\s+/g, " ").trim()).join("; ")`), "Base image 1 medium, 1 negligible, 1 unknown; Application 1 critical, 1 high"; got != want {
		t.Errorf("headings %v, want %s", got, want)
	}
	said := fmt.Sprint(b.eval(`document.getElementById("base").textContent.replace(/\s+/g, " ")`))
	for _, want := range []string{"Built on registry.example/debian:12, layer 0 of 2 by the image's annotations: 3 findings with the base image, 2 with the application's layers.", "registry.example/debian:13 would fix 1 of the 3"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page says %q, not %q", said, want)
		}
	}
	b.screenshot("base")
	b.quiet()
}

// TestRowLink opens the finding that a link names, wherever it is and whatever leaves it out.
func TestRowLink(t *testing.T) {
	b := start(t, 1280, 900)
	seen := func(id string) {
		t.Helper()
		got := b.eval(fmt.Sprintf(`(r => r && r.querySelector("dl") && r.getBoundingClientRect().top > 0 && r.getBoundingClientRect().bottom < innerHeight && r.contains(document.activeElement))(document.getElementById(%q))`, id))
		if got != true {
			t.Errorf("%s is not open, in view and focused: %v", id, got)
		}
	}
	file := page(t, rowed(500))
	b.navigate("file://" + file + "#f:CVE-2020-0432:p432")
	seen("f:CVE-2020-0432:p432")
	b.choose("search", "p77")
	b.eval(`location.hash = "#f:CVE-2020-0123:p123"`)
	b.eval(`new Promise(f => setTimeout(f, 100))`)
	seen("f:CVE-2020-0123:p123")
	if s := b.eval(`document.getElementById("search").value`); s != "" {
		t.Errorf("the filter is still %q", s)
	}
	b.click(`tr[id="f:CVE-2020-0124:p124"] button`)
	if h := b.eval(`location.hash`); h != "#f:CVE-2020-0124:p124" {
		t.Errorf("an open finding has the address %v", h)
	}
	b.click(`tr[id="f:CVE-2020-0124:p124"] td > a`) // of its package
	b.eval(`new Promise(f => setTimeout(f, 100))`)
	if got := b.eval(`(p => p.open && document.querySelector(location.hash).innerText)(document.getElementById("packages"))`); !strings.Contains(fmt.Sprint(got), "pkg:npm/p124@1.0.0") {
		t.Errorf("a link to the package shows %v", got)
	}
	b.quiet()

	b = start(t, 1280, 900)
	b.navigate("file://" + page(t, sample()) + "#f:TEMP-0290435-0B57B5:tar") // hidden
	seen("f:TEMP-0290435-0B57B5:tar")
	for _, bad := range []string{"#f:%zz", "#f:", "#search", "#p", "#p99", "#%00"} {
		b.eval(fmt.Sprintf(`location.hash = %q`, bad))
	}
	b.eval(`new Promise(f => setTimeout(f, 100))`)
	b.quiet()
}

// TestRowLinkStable requires that a finding's address depends on no other finding.
func TestRowLinkStable(t *testing.T) {
	text := string(forms(t, sample())["report.html"])
	for _, want := range []string{"id=f:CVE-2021-44228:org.apache.logging.log4j_log4j-core ", "id=f:CVE-2023-5678:openssl "} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	seen := make(map[string]bool)
	for _, m := range regexp.MustCompile(` id=("[^"]*"|[^ >]*)`).FindAllString(text, -1) {
		if seen[m] {
			t.Errorf("%s twice", m)
		}
		seen[m] = true
	}
}

// download presses a button, and returns the file that the browser stores.
func (b *browser) download(button, name string) []byte {
	b.t.Helper()
	dir := b.t.TempDir()
	session := b.session
	b.session = ""
	b.call("Browser.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": dir}, nil)
	b.session = session
	b.click(button)
	for range 200 {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(data) > 0 {
			return data
		}
		b.eval(`0`)
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%s stores no %s", button, name)
	return nil
}

// TestDownloads requires that downloads have what the page shows, details included, and that a spreadsheet runs none of it.
func TestDownloads(t *testing.T) {
	r, m := scanned()
	r.Components[2].Name, r.Components[2].SourcePackage = `=HYPERLINK("https://evil.example","tar")`, nil
	a := report.New(r, m, report.Options{Name: "registry.example/team/app:1.2", View: report.View{IgnoreStatus: []matcher.Status{matcher.Deferred}}})
	b := open(t, page(t, a), 1280, 900)
	var got struct {
		Image    string
		Findings []struct {
			ID, Link, Severity, Source, Package, Ecosystem, Installed, FixedIn, Threat, Title string
			Score, EPSS                                                                       float64
			AlsoKnownAs, Severities, Links, FoundIn                                           []string
		}
	}
	if err := stdjson.Unmarshal(b.download(`[data-save=json]`, "findings.json"), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != 4 || got.Image != "registry.example/team/app:1.2" {
		t.Fatalf("%s has %d findings, want 4", got.Image, len(got.Findings))
	}
	f := got.Findings[0]
	if s := fmt.Sprintf("%+v", f); s != `{ID:CVE-2021-44228 Link:https://nvd.nist.gov/vuln/detail/CVE-2021-44228 Severity:critical Source:ghsa Package:org.apache.logging.log4j/log4j-core Ecosystem:maven Installed:2.14.1 FixedIn:2.15.0 Threat:ransomware Title:Remote code injection in Log4j Score:10 EPSS:0.94 AlsoKnownAs:[https://github.com/advisories/GHSA-jfh8-c2jp-5v3q] Severities:[critical 10.0 by ghsa CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H] Links:[] FoundIn:[pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1 opt/app dir/app.war!WEB-INF/lib/log4j-core-2.14.1.jar, layer 1]}` {
		t.Errorf("log4j is %s", s)
	}
	if f := got.Findings[1]; f.ID != "CVE-2023-5678" || len(f.FoundIn) != 2 {
		t.Errorf("%s is found in %d packages, want CVE-2023-5678 in 2", f.ID, len(f.FoundIn))
	}

	b.click(`button[data-level=critical]`)
	b.click(`button[data-level=negligible]`)
	text := b.download(`[data-save=csv]`, "findings.csv")
	text, ok := bytes.CutPrefix(text, []byte("\ufeff")) // by which Excel knows UTF-8
	if !ok {
		t.Error("the table has no byte order mark")
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 {
		t.Fatalf("%d lines, want a head and two", len(lines))
	}
	for i, want := range map[string]string{"id": "CVE-2005-2541", "package": `'=HYPERLINK("https://evil.example","tar")`, "severity": "negligible", "epss": "0"} {
		if got := lines[2][slices.Index(lines[0], i)]; got != want {
			t.Errorf("%s is %q, want %q", i, got, want)
		}
	}
	b.quiet()
}

// TestPrint prints a report: a table on pages of A4, with a head on each, each row and nothing outside.
func TestPrint(t *testing.T) {
	for _, tool := range []string{"pdfinfo", "pdftotext"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("poppler-utils is not installed: the printed report is not read")
		}
	}
	b := open(t, page(t, rowed(250)), 1280, 900)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.click(`#findings tbody button`)
	b.choose("group", "layer")
	file := b.print()
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return string(out)
	}
	info := run("pdfinfo", file)
	if !strings.Contains(info, "(A4)") {
		t.Errorf("not A4: %s", info)
	}
	pages := strings.Split(strings.TrimSuffix(run("pdftotext", "-layout", file, "-"), "\f"), "\f")
	rows := 0
	for i, p := range pages {
		n := strings.Count(p, "CVE-2020-")
		rows += n
		if n > 0 && !(strings.Contains(p, "Severity") && strings.Contains(p, "Fixed in") && strings.Contains(p, "Title")) {
			t.Errorf("page %d has no head:\n%s", i+1, p)
		}
	}
	if rows != 250 || len(pages) > 25 {
		t.Errorf("%d rows on %d pages, want 250 on at most 25", rows, len(pages))
	}
	if all := strings.Join(pages, ""); strings.Contains(all, "Filter by") || strings.Contains(all, "This finding") || !strings.Contains(all, "x.example/5") || !strings.Contains(all, "What is wrong with package 249") {
		t.Error("the paper has controls, or lacks titles or the details of the open finding")
	}
	size := regexp.MustCompile(`Page size: +([0-9.]+) x ([0-9.]+)`).FindStringSubmatch(info)
	width, _ := strconv.ParseFloat(size[1], 64)
	words := regexp.MustCompile(`xMin="([0-9.-]+)".* xMax="([0-9.-]+)"`).FindAllStringSubmatch(run("pdftotext", "-bbox", file, "-"), -1)
	for _, w := range words {
		left, _ := strconv.ParseFloat(w[1], 64)
		right, _ := strconv.ParseFloat(w[2], 64)
		if left < 28 || right > width-28 {
			t.Errorf("a word from %v to %v on a page that is %v wide", left, right, width)
		}
	}
	if len(words) < 1000 {
		t.Errorf("%d words", len(words))
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	if c := b.eval(`getComputedStyle(document.body).backgroundColor`); c != "rgb(255, 255, 255)" {
		t.Errorf("paper is %v", c)
	}
	b.quiet()
}

// TestKeyboard reaches every row with the Tab key, opens one, and goes from one to the next with the arrows.
func TestKeyboard(t *testing.T) {
	const rows = 220
	b := open(t, page(t, rowed(rows)), 1280, 900)
	b.press("/")
	if id := b.eval(`document.activeElement.id`); id != "search" {
		t.Errorf("/ goes to %v", id)
	}
	b.eval(`window.met = new Set; document.addEventListener("focusin", e => { const r = e.target.closest("#findings tr[id]"), box = e.target.getBoundingClientRect(); if (r && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight) met.add(r.id) })`)
	for range rows*3 + 40 {
		b.press("Tab")
		if b.eval(`document.activeElement.closest("#packages") !== null`) == true {
			break
		}
	}
	if n := b.eval(`met.size`); n != float64(rows) {
		t.Errorf("Tab reaches %v rows of %d in view", n, rows)
	}
	b.eval(`document.querySelector("#findings tr[id] button").focus()`)
	for range 150 {
		b.press("ArrowDown")
	}
	b.press("ArrowUp")
	b.press("Enter")
	if got := b.eval(`(r => r.id === document.querySelectorAll("#findings tr[id]")[149].id && r.querySelector("dl") !== null && document.activeElement.getAttribute("aria-expanded"))(document.activeElement.closest("tr"))`); got != "true" {
		t.Errorf("arrows and Enter do not open row 149: %v", got)
	}
	if found := b.eval(`find("package " + 219) && getSelection().anchorNode.parentElement.closest("tr").id`); found != "f:CVE-2020-0219:p219" {
		t.Errorf("find in page reaches %v", found)
	}
	b.quiet()
}

// TestAccessible holds the page against axe-core's rules, in all forms that it has.
func TestAccessible(t *testing.T) {
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with axe-core")
	}
	axe, err := os.ReadFile(filepath.Join(modules, "axe-core/axe.min.js"))
	if err != nil {
		t.Skipf("axe-core is not installed: %v", err)
	}
	for _, width := range []int{1400, 390} {
		b := open(t, page(t, sample()), width, 900)
		b.eval(string(axe))
		b.click(`#hidden`)
		b.choose("group", "package")
		b.click(`#findings tbody tr[id] button`)
		b.eval(`for (const d of document.querySelectorAll("details")) d.open = true`)
		for _, scheme := range []string{"light", "dark"} {
			b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
			got := fmt.Sprint(b.eval(`axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html.slice(0, 120) + " " + n.failureSummary).join("; ")).join("\n"))`))
			if got != "" {
				t.Errorf("%d wide, %s:\n%s", width, scheme, got)
			}
			b.screenshot(fmt.Sprintf("all-%s-%d", scheme, width))
		}
		b.quiet()
	}
}
