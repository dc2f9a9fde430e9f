package files_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/files"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

const listed = `
-- 0/bin -> usr/bin --
-- 0/dev/null !char=1:3,mode=666 --
-- 0/etc/=cmd --
-- 0/usr/bin/ping !mode=755,security.capability=0100000200200000000000000000000000000000,user.note=6869 --
ping
-- 0/usr/bin/su !mode=4755 --
su
-- 0/usr/bin/su2 => usr/bin/su --
-- 0/var/lib/dpkg/status --
Package: login
Status: install ok installed
Version: 1:4.13
Architecture: amd64
Maintainer: Debian

-- 0/var/lib/dpkg/info/login.list --
/usr/bin/su
-- 1/run/x !fifo --
-- 1/tmp/ !mode=1777 --
-- 1/etc/.wh.passwd --
`

// TestWrite writes the files of an image in both forms.
func TestWrite(t *testing.T) {
	img, err := imagetest.Txtar(txtar.Parse([]byte(listed)))
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), files.List("sha256", "md5")}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var lines, table bytes.Buffer
	if err := files.WriteJSONLines(&lines, report); err != nil {
		t.Fatal(err)
	}
	if err := files.WriteCSV(&table, report); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/list.jsonl", lines.Bytes())
	golden.Check(t, "testdata/list.csv", bytes.ReplaceAll(table.Bytes(), []byte("\r\n"), []byte("\n")))
	for line := range strings.Lines(lines.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != report.Files.Len()+1 {
		t.Errorf("%d rows for %d files, %v", len(rows), report.Files.Len(), err)
	}
	if err := files.WriteCSV(&table, new(analyzer.Report)); !errors.Is(err, files.ErrNotListed) {
		t.Error(err)
	}
}
