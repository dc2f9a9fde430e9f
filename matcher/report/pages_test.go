package report_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/html"
)

// attacks are texts that run where a page takes them for more than text. Each calls pwned.
var attacks = []string{
	`<script>pwned()</script>`,
	`</script><script>pwned()</script>`,
	`<img src=x onerror=pwned()>`,
	`" onmouseover="pwned()" autofocus onfocus="pwned()" x="`, // as https://github.com/DependencyTrack/dependency-track/pull/23
	`' onmouseover='pwned()' autofocus onfocus='pwned()' x='`,
	` onmouseover=pwned() autofocus onfocus=pwned() `,
	`></td><td onclick=pwned()>`,
	`</noscript><img src=x onerror=pwned()>`, // the details are text of this element
	`&lt;/noscript&gt;&lt;img src=x onerror=pwned()&gt;`,
	`&lt;img src=x onerror=pwned()&gt;`, // unescaped twice
	`<!--`, `--><svg/onload=pwned()>`,
	`</title><svg/onload=pwned()>`, `</style><svg/onload=pwned()>`, `</dl><svg/onload=pwned()>`, `</template><svg/onload=pwned()>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned()&gt;">`, // parsed twice, read otherwise
	`javascript:pwned()`, `${pwned()}`, `{{pwned()}}`, "`${pwned()}`",
	"\u2028pwned()//", `<a id=search><input name=search>`, `<base href=https://evil.example/>`, `<meta http-equiv=refresh content=0;url=https://evil.example/>`,
}

// addresses are no addresses to follow, but for the last ones, whose text is escaped.
var addresses = []string{
	"javascript:pwned()", "JAVASCRIPT:pwned()", " javascript:pwned()", "java\nscript:pwned()", "\x01javascript:pwned()", "data:text/html,<script>pwned()</script>", "vbscript:x",
	"file:///etc/passwd", "//evil.example/", "https:javascript:pwned()",
	`https://x.example/" onclick="pwned()`, `https://x.example/'><script>pwned()</script>`, "https://x.example/#p0",
}

// attacked is an image whose every text is an attack.
func attacked() *report.Assessment {
	n := 0
	next := func() string {
		n++
		return attacks[n%len(attacks)]
	}
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{Digest: next(), Platform: next()},
		Distro: &analyzer.Distro{ID: "debian", VersionID: next(), Name: next()},
	}
	m := new(matcher.Result)
	for range 3 {
		r.Layers = append(r.Layers, analyzer.Layer{DiffID: next(), CreatedBy: "RUN " + next()})
	}
	for i := range len(attacks) * 2 {
		id := fmt.Sprint(i)
		c := analyzer.Component{ID: id, Path: next(), Layer: i % 3, PURL: next(), Package: analyzer.Package{Type: "npm", Namespace: next(), Name: next(), Version: next(), ArchivePath: next()}}
		if i%2 == 1 {
			c.Type, c.System, c.SourcePackage = "deb", true, &analyzer.SourcePackage{Name: next(), Version: next()}
		}
		r.Components = append(r.Components, c)
		m.Matches = append(m.Matches, matcher.Match{
			ID: next(), Aliases: []string{next(), "CVE-1" + next(), "CWE-1" + next()}, Component: id, Reason: next(), Fixed: next(), Uncertain: next(), Evidence: next(),
			Severity:   matcher.Severity{Source: next(), Level: matcher.High, Score: 7, Vector: next(), Word: next()},
			Enrichment: matcher.Enrichment{EPSS: .5, Exploits: []string{next()}, Weaknesses: []string{"CWE-79" + next()}, Title: next()},
			Analysis:   &matcher.Analysis{Status: matcher.Affected, Justification: next(), Detail: next(), Author: next(), Document: next(), Place: next()},
			Advisories: []matcher.Advisory{{ID: next(), Summary: next(), URLs: addresses, Updates: []string{next()}, Severities: []matcher.Severity{{Source: next(), Level: matcher.Low, Word: next(), Vector: next()}}}},
		})
	}
	r.Findings = []analyzer.FileFinding{{Finding: analyzer.Finding{Rule: next(), Title: next(), Detail: next(), Severity: next()}, Path: next()}}
	r.Diagnostics = []analyzer.FileDiagnostic{{Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Message: next()}, Path: next()}}
	m.Coverage = []matcher.Coverage{{Type: next(), Namespace: next(), Release: next(), Feed: next()}}
	return report.New(r, m, report.Options{Name: next(), Tool: report.Tool{Name: next(), Version: next()}})
}

