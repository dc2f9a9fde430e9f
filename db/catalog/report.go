package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
)

// A setting has the facts of a report that are about the image as a whole.
type setting struct {
	Distro   *analyzer.Distro
	Platform string
	Examined []analyzer.Examination
	Empty    []string // lists that are empty, and not nil
}

// facts are a layer, and the findings, records and diagnostics about it. Their Layer is 0.
type facts struct {
	Layer       *analyzer.Layer
	Findings    []analyzer.FileFinding
	Records     []analyzer.FileRecord
	Diagnostics []analyzer.FileDiagnostic
}

// An orders has the order of each list that isn't that of the parts: the number of the part of each element, as runs of number and count.
type orders struct {
	Components, Findings, Records, Diagnostics []int
}

// A PartRef is the place of a part in an image.
type PartRef struct {
	Kind  Kind
	Layer int // of its components and facts; -1 without a layer
	Hash  Hash
}

// Divide divides a report into parts. Restore is its inverse.
func Divide(report *analyzer.Report) (refs []PartRef, parts []Part) {
	var e encoder
	add := func(layer int, p Part) {
		refs = append(refs, PartRef{p.Kind, layer, p.Hash})
		parts = append(parts, p)
	}
	s := setting{Distro: report.Distro, Platform: report.Image.Platform, Examined: report.Examined}
	for _, l := range []struct {
		name  string
		empty bool
	}{
		{"components", report.Components != nil && len(report.Components) == 0}, {"layers", report.Layers != nil && len(report.Layers) == 0},
		{"findings", report.Findings != nil && len(report.Findings) == 0}, {"records", report.Records != nil && len(report.Records) == 0},
		{"diagnostics", report.Diagnostics != nil && len(report.Diagnostics) == 0},
	} {
		if l.empty {
			s.Empty = append(s.Empty, l.name)
		}
	}
	add(-1, e.part(Setting, &s))
	var o orders
	subjects := matcher.Subjects(report)
	numbers := make([]int, len(report.Components))
	for n, g := range groupsOf(report, subjects) {
		add(g.layer, e.part(Chunk, chunkOf(report, subjects, &g)))
		for _, i := range g.components {
			numbers[i] = n
		}
	}
	if !slices.IsSortedFunc(report.Components, compareValues) {
		o.Components = runs(numbers)
	}
	all, layers := factsOf(report, &o)
	for i := range all {
		add(layers[i], e.part(Facts, &all[i]))
	}
	if report.Files != nil {
		add(-1, e.part(Listing, &listing{report.Files}))
	}
	if o.Components != nil || o.Findings != nil || o.Records != nil || o.Diagnostics != nil {
		add(-1, e.part(Order, &o))
	}
	return refs, parts
}

type listing struct{ Files *analyzer.Files }

// factsOf divides the lists of a report, and returns the layer of each part.
func factsOf(report *analyzer.Report, o *orders) (list []facts, layers []int) {
	var of []int
	for i := range report.Layers {
		of = append(of, i)
	}
	for i := range report.Findings {
		of = append(of, report.Findings[i].Layer)
	}
	for i := range report.Records {
		of = append(of, report.Records[i].Layer)
	}
	for i := range report.Diagnostics {
		of = append(of, report.Diagnostics[i].Layer)
	}
	slices.Sort(of)
	layers = slices.Compact(of)
	list = make([]facts, len(layers))
	number := make(map[int]int)
	for n, l := range layers {
		number[l] = n
		if l >= 0 && l < len(report.Layers) {
			list[n].Layer = &report.Layers[l]
		}
	}
	each := func(length int, layer func(int) *int, put func(*facts, int)) []int {
		numbers := make([]int, length)
		for i := range length {
			numbers[i] = number[*layer(i)]
			put(&list[numbers[i]], i)
		}
		if slices.IsSorted(numbers) {
			return nil
		}
		return runs(numbers)
	}
	o.Findings = each(len(report.Findings), func(i int) *int { return &report.Findings[i].Layer }, func(f *facts, i int) {
		x := report.Findings[i]
		x.Layer = 0
		f.Findings = append(f.Findings, x)
	})
	o.Records = each(len(report.Records), func(i int) *int { return &report.Records[i].Layer }, func(f *facts, i int) {
		x := report.Records[i]
		x.Layer = 0
		f.Records = append(f.Records, x)
	})
	o.Diagnostics = each(len(report.Diagnostics), func(i int) *int { return &report.Diagnostics[i].Layer }, func(f *facts, i int) {
		x := report.Diagnostics[i]
		x.Layer = 0
		f.Diagnostics = append(f.Diagnostics, x)
	})
	return list, layers
}

// compareValues orders components as scans do.
func compareValues(a, b analyzer.Component) int { return compareComponents(&a, &b) }

func compareComponents(a, b *analyzer.Component) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version), strings.Compare(a.Arch, b.Arch), strings.Compare(a.Path, b.Path),
		strings.Compare(a.ArchivePath, b.ArchivePath), strings.Compare(a.ID, b.ID), strings.Compare(a.Analyzer, b.Analyzer))
}

// sortComponents restores the order of components that come part after part.
func sortComponents(list []analyzer.Component) { indirectsort.Sort(list, compareComponents) }

// runs returns the run-length form of numbers.
func runs(numbers []int) []int {
	var list []int
	for _, n := range numbers {
		if k := len(list); k > 0 && list[k-2] == n {
			list[k-1]++
		} else {
			list = append(list, n, 1)
		}
	}
	return list
}
