// Package metrics counts events and writes the counts in the text format of Prometheus.
package metrics

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// buckets are the upper bounds of histograms, in seconds.
var buckets = []float64{0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600}

// A Set has counters, gauges and histograms. The zero value is empty and ready to use, by many goroutines at once.
type Set struct {
	mu       sync.Mutex
	families map[string]*family
}

type family struct {
	kind, help string
	values     map[string]float64 // by labels, and the suffix of a histogram
}

// family returns the family with a name.
func (s *Set) family(name, kind, help string) *family {
	if s.families == nil {
		s.families = make(map[string]*family)
	}
	f := s.families[name]
	if f == nil {
		f = &family{kind, help, make(map[string]float64)}
		s.families[name] = f
	}
	return f
}

// labels joins names and values: "name", "value", ...
func labels(pairs []string) string {
	if len(pairs) == 0 {
		return ""
	}
	var b []string
	for i := 0; i+1 < len(pairs); i += 2 {
		b = append(b, fmt.Sprintf("%s=%q", pairs[i], pairs[i+1]))
	}
	return "{" + strings.Join(b, ",") + "}"
}

// Add adds to a counter.
func (s *Set) Add(name, help string, n float64, pairs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.family(name, "counter", help).values[labels(pairs)] += n
}

// Set sets a gauge.
func (s *Set) Set(name, help string, n float64, pairs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.family(name, "gauge", help).values[labels(pairs)] = n
}

// Observe adds a duration to a histogram.
func (s *Set) Observe(name, help string, d time.Duration, pairs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.family(name, "histogram", help)
	for _, b := range buckets {
		n := 0.0
		if d.Seconds() <= b {
			n = 1
		}
		f.values["_bucket"+labels(append(slices.Clip(pairs), "le", fmt.Sprint(b)))] += n
	}
	f.values["_bucket"+labels(append(slices.Clip(pairs), "le", "+Inf"))]++
	f.values["_sum"+labels(pairs)] += d.Seconds()
	f.values["_count"+labels(pairs)]++
}

// WriteTo writes all values, sorted.
func (s *Set) WriteTo(w io.Writer) (int64, error) {
	s.mu.Lock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.families)) {
		f := s.families[name]
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, f.help, name, f.kind)
		for _, l := range slices.Sorted(maps.Keys(f.values)) {
			fmt.Fprintf(&b, "%s%s %v\n", name, l, f.values[l])
		}
	}
	s.mu.Unlock()
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
