package catalog

import (
	"context"
	"fmt"
	"github.com/klauspost/compress/zstd"
	"hash/fnv"
	"iter"
	"time"

	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

// A fake is a source that has advisories about half of all packages, made from the hash of their keys. Days differ in a few.
type fake struct{ day uint32 }

func hashOf(texts ...string) uint32 {
	h := fnv.New32a()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return h.Sum32() * 2654435761 >> 3
}

func (f fake) about(k matcher.Key) []matcher.Advisory {
	if k.Release == rhel.Repositories {
		if hashOf(k.Name)%3 == 0 {
			return nil
		}
		return []matcher.Advisory{{ID: "repository", Feed: "redhat", Key: k, Versions: []string{"cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/a:redhat:rhel_eus:9.2::appstream"}}}
	}
	base := hashOf(k.Type, k.Namespace, k.Name)
	var list []matcher.Advisory
	for i := range base % 5 {
		h := hashOf(k.Type, k.Namespace, k.Name, k.Release, fmt.Sprint(i))
		if f.day > 0 && h%5 == 0 {
			h = hashOf(fmt.Sprint(h, f.day))
			if h%4 == 0 {
				continue
			}
		}
		a := matcher.Advisory{
			ID: fmt.Sprintf("CVE-2026-%04d", base%9000+i), Feed: [...]string{"a", "b"}[h%2], Key: k, Status: matcher.Status(h / 7 % 7),
			Severities: []matcher.Severity{{Source: "x", Level: matcher.Level(h / 11 % 6), Word: "w"}},
		}
		if h%3 == 0 {
			a.ID, a.Aliases = fmt.Sprintf("GHSA-%d", h%100000), []string{a.ID}
		}
		switch h / 3 % 4 {
		case 0:
			a.Ranges = []matcher.Range{{Fixed: fmt.Sprintf("%d.%d", h%9, h%7)}}
		case 1:
			a.Ranges = []matcher.Range{{Introduced: fmt.Sprint(h % 3), Fixed: fmt.Sprintf("%d.%d-%d", h%19, h%7, h%3)}}
		case 2:
			a.Ranges = []matcher.Range{{LastAffected: fmt.Sprintf("1:%d.%d", h%9, h%7)}}
		}
		list = append(list, a)
	}
	return list
}

func (f fake) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, k := range keys {
			for _, a := range f.about(k) {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}

func (f fake) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	seen := make(map[matcher.Key]bool)
	var rows []matcher.Coverage
	for _, k := range keys {
		e := k.Ecosystem()
		if seen[e] {
			continue
		}
		seen[e] = true
		h := hashOf(e.Type, e.Namespace, e.Release)
		row := matcher.Coverage{Type: e.Type, Namespace: e.Namespace, Release: e.Release, Date: time.Unix(int64(h%1000), 0).UTC(), Sampled: h%3 == 0, Missing: h%5 == 0}
		if h%4 > 0 {
			row.Feed = "a"
		}
		rows = append(rows, row)
		if h%4 > 1 {
			row.Feed = "b"
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (f fake) Named(_ context.Context, keys []matcher.Key) ([]matcher.Key, error) {
	var list []matcher.Key
	for _, k := range keys {
		for i := range hashOf(k.Type, k.Name) % 3 {
			list = append(list, matcher.Key{Type: k.Type, Namespace: fmt.Sprintf("org.example%d", i), Name: k.Name})
		}
	}
	return list, nil
}

func (f fake) Enrichments(_ context.Context, cves []string) (map[string]matcher.Enrichment, error) {
	out := make(map[string]matcher.Enrichment)
	for _, id := range cves {
		switch h := hashOf(id); h % 7 {
		case 0:
			out[id] = matcher.Enrichment{Exploited: time.Unix(int64(h), 0).UTC()}
		case 1, 2:
			out[id] = matcher.Enrichment{EPSS: 0.5, Severities: []matcher.Severity{{Source: "nvd", Score: float64(h % 10)}}}
		}
	}
	return out, nil
}

func testEncoder() *zstd.Encoder {
	e, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	return e
}
