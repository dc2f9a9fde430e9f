package openeuler_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/openeuler"
)

// numbered returns a document that fixes CVE-2021-1 of a package in a version.
func numbered(id, evr string) string {
	return fmt.Sprintf(`<cvrfdoc><DocumentTracking><Identification><ID>%s</ID></Identification></DocumentTracking><ProductTree>
		<Branch Type="Product Name"><FullProductName ProductID="openEuler-20.03-LTS" CPE="c">openEuler-20.03-LTS</FullProductName></Branch>
		<Branch Type="Package Arch"><FullProductName ProductID="a" CPE="c">a-%s.noarch.rpm</FullProductName></Branch></ProductTree>
		<Vulnerability><CVE>CVE-2021-1</CVE><ProductStatuses><Status Type="Fixed"><ProductID>openEuler-20.03-LTS</ProductID></Status></ProductStatuses></Vulnerability></cvrfdoc>`, id, evr)
}

// TestFetch gets the documents of an index, then new ones, which do not replace others about the same vulnerability and package.
func TestFetch(t *testing.T) {
	bodies := map[string]string{
		"/index.txt":                            "2021/cvrf-openEuler-SA-2021-1001.xml\n2021/cvrf-openEuler-SA-2021-1002.xml",
		"/2021/cvrf-openEuler-SA-2021-1001.xml": numbered("openEuler-SA-2021-1001", "1-1.oe1"),
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		asked = append(asked, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(r.URL.Path), "cvrf-openEuler-SA-"), ".xml"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, body)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "a.db")
	o := feed.UpdateOptions{Inputs: []feed.Input{{Feed: openeuler.Feed(), Location: server.URL + "/"}}}
	step := func(want, asks string, fixes ...string) {
		t.Helper()
		asked = nil
		r, err := feed.Update(t.Context(), file, []feed.Feed{openeuler.Feed()}, o)
		slices.Sort(asked)
		if len(r.Datasets) != 1 || feedtest.State(&r.Datasets[0]) != want || strings.Join(asked, " ") != asks {
			t.Fatalf("%+v, %v, asked for %q; want %s, %s", r, err, asked, want, asks)
		}
		d, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var got []string
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range a.Ranges {
				got = append(got, r.Fixed) // the database joins advisories about the same vulnerability and package
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, fixes) {
			t.Errorf("got %q, want %q", got, fixes)
		}
	}
	const first, third, fourth = "1-1.oe1", "2-1.oe1", "3-1.oe1"
	step("renewed", "2021-1001 2021-1002 index.txt", first) // 1002 is missing
	step("unchanged", "index.txt", first)
	bodies["/index.txt"] += "\n2022/cvrf-openEuler-SA-2022-1.xml\n2022/cvrf-openEuler-SA-2022-2.xml\n"
	bodies["/2022/cvrf-openEuler-SA-2022-1.xml"] = numbered("openEuler-SA-2022-1", "2-1.oe1")
	step("renewed", "2022-1 2022-2 index.txt", first, third)
	bodies["/2022/cvrf-openEuler-SA-2022-2.xml"] = numbered("openEuler-SA-2022-2", "3-1.oe1")
	step("renewed", "2022-2 index.txt", first, third, fourth)
	step("unchanged", "index.txt", first, third, fourth)
	for _, index := range []string{"2022/cvrf-openEuler-SA-2022-1.xml", "", "../x.xml", "<html>"} {
		bodies["/index.txt"] = index
		step("kept", "index.txt", first, third, fourth)
	}
}
