package feed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/epss"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/matcher"
)

// A cost is what a process has used.
type cost struct {
	CPU  time.Duration
	Peak int64 // bytes of its memory
}

// TestUpdateCost builds a database of synthetic advisories, 500,000 or as many as HULLMARK_ADVISORIES says. It renews one small feed of it, KEV, and a
// large one, EPSS, and adds 100 advisories to those of Debian. Each runs in a process of its own. The small updates must take less than a tenth of the
// processor time of the build, and all of them at most 256 MiB. KEV and EPSS may not change the blocks of advisories.
func TestUpdateCost(t *testing.T) {
	if what := os.Getenv("HULLMARK_TEST_COST"); what != "" {
		testCost(t, what)
		return
	}
	corpus.Slow(t)
	n := 500_000
	if s := os.Getenv("HULLMARK_ADVISORIES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.db")
	run := func(what string) cost {
		t.Helper()
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpdateCost$", "-test.count=1", "-test.v", "-test.timeout=2h")
		c.Env = append(os.Environ(), "HULLMARK_TEST_COST="+what, "HULLMARK_TEST_FILE="+file, fmt.Sprint("HULLMARK_ADVISORIES=", n))
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, out)
		}
		_, text, _ := strings.Cut(string(out), "cost ")
		var x cost
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&x); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, out)
		}
		return x
	}
	build := run("build")
	t.Logf("%-12s %12s %10s %8s %12s %16s", "", "advisories", "CPU", "of build", "peak MiB", "same bytes")
	row := func(what string, c cost, advisories int, size, same int64) {
		t.Logf("%-12s %12d %10s %7.1f%% %12d %8d of %d", what, advisories, c.CPU.Round(time.Millisecond),
			100*float64(c.CPU)/float64(build.CPU), c.Peak>>20, same, size)
	}
	info := infoOf(t, file)
	row("build", build, info.Advisories, info.Size, 0)
	if info.Advisories < n {
		t.Errorf("%d advisories, want %d", info.Advisories, n)
	}
	for _, what := range []string{"kev", "epss", "increment"} {
		before := filepath.Join(dir, "before.db")
		if err := os.Rename(file, before); err != nil {
			t.Fatal(err)
		}
		copyFile(t, before, file)
		c := run(what)
		now := infoOf(t, file)
		same := samePrefix(t, before, file)
		row(what, c, now.Advisories, now.Size, same)
		if what == "increment" {
			if now.Advisories != info.Advisories+100 {
				t.Errorf("%s: %d advisories, want %d", what, now.Advisories, info.Advisories+100)
			}
		} else if now.Advisories != info.Advisories {
			t.Errorf("%s: %d advisories, want %d", what, now.Advisories, info.Advisories)
		} else if same < info.AdvisorySize {
			t.Errorf("%s: the first %d bytes are the same, want %d: all blocks of advisories", what, same, info.AdvisorySize)
		}
		if what != "epss" && 10*c.CPU >= build.CPU {
			t.Errorf("%s: %v of processor time, want less than a tenth of %v", what, c.CPU, build.CPU)
		}
		if c.Peak > 256<<20 {
			t.Errorf("%s: %d MiB, want at most 256", what, c.Peak>>20)
		}
	}
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n > 1_000_000 {
		return
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// testCost is the process of one step. It prints its cost.
func testCost(t *testing.T, what string) {
	file := os.Getenv("HULLMARK_TEST_FILE")
	n, err := strconv.Atoi(os.Getenv("HULLMARK_ADVISORIES"))
	if err != nil {
		t.Fatal(err)
	}
	var c cost
	switch what {
	case "build":
		c.CPU = buildSynthetic(t, file, n)
	case "kev":
		update(t, file, kev.Feed(), synthesizeKEV())
	case "epss":
		update(t, file, epss.Feed(), synthesizeEPSS())
	case "increment":
		increment(t, file)
	}
	if what != "build" {
		c.CPU = cputime.Used()
	}
	c.Peak = peakMemory(t)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\ncost %s\n", text)
}

// buildSynthetic writes a database, and returns the processor time that it took without the making of the data.
func buildSynthetic(t *testing.T, file string, n int) time.Duration {
	scale := float64(n) / 500_000
	nothing := cputime.Of(func() { dbtest.Stream(scale, 300_000, func(matcher.Advisory) {}, func(dbtest.Enrichment) {}) })
	var b db.Builder
	for _, f := range []string{"debian", "rocky", "alpine", "osv", "nvd", "kev", "epss"} {
		b.AddFeed(db.FeedInfo{Name: f, URL: "https://" + f + ".example", Fingerprint: "1", Date: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)})
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return cputime.Of(func() {
		dbtest.Stream(scale, 300_000, func(a matcher.Advisory) { check(b.Add(a)) },
			func(e dbtest.Enrichment) { check(b.AddEnrichment(e.Feed, e.CVE, e.Enrichment)) })
		f, err := os.Create(file)
		check(err)
		_, err = b.WriteTo(f)
		check(err)
		check(f.Close())
	}) - nothing
}

// update renews a feed of the database in a file.
func update(t *testing.T, file string, f feed.Feed, data []byte) {
	name := file + "." + f.Name
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(name)
	r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Inputs: []feed.Input{{Feed: f, Location: name}}, MayShrink: true})
	if err != nil || !r.Written || r.Datasets[0].Err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
}

