package secrets_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/npm"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/secrets"
	"github.com/hullmark/hullmark/analyzer/verify"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
	"github.com/hullmark/hullmark/matcher/report/html"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/junit"
	"github.com/hullmark/hullmark/matcher/report/markdown"
	"github.com/hullmark/hullmark/matcher/report/sarif"
	"github.com/hullmark/hullmark/matcher/report/table"
	"github.com/hullmark/hullmark/sbom"
)

// A keeper is a cache that keeps all values as text.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (k *keeper) Get(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.values[key]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}

func (k *keeper) Put(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.values[key] = value
	return nil
}

// planted returns an image with secrets, which are not real, and the secrets.
func planted(t *testing.T) (*txtar.Archive, []string) {
	t.Helper()
	var (
		visible  = "xoxb" + "-2147483647-" + strings.Repeat("q7Rt", 6)
		hidden   = "dop" + "_v1_" + strings.Repeat("9b3f", 16)
		packaged = "sq" + "u_" + strings.Repeat("4e1a7", 8)
		changed  = "pul" + "-" + strings.Repeat("8c2f6", 8)
		password = "Kestrel-41-harbour"
	)
	return txtar.Parse(fmt.Appendf(nil, `
-- config.json --
{"config": {"Env": ["PATH=/usr/bin", "DB_PASSWORD=%[5]s"]}, "history": [{"created_by": "RUN curl -H 'T: %[1]s' x"}, {"created_by": "RUN rm"}]}
-- 0/etc/os-release --
ID=debian
VERSION_ID="12"
-- 0/srv/app.conf --
token = %[1]s
-- 0/srv/gone.conf --
token = %[2]s
-- 0/usr/share/lib/test.conf --
token = %[3]s
-- 0/usr/share/lib/other.conf --
token = %[3]s
-- 0/var/lib/dpkg/status --
Package: lib
Status: install ok installed
Version: 1
Architecture: all
Maintainer: Debian <a@lists.debian.org>
-- 0/var/lib/dpkg/info/lib.list --
/usr/share/lib/test.conf
/usr/share/lib/other.conf
-- 1/srv/.wh.gone.conf --
-- 1/usr/share/lib/other.conf --
token = %[4]s
`, visible, hidden, packaged, changed, password)), []string{visible, hidden, packaged, changed, password}
}

