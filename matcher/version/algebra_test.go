package version

import (
	"go/version"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzOrder checks what must hold of an order, for any three texts that a scheme accepts.
func FuzzOrder(f *testing.F) {
	for i, r := range schemes {
		g := newGenerator(r.name, nil)
		for range 8 {
			a, b := g.pair()
			f.Add(uint8(i), a, b, g.mutate(b, 1))
		}
	}
	f.Add(uint8(4), "1:1.0~rc1-1", "1:1.0-1", "1:1.0-1+b1")
	f.Add(uint8(5), "1.a", "1.a.0.b", "1.a.0.1")
	f.Add(uint8(8), "1", "1.sp.x", "1-alpha.x")
	f.Add(uint8(13), "1^", "1", "1~")
	f.Fuzz(func(t *testing.T, scheme uint8, a, b, c string) {
		checkOrder(t, Scheme{&schemes[int(scheme)%len(schemes)]}, a, b, c)
	})
}

// TestAlgebra is FuzzOrder on versions of each ecosystem's own kind.
func TestAlgebra(t *testing.T) {
	for _, r := range schemes {
		t.Run(r.name, func(t *testing.T) {
			g, n := newGenerator(r.name, nil), 0
			for range 20_000 {
				a, b := g.pair()
				if checkOrder(t, Scheme{&r}, a, b, g.mutate(a, 1)) {
					n++
				}
			}
			if n < 500 {
				t.Errorf("only %d triples are valid", n)
			}
		})
	}
}

// checkOrder checks the order of three versions, and reports whether they are valid.
func checkOrder(t *testing.T, s Scheme, texts ...string) bool {
	versions := make([]Version, len(texts))
	for i, text := range texts {
		var err error
		if versions[i], err = s.Parse(text); err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return false
		}
	}
	for _, u := range versions {
		if c := u.Compare(u); c != 0 {
			t.Errorf("%s: %q to itself: %d", s.Name(), u, c)
		}
		for _, v := range versions {
			uv, vu := u.Compare(v), v.Compare(u)
			if uv != -vu || uv < -1 || uv > 1 {
				t.Errorf("%s: %q to %q: %d, and back %d", s.Name(), u, v, uv, vu)
			}
			for _, w := range versions {
				vw, uw := v.Compare(w), u.Compare(w)
				if uv <= 0 && vw <= 0 && uw != max(-1, uv+vw) && s.Name() != "maven" && s.Name() != "conan" { // see maven.go and conan.go
					t.Errorf("%s: %q to %q: %d, to %q: %d, but the first to the last: %d", s.Name(), u, v, uv, w, vw, uw)
				}
			}
		}
	}
	return true
}

