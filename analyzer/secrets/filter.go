package secrets

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A finisher is the analyzer that also drops findings.
type finisher struct{ analyzer.Analyzer }

// Finish drops findings in files that are as a package of the distribution brought them: tests and documents of libraries, not secrets of
// the image. It also sums up the records about skipped bytes, one for each reason.
//
// In a scan without package verify, the evidence is that the file and the package are from one layer; configuration files then stay, and so do
// all files of a root file system, which has no layers.
func (finisher) Finish(_ context.Context, report *analyzer.Report) error {
	verified := slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == "verify" && e.NotRun == "" })
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
	layers := make(map[string]int) // of the packages of the distribution; those of others have another namespace
	for i := range report.Components {
		if c := &report.Components[i]; c.System && !c.Stated && report.Distro != nil && c.Namespace == report.Distro.ID {
			layers[c.ID] = c.Layer
		}
	}
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool {
		layer, ok := layers[f.Owner]
		if !ok || f.Analyzer != name || f.Hidden {
			return false
		}
		same := f.Intact
		if !verified {
			same = layer == f.Layer && layer >= 0 && !strings.HasPrefix(f.Path, "etc/")
		}
		if same {
			skipped[count{"owned-by-package", "findings"}]++
		}
		return same
	})
	for _, c := range slices.SortedFunc(maps.Keys(skipped), func(a, b count) int {
		return cmp.Or(strings.Compare(a.reason, b.reason), strings.Compare(a.field, b.field))
	}) {
		report.Records = append(report.Records, analyzer.FileRecord{Analyzer: name, Layer: -1, Record: skippedRecord(c.reason, c.field, skipped[c])})
	}
	return nil
}
