package analyzer

import (
	"maps"
	"slices"
)

// A fragment completes packages that the same analyzer found in other files.
type fragment struct {
	analyzer string
	dir      string // of the file that it comes from
	*Package
}

// complete joins fragments, in the order of the paths they come from, with the components they are about.
func complete(components []Component, fragments []fragment) {
	if len(fragments) == 0 {
		return
	}
	type key struct{ analyzer, kind, name, dir string } // either name or dir is empty
	index := make(map[key][]int)
	for i := range components {
		c := &components[i]
		for _, k := range []key{{c.Analyzer, c.Type, c.Name, ""}, {c.Analyzer, c.Type, "", dirOf(c.Path)}} {
			index[k] = append(index[k], i)
		}
	}
	grown := make(map[int]bool)
	for _, f := range fragments {
		k := key{f.analyzer, f.Type, f.Name, ""}
		if f.Name == "" {
			k.dir = f.dir
		}
		for _, i := range index[k] {
			p := &components[i].Package
			if f.Arch != "" && f.Arch != p.Arch || f.Version != "" && f.Version != p.Version {
				continue
			}
			if f.Name != "" && f.Namespace != p.Namespace && !p.System { // of a System package it says who built it
				continue
			}
			p.add(f.Package)
			p.Dev = p.Dev || f.Dev
			grown[i] = grown[i] || len(f.Files) > 0
		}
	}
	for i := range grown { // several fragments may list the same files
		p := &components[i].Package
		slices.Sort(p.Files)
		p.Files = slices.Clip(slices.Compact(p.Files))
	}
}

// add takes over what f says and p does not. Lists grow, single values are kept if there are any.
func (p *Package) add(f *Package) {
	p.Files = append(p.Files, f.Files...)
	p.Licenses = appendNew(p.Licenses, f.Licenses)
	p.Depends = appendNew(p.Depends, f.Depends)
	p.Provides = appendNew(p.Provides, f.Provides)
	if p.Vendor == "" {
		p.Vendor = f.Vendor
	}
	if p.Origin == nil {
		p.Origin = f.Origin
	}
	p.Qualifiers = addMissing(p.Qualifiers, f.Qualifiers)
	p.Hashes = addMissing(p.Hashes, f.Hashes)
}

func appendNew(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func addMissing(m, more map[string]string) map[string]string {
	for k, v := range more {
		if _, ok := m[k]; !ok {
			if m == nil {
				m = make(map[string]string)
			}
			m[k] = v
		}
	}
	return m
}

// clonePackage returns a copy that can be completed without touching what a cache or another layer shares.
func clonePackage(p *Package) Package {
	c := *p
	c.Licenses, c.Files = slices.Clip(p.Licenses), slices.Clip(p.Files)
	c.Depends, c.Provides = slices.Clip(p.Depends), slices.Clip(p.Provides)
	c.Qualifiers, c.Hashes = maps.Clone(p.Qualifiers), maps.Clone(p.Hashes)
	return c
}