// TestAttacks uses every part of a page whose every text is an attack: nothing runs, no element is not the page's own, each link
// leads to a web page or within the page, and each attack can be read.
func TestAttacks(t *testing.T) {
	file := page(t, attacked())
	for _, scripts := range []bool{true, false} {
		b := start(t, 1280, 900)
		b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `window.ran = 0; window.pwned = () => { ran++ }`}, nil)
		b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !scripts}, nil)
		b.navigate("file://" + file)
		if scripts {
			rows := strings.Count(b.rows(), "")
			for _, by := range []string{"package", "layer", "instruction"} {
				b.choose("group", by)
			}
			b.eval(`for (const x of document.querySelectorAll("#findings tbody button, summary")) x.click()`)
			for _, a := range attacks {
				b.choose("search", a)
				b.eval(fmt.Sprintf(`location.hash = %q`, a))
			}
			b.choose("search", "")
			if now := strings.Count(b.rows(), ""); now != rows {
				t.Errorf("%d characters of identifiers, were %d", now, rows)
			}
			b.download(`[data-save=json]`, "findings.json")
			b.eval(`for (const e of document.querySelectorAll("#findings *")) for (const kind of ["mouseover", "focus", "click"]) if (!e.closest("a")) e.dispatchEvent(new Event(kind, {bubbles: true}))`)
			if ran := b.eval(`ran`); ran != 0.0 {
				t.Errorf("%v attacks ran", ran)
			}
			b.quiet()
		}
		own := b.eval(`Array.from(new Set(Array.from(document.querySelectorAll("body *"), e => e.localName))).sort().join(" ")`)
		if want := "a b br button code data dd details div dl dt h1 h2 header i input label li main noscript option p script section select small span strong summary table tbody td th thead tr ul wbr"; own != want {
			t.Errorf("scripts %v: elements are %v, want %s", scripts, own, want)
		}
		if got := b.eval(`Array.from(document.querySelectorAll("body *")).flatMap(e => Array.from(e.attributes, a => a.name)).filter(n => n.startsWith("on") || n === "autofocus").join(" ")`); got != "" {
			t.Errorf("attributes %v", got)
		}
		if got := b.eval(`Array.from(document.links, a => a.getAttribute("href")).filter(h => !/^(https?:\/\/|#)/.test(h)).join(" ")`); got != "" {
			t.Errorf("links to %v", got)
		}
		text := fmt.Sprint(b.eval(`document.body.textContent + " " + document.title`))
		for _, a := range attacks {
			if a = strings.ReplaceAll(a, "\u2028", `\u2028`); !strings.Contains(text, a) {
				t.Errorf("scripts %v: %s cannot be read", scripts, a)
			}
		}
	}
}

