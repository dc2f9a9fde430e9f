package maven

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// A score counts identified archives. A candidate has the right name and version, and no group.
type score struct{ all, right, candidates, wrong int }

func (s *score) add(got, want coordinates) string {
	s.all++
	sameVersion := release(got.version) == release(want.version) // OSGi writes 31.1.0.jre for 31.1-jre
	switch {
	case got.group == want.group && got.artifact == want.artifact && sameVersion:
		s.right++
	case got.group == "" && got.artifact == want.artifact && sameVersion:
		s.candidates++
		return "candidate"
	default:
		s.wrong++
		return "wrong"
	}
	return ""
}

func (s *score) String() string {
	return fmt.Sprintf("%d archives: %d right, %d candidates, %d wrong; precision %.3f, recall %.3f, with candidates %.3f",
		s.all, s.right, s.candidates, s.wrong, s.precision(), s.recall(), float64(s.right+s.candidates)/float64(s.all))
}

func (s *score) precision() float64 { return float64(s.right) / float64(max(1, s.right+s.wrong)) }
func (s *score) recall() float64    { return float64(s.right) / float64(max(1, s.all)) }

// require fails the test if precision or recall fall below their floors.
func (s *score) require(t *testing.T, precision, recall float64) {
	t.Helper()
	t.Log(s)
	if s.precision() < precision || s.recall() < recall {
		t.Errorf("%s; want a precision of at least %.3f and a recall of %.3f", s, precision, recall)
	}
}

// TestDebianJars identifies the archives of popular Debian packages without their metadata.
func TestDebianJars(t *testing.T) {
	text, err := os.ReadFile("testdata/debian-jars.tsv")
	if err != nil {
		t.Fatal(err)
	}
	table := wellKnown()
	for _, tt := range []struct {
		name              string
		table             *groupTable
		precision, recall float64
	}{
		{"with the table of libraries", table, 0.99, 0.98},
		{"by rules alone", parseGroups(""), 0.88, 0.47},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s score
			for line := range strings.Lines(string(text)) {
				columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				if len(columns) != 4 {
					continue
				}
				m, err := parseManifest([]byte(strings.ReplaceAll(columns[2], "; ", "\n")))
				if err != nil {
					t.Fatal(err)
				}
				want := coordinatesOf(columns[3])
				e := evidence{name: "lib/" + columns[0], home: columns[1], manifest: m, groups: tt.table}
				if got := e.identify(); s.add(got, want) == "wrong" {
					t.Logf("%s: %s, want %s", columns[0], got, want)
				}
			}
			s.require(t, tt.precision, tt.recall)
		})
	}
}

func coordinatesOf(s string) coordinates {
	parts := strings.SplitN(s+"::", ":", 4)
	return coordinates{parts[0], parts[1], parts[2]}
}

// TestStripped reads real archives with and without their pom.properties and pom.xml.
func TestStripped(t *testing.T) {
	corpus.Dir(t)
	var s score
	var mu sync.Mutex
	seen := make(map[string]bool)
	compare := func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r, err := analyzeArchive(ctx, f)
		if err != nil {
			return r, err
		}
		bare, err := analyzeEntries(ctx, f, func(name []byte) zipwalk.Kind {
			if bytes.HasSuffix(name, []byte("pom.properties")) || bytes.HasSuffix(name, []byte("pom.xml")) {
				return zipwalk.Skip
			}
			return entryKind(name)
		})
		if err != nil {
			return r, err
		}
		found := make(map[string]coordinates) // by place
		for _, p := range bare.Packages {
			found[p.ArchivePath] = coordinates{p.Namespace, p.Name, p.Version}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, p := range r.Packages {
			want, got := (coordinates{p.Namespace, p.Name, p.Version}), found[p.ArchivePath]
			key := want.String() + " " + got.String()
			if p.Hashes["sha1"] == "" || p.Depends == nil && want == got || got.version == "" || seen[key] {
				continue // merged into another, or not stated by Maven, or without a version
			}
			seen[key] = true
			if kind := s.add(got, want); kind != "" {
				t.Logf("%s: %s!%s: %s, want %s", kind, f.Path, p.ArchivePath, got, want)
			}
		}
		return r, nil
	}
	info := New().Info()
	info.Patterns = []string{"**/*.jar", "**/*.war"}
	a := analyzer.Func(info, compare)
	for _, image := range []string{"debian-app", "many-layers"} {
		corpus.ScanImage(t, image, a)
	}
	corpus.Cases(t, []string{"java-archive"}, func(t *testing.T, c *corpus.Case) {
		if !strings.Contains(c.Name, "hostile") {
			c.Scan(t, a)
		}
	})
	s.require(t, 0.95, 0.87)
}
