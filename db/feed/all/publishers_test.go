package all_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/golden"
)

// How the body of a URL was made.
const (
	recorded = "recorded" // the publisher's answer, possibly shortened
	derived  = "derived"  // made from recorded data in the publisher's format
)

// A recording is the answer to a publisher's URL, without "https://".
type recording struct {
	url, file string                       // below feeds of the corpus
	make      func(recorded []byte) []byte // derives the answer from the file, or makes it if there is none; nil if it is the file
}

const (
	vexFeed        = "security.access.redhat.com/data/csaf/v2/vex-feed/"
	secdbs         = "secdb.alpinelinux.org/"
	alpineRejected = "gitlab.alpinelinux.org/alpine/security/security-rejections/-/raw/master/"
	amazonCDN      = "cdn.amazonlinux.com/"
	photonDir      = "packages.broadcom.com/photon/photon_cve_metadata/"
	suseOVAL       = "ftp.suse.com/pub/projects/security/oval/"
	nvdFeeds       = "nvd.nist.gov/feeds/json/cve/2.0/"
	osvBucket      = "osv-vulnerabilities.storage.googleapis.com/"
	santa          = "osv/npm-santatracker/vulns.json"
	euler          = "repo.openeuler.org/security/data/cvrf/"
	salsa          = "salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/"
	exploits       = "gitlab.com/exploit-database/exploitdb/-/raw/main/"
	bodhi          = "bodhi.fedoraproject.org/"

	rockyRepo    = "rocky.example/9/BaseOS/x86_64/os/repodata/"
	rockyFiles   = "servers/rocky/updateinfo/happy/pub/rocky/9/BaseOS/x86_64/os/repodata/"
	rockyUpdates = "aaaa587b7c2316f0b357a284fc32836ceee13fe54e277cc841b30ecefb7cbb42a-updateinfo.xml.gz"
)

// today is the time of the updates. The recordings are not newer.
var today = time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)

