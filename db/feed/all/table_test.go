package all_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/golden"
)

const vendors = "apk-secdb-vendors/vunnel/"

// samples are the real data of each feed, below feeds of the corpus.
var samples = map[string][]string{
	"alma":         {"alma/errata.json"},
	"alpine":       {"alpine/secdb-yaml-2020-06-08"},
	"amazon":       {"amazon/updateinfo"},
	"arch":         {"arch/input/arch-advisories", "servers/arch/advisory.json"},
	"azurelinux":   {"azure/azurelinux-3.0-oval.xml.zst"},
	"bottlerocket": {"bottlerocket/updateinfo.xml.gz"},
	"chainguard":   {vendors + "chainguard/test-fixtures/input/secdb/security.json"},
	"debian":       {"debian/tracker-2019-09-01/data.json.zst"},
	"debian-lists": {"debian/security-tracker-text-2023-04-02/DSA/list", "debian/security-tracker-text-2023-04-02/DLA/list"},
	"echo":         {vendors + "echo/test-fixtures/input/echo-advisories/data.json"},
	"epss":         {"epss/claircore-data.csv", "epss/epss_scores-2025-x-x.csv"},
	"exploitdb":    {"exploitdb/files.csv.zst", "exploitdb/files_shellcodes.csv", "exploitdb/files_exploits-sample.csv"},
	"fedora":       {"fedora/bodhi-F36-updates.json.1.zst"},
	"friendsofphp": {"php/security-advisories.tar.zst"},
	"gentoo":       {"gentoo/gentoo_v2", "servers/gentoo/glsa/data"},
	"kev":          {"kev/known_exploited_vulnerabilities.json"},
	"minimos":      {vendors + "minimos/test-fixtures/input/secdb/security.json"},
	"nvd": {"nvd/feed-1.1/nvdcve-1.1-2003.json.gz", "nvd/feed-1.1/nvdcve-1.1-recent.json.gz",
		"nvd/feed-1.1/osv.dev-nvdcve-1.1-test-data.json.zst", "nvd/cve-items-1.1-2019-09-01-jessie-slim.tar.zst", "nvd/api-2.0/full-page.json", "nvd/api-2.0/nvdcve-2.0"},
	"nodejs":    {"npm/nodejs-security-wg-vuln.tar.zst"},
	"openeuler": {"openeuler"},
	"oracle":    {"oracle/oval-bz2/all-positive-data.xml.bz2"},
	"osv": {"osv/maven-zeppelin/vulnerabilities.json.zst", "osv/npm-santatracker/vulns.json", "osv/pypi-pysec.tar.zst",
		"osv/go-vulndb-2020-2022.tar.zst", "osv/crates-rustsec.tar.zst", "osv/bitnami-subset.tar.zst", "osv/packagist-drupal.tar.zst"},
	"photon":           {"photon/com.vmware.phsa-photon3.xml.zst"},
	"pypa":             {"osv/pypi-pysec.tar.zst"},
	"redhat":           {"redhat/csaf-vex-claircore", "redhat/csaf-claircore", "redhat/securitydataapi-2019-09-02.tar.zst"},
	"retirejs":         {"npm/retirejs/jsrepository-v5.json"},
	"rocky":            {"rocky/updateinfo"},
	"ruby-advisory-db": {"ruby/ruby-advisory-db.tar.zst"},
	"secureos":         {vendors + "secureos/test-fixtures/input/secdb/secdb.json"},
	"suse":             {"suse/cvrf"},
	"ubuntu":           {"ubuntu/cve-tracker/cve-tracker-2019-2020.tar.zst", "ubuntu/vunnel-fixtures/osv"},
	"wolfi":            {vendors + "wolfi/test-fixtures/input/secdb/security.json"},
}

// row is what a database of one feed's samples is like.
type row struct {
	feed                              string
	records, bad, advisories, threats int
	bytes                             int
	time                              time.Duration
}

const tableHead = `| feed | records | not understood in full | advisories | CVEs rated | bytes of database | build |
|---|---:|---:|---:|---:|---:|---:|
`

func (r row) String() string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %.2f s |\n", r.feed, r.records, r.bad, r.advisories, r.threats, r.bytes, r.time.Seconds())
}

// TestTable builds a database of each feed's samples, and one of all, in either order, and compares the table of db/feed/README.md; with
// -update it writes the table. Bytes may differ a little, and times as machines do.
func TestTable(t *testing.T) {
	var table strings.Builder
	table.WriteString(tableHead)
	rows := make(map[string]row)
	var everything []feed.Input
	for _, f := range all.Feeds() {
		paths := samples[f.Name]
		if len(paths) == 0 {
			t.Errorf("%s has no samples: name some", f.Name)
		}
		var inputs []feed.Input
		for _, p := range paths {
			inputs = append(inputs, feed.Input{Feed: f, Location: filepath.Join(corpus.Dir(t), "feeds", filepath.FromSlash(p))})
		}
		everything = append(everything, inputs...)
		r, _ := build(t, f.Name, inputs)
		rows[r.feed] = r
		table.WriteString(r.String())
	}
	total, first := build(t, "all of them", everything)
	slices.Reverse(everything)
	if _, second := build(t, "all of them", everything); !bytes.Equal(first, second) {
		t.Error("another order of feeds makes another database")
	}
	rows[total.feed] = total
	table.WriteString(total.String())
	t.Logf("\n%s", table.String())

	const readme = "../README.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(regexp.QuoteMeta(tableHead) + `(\|.*\n)*`)
	if golden.Updating() {
		text = place.ReplaceAllLiteral(text, []byte(table.String()))
		if err := os.WriteFile(readme, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(strings.TrimPrefix(string(place.Find(text)), tableHead)) {
		cells := strings.Split(line, " | ")
		name := strings.TrimPrefix(cells[0], "| ")
		got, ok := rows[name]
		if !ok {
			t.Errorf("README.md has a row of %q", name)
			continue
		}
		delete(rows, name)
		is := []int{got.records, got.bad, got.advisories, got.threats, got.bytes}
		for i := range is {
			said, err := strconv.Atoi(cells[i+1])
			if err != nil || said != is[i] && (i < 4 || max(said-is[i], is[i]-said) > is[i]/20+200) {
				t.Errorf("README.md says %s of %s, which is %d (run the test with -update)", cells[i+1], name, is[i])
			}
		}
	}
	for name := range rows {
		t.Errorf("README.md has no row of %s (run the test with -update)", name)
	}
}

// build makes a database of inputs.
func build(t *testing.T, name string, inputs []feed.Input) (row, []byte) {
	t.Helper()
	r := row{feed: name}
	start := time.Now()
	var b db.Builder
	for _, in := range inputs {
		rep, err := feed.Load(t.Context(), &b, in, feed.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r.records += rep.Records
		r.bad += rep.Bad
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	r.bytes, r.time = buf.Len(), time.Since(start)
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	r.advisories = d.Info().Advisories
	for _, err := range d.AllEnrichments() {
		if err != nil {
			t.Fatal(err)
		}
		r.threats++
	}
	return r, buf.Bytes()
}
