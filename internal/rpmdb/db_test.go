package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// readAll returns "number name files" of every header, and the errors.
func readAll(t testing.TB, content, wal []byte) (headers []string, errs []error) {
	t.Helper()
	var o Options
	if wal != nil {
		o.WAL = section(wal)
	}
	db, err := Open(bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		return nil, []error{err}
	}
	for h, err := range db.Headers() {
		if h != nil {
			headers = append(headers, fmt.Sprintf("%d %s %d", h.Instance, h.Name, len(h.Files)))
		}
		if err != nil {
			errs = append(errs, err)
		}
		if h == nil && err == nil {
			t.Fatal("neither a header nor an error")
		}
	}
	return headers, errs
}

// checkRead checks what readAll returns: headers, and texts that the errors hold, one each.
func checkRead(t testing.TB, content, wal []byte, headers []string, errs ...string) {
	t.Helper()
	got, gotErrs := readAll(t, content, wal)
	slices.Sort(got)
	if !slices.Equal(got, headers) {
		t.Errorf("headers: got %q, want %q", got, headers)
	}
	for i, err := range gotErrs {
		if i >= len(errs) || !strings.Contains(err.Error(), errs[i]) {
			t.Errorf("errors: got %q, want %q", gotErrs, errs)
			return
		}
	}
	if len(gotErrs) != len(errs) {
		t.Errorf("errors: got %q, want %q", gotErrs, errs)
	}
}

// A database of three headers: one of some hundred bytes, two of several pages.
var threeHeaders = []string{`1 a 0`, `2 b 100`, `3 c 1000`}

func three() [][]byte {
	return [][]byte{buildPackage("a", 0), buildPackage("b", 100), buildPackage("c", 1000)}
}

