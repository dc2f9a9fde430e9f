package analyzer

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func packedFiles(n int) (list []RecordedFile) {
	for i := range n {
		list = append(list, RecordedFile{
			Path:       fmt.Sprintf("usr/share/doc/package-%05d/changelog.gz", i),
			Attributes: AttrType | AttrContent | AttrSize | AttrModTime,
			Algorithm:  "sha256", Digest: strings.Repeat(string(rune('a'+i%26)), 32),
			Mode: 0o644, User: "root", Group: "root", Size: int64(1000 + i), ModTime: 1_700_000_000,
		})
	}
	return list
}

// Everything that a database records comes back.
func TestRecorded(t *testing.T) {
	list := []RecordedFile{
		{Path: "bin/sh", Attributes: AttrTarget, Mode: fs.ModeSymlink | 0o777, Target: "dash"},
		{Path: "dev/null", Attributes: AttrDevice, Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, Major: 1, Minor: 3},
		{Path: "etc/a b\n", Config: true, Optional: true, Algorithm: "md5", Digest: strings.Repeat("\x00", 16), Attributes: AttrContent},
		{Path: "etc/x", Documentation: true, Ghost: true, UID: 7, GID: 8, Size: -1, ModTime: -5},
		{Path: "usr/bin/ping", Attributes: AttrCapabilities | AttrMode, Mode: fs.ModeSetuid | 0o755, Capabilities: "cap_net_raw=ep", User: "root", Group: "net"},
	}
	list = append(list, packedFiles(3)...)
	if got := slices.Collect(RecordedOf(slices.Values(list)).All()); !slices.Equal(got, list) {
		t.Errorf("got %+v\nwant %+v", got, list)
	}
}

// TestRecordedForm requires that the form of a known value stays the same, since caches have it, and that another version has no files.
func TestRecordedForm(t *testing.T) {
	r := RecordedOf(slices.Values([]RecordedFile{{Path: "bin/sh", Mode: 0o755, Attributes: AttrMode | AttrContent, Algorithm: "md5", Digest: "0123456789abcdef"}, {Path: "bin/su"}}))
	const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	const form = "\x01\x02\x06\x00\xed\x03\x00\x00\x00\x00\x10\x03md5" + zeros + "\x06bin/sh0123456789abcdef\x01\x05\x01u"
	if string(r) != form {
		t.Errorf("got  %q\nwant %q", r, form)
	}
	for f := range Recorded("\x02" + r[1:]).All() {
		t.Errorf("another version: %+v", f)
	}
}

// A file costs its digest, what its path does not share with the one before, and a few bytes.
func TestRecordedSize(t *testing.T) {
	if got := len(RecordedOf(slices.Values(packedFiles(10_000)))); got > 10_000*(32+25) {
		t.Errorf("%d bytes a file", got/10_000)
	}
}

func TestRecordedJoin(t *testing.T) {
	of := func(list ...RecordedFile) Recorded { return RecordedOf(slices.Values(list)) }
	list := of(RecordedFile{Path: "a"}, RecordedFile{Path: "b"}, RecordedFile{Path: "c"})
	sums := of(RecordedFile{Path: "b", Attributes: AttrContent, Algorithm: "md5", Digest: "first"})
	conf := of(RecordedFile{Path: "b", Attributes: AttrContent, Algorithm: "md5", Digest: "later", Config: true, Optional: true}, RecordedFile{Path: "d", Optional: true})
	want := of(
		RecordedFile{Path: "a"},
		RecordedFile{Path: "b", Attributes: AttrContent, Algorithm: "md5", Digest: "first", Config: true},
		RecordedFile{Path: "c"},
		RecordedFile{Path: "d", Optional: true},
	)
	if got := list.Join(sums).Join(conf); got != want {
		t.Errorf("got %+v", slices.Collect(got.All()))
	}
	if got := Recorded("").Join(sums); got != sums || sums.Join("") != sums || sums.Join(sums) != sums {
		t.Errorf("got %q", got)
	}
}

// Paths and digests that nothing has are left out, so that readers need not expect them.
func TestRecordedBounds(t *testing.T) {
	got := slices.Collect(RecordedOf(slices.Values([]RecordedFile{
		{Path: ""},
		{Path: "a", Attributes: AttrContent | AttrMode, Algorithm: "x", Digest: strings.Repeat("d", 65)},
		{Path: strings.Repeat("p", 4097)},
		{Path: "z", Target: strings.Repeat("t", 4097)},
	})).All())
	if want := []RecordedFile{{Path: "a", Attributes: AttrMode}}; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestAttributes(t *testing.T) {
	for a, want := range map[Attributes]string{0: "", AttrContent | AttrModTime: "content,mod-time", 1<<10 - 1: strings.Join(attributeNames[:], ",")} {
		if a.String() != want {
			t.Errorf("got %s, want %s", a, want)
		}
	}
}

// FuzzRecorded reads hostile bytes: nothing panics, paths are bounded, and what was read packs into the same files.
func FuzzRecorded(f *testing.F) {
	good := string(RecordedOf(slices.Values(packedFiles(3))))
	f.Add(good)
	for i := range good {
		f.Add(good[:i])
	}
	f.Add("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Add("\x01\x01" + strings.Repeat("\x00", 12) + "\x00\x00\x05aaaaa\x00\x04\x01b\x00\xff\x01")
	f.Fuzz(func(t *testing.T, s string) {
		var list []RecordedFile
		size := 0
		for r := range Recorded(s).All() {
			if len(r.Path) > maxRecordedPath || len(r.Digest) > maxDigest {
				t.Fatalf("%d bytes of path, %d of digest", len(r.Path), len(r.Digest))
			}
			if size += len(r.Path); size < 1<<20 && r.Path != "" && len(r.Target) <= maxRecordedPath {
				list = append(list, r)
			}
		}
		slices.SortStableFunc(list, func(a, b RecordedFile) int { return strings.Compare(a.Path, b.Path) })
		list = slices.CompactFunc(list, func(a, b RecordedFile) bool { return a.Path == b.Path })
		if got := slices.Collect(RecordedOf(slices.Values(list)).All()); !slices.Equal(got, list) {
			t.Fatalf("got %+v\nwant %+v", got, list)
		}
		Recorded(s).Join(Recorded(good))
	})
}

func BenchmarkRecorded(b *testing.B) {
	packed := RecordedOf(slices.Values(packedFiles(10_000)))
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		for range packed.All() {
		}
	}
}
