package updateinfo

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func TestRepomd(t *testing.T) {
	for name, want := range map[string]string{
		"amazon/updateinfo/repomd_valid.xml": "repodata/updateinfo.xml.gz sha256:e6f569f8ed2246a6b06c0fef7cfd71560df02781327e31c38396ed358d591d48",
		"rocky/updateinfo/repomd.xml":        "repodata/updateinfo.xml.gz sha256:c14b2249cc128fa8c565d0b79986daffc4e1c0a430c84a3ebccc1a016d59bda1",
	} {
		href, sum, err := parseRepomd(corpus.Read(t, "feeds/"+name))
		if got := href + " " + sum; got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, _, err := parseRepomd(corpus.Read(t, "feeds/amazon/updateinfo/repomd_invalid.xml")); err == nil {
		t.Error("a repomd.xml without updateinfo is accepted")
	}
}

func TestMirrors(t *testing.T) {
	got := mirrorsOf([]byte("https://a.example/2/core/x86_64\n# comment\n\n  https://b.example/r/ \n"))
	if len(got) != 2 || got[0] != "https://a.example/2/core/x86_64/repodata/repomd.xml" || got[1] != "https://b.example/r/repodata/repomd.xml" {
		t.Errorf("%q", got)
	}
	for location, want := range map[string]bool{
		"https://a.example/2/core/latest/x86_64/mirror.list": true, "https://a.example/mirrorlist?arch=x86_64": true,
		"https://a.example/repodata/repomd.xml": false,
	} {
		if isMirrorList(location) != want {
			t.Errorf("%s: %v", location, !want)
		}
	}
}

// TestFetch gets an update through a list of mirrors, of which the first does not answer.
func TestFetch(t *testing.T) {
	const doc = `<updates><update type="security"><id>ALAS2-2018-939</id><severity>critical</severity>
		<references><reference type="cve" id="CVE-2017-5754"/></references>
		<pkglist><collection><package name="kernel" epoch="0" version="4.9.76" release="38.79.amzn2" arch="x86_64"/></collection></pkglist></update></updates>`
	sum := sha256.Sum256([]byte(doc))
	gets := make(map[string]int)
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gets[r.URL.Path]++
		switch r.URL.Path {
		case "/2/mirror.list":
			fmt.Fprintf(w, "%s/gone\n%s/repo\n", server.URL, server.URL)
		case "/repo/repodata/repomd.xml":
			fmt.Fprintf(w, `<repomd><data type="updateinfo"><checksum type="sha256">%x</checksum><location href="repodata/x-updateinfo.xml"/></data></repomd>`, sum)
		case "/repo/repodata/x-updateinfo.xml":
			io.WriteString(w, doc)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "a.db")
	inputs := []feed.Input{{Feed: newFeed(amazon()), Location: server.URL + "/2/mirror.list"}}
	for i, want := range []string{"renewed", "unchanged", "kept"} {
		if want == "kept" {
			sum[0]++ // the index is of another state than the data
		}
		rep, err := feed.Update(t.Context(), file, []feed.Feed{newFeed(amazon())}, feed.UpdateOptions{Inputs: inputs})
		if want != "kept" && err != nil || len(rep.Datasets) != 1 || feedtest.State(&rep.Datasets[0]) != want {
			t.Fatalf("%d: %+v, %v; want %v", i, rep, err, want)
		}
		if want == "renewed" && rep.Datasets[0].Advisories != 1 {
			t.Errorf("%+v", rep.Datasets[0])
		}
		if want == "unchanged" && gets["/repo/repodata/x-updateinfo.xml"] != 1 {
			t.Errorf("got again: %v", gets)
		}
	}
	if _, err := feed.Update(t.Context(), file, []feed.Feed{newFeed(amazon())}, feed.UpdateOptions{Only: []string{"amazon"}}); err == nil ||
		!strings.Contains(err.Error(), "needs a location") {
		t.Errorf("without a location: %v", err)
	}
}