func TestOpen(t *testing.T) {
	encrypted := buildBDB(binary.LittleEndian, 512)
	encrypted[24] = 1
	btree := buildBDB(binary.BigEndian, 512)
	binary.BigEndian.PutUint32(btree[12:], bdbBTreeMagic)
	old := buildBDB(binary.LittleEndian, 512)
	old[16] = 7
	newer := buildNDB()
	newer[4] = 1
	utf16 := buildSQLite()
	utf16[59] = 2
	for _, c := range []struct {
		name    string
		content []byte
		want    error
	}{
		{"nothing", nil, ErrUnknownFormat},
		{"text", []byte("not a database at all, but long enough to be one"), ErrUnknownFormat},
		{"two bytes", []byte("Rp"), ErrUnknownFormat},
		{"NDB cut off", []byte("RpmP"), errPastEnd},
		{"SQLite cut off", []byte(sqliteMagic), errPastEnd},
		{"Berkeley DB cut off", buildBDB(binary.LittleEndian, 512)[:100], errPastEnd},
		{"B-tree of rpm 5", btree, ErrUnsupported},
		{"encrypted", encrypted, ErrUnsupported},
		{"Berkeley DB 2", old, ErrUnsupported},
		{"NDB 1", newer, ErrUnsupported},
		{"UTF-16", utf16, ErrUnsupported},
	} {
		_, err := Open(bytes.NewReader(c.content), int64(len(c.content)), Options{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", c.name, err, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format  Format
		content []byte
	}{
		{BerkeleyDB, buildBDB(binary.LittleEndian, 512, three()...)},
		{BerkeleyDB, buildBDB(binary.BigEndian, 4096, three()...)},
		{BerkeleyDB, buildBDB(binary.LittleEndian, 65536, three()...)},
		{NDB, buildNDB(three()...)},
		{SQLite, buildSQLite(three()...)},
	} {
		checkRead(t, c.content, nil, threeHeaders)
		db, err := Open(bytes.NewReader(c.content), int64(len(c.content)), Options{})
		if err != nil || db.Format() != c.format {
			t.Errorf("got format %q and error %v, want %q", db.Format(), err, c.format)
		}
		for range db.Headers() { // an early end
			break
		}
	}
}

func TestHeader(t *testing.T) {
	blob := buildHeader([]value{
		{tagI18nTable, []string{"C", "de"}},
		{tagName, "bash"}, {tagVersion, "5.1.8"}, {tagRelease, "6.el9"}, {tagEpoch, uint32(2)}, {tagArch, "x86_64"},
		{tagSummary, i18n{"The GNU Bourne Again shell", "Die Shell"}},
		{tagLicense, "GPLv3+"}, {tagVendor, "Example"}, {tagPackager, "A <a@example.org>"}, {tagDistribution, "Example 9"},
		{tagURL, "https://example.org/bash"}, {tagSourceRPM, "bash-5.1.8-6.el9.src.rpm"},
		{tagModularityLabel, "shells:1:2:3"}, {tagBuildTime, uint32(1600000000)},
		{tagSize, uint32(1 << 20)}, {tagLongSize, uint64(5 << 30)},
		{tagProvideName, []string{"bash", "config(bash)"}}, {tagRequireName, []string{"libc.so.6()(64bit)", "rpmlib(X)"}},
		{tagDirIndexes, []uint32{1, 0, 1}}, {tagBaseNames, []string{"bash", "skel", "sh"}}, {tagDirNames, []string{"/etc/", "/usr/bin/"}},
		{TagSHA1Header, "da39a3ee5e6b4b0d3255bfef95601890afd80709"}, {TagSHA256Header, "e3b0c442"},
	},
		value{TagSigMD5, []byte{0xd4, 0x1d}}, value{TagRSAHeader, []byte{1, 2, 3}},
		value{tagInstallTime, uint32(1700000000)}, value{tagVendor, "Changed at installation"})
	want := Header{
		Name: "bash", Epoch: 2, Version: "5.1.8", Release: "6.el9", Arch: "x86_64",
		Summary: "The GNU Bourne Again shell", License: "GPLv3+", Vendor: "Changed at installation",
		Packager: "A <a@example.org>", Distribution: "Example 9", URL: "https://example.org/bash",
		SourceRPM: "bash-5.1.8-6.el9.src.rpm", ModularityLabel: "shells:1:2:3",
		BuildTime: time.Unix(1600000000, 0).UTC(), InstallTime: time.Unix(1700000000, 0).UTC(), Size: 5 << 30,
		Files:    []string{"/usr/bin/bash", "/etc/skel", "/usr/bin/sh"},
		Provides: []string{"bash", "config(bash)"}, Requires: []string{"libc.so.6()(64bit)", "rpmlib(X)"},
		SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709", SHA256: "e3b0c442", MD5: "d41d",
		Signatures: []Tag{TagRSAHeader},
	}
	got, err := new(decoder).decode(blob)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

// Headers of rpm 3 have no region, and whole file names.
func TestOldHeader(t *testing.T) {
	blob := buildHeader([]value{
		{tagName, "old"}, {tagVersion, "1"}, {tagRelease, "2"}, {tagOldFileNames, []string{"/bin/old", "/etc/old"}},
	})
	n := binary.BigEndian.Uint32(blob)
	blob = append(binary.BigEndian.AppendUint32(nil, n-1), slices.Delete(blob[4:], 4, 20)...)
	h, err := new(decoder).decode(blob)
	if err != nil || h.Name != "old" || !slices.Equal(h.Files, []string{"/bin/old", "/etc/old"}) {
		t.Errorf("got %+v and error %v", h, err)
	}
}

// What is wrong with one field leaves the others; what is wrong with the frame leaves nothing.
func TestDamagedHeader(t *testing.T) {
	base := []value{{tagName, "p"}, {tagVersion, "1"}, {tagRelease, "2"}}
	with := func(v ...value) []byte { return buildHeader(append(slices.Clone(base), v...)) }
	patch := func(off int, v uint32, fields ...value) []byte {
		b := with(fields...)
		binary.BigEndian.PutUint32(b[off:], v)
		return b
	}
	const entry = 8 + 16 // where the index entry of the first field is
	for _, c := range []struct {
		name  string
		blob  []byte
		found bool
		err   string
	}{
		{"sound", with(), true, ""},
		{"empty", nil, false, "0 bytes"},
		{"cut off", with()[:40], false, "need 94 bytes, have 40"},
		{"no fields", patch(0, 0), false, "0 fields"},
		{"65536 fields", patch(0, 0x10000), false, "65536 fields"},
		{"2 GiB of data", patch(4, 0x7fffffff), false, "2147483647 bytes of data"},
		{"type 17", patch(entry+4, 17), false, "tag 1000: type 17"},
		{"type 0", patch(entry+4, 0), false, "tag 1000: type 0"},
		{"offset past the end", patch(entry+8, 1000), false, "past the end"},
		{"count of 2 Gi", patch(entry+12, 1<<31), false, "more than one string"},
		{"a second region", patch(entry, 62), false, "a second region"},
		{"not aligned", patch(entry+16*3+8, 1, value{tagEpoch, uint32(1)}), false, "not aligned"},
		{"region without trailer", patch(8+8, 1), false, "region: trailer"},
		{"region past the end", patch(8+8, 1<<30), false, "region: trailer at"},
		{"region of another type", patch(8+4, 4), false, "region: tag 63, type 4"},
		{"no name", buildHeader(base[1:]), false, "no name"},
		{"name is a number", buildHeader(append(base[1:], value{tagName, uint32(1)})), false, "tag 1000: type 4"},
		{"epoch is a string", with(value{tagEpoch, "1"}), true, "tag 1003: type 6"},
		{"names without end", patch(entry+16*3+12, 1000, value{tagProvideName, []string{strings.Repeat("x", 2000)}}), true,
			"tag 1047: 1000 strings do not end"},
		{"more base names than indexes", with(value{tagDirIndexes, []uint32{0}}, value{tagBaseNames, []string{"a", "b"}},
			value{tagDirNames, []string{"/"}}), true, "2 base names, 1 indexes"},
		{"directory 7", with(value{tagDirIndexes, []uint32{7}}, value{tagBaseNames, []string{"a"}},
			value{tagDirNames, []string{"/"}}), true, "directory 7 of 1"},
		{"an array twice", patch(entry+16*4+8, 6, value{tagProvideName, []string{strings.Repeat("x", 200)}},
			value{tagRequireName, []string{"y"}}), true, "tag 1049: arrays of strings overlap"},
		{"20,000 long paths", with(value{tagDirIndexes, make([]uint32, 20000)}, value{tagBaseNames, make([]string, 20000)},
			value{tagDirNames, []string{strings.Repeat("d", 100000)}}), true, "too large"},
	} {
		h, err := new(decoder).decode(c.blob)
		if (h != nil) != c.found {
			t.Errorf("%s: got %+v", c.name, h)
		}
		switch {
		case c.name == "sound" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.name != "sound" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: got error %v, want one with %q", c.name, err, c.err)
		}
	}
}
