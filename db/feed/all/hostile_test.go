package all_test

import (
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

const ovalTitle = `<oval_definitions><definitions><definition id="a"><metadata><title>`

// openings are beginnings of documents of each feed, at places where a hostile value can follow: a value that the feed decodes, a value that it
// skips, a name.
var openings = map[string][]string{
	"alma":             {"", `[`, `[{"updateinfo_id":`, `[{"references":`, `[{"x":`},
	"alpine":           {"", `{"packages":[{"pkg":`, `{"packages":`, `{"x":`, "packages:\n- pkg:\n    name: "},
	"amazon":           {`<updates><update><id>`, `<updates><x>`},
	"arch":             {"", `[`, `[{"name":`, `[{"issues":`, `[{"x":`},
	"azurelinux":       {ovalTitle, `<oval_definitions><states>`},
	"bottlerocket":     {`<updates><update><pkglist><collection>`},
	"chainguard":       {`{"packages":[{"pkg":{"secfixes":`},
	"debian":           {"", `{"a":`, `{"a":{"CVE-1":`, `{"a":{"CVE-1":{"description":`, `{"a":{"CVE-1":{"releases":`},
	"debian-lists":     {"CVE-2021-1 (", "CVE-2021-1\n\t- ", "CVE-2021-1\n\tNOTE: "},
	"echo":             {"", `{"a":`, `{"a":{"CVE-1":`},
	"epss":             {"cve,epss,percentile\n", "#model_version:", "cve,epss,percentile,"},
	"exploitdb":        {"id,file,description,date,author,platform,type,port\n"},
	"fedora":           {"", `{"updates":[{"alias":`, `{"x":`},
	"friendsofphp":     {"title: ", "branches: "},
	"gentoo":           {`<glsa id="1"><title>`, `<glsa id="1"><x>`, `<glsa id="1"><affected><package name="a/b"><vulnerable range="lt">`},
	"kev":              {"", `{"vulnerabilities":[{"cwes":`, `{"count":`, "cveID,dateAdded\n"},
	"minimos":          {`{"packages":[`},
	"nodejs":           {"", `{"title":`, `{"x":`},
	"nvd":              {"", `{"vulnerabilities":[{"cve":`, `{"vulnerabilities":[{"cve":{"configurations":[{"nodes":`, `{"CVE_Items":[`, `{"cve":`, `{"x":`},
	"openeuler":        {`<cvrfdoc><DocumentTitle>`, `<cvrfdoc><ProductTree>`},
	"oracle":           {ovalTitle, `<oval_definitions><definitions>`, `<oval_definitions><tests>`, `<oval_definitions><definitions><definition id="a"><criteria>`},
	"osv":              {"", `[`, `{"id":`, `{"affected":`, `{"affected":[{"versions":`, `{"vulns":`, `{"x":`, "id: ", "affected: "},
	"photon":           {"", `[{"cve_id":`, `[{"x":`, ovalTitle},
	"pypa":             {"id: "},
	"redhat":           {"", `{"document":`, `{"product_tree":{"relationships":`, `{"product_tree":{"branches":`, `{"vulnerabilities":`, `{"vulnerabilities":[{"product_status":`, `{"affected_release":`, ovalTitle},
	"retirejs":         {"", `{"jquery":`, `{"jquery":{"vulnerabilities":`},
	"rocky":            {`<updates><update><references>`},
	"ruby-advisory-db": {"title: ", "patched_versions: "},
	"secureos":         {`{"packages":[`},
	"suse":             {ovalTitle, `<cvrfdoc><Vulnerability><Notes><Note>`},
	"ubuntu": {"", `{"id":`, `{"@context":"https://openvex.dev/ns","statements":`, `{"@context":"https://openvex.dev/ns","statements":[{"products":`, ovalTitle,
		"Candidate: CVE-1\nDescription:\n ", "Candidate: CVE-1\n"},
	"wolfi": {`{"packages":[`},
}

// A payload continues an opening: a beginning and a body, which is repeated for size bytes.
type payload struct {
	name, begin, body string
	size              int64
}

const (
	text4G   = 4 << 30
	names    = 36 << 20 // bytes of names: more than a reader holds
	skipped  = 12 << 20 // bytes of values that a feed may skip or read one by one: more than a reader holds
	elements = 10 << 20 // bytes of elements: more than a reader holds
)

var payloads = map[string][]payload{
	"json": {
		{"string", `"`, "xxxxxxxxxxxxxxxx", text4G},
		{"name", `{"`, "xxxxxxxxxxxxxxxx", text4G},
		{"nested arrays", "", "[", 10_000_000},
		{"nested objects", "", `{"a":`, 10_000_000},
		{"names", `{"0":0`, `,"#":0`, names},
		{"number", "1", "0", 1_000_000},
		{"objects", "[{}", ",{}", skipped},
		{"strings", `[""`, `,""`, skipped},
		{"objects in objects", `{"0":{}`, `,"#":{}`, skipped},
	},
	"xml": {
		{"text", "", "xxxxxxxxxxxxxxxx", text4G},
		{"nested elements", "", "<a>", 10_000_000},
		{"attributes", "<a", ` b="#"`, skipped},
		{"tag", "<", "xxxxxxxxxxxxxxxx", text4G},
		{"elements", "", "<criterion/><package/><x/>", elements},
	},
	"yaml": {
		{"text", `"`, "xxxxxxxxxxxxxxxx", text4G},
		{"nested lists", "", "[", 10_000_000},
		{"names", "{a: b", ", #: b", skipped},
		{"number", "1", "0", 1_000_000},
		{"list", "[a", ",b", skipped},
	},
	"text": {
		{"text", "", "xxxxxxxxxxxxxxxx", text4G},
		{"fields", "a", ",b", skipped},
		{"quoted", `"`, "xxxxxxxxxxxxxxxx", text4G},
		{"lines", "", "x\n", skipped},
		{"notes", "x (y)\n", "\t- a 1\n", skipped},
	},
}

// syntax returns the syntax of a document from its opening.
func syntax(opening string) string {
	switch {
	case opening == "" || opening[0] == '{' || opening[0] == '[':
		return "json"
	case opening[0] == '<':
		return "xml"
	case strings.HasSuffix(opening, ": ") && !strings.Contains(opening, "NOTE"):
		return "yaml"
	}
	return "text"
}

// sizeAt returns the size of a payload behind the opening with an index. Only a feed's first opening has strings and names that are longer than a
// reader of JSON accepts, unless HULLMARK_CORPUS is set, as in CI. The others suffice for readers of other syntaxes.
func (p payload) sizeAt(opening int) int64 {
	if opening > 0 && p.size >= names && os.Getenv("HULLMARK_CORPUS") == "" {
		return 5 << 20
	}
	return p.size
}

// TestHostile parses documents that are made to take as much memory as they can. Each ends in an error, in bounded memory and time, unless the
// feed reads or skips its values one by one.
func TestHostile(t *testing.T) {
	corpus.Slow(t)
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // the heap is close to the memory in use
	ballast := make([]byte, 128<<20)                 // and is not collected for every MiB
	defer runtime.KeepAlive(ballast)
	for _, f := range all.Feeds() {
		if len(openings[f.Name]) == 0 {
			t.Errorf("%s has no openings", f.Name)
		}
		for i, opening := range openings[f.Name] {
			for _, p := range payloads[syntax(opening)] {
				p.size = p.sizeAt(i)
				t.Run(f.Name+"/"+opening+"/"+p.name, func(t *testing.T) { parseHostile(t, f, opening, p) })
			}
		}
	}
}

func parseHostile(t *testing.T, f feed.Feed, opening string, p payload) {
	start := time.Now()
	records, bad := 0, 0
	var fatal error
	peak := hostile.Peak(func() {
		for rec, err := range f.Parse(hostile.Repeat(opening+p.begin, p.body, "", p.size)) {
			if fatal = err; err == nil {
				records++
			}
			if rec.Err != nil {
				bad++
			}
			if records == 100_000 {
				break
			}
		}
	})
	t.Logf("%d MiB, %v, %d records, %d bad: %.200v", peak>>20, time.Since(start).Round(time.Millisecond), records, bad, fatal)
	if peak > 640<<20 {
		t.Errorf("%d MiB of heap", peak>>20)
	}
	if fatal == nil && bad == 0 && records < 1000 {
		t.Errorf("accepted, with %d records", records)
	}
	if fatal != nil && p.size == text4G && !errors.Is(fatal, feed.ErrTooLarge) && !errors.Is(fatal, io.ErrUnexpectedEOF) && time.Since(start) > 10*time.Second {
		t.Errorf("error %v after %v", fatal, time.Since(start))
	}
}
