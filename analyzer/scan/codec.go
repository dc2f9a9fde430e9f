package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
)

// A cache entry is the CRC-32C of the rest of the entry, followed by all fields of layerData and their fields, in the order of their
// declaration. Numbers are varints. Lists begin with their length; maps begin with their size and are in the order of their keys. A
// string is 0, its length and its bytes when it first occurs. Later the entry has the number of the string, counted from 1, which is
// the empty string.
//
// Decoding takes a few milliseconds where encoding/gob takes a hundred, mostly because it does not copy strings: they are parts of
// the entry.

var errDamaged = errors.New("damaged cache entry")

// checksum finds damage by disks and interrupted writes. A program that can write into the cache can also write a valid checksum of any kind, so a
// cryptographic one would not help.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// encodeLayer returns the cache entry of a layer.
func encodeLayer(d *layerData) []byte {
	e := &encoder{b: make([]byte, crc32.Size, 64<<10), seen: map[string]uint64{"": 1}}
	e.layer(d)
	binary.LittleEndian.PutUint32(e.b, checksum(e.b[crc32.Size:]))
	return e.b
}

func decodeLayer(value []byte) (*layerData, error) {
	if len(value) < crc32.Size || binary.LittleEndian.Uint32(value) != checksum(value[crc32.Size:]) {
		return nil, errDamaged
	}
	d := &decoder{b: value[crc32.Size:]}
	d.s = unsafe.String(unsafe.SliceData(d.b), len(d.b)) // a Cache does not change a value that it returned
	d.seen = append(make([]string, 0, len(d.b)/64), "")  // an estimate of their number
	layer := new(layerData)
	d.layer(layer)
	if d.bad || d.at != len(d.b) {
		return nil, fmt.Errorf("%w: offset %d", errDamaged, d.at)
	}
	return layer, nil
}

type encoder struct {
	b    []byte
	seen map[string]uint64
}

func (e *encoder) uint(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) int(n int)     { e.b = binary.AppendVarint(e.b, int64(n)) }
func (e *encoder) len(n int)     { e.uint(uint64(n)) }

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) string(s string) {
	n, ok := e.seen[s]
	e.uint(n)
	if ok {
		return
	}
	e.seen[s] = uint64(len(e.seen) + 1)
	e.len(len(s))
	e.b = append(e.b, s...)
}

func (e *encoder) strings(list []string) {
	e.len(len(list))
	for _, s := range list {
		e.string(s)
	}
}

func (e *encoder) stringMap(m map[string]string) {
	e.len(len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e.string(k)
		e.string(m[k])
	}
}

func (e *encoder) layer(d *layerData) {
	e.uint(uint64(d.Entries))
	e.uint(uint64(d.Bytes))
	e.len(len(d.Journal.Chunks))
	for _, c := range d.Journal.Chunks {
		e.len(len(c))
		e.b = append(e.b, c...)
	}
	e.len(len(d.Attributes.Chunks))
	for _, c := range d.Attributes.Chunks {
		e.len(len(c))
		e.b = append(e.b, c...)
	}
	e.string(d.Listed)
	e.bool(d.Opaque)
	e.len(len(d.Problems))
	for i := range d.Problems {
		p := &d.Problems[i]
		e.diagnostic(&p.Diagnostic)
		e.int(p.Layer)
		e.string(p.Path)
		e.string(p.Analyzer)
	}
	e.len(len(d.Results))
	for _, key := range slices.Sorted(maps.Keys(d.Results)) {
		e.string(key)
		e.len(len(d.Results[key]))
		for i := range d.Results[key] {
			e.result(&d.Results[key][i])
		}
	}
}

func (e *encoder) diagnostic(d *analyzer.Diagnostic) {
	e.string(string(d.Code))
	e.int(d.Line)
	e.string(d.Message)
	e.string(d.Type)
}