// TestWithoutScripts requires that everything is there to read where scripts do not run: with scripts disabled, and as Jenkins
// serves reports, which also forbids the page's own style. https://github.com/TNG/JGiven/issues/176
func TestWithoutScripts(t *testing.T) {
	text := forms(t, sample())["report.html"]
	jenkins := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';")
		w.Header().Set("Content-Type", "text/html")
		w.Write(text)
	}))
	defer jenkins.Close()
	for _, where := range []string{"file://" + page(t, sample()), jenkins.URL} {
		b := start(t, 1280, 900)
		if where != jenkins.URL {
			b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
		}
		b.navigate(where)
		seen := fmt.Sprint(b.eval(`document.body.innerText`))
		for _, want := range []string{
			"4 findings", "CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "Remote code injection in Log4j", "2.14.1", "2.15.0", "ransomware",
			"documented behaviour", "built without it", "No advisories for nuget", "1 file could not be read",
		} {
			if !strings.Contains(seen, want) {
				t.Errorf("%s does not show %q", where, want)
			}
		}
		if b.eval(`Array.from(document.querySelectorAll("#findings tr[id]")).every(r => r.offsetHeight > 0)`) != true {
			t.Errorf("%s does not show all rows", where)
		}
		if where != jenkins.URL {
			if b.eval(`document.getElementById("controls").offsetHeight`) != 0.0 {
				t.Error("there are controls that do nothing")
			}
			b.screenshot("without-scripts")
		}
	}
}

// TestReportedPages holds the page against what people reported about other scanners' pages.
func TestReportedPages(t *testing.T) {
	r, m := scanned()
	for i := range 3000 { // as in an image with as many files that may set the user
		r.Findings = append(r.Findings, analyzer.FileFinding{Finding: analyzer.Finding{Rule: "set-uid", Title: "sets the user", Severity: "info"}, Path: fmt.Sprintf("usr/bin/%d", i)})
	}
	m.Matches[4].Enrichment.Weaknesses = []string{"CWE-502", "CWE-NVD-noinfo", "NVD-CWE-Other"}
	m.Matches[4].Enrichment.Severities = []matcher.Severity{{Source: "nvd", Level: matcher.Critical, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}
	a := report.New(r, m, report.Options{Name: "registry.example/team/app:1.2"})
	b := open(t, page(t, a), 1280, 700)
	b.choose("sort", "level")
	b.eval(`for (const x of document.querySelectorAll("#findings tbody button")) x.click()`)
	for _, tt := range []struct{ report, what, expression, want string }{
		{"https://github.com/aquasecurity/trivy/issues/3628", "findings in files are on the page, not only vulnerabilities",
			`document.body.innerText.includes("a test virus") && document.body.innerText.includes("tmp/eicar.com:3")`, "true"},
		{"https://github.com/aquasecurity/trivy/issues/3628", "and those that are no fault are a number, until one asks",
			`document.body.innerText.includes("3,001 findings in files") && !document.body.innerText.includes("sets the user") && document.body.textContent.includes("usr/bin/2999")`, "true"},
		{"https://github.com/aquasecurity/trivy/issues/1556", "the title names the image, and a finding its file",
			`document.title + "; " + document.querySelector("tr[id^='f:CVE-2021-44228']").innerText.includes("opt/app dir/app.war!WEB-INF/lib/log4j-core-2.14.1.jar")`, "registry.example/team/app:1.2: 5 findings, 4 in files; true"},
		{"https://github.com/aquasecurity/trivy/issues/1212", "by severity, critical first",
			`Array.from(document.querySelectorAll("#findings tbody:not([hidden]) tr[id]"), r => r.cells[0].firstChild.data.trim()).join(" ")`, "critical high medium negligible unknown"},
		{"https://github.com/DependencyTrack/frontend/issues/24", "a CVE is a link to its record",
			`document.querySelector("tr[id^='f:CVE-2023-5678'] th a").href`, "https://nvd.nist.gov/vuln/detail/CVE-2023-5678"},
		{"https://github.com/DependencyTrack/frontend/pull/482", "and an alias to its own",
			`Array.from(document.querySelectorAll("tr[id^='f:CVE-2021-44228'] dd a"), a => a.href).filter(h => h.includes("GHSA")).join(" ")`, "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q"},
		{"https://github.com/DependencyTrack/dependency-track/issues/759", "a weakness is a link to CWE, if it is one of CWE's",
			`(dt => [dt.nextSibling, dt.nextSibling.nextSibling, dt.nextSibling.nextSibling.nextSibling].map(d => d.innerHTML).join(" "))(Array.from(document.querySelectorAll("tr[id^='f:CVE-2021-44228'] dt")).find(d => d.textContent === "Weakness"))`,
			`<a href="https://cwe.mitre.org/data/definitions/502.html">CWE-502</a> CWE-NVD-noinfo NVD-CWE-Other`},
		{"https://github.com/prowler-cloud/prowler/issues/707", "the head and the filter stay in view as one scrolls",
			`(() => { document.querySelector("tr[id^='f:TEMP']").scrollIntoView({block: "center"}); const c = document.getElementById("controls").getBoundingClientRect(), h = document.querySelector("#findings thead").getBoundingClientRect(); const seen = scrollY > 200 && c.top >= 0 && h.top >= c.bottom - 1 && h.bottom < 250; scrollTo(0, 0); return seen })()`, "true"},
		{"https://github.com/quay/quay/pull/1861", "a filter knows packages, versions, identifiers and paths",
			`["log4j", "2.14.1", "GHSA-jfh8", "app dir/app.war", "LOG4J critical ransomware"].map(w => { const s = document.getElementById("search"); s.value = w; s.dispatchEvent(new Event("input")); return document.getElementById("shown").textContent.split(" ")[0] }).join(" ")`, "1 1 1 1 1"},
	} {
		if got := fmt.Sprint(b.eval(tt.expression)); got != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.report, tt.what, got, tt.want)
		}
	}
	b.quiet()
}

