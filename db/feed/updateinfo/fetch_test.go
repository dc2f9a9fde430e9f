package updateinfo

import (
	"testing"

	"github.com/hullmark/hullmark/internal/corpus"
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
