package json

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// A finding is one of an analyzer in a file.
type finding struct {
	Rule       string  `json:"rule"`
	Title      string  `json:"title"`
	Detail     string  `json:"detail,omitempty"`
	Severity   string  `json:"severity,omitempty"`
	Line       int     `json:"line,omitempty"`
	Analyzer   string  `json:"analyzer"`
	Path       string  `json:"path"`
	Layer      int     `json:"layer"`
	Owner      string  `json:"owner,omitempty"`
	Hidden     bool    `json:"hidden,omitempty"`
	Intact     bool    `json:"intact,omitempty"`
	Suppressed *reason `json:"suppressed,omitempty"`
}

// A reason says why a finding in a file is suppressed.
type reason struct {
	Code report.ReasonCode `json:"code"`
	Why  string            `json:"why"`
}

type record struct {
	Kind     string            `json:"kind"`
	Key      string            `json:"key"`
	Line     int               `json:"line,omitempty"`
	Fields   map[string]string `json:"fields"`
	Analyzer string            `json:"analyzer"`
	Path     string            `json:"path"`
	Layer    int               `json:"layer"`
	Hidden   bool              `json:"hidden,omitempty"`
}

type examination struct {
	Analyzer string   `json:"analyzer"`
	Version  int      `json:"version"`
	Finds    []string `json:"finds"`
	Data     string   `json:"data,omitempty"`
	NotRun   string   `json:"notRun,omitempty"`
	Skipped  []left   `json:"skipped,omitempty"`
}

type left struct {
	Reason   string `json:"reason"`
	Bytes    int64  `json:"bytes,omitempty"`
	Findings int64  `json:"findings,omitempty"`
}

// newFindings returns the findings in files in the order of the report, which is that of the numbers in decisions.
func newFindings(a *report.Assessment) []finding {
	suppressed := make(map[int]*reason)
	for i := range a.Hidden {
		h := &a.Hidden[i]
		for k := range h.Files {
			suppressed[h.Files[k].Index] = &reason{h.Reason.Code, h.Reason.Text}
		}
	}
	list := []finding{}
	for i := range a.Report.Findings {
		f := &a.Report.Findings[i]
		list = append(list, finding{
			Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: f.Severity, Line: f.Line, Analyzer: f.Analyzer,
			Path: f.Path, Layer: f.Layer, Owner: f.Owner, Hidden: f.Hidden, Intact: f.Intact, Suppressed: suppressed[i],
		})
	}
	return list
}

func (j *finding) finding() analyzer.FileFinding {
	return analyzer.FileFinding{
		Finding:  analyzer.Finding{Rule: j.Rule, Title: j.Title, Detail: j.Detail, Severity: j.Severity, Line: j.Line},
		Analyzer: j.Analyzer, Path: j.Path, Layer: j.Layer, Owner: j.Owner, Hidden: j.Hidden, Intact: j.Intact,
	}
}

// word returns the key of a finding in summary.fileSeverities.
func word(f *report.FileFinding) string {
	if f.Informs() {
		return "info"
	}
	return f.Level.String()
}

func newRecords(r *analyzer.Report) []record {
	list := []record{}
	for i := range r.Records {
		x := &r.Records[i]
		j := record{x.Kind, x.Key, x.Line, x.Fields, x.Analyzer, x.Path, x.Layer, x.Hidden}
		if j.Fields == nil {
			j.Fields = map[string]string{}
		}
		list = append(list, j)
	}
	return list
}

func (j *record) record() analyzer.FileRecord {
	f := analyzer.FileRecord{
		Record: analyzer.Record{Kind: j.Kind, Key: j.Key, Line: j.Line, Fields: j.Fields}, Analyzer: j.Analyzer, Path: j.Path, Layer: j.Layer, Hidden: j.Hidden,
	}
	if len(f.Fields) == 0 {
		f.Fields = nil
	}
	return f
}

func newExaminations(r *analyzer.Report) []examination {
	list := []examination{}
	for i := range r.Examined {
		x := &r.Examined[i]
		j := examination{x.Analyzer, x.Version, append([]string{}, x.Finds...), x.Data, x.NotRun, nil}
		for _, s := range x.Skipped {
			j.Skipped = append(j.Skipped, left(s))
		}
		list = append(list, j)
	}
	return list
}

func (j *examination) examination() analyzer.Examination {
	x := analyzer.Examination{Analyzer: j.Analyzer, Version: j.Version, Data: j.Data, NotRun: j.NotRun}
	if len(j.Finds) > 0 {
		x.Finds = j.Finds
	}
	for _, s := range j.Skipped {
		x.Skipped = append(x.Skipped, analyzer.Skip(s))
	}
	return x
}