// TestReportedOrder requires equal pages for equal matches in any order: the order of the findings is not that in which they were
// found. https://github.com/anchore/grype/issues/696
func TestReportedOrder(t *testing.T) {
	rows := func(reverse bool) string {
		r, m := scanned()
		if reverse {
			for i, j := 0, len(m.Matches)-1; i < j; i, j = i+1, j-1 {
				m.Matches[i], m.Matches[j] = m.Matches[j], m.Matches[i]
			}
		}
		var ids []string
		for line := range strings.Lines(string(write(t, func(b *bytes.Buffer) error { return html.Write(b, report.New(r, m, report.Options{})) }))) {
			if _, rest, ok := strings.Cut(line, "id=f:"); ok && strings.HasPrefix(line, "<tr ") {
				id, _, _ := strings.Cut(rest, " ")
				ids = append(ids, id)
			}
		}
		return strings.Join(ids, " ")
	}
	if a, b := rows(false), rows(true); a != b || a == "" {
		t.Errorf("%s, reversed %s", a, b)
	}
}

// TestReportedEmpty requires that a page of nothing says so and works. https://github.com/fatihtokus/scan2html/issues/65
func TestReportedEmpty(t *testing.T) {
	for _, a := range []*report.Assessment{empty(), report.New(new(analyzer.Report), nil, report.Options{Name: "x"})} {
		b := open(t, page(t, a), 1280, 900)
		for _, by := range []string{"package", ""} {
			b.choose("group", by)
			b.choose("search", "x")
			b.choose("search", "")
		}
		b.click(`button[data-sort=package]`)
		for _, name := range []string{"csv", "json"} {
			b.download(`[data-save=`+name+`]`, "findings."+name)
		}
		if text := fmt.Sprint(b.eval(`document.querySelector("#findings tr.none").textContent`)); !strings.Contains(text, "No vulnerabilities found in the packages that could be checked.") {
			t.Errorf("a page without findings says %q", text)
		}
		b.quiet()
	}
}

// TestReportedSize requires that a page grows with its findings, and not with the packages or paths of each: 5 findings made 86 MiB in
// https://github.com/fatihtokus/scan2html/issues/204.
func TestReportedSize(t *testing.T) {
	size := func(n int) int {
		info, err := os.Stat(page(t, rowed(n)))
		if err != nil {
			t.Fatal(err)
		}
		return int(info.Size())
	}
	small, large := size(100), size(1100)
	if each := (large - small) / 1000; each > 700 {
		t.Errorf("a package with a finding takes %d bytes", each)
	}
}
