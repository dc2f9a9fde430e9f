package secrets

import (
	"maps"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// hideValues replaces the values of variables and labels of the image in records of other analyzers, which know names of secrets but few forms, if
// this analyzer found a secret in them.
func hideValues(report *analyzer.Report) {
	found := make(map[string][]string) // ends of names, by the kind of record
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Analyzer != name || f.Path != "" {
			continue
		}
		where := f.Detail[:max(0, strings.LastIndex(f.Detail, ", "))]
		end, cut := strings.CutPrefix(where, "...")
		variable, ok := strings.CutPrefix(where, "variable ")
		label, isLabel := strings.CutPrefix(where, "label ")
		switch {
		case ok:
			found["environment"] = append(found["environment"], " "+variable)
		case isLabel:
			found["label"] = append(found["label"], " "+label)
		case cut:
			found["environment"] = append(found["environment"], end)
			found["label"] = append(found["label"], end)
		}
	}
	for i := range report.Records {
		r := &report.Records[i]
		for _, end := range found[r.Kind] {
			if r.Path == "" && r.Fields["value"] != "" && strings.HasSuffix(" "+r.Key, end) {
				r.Fields = maps.Clone(r.Fields)
				r.Fields["value"] = "[redacted]"
			}
		}
	}
}
