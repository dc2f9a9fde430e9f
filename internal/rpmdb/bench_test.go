package rpmdb

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func benchmarkHeaders(b *testing.B, content []byte) {
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	packages := 0
	for b.Loop() {
		db, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
		if err != nil {
			b.Fatal(err)
		}
		packages = 0
		for _, err := range db.Headers() {
			if err != nil {
				b.Fatal(err)
			}
			packages++
		}
	}
	b.ReportMetric(float64(packages), "packages")
}

func BenchmarkFormats(b *testing.B) {
	headers, _ := somePackages(500)
	b.Run("BerkeleyDB", func(b *testing.B) { benchmarkHeaders(b, buildBDB(binary.LittleEndian, 65536, headers[:500]...)) })
	b.Run("NDB", func(b *testing.B) { benchmarkHeaders(b, buildNDB(headers[:250]...)) })
}

// BenchmarkReal reads databases of distributions, and one with the headers of several.
func BenchmarkReal(b *testing.B) {
	corpus.Dir(b)
	var all [][]byte
	for _, c := range []struct{ name, file string }{
		{"BerkeleyDB/centos7", "rpm-bdb/centos7-plain/var/lib/rpm/Packages.xz"},
		{"BerkeleyDB/ubi8-s390x", "rpm-bdb/ubi8-s390x/var/lib/rpm/Packages.xz"},
		{"NDB/opensuse", "rpm-ndb/opensuse-leap-15.5/usr/lib/sysimage/rpm/Packages.db.xz"},
		{"SQLite/fedora35", "rpm-sqlite/fedora35-plus-mongo/usr/share/rpm/rpmdb.sqlite.xz"},
		{"SQLite/mariner", "rpm-sqlite/cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite.xz"},
	} {
		b.Run(c.name, func(b *testing.B) {
			content := corpus.Read(b, "fixtures/"+c.file)
			db, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
			if err != nil {
				b.Fatal(err)
			}
			for rec, err := range db.store.records {
				if err != nil {
					b.Fatal(err)
				}
				if len(all) < 600 {
					all = append(all, bytes.Clone(rec.blob))
				}
			}
			benchmarkHeaders(b, content)
		})
	}
	b.Run("BerkeleyDB/several", func(b *testing.B) { benchmarkHeaders(b, buildBDB(binary.LittleEndian, 16384, all...)) })
}
