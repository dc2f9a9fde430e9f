package rpm

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// Tags and types of headers.
const (
	nameTag, versionTag, releaseTag, archTag = 1000, 1001, 1002, 1022
	provides, requires, script               = 1047, 1049, 1023
	dirIndexes, baseNames, dirNames          = 1116, 1117, 1118

	integers, text, texts = 4, 6, 8
)

// A field is a field of a header.
type field struct {
	tag, kind, count uint32
	data             []byte
}

// headerOf returns a header without a region, as of rpm 3.
func headerOf(id string, fields ...field) []byte {
	for _, f := range []struct {
		tag  uint32
		text string
	}{{nameTag, id}, {versionTag, "1"}, {releaseTag, "1"}, {archTag, "noarch"}} {
		fields = append(fields, field{f.tag, text, 1, []byte(f.text + "\x00")})
	}
	var index, data []byte
	for _, f := range fields {
		for f.kind == integers && len(data)%4 != 0 {
			data = append(data, 0)
		}
		for _, n := range []uint32{f.tag, f.kind, uint32(len(data)), f.count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		data = append(data, f.data...)
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(fields))), uint32(len(data)))
	return append(append(head, index...), data...)
}

// ndb returns a database of SUSE's format.
func ndb(headers ...[]byte) []byte {
	put := binary.LittleEndian.AppendUint32
	const page, block = 4096, 16
	slots := (len(headers)+2)/(page/block) + 1
	b := put(put(put([]byte("RpmP\x00\x00\x00\x00"), 1), uint32(slots)), uint32(len(headers)+1))
	b = append(b, make([]byte, 12)...)
	var blobs []byte
	for i, h := range headers {
		from := len(blobs)
		blobs = append(put(put(put(append(blobs, "BlbS"...), uint32(i+1)), 0), uint32(len(h))), h...)
		for (len(blobs)-from+12)%block != 0 {
			blobs = append(blobs, 0)
		}
		sum := adler32.Checksum(blobs[from:])
		blobs = append(put(put(blobs, sum), uint32(len(h))), "BlbE"...)
		b = put(put(put(append(b, "Slot"...), uint32(i+1)), uint32((slots*page+from)/block)), uint32((len(blobs)-from)/block))
	}
	for len(b) < slots*page {
		b = append(append(b, "Slot"...), make([]byte, 12)...)
	}
	return append(b, blobs...)
}

// files returns the fields of n files, whose names are like base, in one directory.
func files(n int, base, dir string) []field {
	return []field{
		{dirIndexes, integers, uint32(n), make([]byte, 4*n)},
		{baseNames, texts, uint32(n), hostile.Times(n, "", base+"\x00", "")},
		{dirNames, texts, 1, []byte(dir + "\x00")},
	}
}

const databasePath = "usr/lib/sysimage/rpm/Packages.db"

// TestLargeInput asks that a database of 256 MiB is read in full, one of 200,000 packages, and a package with 500,000 files.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	var large, many [][]byte
	scripts := field{script, text, 1, []byte(strings.Repeat("x", 100_000) + "\x00")} // scripts and changes take most of a database
	for i := range 2260 {
		large = append(large, headerOf(fmt.Sprintf("package-%d", i), append(files(600, "file-of-some-length-#.txt", "/usr/share/package/"), scripts)...))
	}
	for i := range 200_000 {
		many = append(many, headerOf(fmt.Sprintf("package-%d", i), field{provides, texts, 2, fmt.Appendf(nil, "package-%d\x00lib%[1]d.so\x00", i)}))
	}
	for _, test := range []struct {
		name            string
		text            []byte
		packages, files int
	}{
		{"large", ndb(large...), 2260, 600},
		{"many packages", ndb(many...), 200_000, 0},
		{"many files", ndb(headerOf("p", files(500_000, "file-of-some-length-#.txt", "/usr/share/a-package/a-directory/")...)), 1, 500_000},
	} {
		r, err := hostile.Analyze(t, New(), databasePath, test.text, 256<<20) // 150 MiB on a machine at rest, where the collector keeps up
		if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != test.packages || len(r.Packages[0].Files) != test.files {
			t.Errorf("%s: %d packages, %v, %v", test.name, len(r.Packages), r.Diagnostics, err)
		}
	}
}

// TestHostile asks that databases that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const n = 8_000_000
	var tiny, long [][]byte
	for i := range 700_000 {
		tiny = append(tiny, headerOf(fmt.Sprint(i)))
	}
	for range 200 {
		long = append(long, headerOf("p", files(50_000, "a", strings.Repeat("d", 2000))...))
	}
	for name, text := range map[string][]byte{
		"base names": ndb(headerOf("p", files(16_000_000, "a", "/")...)),
		"empty base names": ndb(headerOf("p", field{baseNames, texts, 16_000_000, make([]byte, 16_000_000)},
			field{dirIndexes, integers, 16_000_000, make([]byte, 64_000_000)}, field{dirNames, texts, 1, []byte("/\x00")})),
		"directories":      ndb(headerOf("p", field{dirNames, texts, n, make([]byte, n)}, field{baseNames, texts, 1, []byte("a\x00")}, field{dirIndexes, integers, 1, make([]byte, 4)})),
		"provides":         ndb(headerOf("p", field{provides, texts, n, hostile.Times(n, "", "a\x00", "")})),
		"requires":         ndb(headerOf("p", field{requires, texts, n, hostile.Times(n, "", "#\x00", "")})),
		"required paths":   ndb(headerOf("p", append(files(1_000_000, "#", "/"), field{requires, texts, 1_000_000, hostile.Times(1_000_000, "", "/#\x00", "")})...)),
		"packages":         ndb(tiny...),
		"long directories": ndb(long...),
	} {
		t.Run(name, func(t *testing.T) { hostile.Refused(t, New(), databasePath, text, 288<<20) })
	}
	text := hostile.Times(700_000, "", "p-1-1#.noarch\n", "")
	hostile.Refused(t, New(), "var/lib/rpmmanifest/"+listName, text, 256<<20)
}

// TestRequiredPaths asks that time is linear in the number of required paths that one package owns.
func TestRequiredPaths(t *testing.T) {
	const n = 200_000
	fields := append(files(n, "#", "/"), field{requires, texts, n, hostile.Times(n, "", "/#\x00", "")})
	r, err := hostile.Analyze(t, New(), databasePath, ndb(headerOf("p", fields...)), 200<<20)
	if err != nil || len(r.Packages) != 1 || len(r.Packages[0].Provides) != n {
		t.Errorf("%d packages, %v", len(r.Packages), err)
	}
}
