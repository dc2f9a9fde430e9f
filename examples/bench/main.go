//go:build unix

// Bench compares scans of images with the least work of any scanner, the floor. The floor decompresses the layers in parallel
// and reads the tar headers, with the same libraries. For an uncompressed archive it seeks from header to header. The floor
// "hashed" also computes the SHA-256 of compressed layers, which a scan needs to verify them.
//
//	bench [-n ROUNDS] IMAGE...
//
// An IMAGE is a local file or directory, in the syntax of package source. Each measurement runs in its own process, which has
// its own peak memory and written bytes. The measurements of a round run in turn, and a ratio is the median over the rounds,
// because machines are noisy.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/hullmark/hullmark/internal/gctuning"
)

func main() {
	gctuning.Start() // as the reference command
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: bench [-n ROUNDS] IMAGE...\n\nmeasures scans of local images and compares them with decompressing the layers")
		flags.PrintDefaults()
	}
	rounds := flags.Int("n", 5, "rounds of each measurement")
	as := flags.String("as", "", "for bench's own processes: measure floor, hashed, cold or cached once and print JSON")
	cache := flags.String("cache", "", "directory of the cache for -as cached")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return flag.ErrHelp
	}
	if *as != "" {
		m, err := measure(ctx, *as, flags.Arg(0), *cache)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(m)
	}
	fmt.Fprintf(stdout, "%d processors, %s, %s/%s, %d rounds\n\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, *rounds)
	w := tabwriter.NewWriter(stdout, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "image\tMB\tlayers\tentries\tpackages\t\tcpu s\twall s\tcpu/floor\twall/floor\tpeak MB\twritten kB\t")
	for _, ref := range flags.Args() {
		if err := bench(ctx, w, ref, *rounds); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	return w.Flush()
}

// A cost is the result of a measurement with its time and memory.
type cost struct {
	measurement
	cpu, wall time.Duration
	peak      int64 // bytes of resident memory
}

var kinds = []string{"floor", "hashed", "cold", "cached"}

// bench measures an image and prints its lines.
func bench(ctx context.Context, w io.Writer, ref string, rounds int) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := child(ctx, "cached", ref, dir); err != nil { // fills this cache and the page cache
		return err
	}
	costs := make(map[string][]cost)
	for range rounds {
		for _, kind := range kinds {
			c, err := child(ctx, kind, ref, dir)
			if err != nil {
				return err
			}
			costs[kind] = append(costs[kind], c)
		}
	}
	floor := costs["floor"]
	for _, kind := range kinds {
		list := costs[kind]
		cpu := func(c cost) float64 { return c.cpu.Seconds() }
		wall := func(c cost) float64 { return c.wall.Seconds() }
		ratio := func(f func(cost) float64) float64 {
			var ratios []float64
			for i := range list {
				ratios = append(ratios, f(list[i])/max(f(floor[i]), 1e-9))
			}
			return median(ratios)
		}
		// The first line of an image has its sizes. Only a scan counts packages.
		has := []any{ref, fmt.Sprintf("%.0f", float64(floor[0].Bytes)/1e6), floor[0].Layers, floor[0].Entries, costs["cold"][0].Packages}
		if kind != kinds[0] {
			has = []any{"", "", "", "", ""}
		}
		fmt.Fprintf(w, "%v\t%v\t%v\t%v\t%v\t", has...)
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%d\t\n", kind,
			medianOf(list, cpu), medianOf(list, wall), ratio(cpu), ratio(wall),
			medianOf(list, func(c cost) float64 { return float64(c.peak) / 1e6 }),
			int64(medianOf(list, func(c cost) float64 { return float64(c.Written) }))/1000)
	}
	return nil
}

// child measures in a child process.
func child(ctx context.Context, kind, ref, cache string) (c cost, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, err
	}
	cmd := exec.CommandContext(ctx, self, "-as", kind, "-cache", cache, ref)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("%s: %w", kind, err)
	}
	c.wall = time.Since(start)
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = u.Maxrss // KiB, but bytes on macOS
		if runtime.GOOS != "darwin" {
			c.peak *= 1024
		}
	}
	return c, json.Unmarshal(out, &c.measurement)
}

func medianOf(list []cost, f func(cost) float64) float64 {
	values := make([]float64, len(list))
	for i := range list {
		values[i] = f(list[i])
	}
	return median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