// recordings has a row for each URL.
var recordings = []recording{
	{vexFeed + "archive_latest.txt", "servers/redhat/vex/v2/archive_latest.txt", nil},
	{vexFeed + "vex-archive.tar.zst", "servers/redhat/vex/v2/vex-archive.tar.zst", nil},
	{vexFeed + "changes.csv", "", text(`"2023/cve-2023-6237.json","2024-08-01T07:44:00+00:00"` + "\n")},
	{vexFeed + "deletions.csv", "", text("")},
	{"security.access.redhat.com/data/metrics/repository-to-cpe.json", "records/redhat/vex/v2/repository2cpe/repository-to-cpe.json", nil},

	{secdbs, "servers/alpine/secdb/indexof.html", nil},
	{secdbs + "v3.16/main.json", "servers/alpine/secdb/v3.16/main.json", nil},
	{secdbs + "v3.16/community.json", "servers/alpine/secdb/v3.16/community.json", nil},
	{secdbs + "edge/main.json", "servers/alpine/secdb/edge/main.json", nil},
	{secdbs + "edge/community.json", "servers/alpine/secdb/edge/community.json", nil},
	{alpineRejected + "main.yaml", "", text("dnsmasq:\n  - CVE-2021-45951\n  - CVE-2021-45952\n")},
	{alpineRejected + "community.yaml", "", text("jenkins:\n  - CVE-2022-20612\n")},
	{"packages.cgr.dev/chainguard/security.json", "servers/chainguard/secdb/happy/security.json", nil},
	{"packages.wolfi.dev/os/security.json", "servers/wolfi/secdb/happy/security.json", nil},
	{"packages.mini.dev/advisories/secdb/security.json", "servers/minimos/secdb/happy/security.json", nil},
	{"advisory.echohq.com/data.json", "servers/echo/data/happy/data.json", nil},
	{"security.secureos.io/v1/latest.json", vendors + "secureos/test-fixtures/input/secdb/secdb.json", func(b []byte) []byte {
		return fmt.Appendf(nil, `{"latest_url":"https://security.secureos.io/v1/secdb.json.gz","sha256":"%s","published_at":1764196980}`, sum(b))
	}},
	{"security.secureos.io/v1/secdb.json.gz", vendors + "secureos/test-fixtures/input/secdb/secdb.json", same},

	{amazonCDN + "2/extras-catalog.json", "servers/amazon/extras-catalog_valid.json", nil},
	{amazonCDN + "2/core/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "2/core/2.0/x86_64/a")},
	{amazonCDN + "2/core/2.0/x86_64/a/repodata/repomd.xml", "servers/amazon/repomd_valid.xml", repomd("servers/amazon/updateinfo_2.xml.gz")},
	{amazonCDN + "2/core/2.0/x86_64/a/repodata/updateinfo.xml.gz", "servers/amazon/updateinfo_2.xml.gz", nil},
	{amazonCDN + "2/extras/kernel-5.15/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "2/extras/kernel-5.15/2.0/x86_64/b/")},
	{amazonCDN + "2/extras/kernel-5.15/2.0/x86_64/b/repodata/repomd.xml", "servers/amazon/repomd_valid.xml", repomd("servers/amazon/updateinfo_2_kernel-5.15.xml.gz")},
	{amazonCDN + "2/extras/kernel-5.15/2.0/x86_64/b/repodata/updateinfo.xml.gz", "servers/amazon/updateinfo_2_kernel-5.15.xml.gz", nil},
	{amazonCDN + "2/extras/emacs/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "2/extras/emacs/2.0/x86_64/c")},
	{amazonCDN + "2/extras/emacs/2.0/x86_64/c/repodata/repomd.xml", "servers/amazon/repomd_noupdateinfo.xml", nil},
	{amazonCDN + "al2023/core/mirrors/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "al2023/core/guids/d/x86_64/")},
	{amazonCDN + "al2023/core/guids/d/x86_64/repodata/repomd.xml", "servers/amazon/repomd_valid.xml", repomd("servers/amazon/updateinfo_2023.xml.gz")},
	{amazonCDN + "al2023/core/guids/d/x86_64/repodata/updateinfo.xml.gz", "servers/amazon/updateinfo_2023.xml.gz", nil},
	{amazonCDN + "al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "al2023/kernel-livepatch/guids/e/x86_64/")},
	{amazonCDN + "al2023/kernel-livepatch/guids/e/x86_64/repodata/repomd.xml", "servers/amazon/repomd_valid.xml", repomd("servers/amazon/updateinfo_2023_kernel-livepatch.xml.gz")},
	{amazonCDN + "al2023/kernel-livepatch/guids/e/x86_64/repodata/updateinfo.xml.gz", "servers/amazon/updateinfo_2023_kernel-livepatch.xml.gz", nil},
	{amazonCDN + "al2023/nvidia/mirrors/latest/x86_64/mirror.list", "", text("https://" + amazonCDN + "al2023/nvidia/guids/f/x86_64/")},
	{amazonCDN + "al2023/nvidia/guids/f/x86_64/repodata/repomd.xml", "servers/amazon/repomd_valid.xml", repomd("servers/amazon/updateinfo_2023_nvidia.xml.gz")},
	{amazonCDN + "al2023/nvidia/guids/f/x86_64/repodata/updateinfo.xml.gz", "servers/amazon/updateinfo_2023_nvidia.xml.gz", nil},
	{"advisories.bottlerocket.aws/updateinfo.xml.gz", "servers/bottlerocket/happy/updateinfo.xml.gz", nil},
	{rockyRepo + "repomd.xml", rockyFiles + "repomd.xml", repomd(rockyFiles + rockyUpdates)}, // the recording has no true checksum
	{rockyRepo + rockyUpdates, rockyFiles + rockyUpdates, nil},

	{"security.archlinux.org/all.json", "servers/arch/advisory.json", nil},
	{"gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz", "servers/gentoo/glsa/data/glsa-202305-28.xml", func(b []byte) []byte {
		return []byte(feedtest.Gzip(feedtest.Tar("glsa-master/glsa-202305-28.xml", string(b), "glsa-master/Manifest", "x")))
	}},
	{"errata.almalinux.org/8/errata.json", "alma/errata.json", nil},
	{"raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/azurelinux-3.0-oval.xml", "azure/azurelinux-3.0-oval.xml.zst", unzstd},
	{"security-tracker.debian.org/tracker/data/json", "servers/debian/tracker/api/advisory.json", nil},
	{salsa + "DSA/list", "debian/security-tracker-text-sample/data/DSA/list", nil},
	{salsa + "DLA/list", "debian/security-tracker-text-sample/data/DLA/list", nil},
	{salsa + "CVE/list", "debian/security-tracker-text-sample/data/CVE/list", nil},
	{"epss.empiricalsecurity.com/epss_scores-current.csv.gz", "servers/epss/epss_scores-2023-03-07.csv.gz", nil},
	{exploits + "files_exploits.csv", "servers/exploit/exploitdb/files_exploits.csv", nil},
	{exploits + "files_shellcodes.csv", "servers/exploit/exploitdb/files_shellcodes.csv", nil},
	{bodhi + "releases/", "servers/fedora/api/releases/releases.json", nil},
	{bodhi + "updates/?page=1&releases=F38", "servers/fedora/api/updates/F38.json", bodhiPage},
	{bodhi + "updates/?page=1&releases=EPEL-10.0,EPEL-10.1", "records/fedora/api/EPEL-10.0/2025/FEDORA-EPEL-2025-0d08cf47ee.json", func(b []byte) []byte {
		return bodhiPage(slices.Concat([]byte("["), b, []byte("]")))
	}},
	{"codeload.github.com/FriendsOfPHP/security-advisories/tar.gz/refs/heads/master", "php/security-advisories.tar.zst", nil},
	{"codeload.github.com/nodejs/security-wg/tar.gz/refs/heads/main", "npm/nodejs-security-wg-vuln.tar.zst", nil},
	{"codeload.github.com/pypa/advisory-database/tar.gz/refs/heads/main", "osv/pypi-pysec.tar.zst", nil},
	{"codeload.github.com/rubysec/ruby-advisory-db/tar.gz/refs/heads/master", "ruby/ruby-advisory-db.tar.zst", nil},
	{"raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v5.json", "npm/retirejs/jsrepository-v5.json", nil},
	{"www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", "kev/known_exploited_vulnerabilities.json", nil},
	{euler + "index.txt", "servers/openeuler/cvrf/happy/cvrf/index.txt", nil},
	{euler + "2025/cvrf-openEuler-SA-2025-1379.xml", "servers/openeuler/cvrf/happy/cvrf/2025/cvrf-openEuler-SA-2025-1379.xml", nil},
	{"linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2", "servers/oracle/linux/com.oracle.elsa-all.xml.bz2", nil},
	{osvBucket + "ecosystems.txt", "", text("Bitnami\nDebian\nDebian:12\ncrates.io\nnpm\n")},
	{osvBucket + "Bitnami/all.zip", "servers/bitnami/osv/all.zip", nil},
	{osvBucket + "crates.io/all.zip", "servers/cargo/osv/all.zip", nil},
	{osvBucket + "npm/all.zip", santa, same},
	{osvBucket + "npm/modified_id.csv", santa, modifiedList},
	{osvBucket + "npm/GHSA-968p-4wvh-cqc8.json", santa, func(b []byte) []byte { return vulns(b)["GHSA-968p-4wvh-cqc8"] }},
	{osvBucket + "crates.io/modified_id.csv", "", text("2026-05-01T00:00:00Z,MAL-2023-8429\n2023-12-07T00:00:00Z,RUSTSEC-2023-0072\n2023-12-06T00:00:00Z,GHSA-xxmq-4vph-956w\n")},
	{osvBucket + "crates.io/MAL-2023-8429.json", "servers/cargo/osv/all.zip", zipped("all/MAL-2023-8429.json")},
	{photonDir + "photon_versions.json", "servers/photon/cve/happy/photon_versions.json", nil},
	{photonDir + "cve_data_photon1.0.json", "servers/photon/cve/happy/cve_data_photon1.0.json", nil},
	{photonDir + "cve_data_photon4.0.json", "servers/photon/cve/happy/cve_data_photon4.0.json", nil},
	{photonDir + "cve_data_photon5.0.json", "servers/photon/cve/happy/cve_data_photon5.0.json", nil},
	{suseOVAL, "servers/suse/oval/happy/indexof.html", nil},
	{suseOVAL + "suse.linux.enterprise.12-affected.xml.gz", "servers/suse/oval/happy/suse.linux.enterprise.12-affected.xml.gz", nil},
	{suseOVAL + "suse.linux.enterprise.15-affected.xml.gz", "servers/suse/oval/happy/suse.linux.enterprise.15-affected.xml.gz", nil},
	{suseOVAL + "suse.linux.enterprise.16-affected.xml.gz", "servers/suse/oval/happy/suse.linux.enterprise.16-affected.xml.gz", nil},
	{suseOVAL + "suse.linux.enterprise.micro.5-affected.xml.gz", "servers/suse/oval/happy/suse.linux.enterprise.micro.5-affected.xml.gz", nil},
	{suseOVAL + "suse.linux.micro.6-affected.xml.gz", "servers/suse/oval/happy/suse.linux.micro.6-affected.xml.gz", nil},
	{suseOVAL + "opensuse.leap.15.2-affected.xml", "servers/suse/oval/happy/opensuse.leap.15.2.xml.gz", gunzip},
	{suseOVAL + "opensuse.leap.micro.5.2-affected.xml", "servers/suse/oval/happy/opensuse.leap.micro.5.2.xml.gz", gunzip},
	{suseOVAL + "opensuse.tumbleweed-affected.xml", "servers/suse/oval/happy/opensuse.tumbleweed.xml.gz", gunzip},
	{"security-metadata.canonical.com/osv/osv-all.tar.xz", "servers/ubuntu/osv/happy/osv-all.tar.xz", nil},
	{"security-metadata.canonical.com/vex/vex-all.tar.xz", "servers/ubuntu/vex/vex-all.tar.xz", nil},
}

func init() {
	meta := func(date string) func([]byte) []byte {
		return func(b []byte) []byte {
			content := gunzip(b)
			return fmt.Appendf(nil, "lastModifiedDate:%s\r\nsize:%d\r\nsha256:%s\r\n", date, len(content), strings.ToUpper(sum(content)))
		}
	}
	for _, name := range []string{"modified", "2002", "2021"} {
		file := "servers/nvd/feed/cve/v2/nvdcve-2.0-" + name + ".json.gz"
		recordings = append(recordings, recording{nvdFeeds + "nvdcve-2.0-" + name + ".meta", file, meta("2026-05-08T00:00:00-04:00")},
			recording{nvdFeeds + "nvdcve-2.0-" + name + ".json.gz", file, nil})
	}
	for year := 2003; year <= today.Year(); year++ { // years that were not recorded have no CVEs
		if year == 2021 {
			continue
		}
		name := fmt.Sprintf("%snvdcve-2.0-%d", nvdFeeds, year)
		recordings = append(recordings, recording{name + ".json.gz", "", text(feedtest.Gzip(`{"vulnerabilities":[]}`))},
			recording{name + ".meta", "", func([]byte) []byte {
				return meta("2026-05-08T00:00:00-04:00")([]byte(feedtest.Gzip(`{"vulnerabilities":[]}`)))
			}})
	}
}

func text(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }

func same(b []byte) []byte { return b }

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func unzstd(b []byte) []byte {
	d, err := zstd.NewReader(nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	b, err = d.DecodeAll(b, nil)
	if err != nil {
		panic(err)
	}
	return b
}

// files has the files of the corpus that derivations need, by name.
var files = make(map[string][]byte)

// repomd returns a derivation of a repomd.xml that has the checksum of a file.
func repomd(file string) func([]byte) []byte {
	return func(b []byte) []byte { return withSum(b, files[file]) }
}

// withSum puts the checksum of an updateinfo.xml into a repomd.xml.
func withSum(repomd, updateinfo []byte) []byte {
	return updateinfoSum.ReplaceAll(repomd, []byte("${1}"+sum(updateinfo)))
}

var updateinfoSum = regexp.MustCompile(`(<data type="updateinfo">\s*<checksum type="sha256">)[0-9a-f]+`)

// gunzip returns the content of a file.
func gunzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		panic(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		panic(err)
	}
	return b
}

// vulns returns the records in a recorded answer of OSV's API, by ID.
func vulns(b []byte) map[string][]byte {
	var answer struct {
		Vulns []json.RawMessage `json:"vulns"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		panic(err)
	}
	records := make(map[string][]byte)
	for _, v := range answer.Vulns {
		var r struct{ ID string }
		if err := json.Unmarshal(v, &r); err != nil {
			panic(err)
		}
		records[r.ID] = v
	}
	return records
}

// zipped returns a derivation of a file of a recorded archive.
func zipped(name string) func([]byte) []byte {
	return func(b []byte) []byte {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			panic(err)
		}
		if b, err = fs.ReadFile(z, name); err != nil {
			panic(err)
		}
		return b
	}
}

// modifiedList returns OSV's list of changes. All records but one are older than a day.
func modifiedList(b []byte) []byte {
	list := []byte("2026-05-08T01:00:00Z,GHSA-968p-4wvh-cqc8\n")
	for _, id := range slices.Sorted(maps.Keys(vulns(b))) {
		if id != "GHSA-968p-4wvh-cqc8" {
			list = fmt.Appendf(list, "2026-05-01T00:00:00Z,%s\n", id)
		}
	}
	return list
}

// bodhiPage wraps a recorded list of updates as Bodhi does. The recording has updates that are still tested.
func bodhiPage(b []byte) []byte {
	var updates []json.RawMessage
	if err := json.Unmarshal(b, &updates); err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, `{"updates":%s,"page":1,"pages":1,"rows_per_page":100,"total":%d}`, b, len(updates))
}

// A publishersServer answers requests for /host/path as https://host/path does.
type publishersServer struct {
	*httptest.Server
	mu     sync.Mutex
	bodies map[string][]byte
	how    map[string]string
	asked  []string // URLs
	got    map[string]string
	bytes  int
}

func newPublishers(t *testing.T) *publishersServer {
	s := &publishersServer{bodies: make(map[string][]byte), how: make(map[string]string), got: make(map[string]string)}
	dir := filepath.Join(corpus.Dir(t), "feeds")
	for _, r := range recordings {
		if r.file != "" && files[r.file] == nil {
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.file)))
			if err != nil {
				t.Fatal(err)
			}
			files[r.file] = b
		}
	}
	for _, r := range recordings {
		s.bodies[r.url], s.how[r.url] = files[r.file], recorded
		if r.make != nil {
			s.bodies[r.url], s.how[r.url] = r.make(files[r.file]), derived
		}
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// find returns the recorded URL of a request. A recorded URL may have a part of the request's query.
func (s *publishersServer) find(r *http.Request) string {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if _, ok := s.bodies[name]; ok {
		return name
	}
	for u := range s.bodies {
		p, query, ok := strings.Cut(u, "?")
		if !ok || p != name {
			continue
		}
		want, _ := url.ParseQuery(query)
		fits := true
		for k := range want {
			fits = fits && want.Get(k) == r.FormValue(k)
		}
		if fits {
			return u
		}
	}
	return name
}

func (s *publishersServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	name := s.find(r)
	body, ok := s.bodies[name]
	s.asked = append(s.asked, name)
	if ok {
		s.got[name] = s.how[name]
	}
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.HasSuffix(name, "/") && bytes.Contains(body, []byte("<html>")) {
		w.Header().Set("Content-Type", "text/html")
	} else {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	w.Header().Set("ETag", `"`+sum(body)[:16]+`"`)
	http.ServeContent(&counter{w, s}, r, "", today.AddDate(0, 0, -1), bytes.NewReader(body))
}

type counter struct {
	http.ResponseWriter
	s *publishersServer
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.bytes += n
	return n, err
}

// reset forgets what was asked for.
func (s *publishersServer) reset() {
	s.asked, s.bytes, s.got = nil, 0, make(map[string]string)
}

// change makes the smallest change of a feed's data. Without one of its own, it is a line break at the end of a file that is not compressed.
func (s *publishersServer) change(t *testing.T, name string) {
	swap := func(u, old, new string) {
		t.Helper()
		if !bytes.Contains(s.bodies[u], []byte(old)) {
			t.Fatalf("%s has no %q", u, old)
		}
		s.bodies[u] = bytes.Replace(s.bodies[u], []byte(old), []byte(new), 1)
	}
	unpack := func(index, u string) {
		s.bodies[u] = gunzip(s.bodies[u])
		s.bodies[index] = withSum(s.bodies[index], s.bodies[u])
	}
	switch name {
	case "redhat":
		doc, err := os.ReadFile(filepath.Join(corpus.Dir(t), "feeds/records/redhat/vex/v2/vex/2023/CVE-2023-6238.json"))
		if err != nil {
			t.Fatal(err)
		}
		s.bodies[vexFeed+"2023/cve-2023-6238.json"], s.how[vexFeed+"2023/cve-2023-6238.json"] = doc, recorded
		swap(vexFeed+"changes.csv", `"2023`, `"2023/cve-2023-6238.json","2026-05-08T13:49:43+00:00"`+"\n"+`"2023`)
	case "alpine":
		swap(alpineRejected+"main.yaml", "CVE-2021-45951", "CVE-2021-45953")
	case "amazon":
		unpack(amazonCDN+"2/core/2.0/x86_64/a/repodata/repomd.xml", amazonCDN+"2/core/2.0/x86_64/a/repodata/updateinfo.xml.gz")
	case "fedora":
		swap(bodhi+"updates/?page=1&releases=F38", `"2023-11-24 02:18:33"`, `"2023-11-26 02:18:33"`)
	case "openeuler":
		const old, new = "2025/cvrf-openEuler-SA-2025-1379.xml", "2025/cvrf-openEuler-SA-2025-1380.xml"
		s.bodies[euler+new] = bytes.ReplaceAll(s.bodies[euler+old], []byte("SA-2025-1379"), []byte("SA-2025-1380"))
		s.how[euler+new] = derived
		s.bodies[euler+"index.txt"] = []byte(new + "\n" + old)
	case "nvd":
		swap(nvdFeeds+"nvdcve-2.0-modified.meta", "05-08", "05-09")
	case "osv":
		const u = osvBucket + "npm/modified_id.csv"
		swap(u, "2026-05-08T01:00:00Z", "2026-05-08T02:00:00Z")
	case "secureos":
		b := append(bytes.Clone(s.bodies["security.secureos.io/v1/secdb.json.gz"]), '\n')
		s.bodies["security.secureos.io/v1/secdb.json.gz"] = b
		swap("security.secureos.io/v1/latest.json", sum(files[vendors+"secureos/test-fixtures/input/secdb/secdb.json"]), sum(b))
	case "epss":
		s.bodies["epss.empiricalsecurity.com/epss_scores-current.csv.gz"] = []byte("#model_version:v2025.03.14,score_date:2026-05-09T00:00:00Z\ncve,epss,percentile\nCVE-2021-44228,0.9,0.9\n")
	case "rocky":
		unpack(rockyRepo+"repomd.xml", rockyRepo+rockyUpdates)
	default:
		for _, u := range slices.Sorted(maps.Keys(s.got)) {
			b := s.bodies[u]
			if strings.HasSuffix(u, "/") || strings.Contains(u, "version") {
				continue // an index
			}
			switch path.Ext(u) {
			case ".gz", ".bz2", ".zip", ".xz", "", ".zst":
				if json.Valid(b) {
					break
				}
				s.bodies[u] = repack(t, b)
				return
			}
			s.bodies[u] = append(bytes.Clone(b), '\n')
			return
		}
		t.Fatalf("%s: nothing to change", name)
	}
}

// repack returns an archive or a compressed file with other bytes and the same content.
func repack(t *testing.T, b []byte) []byte {
	if bytes.HasPrefix(b, []byte("PK")) { // the comment of a zip file is at its end
		b = append(bytes.Clone(b[:len(b)-2]), 1, 0, '\n')
		return b
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// options returns the options for an update of a feed from its default location.
func (s *publishersServer) options(f feed.Feed) feed.UpdateOptions {
	o := feed.UpdateOptions{Mirror: s.URL, Now: today}
	switch {
	case f.Name == "rocky": // has no default location
		o.Inputs = []feed.Input{{Feed: f, Location: s.URL + "/" + rockyRepo + "repomd.xml"}}
	case !slices.ContainsFunc(f.Datasets, func(d feed.Dataset) bool { return !d.Optional }):
		o.Only = []string{f.Name}
	}
	return o
}

// TestPublishers runs every feed against the answers that publishers gave, from its default location: the first time, again, and after one
// change. It compares the numbers with a table.
func TestPublishers(t *testing.T) {
	var table strings.Builder
	table.WriteString("feed              publisher                                     datasets        records  files  bytes      requests: first  again  one change  files recorded, derived, missing\n")
	var gone []string
	for _, f := range all.Feeds() {
		s := newPublishers(t)
		file := filepath.Join(t.TempDir(), "a.db")
		o := s.options(f)
		o.MayShrink = true
		run := func() (feed.UpdateResult, int) {
			s.reset()
			r, err := feed.Update(t.Context(), file, []feed.Feed{f}, o)
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			for _, err := range r.Fallbacks {
				t.Errorf("%s: %v", f.Name, err)
			}
			return r, len(s.asked)
		}
		r, first := run()
		renewed, records := 0, 0
		for _, d := range r.Datasets {
			if d.Err == nil {
				renewed, records = renewed+1, records+d.Records
			}
			for _, err := range d.Errors {
				t.Logf("%s: %v", d.Dataset, err)
			}
		}
		var hosts []string
		count := make(map[string]int)
		for u, how := range s.got {
			count[how]++
			if host, _, _ := strings.Cut(u, "/"); !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
		slices.Sort(hosts)
		lost := 0
		for _, u := range s.asked {
			if s.got[u] == "" {
				lost++
				gone = append(gone, "not recorded: "+u+"\n")
			}
		}
		gets, size := len(s.got), s.bytes
		_, again := run()
		if r, _ := run(); r.Written {
			t.Errorf("%s: the third update without a change wrote the database", f.Name)
		}
		s.got = make(map[string]string)
		r, _ = run()
		s.change(t, f.Name)
		r, one := run()
		if !r.Written {
			t.Errorf("%s: a change was not seen: %+v", f.Name, r)
		}
		fmt.Fprintf(&table, "%-17s %-45s %3d of %-3d %13d  %5d  %9d  %15d  %5d  %10d  %d, %d, %d\n", f.Name, strings.Join(hosts, " "), renewed, len(r.Datasets),
			records, gets, size, first, again, one, count[recorded], count[derived], lost)
	}
	slices.Sort(gone)
	table.WriteString("\n" + strings.Join(slices.Compact(gone), ""))
	t.Logf("\n%s", table.String())
	golden.Check(t, "testdata/publishers.golden", []byte(table.String()))
}

// faults are recorded answers of publishers' servers that have faults of their own.
var faults = []struct{ feed, url, file string }{
	{"alma", "errata.almalinux.org/8/errata.json", "servers/alma/errata/invalid.json"},
	{"amazon", amazonCDN + "2/core/2.0/x86_64/a/repodata/repomd.xml", "servers/amazon/repomd_invalid.xml"},
	{"amazon", amazonCDN + "2/core/2.0/x86_64/a/repodata/repomd.xml", "servers/amazon/repomd_noupdateinfo.xml"},
	{"amazon", amazonCDN + "2/extras-catalog.json", "servers/amazon/extras-catalog_invalid.json"},
	{"arch", "security.archlinux.org/all.json", "servers/arch/invalid.json"},
	{"debian", "security-tracker.debian.org/tracker/data/json", "servers/debian/tracker/api/invalid.json"},
	{"oracle", "linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2", "servers/oracle/linux/invalid.xml"},
	{"oracle", "linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2", "servers/oracle/linux/invalid.xml.bz2"},
	{"rocky", rockyRepo + "repomd.xml", "servers/rocky/updateinfo/badid/pub/rocky/9/BaseOS/x86_64/os/repodata/repomd.xml"},
	{"rocky", rockyRepo + "repomd.xml", "servers/rocky/updateinfo/corruptcrc/pub/rocky/9/BaseOS/x86_64/os/repodata/repomd.xml"},
}

// TestFaults breaks one file of a publisher after a good update: the recorded faults, and for each file an error page, no bytes and the first
// half. Update reports it, and the database has no advisory less than before.
func TestFaults(t *testing.T) {
	corpus.Slow(t)
	for _, f := range all.Feeds() {
		t.Run(f.Name, func(t *testing.T) {
			s := newPublishers(t)
			file := filepath.Join(t.TempDir(), "a.db")
			o := s.options(f)
			o.Limits.Retry = feed.Retry{Attempts: 2, Pause: time.Millisecond}
			update := func() (feed.UpdateResult, int) {
				r, _ := feed.Update(t.Context(), file, []feed.Feed{f}, o)
				d, err := db.OpenFile(file)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				n := 0
				for _, err := range d.AllEnrichments() {
					if err != nil {
						t.Fatal(err)
					}
					n++
				}
				return r, n + d.Info().Advisories
			}
			_, advisories := update()
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			errors := func(r feed.UpdateResult) map[string]bool {
				texts := make(map[string]bool)
				list := r.Fallbacks
				for _, d := range r.Datasets {
					list = slices.Concat(list, []error{d.Err}, d.Missing, d.Errors)
				}
				for _, err := range list {
					if err != nil {
						texts[err.Error()] = true
					}
				}
				return texts
			}
			check := func(name, u string, body []byte) {
				t.Helper()
				was := s.bodies[u]
				for _, o.Fresh = range []bool{false, true} {
					before, _ := update()
					s.bodies[u] = body
					s.reset()
					r, n := update()
					asked := slices.Contains(s.asked, u)
					reported := false
					known := errors(before)
					for text := range errors(r) {
						reported = reported || !known[text]
					}
					// The half of a page is a page. If the rejections of Alpine cannot be read, its fixes are renewed without them.
					if asked && !reported && !(name == "a half" && strings.HasSuffix(u, "/")) || n < advisories && !(o.Fresh && strings.HasPrefix(u, alpineRejected)) {
						t.Errorf("%s of %s, fresh %v: %d of %d advisories, %.1000v", name, u, o.Fresh, n, advisories, r)
					}
					s.bodies[u] = was
					if err := os.WriteFile(file, good, 0o666); err != nil {
						t.Fatal(err)
					}
					os.RemoveAll(file + ".update")
				}
				o.Fresh = false
			}
			for _, fault := range faults {
				if fault.feed == f.Name {
					b, err := os.ReadFile(filepath.Join(corpus.Dir(t), "feeds", filepath.FromSlash(fault.file)))
					if err != nil {
						t.Fatal(err)
					}
					check(fault.file, fault.url, b)
				}
			}
			for i, u := range slices.Sorted(maps.Keys(s.got)) {
				b := s.bodies[u]
				if (len(b) > 100_000 || strings.Contains(u, "nvdcve-2.0-20") && !strings.Contains(u, "2002")) && i > 0 {
					continue // enough of long ones, and of years
				}
				if len(b) < 100_000 {
					check("an error page", u, []byte("<!DOCTYPE html><html><body>Sign in</body></html>"))
					check("nothing", u, nil)
				}
				if f.Name != "debian-lists" && !strings.HasPrefix(u, alpineRejected) && !strings.HasSuffix(u, "modified_id.csv") { // the half of a list of lines is one; Update refuses it if it is short enough, see ErrShrunk
					check("a half", u, b[:len(b)/2])
				}
			}
		})
	}
}
