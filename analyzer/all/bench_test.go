package all_test

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// BenchmarkEcosystem lets each analyzer look at the files that it wants of a real image, and of the fixtures with lock files.
func BenchmarkEcosystem(b *testing.B) {
	fixtures := map[string][]string{
		"composer": {"composer-lock"}, "gem": {"gemfile-lock"}, "maven": {"maven-pom", "java-archive"},
		"npm": {"npm-lock", "pnpm-lock", "yarn-lock-v1", "yarn-lock-berry", "bun-lock"},
		"pip": {"python-installed", "poetry-lock", "uv-lock", "pdm-lock", "pipfile-lock", "python-requirements"},
	}
	for _, a := range all.All() {
		name := a.Info().Name
		if _, ok := fixtures[name]; !ok && name != "dpkg" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			var files []*analyzer.File
			var size int64
			var mu sync.Mutex
			keep := analyzer.Func(a.Info(), func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
				content, err := f.Bytes()
				mu.Lock()
				defer mu.Unlock()
				files = append(files, analyzer.NewFile(f.Path, f.Mode, bytes.Clone(content)))
				size += f.Size()
				return nil, err
			})
			corpus.ScanImage(b, "debian-app", keep)
			for _, format := range fixtures[name] {
				for _, dir := range corpus.Glob(b, "fixtures/"+format+"/*") {
					root, err := corpus.Files(os.DirFS(dir))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{keep}}).ScanFS(b.Context(), root); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.SetBytes(size)
			b.ReportAllocs()
			packages := 0
			for b.Loop() {
				packages = 0
				for _, f := range files {
					r, _ := a.Analyze(b.Context(), f) // what is malformed is part of it
					if r != nil {
						packages += len(r.Packages)
					}
				}
			}
			b.ReportMetric(float64(len(files)), "files")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*max(packages, 1)), "ns/package")
		})
	}
}