func (e *encoder) result(r *fileResult) {
	e.len(r.Entry)
	e.string(r.Name)
	e.bool(r.More)
	e.packages(r.Packages)
	e.packages(r.Fragments)
	e.len(len(r.Findings))
	for _, f := range r.Findings {
		e.string(f.Rule)
		e.string(f.Title)
		e.string(f.Detail)
		e.string(f.Severity)
		e.int(f.Line)
	}
	e.len(len(r.Records))
	for _, f := range r.Records {
		e.string(f.Kind)
		e.string(f.Key)
		e.int(f.Line)
		e.stringMap(f.Fields)
	}
	e.bool(r.Distro != nil)
	if d := r.Distro; d != nil {
		e.string(d.ID)
		e.string(d.VersionID)
		e.string(d.Codename)
		e.string(d.Name)
		e.strings(d.Like)
		e.string(d.CPE)
		e.strings(d.Repositories)
		e.int(d.Rank)
	}
	e.string(string(r.Fact))
	e.len(len(r.Diagnostics))
	for i := range r.Diagnostics {
		e.diagnostic(&r.Diagnostics[i])
	}
}

func (e *encoder) packages(list []analyzer.Package) {
	e.len(len(list))
	for i := range list {
		p := &list[i]
		e.string(p.Namespace)
		e.string(p.Type)
		e.string(p.Name)
		e.string(p.Version)
		e.string(p.Arch)
		e.bool(p.System)
		e.string(p.Vendor)
		e.uint(p.Signer)
		e.bool(p.SourcePackage != nil)
		if p.SourcePackage != nil {
			e.string(p.SourcePackage.Name)
			e.string(p.SourcePackage.Version)
		}
		e.stringMap(p.Qualifiers)
		e.strings(p.Licenses)
		e.strings(p.Files)
		e.strings(p.Depends)
		e.strings(p.Provides)
		e.stringMap(p.Hashes)
		e.bool(p.Declared)
		e.bool(p.Dev)
		e.bool(p.Stated)
		e.string(string(p.Recorded))
		e.bool(p.Functions != nil)
		if p.Functions != nil {
			e.string(p.Functions.Linked)
			e.string(p.Functions.Inlined)
		}
		e.string(p.ArchivePath)
	}
}

// A decoder reads the bytes of an encoder. Once it is bad, it returns zero values only.
type decoder struct {
	b     []byte
	s     string // b as a string; decoded strings are parts of it
	at    int
	seen  []string
	block []string // to be used for lists
	bad   bool
}

func (d *decoder) fail() { d.bad = true }

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.b[d.at:])
	if size <= 0 || d.bad {
		d.fail()
		return 0
	}
	d.at += size
	return n
}

func (d *decoder) int() int {
	n, size := binary.Varint(d.b[d.at:])
	if size <= 0 || d.bad {
		d.fail()
		return 0
	}
	d.at += size
	return int(n)
}

// len reads the length of a list whose elements take at least min bytes each.
func (d *decoder) len(min int) int {
	n := d.uint()
	if n > uint64((len(d.b)-d.at)/min) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) bool() bool { return d.uint() == 1 }

func (d *decoder) string() string {
	n := d.uint()
	if n > 0 {
		if n > uint64(len(d.seen)) {
			d.fail()
			return ""
		}
		return d.seen[n-1]
	}
	size := d.len(1)
	if d.bad {
		return ""
	}
	s := d.s[d.at : d.at+size]
	d.at += size
	d.seen = append(d.seen, s)
	return s
}

// listOf reads a list, nil if it is empty, whose elements take at least min bytes each.
func listOf[T any](d *decoder, min int, read func(*T)) []T {
	n := d.len(min)
	if n == 0 {
		return nil
	}
	l := make([]T, n)
	for i := range l {
		if read(&l[i]); d.bad {
			return nil
		}
	}
	return l
}

