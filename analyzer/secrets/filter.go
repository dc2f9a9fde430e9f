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
// the file and the package are from one layer; configuration files then stay.
func Filter(report *analyzer.Report, intact func(owner, path string) bool) {
	skipped := make(map[string]int64)
	report.Records = slices.DeleteFunc(report.Records, func(r analyzer.FileRecord) bool {
		if r.Kind != skippedKind || r.Analyzer != name {
			return false
		}
		if n, err := strconv.ParseInt(r.Fields["bytes"], 10, 64); err == nil {
			skipped[r.Key] += n
		}
		return true
	})
	layers := make(map[string]int)
	for i := range report.Components {
		if c := &report.Components[i]; c.System {
			layers[c.ID] = c.Layer
		}
	}
	owned := 0
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool {
		if f.Analyzer != name || f.Owner == "" || f.Hidden {
			return false
		}
		same := false
		if intact != nil {
			same = intact(f.Owner, f.Path)
		} else if layer, ok := layers[f.Owner]; ok {
			same = layer == f.Layer && !strings.HasPrefix(f.Path, "etc/")
		}
		if same {
			owned++
		}
		return same
	})
	var sums []analyzer.FileRecord
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		sums = append(sums, sum(reason, "bytes", skipped[reason]))
	}
	if owned > 0 {
		sums = append(sums, sum("owned-by-package", "findings", int64(owned)))
	}
	for _, r := range sums {
		at, _ := slices.BinarySearchFunc(report.Records, r, func(a, b analyzer.FileRecord) int {
			return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Path, b.Path), strings.Compare(a.Key, b.Key))
		})
		report.Records = slices.Insert(report.Records, at, r)
	}
}

func sum(reason, field string, n int64) analyzer.FileRecord {
	return analyzer.FileRecord{Analyzer: name, Layer: -1, Record: analyzer.Record{
		Kind: skippedKind, Key: reason, Fields: map[string]string{"reason": reason, field: strconv.FormatInt(n, 10)},
	}}
}
