package pluginpb

import (
	"io/fs"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// EncodeInfo encodes the Info of an analyzer.
func EncodeInfo(a analyzer.Analyzer) *Info {
	i := a.Info()
	_, joins := a.(analyzer.Joiner)
	if _, ok := a.(analyzer.Finisher); ok && i.Unavailable == "" {
		i.Unavailable = "it does not run in a plugin: it changes the whole report"
	}
	return &Info{
		Joins: joins,
		Name:  i.Name, Version: int64(i.Version), Patterns: i.Patterns, With: i.Siblings,
		NamesOnly: i.NamesOnly, ContentOnly: i.ContentOnly, MaxSize: i.MaxSize, Build: i.Build, Magic: encodeTexts(i.Magic), Contains: encodeTexts(i.Contains), Early: encodeTexts(i.Early), DataOnly: i.DataOnly,
		Entries: i.Entries, Config: i.Config, Hidden: i.Hidden, Finds: i.Finds, Data: i.Data, Unavailable: i.Unavailable,
		List: i.List, Digests: i.Digests, DigestsIf: i.DigestsIf, Completes: i.Completes,
	}
}

func encodeTexts(list []string) (texts [][]byte) {
	for _, m := range list {
		texts = append(texts, []byte(m))
	}
	return texts
}

func decodeTexts(list [][]byte) (texts []string) {
	for _, m := range list {
		texts = append(texts, string(m))
	}
	return texts
}

// DecodeInfo decodes an Info, except Joins.
func DecodeInfo(i *Info) analyzer.Info {
	return analyzer.Info{
		Name: i.Name, Version: int(i.Version), Patterns: i.Patterns, Siblings: i.With,
		NamesOnly: i.NamesOnly, ContentOnly: i.ContentOnly, MaxSize: i.MaxSize, Build: i.Build, Magic: decodeTexts(i.Magic), Contains: decodeTexts(i.Contains), Early: decodeTexts(i.Early), DataOnly: i.DataOnly,
		Entries: i.Entries, Config: i.Config, Hidden: i.Hidden, Finds: i.Finds, Data: i.Data, Unavailable: i.Unavailable,
		List: i.List, Digests: i.Digests, DigestsIf: i.DigestsIf, Completes: i.Completes,
	}
}

// answerSize is the approximate size of the largest message in bytes.
const answerSize = 1 << 20

// EncodeAnswer encodes the result of an analyzer for a file. It splits a large result into several Answers.
func EncodeAnswer(file uint64, r *analyzer.Result, err error) []*Answer {
	last := &Answer{File: file}
	answers := []*Answer{last}
	size := 0
	if r != nil {
		last.Fact, size = r.Fact, len(r.Fact)
	}
	grow := func(n int) {
		if size += n; size > answerSize && size > n {
			last.More = true
			last = &Answer{File: file}
			answers = append(answers, last)
			size = n
		}
	}
	if r != nil {
		for i := range r.Packages {
			grow(packageSize(&r.Packages[i]))
			last.Packages = append(last.Packages, encodePackage(&r.Packages[i]))
		}
		for i := range r.Fragments {
			grow(packageSize(&r.Fragments[i]))
			last.Fragments = append(last.Fragments, encodePackage(&r.Fragments[i]))
		}
		for _, f := range r.Findings {
			grow(len(f.Rule) + len(f.Title) + len(f.Detail) + len(f.Severity) + 16)
			last.Findings = append(last.Findings, &Finding{Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: f.Severity, Line: int64(f.Line)})
		}
		for i := range r.Records {
			grow(recordSize(&r.Records[i]))
			last.Records = append(last.Records, encodeRecord(&r.Records[i]))
		}
		if d := r.Distro; d != nil {
			last.Distro = &Distro{Id: d.ID, VersionId: d.VersionID, Codename: d.Codename, Name: d.Name, Like: d.Like, Cpe: d.CPE, Repositories: d.Repositories, Rank: int64(d.Rank)}
		}
	}
	add := func(p *Problem) {
		grow(len(p.Message) + len(p.Code) + len(p.Type) + 16)
		last.Problems = append(last.Problems, p)
	}
	if r != nil {
		for _, d := range diagnostic.Cap(r.Diagnostics) {
			add(encodeProblem(d))
		}
	}
	if err != nil {
		p := encodeProblem(diagnostic.Of(err))
		p.Failed = true
		add(p)
	}
	return answers
}

func encodeProblem(d analyzer.Diagnostic) *Problem {
	p := &Problem{Message: d.Message, Line: int64(d.Line), Type: d.Type}
	switch d.Code {
	case "", analyzer.Malformed:
		p.Kind = Problem_MALFORMED
	case analyzer.TooLarge:
		p.Kind = Problem_TOO_LARGE
	case analyzer.Unsupported:
		p.Kind = Problem_UNSUPPORTED
	case analyzer.Panicked:
		p.Kind = Problem_PANIC
	case analyzer.Unavailable:
		p.Kind = Problem_UNAVAILABLE
	default:
		p.Code = string(d.Code)
	}
	return p
}

func encodePackage(p *analyzer.Package) *Package {
	e := &Package{
		Namespace: p.Namespace, Type: p.Type, Name: p.Name, Version: p.Version, Arch: p.Arch,
		System: p.System, Vendor: p.Vendor, Signer: p.Signer, Qualifiers: p.Qualifiers,
		Licenses: p.Licenses, Files: p.Files, Depends: p.Depends, Provides: p.Provides,
		Hashes: p.Hashes, Declared: p.Declared, Stated: p.Stated, Dev: p.Dev, Inside: p.ArchivePath, Recorded: []byte(p.Recorded),
	}
	if p.SourcePackage != nil {
		e.Origin = &Origin{Name: p.SourcePackage.Name, Version: p.SourcePackage.Version}
	}
	if p.Functions != nil {
		e.Functions = &Functions{Linked: []byte(p.Functions.Linked), Inlined: []byte(p.Functions.Inlined)}
	}
	return e
}

// packageSize returns the approximate size of a package in a message in bytes.
func packageSize(p *analyzer.Package) int {
	n := 64 + len(p.Namespace) + len(p.Name) + len(p.Version) + len(p.Vendor) + len(p.ArchivePath) + len(p.Recorded)
	if p.Functions != nil {
		n += len(p.Functions.Linked) + len(p.Functions.Inlined)
	}
	for _, list := range [][]string{p.Licenses, p.Files, p.Depends, p.Provides} {
		for _, s := range list {
			n += len(s) + 4
		}
	}
	for _, m := range []map[string]string{p.Qualifiers, p.Hashes} {
		for k, v := range m {
			n += len(k) + len(v) + 8
		}
	}
	return n
}

func encodeRecord(r *analyzer.Record) *Record {
	return &Record{Kind: r.Kind, Key: r.Key, Line: int64(r.Line), Fields: r.Fields}
}

// recordSize returns the approximate size of a record in a message in bytes.
func recordSize(r *analyzer.Record) int {
	n := 16 + len(r.Kind) + len(r.Key)
	for k, v := range r.Fields {
		n += len(k) + len(v) + 8
	}
	return n
}

// EncodeMode returns the permission bits of Unix, including setuid, setgid and sticky.
func EncodeMode(m fs.FileMode) uint32 {
	u := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		u |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		u |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		u |= 0o1000
	}
	return u
}

// DecodeMode reverses EncodeMode.
func DecodeMode(u uint32) fs.FileMode {
	m := fs.FileMode(u & 0o777)
	if u&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if u&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if u&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}
