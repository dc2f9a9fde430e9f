package secrets

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// Filter drops findings about files that are as a package of the distribution brought them: tests and documents of libraries, not secrets of
// the image. It also sums up the records about skipped bytes, one for each reason.
//
// intact reports whether the file of a component, given by its ID, has the content that the package recorded. If it is nil, the evidence is that
// the file and the package are from one layer; configuration files then stay, and so do all files of a root file system, which has no layers.
func Filter(report *analyzer.Report, intact func(owner, path string) bool) {
	type count struct{ reason, field string }
	skipped := make(map[count]int64)
	report.Records = slices.DeleteFunc(report.Records, func(r analyzer.FileRecord) bool {
		if r.Kind != skippedKind || r.Analyzer != name {
			return false
		}
		for _, field := range []string{"bytes", "findings"} {
			if n, err := strconv.ParseInt(r.Fields[field], 10, 64); err == nil {
				skipped[count{r.Key, field}] += n
			}
		}
		return true
	})
	layers := make(map[string]int)
	for i := range report.Components {
		if c := &report.Components[i]; c.System {
			layers[c.ID] = c.Layer
		}
	}
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool {
		if f.Analyzer != name || f.Owner == "" || f.Hidden {
			return false
		}
		same := false
		if intact != nil {
			same = intact(f.Owner, f.Path)
		} else if layer, ok := layers[f.Owner]; ok {
			same = layer == f.Layer && layer >= 0 && !strings.HasPrefix(f.Path, "etc/")
		}
		if same {
			skipped[count{"owned-by-package", "findings"}]++
		}
		return same
	})
	var sums []analyzer.FileRecord
	for _, c := range slices.SortedFunc(maps.Keys(skipped), func(a, b count) int {
		return cmp.Or(strings.Compare(a.reason, b.reason), strings.Compare(a.field, b.field))
	}) {
		sums = append(sums, analyzer.FileRecord{Analyzer: name, Layer: -1, Record: skippedRecord(c.reason, c.field, skipped[c])})
	}
	for _, r := range sums {
		at, _ := slices.BinarySearchFunc(report.Records, r, func(a, b analyzer.FileRecord) int {
			return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Path, b.Path), strings.Compare(a.Key, b.Key))
		})
		report.Records = slices.Insert(report.Records, at, r)
	}
}
