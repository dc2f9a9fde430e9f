package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// publishedFiles are the answers of publishers to the URLs that an image of a distribution, or of Python, needs. The files are recorded ones of the
// corpus, or derived, as the comment says. The test of package db/feed/all has all feeds.
var publishedFiles = map[string]string{
	"secdb.alpinelinux.org/":                     "servers/alpine/secdb/indexof.html",
	"secdb.alpinelinux.org/v3.16/main.json":      "servers/alpine/secdb/v3.16/main.json",
	"secdb.alpinelinux.org/v3.16/community.json": "servers/alpine/secdb/v3.16/community.json",

	"cdn.amazonlinux.com/2/extras-catalog.json":                                 "servers/amazon/extras-catalog_valid.json",
	"cdn.amazonlinux.com/al2023/core/guids/d/x86_64/repodata/repomd.xml":        "servers/amazon/repomd_valid.xml", // with the checksum of the next file
	"cdn.amazonlinux.com/al2023/core/guids/d/x86_64/repodata/updateinfo.xml.gz": "servers/amazon/updateinfo_2023.xml.gz",

	"security.access.redhat.com/data/csaf/v2/vex-feed/archive_latest.txt":  "servers/redhat/vex/v2/archive_latest.txt",
	"security.access.redhat.com/data/csaf/v2/vex-feed/vex-archive.tar.zst": "servers/redhat/vex/v2/vex-archive.tar.zst",

	"security-metadata.canonical.com/osv/osv-all.tar.xz":                          "servers/ubuntu/osv/happy/osv-all.tar.xz",
	"osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip":                     "osv/all-zip-samples/python/all.zip",
	"www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json": "kev/known_exploited_vulnerabilities.json",
}

// A publishers server answers requests for /host/path as publishers do for https://host/path.
type publishers struct {
	*httptest.Server
	mu     sync.Mutex
	bodies map[string][]byte
	asked  []string
	down   bool // all answers are 503
}

func newPublishers(t *testing.T) *publishers {
	t.Helper()
	p := &publishers{bodies: make(map[string][]byte)}
	dir := filepath.Join(corpus.Dir(t), "feeds")
	for url, file := range publishedFiles {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		p.bodies[url] = b
	}
	// derived
	debian, err := os.ReadFile("testdata/feeds/debian.json") // the recording has one package
	if err != nil {
		t.Fatal(err)
	}
	p.bodies["security-tracker.debian.org/tracker/data/json"] = debian
	const amazon = "cdn.amazonlinux.com/al2023/core/"
	p.bodies[amazon+"mirrors/latest/x86_64/mirror.list"] = []byte("https://" + amazon + "guids/d/x86_64/")
	sum := sha256.Sum256(p.bodies[amazon+"guids/d/x86_64/repodata/updateinfo.xml.gz"])
	const repomd = amazon + "guids/d/x86_64/repodata/repomd.xml"
	p.bodies[repomd] = regexp.MustCompile(`(<data type="updateinfo">\s*<checksum type="sha256">)[0-9a-f]+`).
		ReplaceAll(p.bodies[repomd], []byte("${1}"+hex.EncodeToString(sum[:])))
	for _, file := range []string{"changes.csv", "deletions.csv"} {
		p.bodies["security.access.redhat.com/data/csaf/v2/vex-feed/"+file] = []byte(`"2023/cve-2023-6237.json","2024-08-01T07:44:00+00:00"` + "\n")
	}
	p.bodies["security.access.redhat.com/data/csaf/v2/vex-feed/deletions.csv"] = nil
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *publishers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	p.mu.Lock()
	body, ok := p.bodies[name]
	down := p.down
	p.asked = append(p.asked, name)
	p.mu.Unlock()
	switch {
	case down:
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	case !ok:
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(body)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	if !bytes.Contains(body, []byte("<html>")) {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	http.ServeContent(w, r, "", time.Date(2024, 12, 1, 0, 0, 0, 0, time.UTC), bytes.NewReader(body))
}

// took returns the hosts that were asked since the last call, sorted.
func (p *publishers) took() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var hosts []string
	for _, name := range p.asked {
		host, _, _ := strings.Cut(name, "/")
		hosts = append(hosts, host)
	}
	p.asked = nil
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func (p *publishers) set(url string, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies[url] = body
}

func (p *publishers) outOfOrder(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}
