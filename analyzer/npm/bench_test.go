//go:build unix

package npm

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// manifest is a package.json as they are: its longest parts say nothing of the package.
func manifest(name string, i int) string {
	return fmt.Sprintf(`{
  "name": %q, "version": "1.%d.0", "description": "A package of middling length, as most are.",
  "license": "MIT", "author": "A. U. Thor <a@example.org>", "main": "index.js",
  "repository": {"type": "git", "url": "git+https://git.example/%s.git"},
  "keywords": [%s],
  "scripts": {"test": "tape test/*.js", "lint": "eslint .", "prepublish": "npm run build"},
  "dependencies": {"dep-%d": "^1.0.0", "dep-%d": "^2.0.0", "@scope/dep-%d": "~3.1.0"},
  "devDependencies": {%s},
  "engines": {"node": ">=18"}
}`, name, i, name, strings.Repeat(`"keyword", `, 10)+`"last"`, i%100, i%90+100, i%80,
		strings.Repeat(`"eslint-plugin-something": "^8.0.0", `, 10)+`"tape": "^5.0.0"`)
}

func BenchmarkManifest(b *testing.B) {
	text := []byte(manifest("left-pad", 1))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseManifest(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocks(b *testing.B) {
	var npm, yarn, pnpm, bun strings.Builder
	const integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
	npm.WriteString(`{"lockfileVersion": 3, "packages": {"": {}`)
	yarn.WriteString("# yarn lockfile v1\n\n")
	pnpm.WriteString("lockfileVersion: '6.0'\n\npackages:\n")
	bun.WriteString(`{"packages": {`)
	for i := range 1000 {
		fmt.Fprintf(&npm, `, "node_modules/pkg-%d": {"version": "1.0.0", "resolved": "https://registry.example/pkg-%[1]d/-/pkg-%[1]d-1.0.0.tgz", "integrity": %q, "license": "MIT", "dependencies": {"a": "^1", "b": "^2"}, "engines": {"node": ">=18"}}`, i, integrity)
		fmt.Fprintf(&yarn, "pkg-%d@^1.0.0, pkg-%[1]d@^1.1.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/pkg-%[1]d/-/pkg-%[1]d-1.0.0.tgz\"\n  integrity %s\n  dependencies:\n    a \"^1\"\n    b \"^2\"\n\n", i, integrity)
		fmt.Fprintf(&pnpm, "\n  /pkg-%d@1.0.0(x@1.0.0):\n    resolution: {integrity: %s}\n    engines: {node: '>=18'}\n    dependencies:\n      a: 1.0.0\n      b: 2.0.0\n    dev: false\n", i, integrity)
		fmt.Fprintf(&bun, "\"pkg-%d\": [\"pkg-%[1]d@1.0.0\", \"\", { \"dependencies\": { \"a\": \"^1\", \"b\": \"^2\" } }, %q],\n", i, integrity)
	}
	npm.WriteString("}}")
	bun.WriteString("}}")
	for _, c := range []struct {
		name, text string
		parse      func([]byte, *membudget.Meter) (*analyzer.Result, error)
	}{{"npm", npm.String(), parseLock}, {"yarn", yarn.String(), parseYarn}, {"pnpm", pnpm.String(), parsePNPM}, {"bun", bun.String(), parseBun}} {
		text := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if r, err := c.parse(text, nil); err != nil || len(r.Packages) != 1000 {
					b.Fatal(r, err)
				}
			}
		})
	}
}

// BenchmarkTree scans an image with a node_modules of so many packages, each with a few files that are none. Of the heap,
// report-B/package is what the report keeps, live-B/package what a scan needs at most, and peak-B/package the same with
// the garbage that has not been collected yet; cpu-ns/package, the processor's time since machines are noisy, shows that
// time is linear.
func BenchmarkTree(b *testing.B) {
	for _, n := range []int{5_000, 20_000} {
		img, size := tree(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			var report *analyzer.Report
			before := heap()
			peak := watch()
			cpu := cputime.Used()
			for b.Loop() {
				var err error
				report, err = scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.Scan(b.Context(), img)
				if err != nil {
					b.Fatal(err)
				}
			}
			cpu = cputime.Used() - cpu
			if len(report.Components) != n {
				b.Fatalf("%d components", len(report.Components))
			}
			most, live := peak()
			b.ReportMetric(float64(most-before)/float64(n), "peak-B/package")
			b.ReportMetric(float64(live-before)/float64(n), "live-B/package")
			b.ReportMetric(float64(heap()-before)/float64(n), "report-B/package")
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N*n), "cpu-ns/package")
			runtime.KeepAlive(report)
		})
	}
}

// TestTreeGrowth asks that four times the packages take four times the memory, in all and at once, and less than 4 KiB each.
func TestTreeGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("scans 25,000 packages")
	}
	allocated := make(map[int]float64)
	for _, n := range []int{5_000, 20_000} {
		img, _ := tree(t, n)
		before, all := heap(), totalAlloc()
		peak := watch()
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.Scan(t.Context(), img)
		if err != nil || len(report.Components) != n {
			t.Fatal(len(report.Components), err)
		}
		_, live := peak()
		live = max(live, heap())
		perPackage := float64(live-before) / float64(n)
		allocated[n] = float64(totalAlloc()-all) / float64(n)
		t.Logf("%d packages: %.0f bytes live each, %.0f allocated", n, perPackage, allocated[n])
		if perPackage >= 4096 {
			t.Errorf("%d packages: %.0f bytes each", n, perPackage)
		}
		runtime.KeepAlive(report)
	}
	if a, b := allocated[5_000], allocated[20_000]; b > 1.1*a {
		t.Errorf("of 5,000 packages each takes %.0f bytes, of 20,000 %.0f", a, b)
	}
}

// totalAlloc is the size in bytes of all that was ever allocated.
func totalAlloc() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// tree makes an image of n packages, and returns it with the size of its layer.
func tree(b testing.TB, n int) (v1.Image, int64) {
	layer := new(imagetest.Layer)
	for i := range n {
		dir := fmt.Sprintf("app/node_modules/pkg-%d", i)
		if i%3 == 0 {
			dir = fmt.Sprintf("app/node_modules/pkg-%d/node_modules/@scope/pkg-%d", i/2, i)
		}
		layer.File(dir+"/package.json", manifest(dir[strings.LastIndex(dir, "node_modules/")+len("node_modules/"):], i))
		layer.File(dir+"/index.js", "module.exports = 1\n")
		layer.File(dir+"/test/fixture/package.json", `{"type": "module"}`)
	}
	raw, err := layer.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		b.Fatal(err)
	}
	return img, int64(len(raw))
}

// heap returns the size in bytes of what is alive.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	inUse, _ := heapSizes()
	return inUse
}

// heapSizes returns the size in bytes of the heap, and of what of it the last collection found alive.
func heapSizes() (inUse, live uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}

// watch samples the heap until the function that it returns is called, which gives the maxima.
func watch() func() (inUse, live uint64) {
	done, stopped := make(chan struct{}), make(chan struct{})
	var most, mostLive uint64
	go func() {
		defer close(stopped)
		for {
			inUse, live := heapSizes()
			most, mostLive = max(most, inUse), max(mostLive, live)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() (uint64, uint64) {
		close(done)
		<-stopped
		return most, mostLive
	}
}