// increment adds 100 advisories to those of Debian.
func increment(t *testing.T, file string) {
	f := feed.Feed{Name: "debian", Parse: func(io.Reader) iter.Seq2[feed.Record, error] {
		return feed.Records(func(yield func(feed.Record) error) error {
			for i := range 100 {
				a := matcher.Advisory{
					ID: fmt.Sprintf("CVE-2025-%d", 50_000+i), Feed: "debian", Status: matcher.Fixed, Ranges: []matcher.Range{{Fixed: "1"}},
					Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: fmt.Sprintf("lib-%d", i)},
				}
				if err := yield(feed.Record{ID: a.ID, Advisories: []matcher.Advisory{a}}); err != nil {
					return err
				}
			}
			return nil
		})
	}}
	name := file + ".debian"
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(name)
	f.Datasets = []feed.Dataset{{
		URLs: []string{"https://debian.example"}, Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}},
		Fetch: func(context.Context, *feed.Fetcher) (feed.Fetched, error) {
			return feed.Fetched{Locations: []string{name}, Fingerprint: "2", Increment: true}, nil
		},
	}}
	r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{})
	if err != nil || !r.Written || r.Datasets[0].Err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
}

// synthesizeKEV returns a catalogue as large as that of November 2025.
func synthesizeKEV() []byte {
	const n = 1404
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"count":%d,"dateReleased":"2025-11-01T00:00:00Z","vulnerabilities":[`, n)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"cveID":"CVE-%d-%04d","dateAdded":"2025-10-%02d","knownRansomwareCampaignUse":"Unknown"}`, 2002+i%24, 1000+i, 1+i%30)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func synthesizeEPSS() []byte {
	var b bytes.Buffer
	b.WriteString("#model_version:v2025.03.14,score_date:2025-11-02T12:55:00Z\ncve,epss,percentile\n")
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 300_000 {
		fmt.Fprintf(&b, "CVE-%d-%04d,%.5f,%.5f\n", 2000+i%26, 1+i/26, r.Float64(), r.Float64())
	}
	return b.Bytes()
}

// peakMemory returns the most memory that this process has used.
func peakMemory(t *testing.T) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Logf("no peak of memory on %s", runtime.GOOS)
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatalf("no VmHWM: %s", status)
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func infoOf(t *testing.T, file string) db.Info {
	t.Helper()
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Info()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	r, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := os.Create(to)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// samePrefix returns the number of bytes that two files begin with in common.
func samePrefix(t *testing.T, names ...string) int64 {
	t.Helper()
	var files [2]*os.File
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	var bufs [2][4096]byte
	for same := int64(0); ; {
		var n [2]int
		for i, f := range files {
			n[i], _ = io.ReadFull(f, bufs[i][:])
		}
		if n[0] == 0 || n[0] != n[1] || !slices.Equal(bufs[0][:n[0]], bufs[1][:n[1]]) {
			at := 0
			for at < min(n[0], n[1]) && bufs[0][at] == bufs[1][at] {
				at++
			}
			return same + int64(at)
		}
		same += int64(n[0])
	}
}
