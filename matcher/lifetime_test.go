package matcher_test

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
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
			got, ok := matcher.SupportEnds(name, matcher.Release(name, number, ""))
			if !ok || got.Format(time.DateOnly) != want {
				t.Errorf("%s %s: %s, %v, want %s", name, number, got.Format(time.DateOnly), ok, want)
			}
			checked++
		}
		t.Logf("%s: %d releases", name, checked)
	}
}