// TestImage finds secrets with their places, also hidden ones, and not those of packages. No output and no cache entry has a part of one.
func TestImage(t *testing.T) {
	archive, planted := planted(t)
	img, err := imagetest.Txtar(archive)
	if err != nil {
		t.Fatal(err)
	}
	cache := &keeper{values: make(map[string][]byte)}
	var outputs bytes.Buffer
	for range 2 {
		found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{secrets.New(secrets.Options{}), dpkg.New(), osrelease.New()}, Cache: cache}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range found.Findings {
			if f.Analyzer == "secrets" {
				fmt.Fprintf(&b, "%s %s:%d layer %d hidden %v\n", f.Rule, f.Path, f.Line, f.Layer, f.Hidden)
			}
		}
		for _, e := range found.Examined {
			fmt.Fprintf(&b, "%s%v\n", e.Analyzer, e.Skipped)
		}
		want := `secrets:configured-password :0 layer -1 hidden false
secrets:slack-bot-token :0 layer -1 hidden false
secrets:slack-bot-token srv/app.conf:1 layer 0 hidden false
secrets:digitalocean-token srv/gone.conf:1 layer 0 hidden true
secrets:pulumi-token usr/share/lib/other.conf:1 layer 1 hidden false
dpkg[]
osrelease[]
secrets[{owned-by-package 0 2}]
`
		if b.String() != want {
			t.Errorf("got\n%swant\n%s", b.String(), want)
		}
		fmt.Fprintf(&outputs, "%+v", found)
		a := report.New(found, new(matcher.Result), report.Options{Name: "x"})
		for name, write := range map[string]func(io.Writer, *report.Assessment) error{
			"gitlab": gitlab.Write, "html": html.Write, "json": json.Write, "junit": junit.Write, "markdown": markdown.Write, "sarif": sarif.Write,
			"table":     func(w io.Writer, a *report.Assessment) error { return table.Write(w, a, table.Options{ShowInfo: true}) },
			"cyclonedx": func(w io.Writer, a *report.Assessment) error { return sbom.Encode(w, a, sbom.Options{}) },
		} {
			if err := write(&outputs, a); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, v := range cache.values {
		outputs.Write(v)
	}
	for i, s := range planted {
		for _, part := range []string{s, s[:10], s[len(s)-8:]} {
			if bytes.Contains(outputs.Bytes(), []byte(part)) {
				t.Errorf("secret %d: %q is in an output", i, part)
			}
		}
	}
}

// TestPackaged drops findings in files of the distribution's packages: if package verify took part, in files that are as the package recorded
// them, whatever layer has them, and else in files that are from the package's layer. It drops those in tests of other packages. A file that
// Python compiled goes with its source.
func TestPackaged(t *testing.T) {
	token := "xoxb" + "-2147483647-" + strings.Repeat("q7Rt", 6)
	archive := txtar.Parse(fmt.Appendf(nil, `
-- 0/etc/os-release --
ID=debian
-- 0/etc/debian_version --
12
-- 0/etc/intact.conf --
token = %[1]s
-- 0/usr/share/lib/gone.conf --
token = %[1]s
-- 0/srv/app/node_modules/x/package.json --
{"name": "x", "version": "1.0.0"}
-- 0/srv/app/node_modules/x/test/key.conf --
token = %[1]s
-- 1/srv/app/node_modules/x/test/later.conf --
token = %[1]s
-- 1/usr/share/lib/.wh.gone.conf --
-- 0/usr/share/lib/intact.conf --
token = %[1]s
-- 0/usr/share/lib/unrecorded.conf --
token = %[1]s
-- 0/usr/share/lib/changed.conf --
token = %[1]s
-- 0/usr/share/lib/touched.conf --
token = %[1]s
-- 0/usr/share/app/app.conf --
token = %[1]s
-- 0/usr/share/app/tests/key.conf --
token = %[1]s
-- 0/usr/share/lib/intact.py --
token = "%[1]s"
-- 0/usr/share/lib/__pycache__/intact.cpython-311.opt-1.pyc --
token = "%[1]s"
-- 0/usr/share/lib/__pycache__/other.cpython-311.pyc --
token = "%[1]s"
-- 0/opt/py/lib/python3.11/site-packages/pip-26.0.dist-info/METADATA --
Metadata-Version: 2.1
Name: pip
Version: 26.0
-- 0/opt/py/lib/python3.11/test/key.conf --
token = %[1]s
-- 0/opt/py/lib/python3.11/key.conf --
token = %[1]s
-- 0/srv/tests/key.conf --
token = %[1]s
-- 0/var/lib/dpkg/status --
Package: lib
Status: install ok installed
Version: 1
Architecture: all
Maintainer: Debian <a@lists.debian.org>
Conffiles:
 /etc/intact.conf %[2]x

Package: app
Status: install ok installed
Version: 1
Architecture: all
Maintainer: Someone <root@3f2504e04f89>
-- 0/var/lib/dpkg/info/lib.list --
/etc/intact.conf
/usr/share/lib/intact.conf
/usr/share/lib/gone.conf
/usr/share/lib/changed.conf
/usr/share/lib/touched.conf
/usr/share/lib/unrecorded.conf
/usr/share/lib/intact.py
-- 0/var/lib/dpkg/info/lib.md5sums --
%[3]x  usr/share/lib/intact.py
%[2]x  usr/share/lib/intact.conf
%[2]x  usr/share/lib/changed.conf
%[2]x  usr/share/lib/touched.conf
-- 0/var/lib/dpkg/info/app.list --
/usr/share/app/app.conf
/usr/share/app/tests/key.conf
-- 0/var/lib/dpkg/info/app.md5sums --
%[2]x  usr/share/app/tests/key.conf
%[2]x  usr/share/app/app.conf
-- 1/usr/share/lib/changed.conf --
other_token = %[1]s
-- 1/usr/share/lib/touched.conf --
token = %[1]s
`, token, md5.Sum([]byte("token = "+token+"\n")), md5.Sum([]byte("token = \""+token+"\"\n"))))
	img, err := imagetest.Txtar(archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		with []analyzer.Analyzer
		want string
	}{
		{verify.All(), "opt/py/lib/python3.11/key.conf srv/app/node_modules/x/test/later.conf srv/tests/key.conf usr/share/app/app.conf usr/share/lib/__pycache__/other.cpython-311.pyc usr/share/lib/changed.conf usr/share/lib/unrecorded.conf"},
		{nil, "etc/intact.conf opt/py/lib/python3.11/key.conf srv/app/node_modules/x/test/later.conf srv/tests/key.conf usr/share/app/app.conf usr/share/lib/__pycache__/other.cpython-311.pyc usr/share/lib/changed.conf usr/share/lib/touched.conf"},
	} {
		report, err := scan.Scanner{Analyzers: append(c.with, secrets.New(secrets.Options{}), dpkg.New(), osrelease.New(), npm.New(), pip.New())}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range report.Findings {
			if f.Analyzer == "secrets" {
				got = append(got, f.Path)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
