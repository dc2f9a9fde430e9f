package version

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	for _, test := range []struct {
		scheme string
		order  string // versions from the first to the last; those with "=" between them have one place
	}{
		{"alpm", "1.0a1 1.0a.b 1.0rc1 1.0 1.0. 1.0.a 1.0.1 = 1.0.01 1.0..1 1.1 1.1-1 = 1_1-1 1.1-1.1 1.1-2 1.10-1 = 0:1.10-1 1:0.1-1"},
		{"apk", "0.1_alpha 0.1_rc2 0.1 0.1_git20240101 0.1_p1 0.1a 0.1a1 0.1b 0.1.0 0.1.00 0.1.01 0.1.1 1 1-r0 1-r1 1-r10 1~ab"},
		{"bioconductor", "1.9 1.10 1.10.0"},
		{"bitnami", "2.4.9 2.4.43 = v2.4.43.0 = 2.4.43+build 2.4.43-0 2.4.43-2 = 2.4.43-r2 2.4.43-10 = 2.4.43-r10 2.4.43-10.1 2.4.43-a 2.4.44 2.4.44-0 2.4.58"},
		{"cargo", "0.9 = 0.9.0 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0 = 1.0.0+21AF26D3 1.0.1"},
		{"composer", "dev-main 1.0.0-dev 1.0.0-alpha1 1.0.0-beta1-dev 1.0.0-beta1 1.0.0-RC1 1.0 = v1.0.0.0 = 1.0@stable = 1.0+build " +
			"1.0.0-patch1 = 1.0pl1 1.0.1 1.x-dev = 1.9999999.9999999.9999999-dev 2.0 2010.01-02 = 2010-01-02+x 2010.01.02 20100102"},
		{"conan", "0.9 1.0--1 1.0-pre.1 1.0-pre.2 1.0-pre-x 1 = 1.0 = 1.0.0 1.0+1 1.0+2 1.0.1 1.1.1 1.1.1k 1.1.1w 1.2 1.10 8.43 8.45 cci.20200203 cci.20210101"},
		{"cpe", "0.9.8 1 = 1.0 = 1.00.0 1.0.2 1.0.2a 1.0.2k = 1.0.2K 1.0.2z 1.0.2za 1.0.10 4.2.8p9 4.2.8p10 = 4.2.8-p10 8.2 8.2p1"},
		{"cran", "0.9 1.0 1.0.0 = 1.0-0 1.0.1"},
		{"deb", "1.0~~ 1.0~rc1 1.0 = 0:1.0-0 1.0-0.1 1.0-1~bpo8+1 1.0-1 1.0-1ubuntu1 1.0-1+deb8u1 1.0a-1 1.0+dfsg-1 1.0.1-1 1.10-1 1:0.1-1"},
		{"ebuild", "0.9_alpha_p1 0.9_beta 0.9_pre20240101 0.9_rc 0.9 = 0.9-r0 0.9-r1 0.9_p = 0.9_p0 0.9_p1 0.9a 0.9b_rc1 0.9b 0.9.0 = 0.9.00 0.9.01 = 0.9.010 0.9.1 0.9.10 1 1.02 1.2 10"},
		{"gem", "1.0.a 1.0.a.1 1.0.b.0.c 1.0.b 1.0.pre.1 = 1.0-1 1.0 = 1 1.0.1 1.10"},
		{"generic", "0.9 1 = 1.0.0 1.0.1a 1.0.1b 18.20.3 20.1.0"},
		{"github", "v44.5.7 45 = v45.0.0 v45.0.7 46.0.1-rc.1 46.0.1 = v46.0.1 2024.01.02"},
		{"golang", "v0.0.0-20191109021931-daa7c04131f5 v0.0.1 v1.20.0-rc.1 = go1.20rc1 = 1.20rc1 go1.20 = go1.20.0-custom = go1.20_X:boringcrypto " +
			"1.20.1 go1.21beta2 go1.21rc1 go1.21.3 v2.0.0+incompatible = v2.0.0"},
		{"hackage", "1.0 = 1.0-beta = 1.0-a-2 1.0.0 1.2"},
		{"hex", "1.6.0-rc.1 1.6.0 = 1.6 = 1.6.0+build 1.6.13 1.6.14"},
		{"julia", "1.2-rc = 1.2rc 1.2.3-alpha- 1.2.3-rc1 = 1.2.3rc1 1.2.3 1.2.3+0 1.2.3+1 1.10"},
		{"maven", "1-alpha1 = 1a1 = 1-alpha-1 1-beta-2 1-m3 = 1-milestone-3 1-rc1 = 1cr1 1-SNAPSHOT 1 = 1.0 = 1-ga = 1.Final 1-sp 1-jre 1-1 1.0.1 1.10"},
		{"npm", "1.2.3-1 1.2.3-alpha 1.2.3-alpha.1 1.2.3-beta = 1.2.3beta 1.2.3 = =v1.2.3 = 01.2.3 1.10 2 = 2.0.0+build"},
		{"nuget", "1.0--2 1.0--1 1.0-0 = 1.0--0 1.0-3 1.0-20991231235959 1.0-3000000000 1.0-alpha 1.0-BETA = 1.0.0.0-beta+sha 1.0-beta.2 1.0-beta.11 1.0 = 1.00.0.0 1.0.0.1"},
		{"opam", "1.0~rc1 1.0 1.0-2 1.0-a 1.0a 1.0+ox 1.0.1 1.9 1.10 v0.16"},
		{"pub", "1.0.0-pre 1.0.0-pre+1 1.0.0 1.0.0+1 1.0.0+2 1.0.0+a"},
		{"pypi", "1.0.dev1 1.0a1.dev2 1.0a1 = 1.0-ALPHA.1 1.0b1 1.0rc1 = 1.0c1 = v1.0-preview_1 1.0 = 1 = 1.0.0 1.0+ubuntu 1.0+1 1.0+1.a " +
			"1.0.post1.dev1 1.0.post1 = 1.0-1 = 1.0-r1 1.0.1 1.10 1!0.1"},
		{"rpm", "1.0~rc1 1.0 = 0:1.0 1.0-1~beta 1.0-1.el9 = 1_0-1.el9 1.0-1.el9_2 1.0-1.10.el9 1.0^git1-1 1.0.a-1 1.0.1-1 1.10-1 1:0.1-1"},
		{"swift", "2.41.0 2.42.0-beta.2 2.42.0-beta.10 2.42.0 = v2.42.0"},
	} {
		t.Run(test.scheme, func(t *testing.T) {
			s, ok := For(test.scheme)
			if !ok || s.Name() != test.scheme {
				t.Fatalf("got %v, %v", s, ok)
			}
			var versions []Version
			var places []int
			place, same := 0, false
			for _, text := range strings.Fields(test.order) {
				if text == "=" {
					same = true
					continue
				}
				v, err := s.Parse(strings.ReplaceAll(text, "_X:", " X:"))
				if err != nil {
					t.Fatal(err)
				}
				if !same {
					place++
				}
				versions, places, same = append(versions, v), append(places, place), false
			}
			for i, v := range versions {
				for j, w := range versions {
					want := min(max(places[i]-places[j], -1), 1)
					if got := v.Compare(w); got != want {
						t.Errorf("Compare(%s, %s) = %d, want %d", v, w, got, want)
					}
				}
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	for scheme, texts := range map[string][]string{
		"alpm":     {"-1", "1:", "1:-1", "1 2", "1\x01"},
		"ebuild":   {"a", "1.", "1..2", "1ab", "1A", "1_foo", "1_", "1-r", "1-1", "1-r1_p", "1 2", "1.x"},
		"apk":      {"a", ".1", "1.", "1..2", "1.0ab", "1_foo", "1-r", "1-r1-r2", "1_p1.2", "1 2", "1~xyz", "1.0A"},
		"bitnami":  {"1.2.3-", "1.2.3-a..b", "1.2.3+", "1.2rc1", "RELEASE.2023-03-13", "1..2"},
		"conan":    {"-1", ".1", "+1", "1 2", "1/2", strings.Repeat("1", 102)},
		"generic":  {"v1", "1.0rc1", "20.0.0-rc.1", "latest"},
		"github":   {"main", "daa7c04131f5", "v1.2.3.4", "1.x", "v"},
		"hex":      {"1.2.3.4", "01.2.3", "1.2.3-01", "~> 1.2"},
		"julia":    {"1.2.3.4", "a", "1.2.3-"},
		"opam":     {"1:2", "1 2", "1/2", "é"},
		"swift":    {"main", "1.2.3.4", "1.2.3-"},
		"cargo":    {"1.2.x", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3-a..b", "1.2.3+", "1.2-a", "18446744073709551616.0.0"},
		"composer": {"foo", "1.2.3.4.5", "1.0-foo", "1.0beta-x", "12345x", "1.0 2.0", "^1.0", "foo-dev"},
		"cpe":      {"a", "1..2", "1.", "1-2", "1-", "1--p1", "1.0rc1", "1.0 beta", "1.0b2", "1.0ab", "1.0p1.2", "2012-01-01", "v1"},
		"cran":     {"1.a", "1..2", "1.", "a"},
		"deb":      {":1", "a:1", "1:", "1-", "-1", "2147483648:1", "1 2", "1.0\x00", "1.0é", "+1:1"},
		"gem":      {"a", "1..2", "1.a-", "1_0", "1beta", "1.-", "-1"},
		"golang":   {"(devel)", "devel", "go", "go1.x", "go1.2rc", "v1.2.3-01", "v1.2.3.4", "daa7c04131f5", "go01.2", "v1.2-pre"},
		"hackage":  {"1-", "1.0-beta--1", "1.0-b_a", "1.01", "1.1234567890", "v1"},
		"maven":    {"${project.version}", "[1,2)", "1 2", "1/2", "1:2"},
		"npm":      {"latest", "1.x", "*", "1.2.3.4", "1.2.3-é", "9007199254740992.0.0", "^1.2.3", strings.Repeat("1", 257)},
		"nuget":    {"1.0.0.0.0", "v1.0", "1.0-", "1.0-a..b", "1.0+", "1.*", "1.-a"},
		"pub":      {"1.2.3.4", "any", "1.2.3-"},
		"pypi":     {"1.0.x", "1.0-", "1.0+", "1.0+a..b", "!1", "1!", "1.0-1-2", "dev", "1.0alphabet", "1.0.foo", "1.0+é", "0.1-bulbasaur"},
		"rpm":      {"-1", "1:", "1:-1", "1 2", "1\x01"},
	} {
		s, ok := For(scheme)
		if !ok {
			t.Fatalf("no scheme %q", scheme)
		}
		for _, text := range append(texts, "", " \t") {
			v, err := s.Parse(text)
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: Parse(%q) = %v, %v", scheme, text, v, err)
				continue
			}
			if !strings.HasPrefix(err.Error(), "version: "+scheme+" \"") || len(err.Error()) > 300 {
				t.Errorf("%s: Parse(%q): %q", scheme, text, err)
			}
		}
	}
}

func TestParseKeepsText(t *testing.T) {
	s, _ := For("pypi")
	v, err := s.Parse(" 1.0-ALPHA ")
	if err != nil || v.String() != " 1.0-ALPHA " || v.Scheme() != s {
		t.Errorf("got %q of %q, %v", v, v.Scheme().Name(), err)
	}
}

func TestCompareErrors(t *testing.T) {
	for _, test := range []struct{ scheme, a, b, want string }{
		{"deb", "1", "2:", `version: deb "2:": invalid version: nothing after the epoch`},
		{"deb", "", "1", `version: deb "": invalid version: empty`},
		{"pypi", strings.Repeat("x", 1000), "1", `version: pypi "` + strings.Repeat("x", 64) + `...": invalid version: release is not a number`},
		{"rpm", strings.Repeat("é", 100) + " ", "1 1", `version: rpm "1 1": invalid version: blank or control character`},
		{"ada", "1", "1", `version: type "ada": invalid version: no scheme`},
	} {
		_, err := Compare(test.scheme, test.a, test.b)
		if err == nil || err.Error() != test.want || !errors.Is(err, ErrInvalid) {
			t.Errorf("Compare(%q, ...): got %v, want %s", test.scheme, err, test.want)
		}
	}
	if _, err := (Scheme{}).Parse("1"); !errors.Is(err, ErrInvalid) {
		t.Errorf("the zero Scheme: %v", err)
	}
}

func TestShorten(t *testing.T) {
	for _, s := range []string{strings.Repeat("é", 100), "x" + strings.Repeat("é", 100), strings.Repeat("\x80", 100)} {
		if got := shorten(s); len(got) > 70 || !strings.HasPrefix(s, strings.TrimSuffix(got, "...")) {
			t.Errorf("got %q", got)
		}
	}
	if got := shorten("x" + strings.Repeat("é", 100)); strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("got %q", got)
	}
}

func TestSchemesDoNotMix(t *testing.T) {
	deb, _ := For("deb")
	rpm, _ := For("rpm")
	v, errV := deb.Parse("1")
	w, errW := rpm.Parse("1")
	if errV != nil || errW != nil {
		t.Fatal(errV, errW)
	}
	defer func() {
		if recover() == nil {
			t.Error("comparing versions of two schemes did not panic")
		}
	}()
	v.Compare(w)
}

func ExampleScheme() {
	deb, _ := For("deb")
	installed, err := deb.Parse("2.24-11+deb9u4")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, bound := range []string{"2.24-11+deb9u3", "2.28-1", "2.28:1"} {
		fixed, err := deb.Parse(bound)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(installed, "before", fixed, installed.Compare(fixed) < 0)
	}
	// Output:
	// 2.24-11+deb9u4 before 2.24-11+deb9u3 false
	// 2.24-11+deb9u4 before 2.28-1 true
	// version: deb "2.28:1": invalid version: epoch is not a number
}

func ExampleCompare() {
	for _, pair := range [][3]string{{"pypi", "1.0rc1", "1.0"}, {"maven", "1.0.Final", "1"}, {"npm", "10.0.0", "9.2.1"}} {
		c, err := Compare(pair[0], pair[1], pair[2])
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s %c %s\n", pair[0], pair[1], "<=>"[c+1], pair[2])
	}
	// Output:
	// pypi: 1.0rc1 < 1.0
	// maven: 1.0.Final = 1
	// npm: 10.0.0 > 9.2.1
}