// strings reads a list of strings. Short lists share blocks.
func (d *decoder) strings() []string {
	n := d.len(1)
	if n == 0 {
		return nil
	}
	if n > len(d.block) {
		const size = 512
		if n >= size/4 {
			return d.fill(make([]string, n))
		}
		d.block = make([]string, size)
	}
	l := d.block[:n:n]
	d.block = d.block[n:]
	return d.fill(l)
}

func (d *decoder) fill(l []string) []string {
	for i := range l {
		l[i] = d.string()
	}
	if d.bad {
		return nil
	}
	return l
}

func (d *decoder) stringMap() map[string]string {
	n := d.len(2)
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		k := d.string()
		m[k] = d.string()
	}
	return m
}

func (d *decoder) layer(l *layerData) {
	l.Entries = int64(d.uint())
	l.Bytes = int64(d.uint())
	chunk := func(c *string) {
		n := d.len(1)
		*c = d.s[d.at : d.at+n]
		d.at += n
	}
	l.Journal.Chunks = listOf(d, 1, chunk)
	l.Attributes.Chunks = listOf(d, 1, chunk)
	l.Listed = d.string()
	entries, err := l.Journal.check()
	if l.Listed == "" {
		entries = 0
	}
	if err != nil || l.Attributes.check(entries) != nil {
		d.fail()
	}
	l.Opaque = d.bool()
	l.Problems = listOf(d, 6, func(p *analyzer.FileDiagnostic) {
		d.diagnostic(&p.Diagnostic)
		p.Layer, p.Path, p.Analyzer = d.int(), d.string(), d.string()
	})
	n := d.len(2)
	l.Results = make(map[string][]fileResult, n)
	for range n {
		key := d.string()
		l.Results[key] = listOf(d, 11, d.result)
	}
}

func (d *decoder) diagnostic(to *analyzer.Diagnostic) {
	to.Code, to.Line, to.Message, to.Type = analyzer.DiagnosticCode(d.string()), d.int(), d.string(), d.string()
}

func (d *decoder) result(r *fileResult) {
	r.Entry = int(d.uint())
	r.Name = d.string()
	r.More = d.bool()
	r.Packages = d.packages()
	r.Fragments = d.packages()
	r.Findings = listOf(d, 5, func(f *analyzer.Finding) {
		f.Rule, f.Title, f.Detail, f.Severity, f.Line = d.string(), d.string(), d.string(), d.string(), d.int()
	})
	r.Records = listOf(d, 4, func(f *analyzer.Record) {
		f.Kind, f.Key, f.Line, f.Fields = d.string(), d.string(), d.int(), d.stringMap()
	})
	if d.bool() {
		r.Distro = &analyzer.Distro{
			ID: d.string(), VersionID: d.string(), Codename: d.string(), Name: d.string(),
			Like: d.strings(), CPE: d.string(), Repositories: d.strings(), Rank: d.int(),
		}
	}
	if fact := d.string(); fact != "" {
		r.Fact = []byte(fact)
	}
	r.Diagnostics = listOf(d, 3, d.diagnostic)
}

func (d *decoder) packages() []analyzer.Package {
	return listOf(d, 21, func(p *analyzer.Package) {
		p.Namespace, p.Type, p.Name, p.Version, p.Arch = d.string(), d.string(), d.string(), d.string(), d.string()
		p.System = d.bool()
		p.Vendor, p.Signer = d.string(), d.uint()
		if d.bool() {
			p.SourcePackage = &analyzer.SourcePackage{Name: d.string(), Version: d.string()}
		}
		p.Qualifiers = d.stringMap()
		p.Licenses, p.Files, p.Depends, p.Provides = d.strings(), d.strings(), d.strings(), d.strings()
		p.Hashes = d.stringMap()
		p.Declared = d.bool()
		p.Dev = d.bool()
		p.Stated = d.bool()
		p.Recorded = analyzer.Recorded(d.string())
		if d.bool() {
			p.Functions = &analyzer.Functions{Linked: d.string(), Inlined: d.string()}
		}
		p.ArchivePath = d.string()
	})
}