// TestLinear parses and compares versions of a megabyte. What is linear takes milliseconds, what is quadratic takes minutes;
// the limit leaves room for a busy machine.
func TestLinear(t *testing.T) {
	const size = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var texts []string
	for _, unit := range []string{"1", "0", "1.", "0.", "1-", "a", "1a", "a.", ".a", "~", "-", ".", "_p1", "1.a.0.", "-alpha-1", "+",
		" ", ":", "é", ".0", ".dev1", "x-"} {
		for _, first := range []string{"1", "1.0.0-"} {
			texts = append(texts, first+repeat(unit)+"1")
		}
	}
	for _, r := range schemes {
		t.Run(r.name, func(t *testing.T) {
			s := Scheme{&r}
			for _, text := range texts {
				start := time.Now()
				v, err := s.Parse(text)
				took := time.Since(start)
				if err == nil {
					w, err := s.Parse(text[:len(text)-1])
					if err == nil {
						start = time.Now()
						v.Compare(w)
						w.Compare(v)
						took = max(took, time.Since(start)/2)
					}
				}
				if took > 5*time.Second {
					t.Errorf("%s: %v", shorten(text), took)
				}
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	for name, texts := range samples {
		s, ok := For(name)
		if !ok {
			t.Fatalf("no scheme %q", name)
		}
		v, errV := s.Parse(texts[0])
		w, errW := s.Parse(texts[1])
		if errV != nil || errW != nil {
			t.Fatal(errV, errW)
		}
		if n := testing.AllocsPerRun(100, func() { v.Compare(w); w.Compare(v) }); n != 0 {
			t.Errorf("%s: comparing allocates %v times", name, n)
		}
		for _, text := range texts {
			if n := testing.AllocsPerRun(100, func() { s.Parse(text) }); n > 1 {
				t.Errorf("%s: parsing %s allocates %v times", name, text, n)
			}
		}
	}
}

// samples are two versions of each ecosystem that differ late.
var samples = map[string][2]string{
	"alpm":         {"1:1.1.1.k+4+g5e3d2a-1", "1:1.1.1.k+4+g5e3d2a-2"},
	"ebuild":       {"1.10.02b_pre20240101_p1-r1", "1.10.02b_pre20240101_p1-r2"},
	"apk":          {"1.1.20_pre20191002222144-r4", "1.1.20_pre20191002222144-r5"},
	"bioconductor": {"1.10.21", "1.10.22"},
	"bitnami":      {"1.10.3-21", "1.10.3-22"},
	"conan":        {"cci.20200203", "cci.20200204"},
	"cargo":        {"1.10.3-alpha.11", "1.10.3-alpha.12"},
	"composer":     {"v5.4.21-beta2", "v5.4.21-beta3"},
	"cpe":          {"1.10.2k", "1.10.2l"},
	"cran":         {"1.10-21", "1.10-22"},
	"deb":          {"1:2.7.4+reloaded2-13+deb9u1", "1:2.7.4+reloaded2-13+deb9u2"},
	"gem":          {"5.2.4.rc1", "5.2.4.rc2"},
	"golang":       {"v0.0.0-20191109021931-daa7c04131f5", "v0.0.0-20191109021932-daa7c04131f5"},
	"generic":      {"1.10.2k", "1.10.2l"},
	"github":       {"v1.10.3-rc.11", "v1.10.3-rc.12"},
	"hex":          {"1.10.3-rc.11", "1.10.3-rc.12"},
	"julia":        {"1.10.3+11", "1.10.3+12"},
	"opam":         {"v0.16.1+ox-1", "v0.16.1+ox-2"},
	"swift":        {"1.10.3-beta.11", "1.10.3-beta.12"},
	"hackage":      {"0.10.3.1", "0.10.3.2"},
	"maven":        {"4.1.42.Final-redhat-1", "4.1.42.Final-redhat-2"},
	"npm":          {"4.17.15-rc.1", "4.17.15-rc.2"},
	"nuget":        {"4.3.0.1-Preview.10", "4.3.0.1-preview.11"},
	"pub":          {"1.10.3+1", "1.10.3+2"},
	"pypi":         {"2023.7.22rc1.post1+local.1", "2023.7.22rc1.post1+local.2"},
	"rpm":          {"1:1.1.1k-12.el8_9", "1:1.1.1k-12.el8_10"},
}

func BenchmarkParse(b *testing.B) {
	for _, r := range schemes {
		b.Run(r.name, func(b *testing.B) {
			s, text := Scheme{&r}, samples[r.name][0]
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, r := range schemes {
		b.Run(r.name, func(b *testing.B) {
			s := Scheme{&r}
			v, errV := s.Parse(samples[r.name][0])
			w, errW := s.Parse(samples[r.name][1])
			if errV != nil || errW != nil {
				b.Fatal(errV, errW)
			}
			b.SetBytes(int64(len(samples[r.name][0])))
			b.ReportAllocs()
			for b.Loop() {
				if v.Compare(w) != -1 {
					b.Fatal("not less")
				}
			}
		})
	}
}

// TestGoReleases compares the versions of Go with the standard library's order of them, which differs where it places a
// language version: from Go 1.21 on, before the first release candidate.
func TestGoReleases(t *testing.T) {
	var releases []string
	for minor := range 27 {
		base := "go1." + strconv.Itoa(minor)
		releases = append(releases, base+"beta1", base+"beta2", base+"rc1", base+"rc2", base+".1", base+".2", base+".10")
		if minor < 21 {
			releases = append(releases, base)
		} else {
			releases = append(releases, base+".0", base+".3-custom")
		}
	}
	for _, a := range releases {
		for _, b := range releases {
			got, err := Compare("golang", a, b)
			if want := version.Compare(a, b); err != nil || got != want {
				t.Errorf("%s, %s: got %d, %v, want %d", a, b, got, err, want)
			}
		}
	}
}
