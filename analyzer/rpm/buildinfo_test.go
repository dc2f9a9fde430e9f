package rpm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

const (
	manifest = `{"metadata":{"icm_version":1,"icm_spec":"https://example.com","image_layer_index":2},"from_dnf_hint":true,` +
		`"content_sets":["rhel-9-for-x86_64-baseos-rpms","rhel-9-for-x86_64-appstream-rpms","rhel-9-for-x86_64-baseos-rpms"],"image_contents":[{"purl":"x"}]}`
	labels = `{"architecture":"x86_64","cpe":"cpe:/a:redhat:enterprise_linux:9::appstream","com.redhat.component":"ubi9-container"}`
)

// TestBuildinfo shows what each file states.
func TestBuildinfo(t *testing.T) {
	history, err := os.ReadFile(filepath.Join("..", "..", "internal", "rpmdb", "testdata", "history.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	const yum = "var/lib/yum/yumdb/b/5f7a0b-bash-4.2.46-34.el7-x86_64/from_repo"
	for _, c := range []struct{ path, text, want, err string }{
		{"root/buildinfo/content_manifests/ubi9-9.2-1.json", manifest, "[rhel-9-for-x86_64-appstream-rpms rhel-9-for-x86_64-baseos-rpms]", ""},
		{"usr/share/buildinfo/content-sets.json", manifest, "[rhel-9-for-x86_64-appstream-rpms rhel-9-for-x86_64-baseos-rpms]", ""},
		{"root/buildinfo/content_manifests/a.json", `{"content_sets":null}`, "", ""},
		{"root/buildinfo/content_manifests/a.json", `{"content_sets":[]}`, "", ""},
		{"root/buildinfo/content_manifests/a.json", `{"content_sets":["a-rpms",7]}`, "[a-rpms]", `content_sets: byte 26: not the name of a repository`},
		{"root/buildinfo/content_manifests/a.json", `{"content_sets":["` + strings.Repeat("a", maxName+1) + `","b-rpms"]}`, "[b-rpms]", "content_sets: a name of 1025 bytes"},
		{"root/buildinfo/content_manifests/a.json", `{"content_sets":[` + strings.Repeat(`"a",`, maxRepositories) + `"a"]}`, "[a]", "more than 10000 repositories"},
		{"root/buildinfo/content_manifests/a.json", `[]`, "", "rpm: byte 0"},
		{"usr/share/buildinfo/labels.json", labels, "[cpe:/a:redhat:enterprise_linux:9::appstream]", ""},
		{"usr/share/buildinfo/labels.json", `{"cpe":"x","content_sets":["a"]}`, "", ""},
		{"var/lib/dnf/history.sqlite", string(history), " bash 5.1.8-6.el9 x86_64 rhel-9-for-x86_64-baseos-rpms openssl-libs 1:3.0.1-43.el9_0 x86_64 rhel-9-for-x86_64-baseos-rpms" +
			" openssl-libs 1:3.0.1-47.el9_0 x86_64 rhel-9-for-x86_64-baseos-eus-rpms cri-o 1.25.3-4.rhaos4.12.el9 x86_64 rhocp-4.12-for-rhel-9-x86_64-rpms", ""},
		{"var/lib/dnf/history.sqlite", "x", "", "history: not an rpm database"},
		{yum, "rhel-7-server-rpms", " bash 4.2.46-34.el7 x86_64 rhel-7-server-rpms", ""},
		{yum, "base", "", ""},
		{"var/lib/yum/yumdb/b/x/from_repo", "rhel-7-server-rpms", "", "not hash-name-version-release-arch"},
	} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(c.path, 0o644, []byte(c.text)))
		err = diagnostic.Err(r, err)
		got := ""
		if r != nil && r.Distro != nil {
			got = fmt.Sprint(r.Distro.Repositories)
		}
		if r != nil {
			for _, p := range r.Fragments {
				got += fmt.Sprint(" ", p.Name, " ", p.Version, " ", p.Arch, " ", p.Qualifiers[repositoryQualifier])
			}
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s %.60s: got %q, %v; want %q, %s", c.path, c.text, got, err, c.want, c.err)
		}
	}
}

// The repositories of all layers' manifests add up, and a package that dnf installed has its own.
func TestRepositories(t *testing.T) {
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.ScanFS(t.Context(), fstest.MapFS{
		"root/buildinfo/content_manifests/a.json":                 {Data: []byte(`{"content_sets":["b-rpms","a-rpms"]}`)},
		"root/buildinfo/content_manifests/b.json":                 {Data: []byte(`{"content_sets":["c-rpms","a-rpms"]}`)},
		"usr/share/buildinfo/labels.json":                         {Data: []byte(labels)},
		"var/lib/rpmmanifest/container-manifest-1":                {Data: []byte("bash-5.1.8-6.el9.x86_64\nzlib-1-1.x86_64\n")},
		"var/lib/yum/yumdb/b/1-bash-5.1.8-6.el9-x86_64/from_repo": {Data: []byte("rhel-9-for-x86_64-baseos-rpms\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(report.Distro.Repositories); got != "[a-rpms b-rpms c-rpms cpe:/a:redhat:enterprise_linux:9::appstream]" {
		t.Error(got)
	}
	for _, c := range report.Components {
		if want := map[string]string{"bash": "rhel-9-for-x86_64-baseos-rpms"}[c.Name]; c.Qualifiers[repositoryQualifier] != want {
			t.Errorf("%s: %v", c.PURL, c.Qualifiers)
		}
	}
}

// Each of several versions of a package has the repository that it came from. yum does not record the epoch.
func TestVersions(t *testing.T) {
	const yum = "var/lib/yum/yumdb/"
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.ScanFS(t.Context(), fstest.MapFS{
		"var/lib/rpmmanifest/container-manifest-1": {Data: []byte("kernel-3-1.x86_64\nkernel-3-2.x86_64\n")},
		yum + "k/a-kernel-3-1-x86_64/from_repo":    {Data: []byte("a-rpms")},
		yum + "k/b-kernel-3-2-x86_64/from_repo":    {Data: []byte("b-rpms")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Components {
		if want := map[string]string{"3-1": "a-rpms", "3-2": "b-rpms"}[c.Version]; want == "" || c.Qualifiers[repositoryQualifier] != want {
			t.Errorf("%s, want %q", c.PURL, want)
		}
	}
	if len(report.Components) != 2 {
		t.Errorf("%d packages", len(report.Components))
	}
}

func FuzzBuildinfo(f *testing.F) {
	f.Add("content-sets.json", []byte(manifest))
	f.Add(labelsName, []byte(labels))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		r, _ := analyzeBuildinfo(t.Context(), analyzer.NewFile("usr/share/buildinfo/"+name, 0o644, text))
		if r != nil && r.Distro != nil && (len(r.Distro.Repositories) > maxRepositories || len(r.Distro.Repositories) == 0) {
			t.Errorf("%d repositories", len(r.Distro.Repositories))
		}
	})
}
