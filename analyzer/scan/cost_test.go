package scan_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

var (
	costImage  = flag.String("cost", "", "image for the table of TestCost; by default it is a small one")
	costRounds = flag.Int("cost.rounds", 1, "scans with each analyzer, of which TestCost takes the fastest")
)

// A cost is what a scan with an analyzer costs.
type cost struct {
	name string
	time time.Duration // of processors
	scan.Counts
}

// TestCost prints what each analyzer costs alone: processor time beyond that of a scan without analyzers, and bytes of files.
func TestCost(t *testing.T) {
	img := smallImage(t)
	if *costImage != "" {
		opened, err := source.Open(t.Context(), *costImage, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		img = opened
	}
	none := costOf(t, img, "none")
	var costs []cost
	for _, a := range slices.Concat(all.All(), content.All()) {
		costs = append(costs, costOf(t, img, a.Info().Name, a))
	}
	costs = append(costs, costOf(t, img, "all of analyzer/all", all.All()...), costOf(t, img, "all of analyzer/content", content.All()...),
		costOf(t, img, "all", slices.Concat(all.All(), content.All())...))
	t.Logf("%.2f s without analyzers\n%s", none.time.Seconds(), costTable(costs, none.time))
	size := none.Skipped["name"]
	for _, c := range costs {
		sum := c.Read
		for _, n := range c.Skipped {
			sum += n
		}
		if sum < size || c.Read < 0 { // a second pass counts again
			t.Errorf("%s: %d bytes are read or skipped, of %d", c.name, sum, size)
		}
		for algorithm, n := range c.Hashed {
			if n > size {
				t.Errorf("%s: %d of %d bytes are hashed with %s", c.name, n, size, algorithm)
			}
		}
	}
	if *costImage == "" {
		checkCosts(t, costs, size)
	}
}

// costOf scans an image and returns the cost.
func costOf(t *testing.T, img v1.Image, name string, analyzers ...analyzer.Analyzer) cost {
	t.Helper()
	c := cost{name: name}
	for range *costRounds {
		s := scan.Scanner{Analyzers: analyzers, Verify: true}
		counted := s.CountInto()
		took := cputime.Of(func() {
			if _, err := s.Scan(t.Context(), img); err != nil {
				t.Fatal(err)
			}
		})
		if c.time == 0 || took < c.time {
			c.time = took
		}
		c.Counts = counted()
	}
	return c
}

// costTable returns a table of costs, the highest first.
func costTable(costs []cost, none time.Duration) string {
	costs = slices.Clone(costs)
	slices.SortStableFunc(costs, func(a, b cost) int { return cmp.Compare(b.time, a.time) })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "analyzer\tseconds\tread\tskipped\thashed")
	for _, c := range costs {
		fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\t%s\n", c.name, (c.time - none).Seconds(), megabytes(c.Read), byReason(c.Skipped), byReason(c.Hashed))
	}
	w.Flush()
	return text.String()
}

func byReason(bytes map[string]int64) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(bytes)) {
		if bytes[key] > 0 {
			list = append(list, key+" "+megabytes(bytes[key]))
		}
	}
	return strings.Join(list, ", ")
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// largeFile is the size of the file of smallImage that is too large.
const largeFile = 20 << 20

// smallImage returns an image with the files of digestFiles, and a file that is too large.
func smallImage(t *testing.T) v1.Image {
	l := new(imagetest.Layer)
	files := digestFiles()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		l.File(name, string(files[name]))
	}
	return mustImage(t, l.File("etc/passwd", strings.Repeat("x", largeFile)))
}

// checkCosts checks some costs of smallImage, whose files have a number of bytes.
func checkCosts(t *testing.T, costs []cost, size int64) {
	t.Helper()
	for _, c := range costs {
		switch c.name {
		case "files", "dpkg":
			if c.Read != 0 || c.Skipped["name"] != size || len(c.Hashed) != 0 {
				t.Errorf("%s: got %+v, want no bytes", c.name, c.Counts)
			}
		case "accounts":
			if c.Read != 0 || c.Skipped["size"] != largeFile || c.Skipped["name"] != size-largeFile {
				t.Errorf("%s: got %+v, want a file that is too large", c.name, c.Counts)
			}
		case "golang":
			if c.Read == 0 || c.Skipped["first bytes"] == 0 {
				t.Errorf("%s: got %+v, want programs only", c.name, c.Counts)
			}
		case "verify-dpkg-files":
			if c.Read != 0 || c.Hashed["md5"] != size {
				t.Errorf("%s: got %+v, want %d bytes with md5", c.name, c.Counts, size)
			}
		}
	}
}
