package policy

import (
	"encoding/hex"
	"io/fs"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// values are the variables of expressions. Lists are made on first use.
type values struct {
	j *judge

	image    *imageValue
	distro   *distroValue
	database *databaseValue
	now      nowValue

	pkg     *packageValue
	match   *matchValue
	finding *findingValue
	record  *recordValue
	file    *fileValue

	lists map[string]any
	count int // elements of all lists
}

// ResolveName implements CEL's Activation.
func (v *values) ResolveName(name string) (any, bool) {
	switch name {
	case "file":
		return v.file, v.file != nil
	case "match":
		return v.match, v.match != nil
	case packageName:
		return v.pkg, v.pkg != nil
	case "image":
		return v.image, true
	case "distro":
		return v.distro, true
	case "now":
		return v.now, true
	case "finding":
		return v.finding, v.finding != nil
	case "record":
		return v.record, v.record != nil
	case "database":
		return v.database, true
	}
	if list, ok := v.lists[name]; ok {
		return list, true
	}
	list := v.list(name)
	if list == nil {
		return nil, false
	}
	v.lists[name] = list
	return list, true
}

// Parent implements CEL's Activation.
func (v *values) Parent() cel.Activation { return nil }

// elements returns how many elements all lists have together.
func (v *values) elements() int {
	if v.count == 0 {
		r := v.j.in.Report
		v.count = 1 + len(r.Components) + len(v.j.in.Result.Matches) + len(r.Findings) + len(r.Records) + r.Files.Len()
	}
	return v.count
}

// list makes a list, or returns nil for an unknown name. A list of things that no analyzer looked for is an error: an empty one would
// let the image pass unseen.
func (v *values) list(name string) any {
	in := v.j.in
	switch name {
	case "packages":
		list := make([]*packageValue, len(in.Report.Components))
		for i := range in.Report.Components {
			list[i] = v.j.value(v.j.packages[in.Report.Components[i].ID])
		}
		return list
	case "matches":
		return v.j.matches()
	case "findings":
		if len(in.Report.Findings) == 0 && !examinesContent(in.Report) {
			return types.NewErr("no analyzer looked for findings")
		}
		list := make([]*findingValue, len(in.Report.Findings))
		for i := range in.Report.Findings {
			list[i] = v.j.valueOfFinding(&in.Report.Findings[i])
		}
		return list
	case "records":
		if len(in.Report.Records) == 0 && !examinesContent(in.Report) {
			return types.NewErr("no analyzer looked for records")
		}
		list := make([]*recordValue, len(in.Report.Records))
		for i := range in.Report.Records {
			list[i] = valueOfRecord(&in.Report.Records[i])
		}
		return list
	case "accounts":
		list := accountsOf(in.Report)
		if len(list) == 0 && !examinesKind(in.Report, "accounts") {
			return types.NewErr("no analyzer looked for accounts")
		}
		return list
	case "files":
		if in.Report.Files == nil {
			return types.NewErr("the scan did not list files")
		}
		list := make([]*fileValue, 0, in.Report.Files.Len())
		for f := range in.Report.Files.All() {
			x := new(fileValue)
			v.j.fillFile(x, f)
			list = append(list, x)
		}
		return list
	case "coverage":
		return coverageOf(in.Result.Coverage, func(*matcher.Coverage) bool { return true })
	case "examined":
		list := []examinationValue{}
		for _, x := range in.Report.Examined {
			list = append(list, examinationValue{x.Analyzer, x.Finds, x.Data, x.NotRun})
		}
		return list
	}
	return nil
}

// matches returns the values of the matches that VEX statements leave.
func (j *judge) matches() []*matchValue {
	list := []*matchValue{}
	for i := range j.in.Result.Matches {
		m := &j.in.Result.Matches[i]
		if c := j.packages[m.Component]; c != nil && !m.Suppressed() {
			list = append(list, j.valueOfMatch(m, c))
		}
	}
	return list
}

func accountsOf(r *analyzer.Report) []*accountValue {
	list := []*accountValue{}
	for i := range r.Records {
		if record := &r.Records[i]; record.Kind == "account" {
			list = append(list, valueOfAccount(record))
		}
	}
	return list
}

// examinesContent reports whether an analyzer looked for more than packages and the list of files.
func examinesContent(r *analyzer.Report) bool {
	return slices.ContainsFunc(r.Examined, func(x analyzer.Examination) bool {
		return x.NotRun == "" && slices.ContainsFunc(x.Finds, func(kind string) bool { return !slices.Contains([]string{"packages", "hints", "file-list"}, kind) })
	})
}

// examinesKind reports whether an analyzer looked for a kind of things in all files.
func examinesKind(r *analyzer.Report, kind string) bool {
	return slices.ContainsFunc(r.Examined, func(x analyzer.Examination) bool { return x.NotRun == "" && slices.Contains(x.Finds, kind) })
}

func coverageOf(rows []matcher.Coverage, keep func(*matcher.Coverage) bool) []coverageValue {
	list := []coverageValue{}
	for i := range rows {
		if c := &rows[i]; keep(c) {
			list = append(list, coverageValue{c.Feed, c.Type, c.Namespace, c.Release, instant(c.Date), c.Sampled, c.Missing, c.EndOfLife})
		}
	}
	return list
}

func valueOfDatabase(in *report.PolicyInput) *databaseValue {
	return &databaseValue{in.Database.Hash, in.Database.Starter, coverageOf(in.Result.Coverage, func(c *matcher.Coverage) bool { return c.Feed != "" })}
}

// fillFile describes an entry of the image. Maps and lists are made only if an expression of the document names them.
func (j *judge) fillFile(v *fileValue, f *analyzer.ListedFile) {
	*v = fileValue{
		Path: f.Path, Type: typeOfFile(f), Mode: modeOf(f.Mode), SetUID: f.Mode&fs.ModeSetuid != 0, SetGID: f.Mode&fs.ModeSetgid != 0,
		Sticky: f.Mode&fs.ModeSticky != 0, Writable: f.Mode&0o002 != 0 && f.Mode&fs.ModeSymlink == 0, Executable: f.Mode.IsRegular() && f.Mode&0o111 != 0,
		UID: f.UID, GID: f.GID, Size: f.Size, Modified: f.ModTime, Target: f.Target, HardLink: f.Link, Layer: f.Layer,
	}
	if f.Owner != "" {
		if c := j.packages[f.Owner]; c != nil {
			v.Owner = c.Name
		}
	}
	if j.doc.uses["attributes"] && len(f.Xattrs) > 0 {
		v.Attributes = slices.Sorted(maps.Keys(f.Xattrs))
	}
	if j.doc.uses["digests"] && len(f.Digests) > 0 {
		v.Digests = make(map[string]string, len(f.Digests))
		for _, d := range f.Digests {
			v.Digests[d.Algorithm] = hex.EncodeToString([]byte(d.Sum))
		}
	}
}

func typeOfFile(f *analyzer.ListedFile) string {
	switch m := f.Mode; {
	case m&fs.ModeSymlink != 0:
		return "link"
	case m.IsDir():
		return "directory"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "file"
}

// modeOf returns the permissions as a number, as chmod(1) reads it.
func modeOf(m fs.FileMode) int {
	n := int(m.Perm())
	if m&fs.ModeSetuid != 0 {
		n |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		n |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		n |= 0o1000
	}
	return n
}
