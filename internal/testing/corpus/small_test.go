package corpus_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// withoutTool lists the formats that an independent script lists.
var withoutTool = []string{"apk-installed", "dpkg-copyright", "gradle-lockfile", "pylock", "uv-lock"}

// TestSmall requires that the small corpus stands in for the real data: each case has packages or a distribution, each image has a truth,
// and a test skips what only the real data has.
func TestSmall(t *testing.T) {
	t.Setenv("HULLMARK_CORPUS", "")
	formats := corpus.Formats(t)
	cases := 0
	corpus.Cases(t, formats, func(t *testing.T, c *corpus.Case) {
		cases++
		noPackages := c.Format == "os-release" || c.Format == "dpkg-copyright"
		if len(c.Files) == 0 || (c.Want.Oracle == "native tool") == slices.Contains(withoutTool, c.Format) || (len(c.Want.Packages) == 0) != noPackages {
			t.Errorf("%d files, oracle %q, %d packages", len(c.Files), c.Want.Oracle, len(c.Want.Packages))
		}
	})
	if len(formats) < 32 || cases < len(formats) {
		t.Errorf("%d formats, %d cases", len(formats), cases)
	}
	if want := []string{"debian-app", "debian-base", "rpm-sqlite"}; !slices.Equal(corpus.Images(t), want) {
		t.Errorf("images %q, want %q", corpus.Images(t), want)
	}
	for _, image := range corpus.Images(t) {
		if len(corpus.Truth(t, image)) == 0 {
			t.Errorf("%s: no truth", image)
		}
	}
	for name, missing := range map[string]func(t *testing.T){
		"a format": func(t *testing.T) {
			corpus.Cases(t, []string{"no-such"}, func(t *testing.T, _ *corpus.Case) { t.Error("a case") })
		},
		"an image":   func(t *testing.T) { t.Error(corpus.Image(skipped{t}, "no-such")) },
		"a file":     func(t *testing.T) { t.Error(corpus.Read(skipped{t}, "feeds/no-such")) },
		"the folder": func(t *testing.T) { t.Error(corpus.Dir(skipped{t})) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r != nil && r != errSkipped {
					panic(r)
				}
			}()
			missing(t)
		})
	}
}

const errSkipped = "skipped"

// A skipped test panics instead of skipping, so that another test can tell.
type skipped struct{ testing.TB }

func (s skipped) Skip(...any)          { panic(errSkipped) }
func (s skipped) Skipf(string, ...any) { panic(errSkipped) }

// TestSmallSize bounds the committed files. A colon in a name would keep the module out of module proxies.
func TestSmallSize(t *testing.T) {
	total := int64(0)
	err := filepath.WalkDir(corpus.Small(t), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		if total += info.Size(); strings.Contains(d.Name(), ":") || !info.Mode().IsRegular() {
			t.Errorf("%s is not a regular file with a portable name", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 5_000_000 {
		t.Errorf("%d bytes, want at most 5,000,000", total)
	}
}
