package listing

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func TestNames(t *testing.T) {
	for page, want := range map[string]string{
		`<pre><a href="../">../</a>\n<a href="edge/">edge/</a> 08-Jul-2022\n<a href="last-update">x</a>`:        "edge/ last-update",
		`<a href="?C=N;O=D">Name</a><a href="/pub/">Parent Directory</a><A class='x' HREF='a%2Bb.xml'>a+b</A>`:  "a+b.xml",
		`<a href="./x"><a href="x"><a href="a&amp;b/"><a href="https://example.org/"><a href="//h/"><a href=x>`: "x a&b/",
		"no links": "",
		`<a href="a/b"><a href="%2e%2e/"><a href="..%2fx"><a href="%zz">`: "",
	} {
		if got := strings.Join(Names([]byte(page)), " "); got != want {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

// TestPages reads pages that publishers' servers sent.
func TestPages(t *testing.T) {
	for name, want := range map[string]string{"alpine/secdb/indexof.html": "v3.16/", "alpine/secdb/edge/indexof.html": "main.json",
		"suse/oval/happy/indexof.html": "suse.linux.enterprise.16-affected.xml.gz"} {
		b, err := os.ReadFile(filepath.Join(corpus.Dir(t), "feeds/servers", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := Names(b); !slices.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add([]byte(`<a href="a"><a href='b/'>`))
	f.Fuzz(func(t *testing.T, page []byte) {
		for _, name := range Names(page) {
			if base := strings.TrimSuffix(name, "/"); base == "" || base == ".." || strings.Contains(base, "/") {
				t.Errorf("%q", name)
			}
		}
	})
}
