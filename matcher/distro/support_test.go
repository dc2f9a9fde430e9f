package distro_test

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/distro"
)

// The dates of Debian and Ubuntu are those of the package distro-info-data, where that is installed.
func TestDistroInfo(t *testing.T) {
	for name, columns := range map[string][]string{"debian": {"eol-lts", "eol"}, "ubuntu": {"eol-server", "eol"}} {
		f, err := os.Open("/usr/share/distro-info/" + name + ".csv")
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("distro-info-data is not installed")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil || len(rows) < 10 {
			t.Fatalf("%s: %d rows, %v", f.Name(), len(rows), err)
		}
		checked := 0
		for _, row := range rows[1:] {
			field := func(name string) string {
				for i, title := range rows[0] {
					if title == name && i < len(row) {
						return row[i]
					}
				}
				return ""
			}
			number, _, _ := strings.Cut(field("version"), " ") // "24.04 LTS"
			want := cmp.Or(field(columns[0]), field(columns[1]))
			if number == "" || want == "" || name == "debian" && number < "4" && len(number) == 3 {
				continue // without a date, or from before there were releases in os-release
			}
			got, ok := distro.SupportEnds(name, distro.ReleaseOf(name, number, ""))
			if !ok || got.Format(time.DateOnly) != want {
				t.Errorf("%s %s: %s, %v, want %s", name, number, got.Format(time.DateOnly), ok, want)
			}
			checked++
		}
		t.Logf("%s: %d releases", name, checked)
	}
}

func TestSupportEnds(t *testing.T) {
	for _, c := range []struct{ namespace, release, want string }{
		{"debian", "8", "2020-06-30"},
		{"debian", "13", "2030-06-30"},
		{"debian", "1", ""},
		{"debian", "5", "2012-02-06"},
		{"fedora", "39", "2024-11-26"},
		{"opensuse-leap", "15.1", "2021-02-02"},
		{"sles", "15.3", "2022-12-31"},
		{"openeuler", "24.03", ""},
		{"openEuler", "22.03", "2026-06-30"},
		{"debian", "sid", ""},
		{"ubuntu", "14.04", "2019-04-25"},
		{"ubuntu", "24.04", "2029-05-31"},
		{"ubuntu", "16.04/pro", ""},
		{"alpine", "3.1", "2016-11-01"},
		{"alpine", "2.9", ""},
		{"alpine", "3.18", "2025-05-09"},
		{"amzn", "2", "2026-06-30"},
		{"wolfi", "", ""},
		{"", "8", ""},
	} {
		last, ok := distro.SupportEnds(c.namespace, c.release)
		if got := last.Format(time.DateOnly); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("SupportEnds(%q, %q) = %s, %v, want %q", c.namespace, c.release, got, ok, c.want)
		}
	}
}
