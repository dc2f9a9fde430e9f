package diff_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/diff"
)

// report makes a report of lines "type name version [path] [licences]"; a type of a distribution makes a package of it.
func report(lines ...string) *analyzer.Report {
	r := &analyzer.Report{}
	for _, line := range lines {
		f := append(strings.Fields(line), "", "")
		c := analyzer.Component{Package: analyzer.Package{Type: f[0], Name: f[1], Version: f[2], System: f[0] == "deb"}, Path: strings.Trim(f[3], "-")}
		if i := strings.LastIndexByte(f[1], '/'); i >= 0 {
			c.Namespace, c.Name = f[1][:i], f[1][i+1:]
		}
		if f[4] != "" {
			c.Licenses = strings.Split(f[4], ",")
		}
		r.Components = append(r.Components, c)
	}
	return r
}

func fullName(p *diff.Item) string { return strings.TrimPrefix(p.Namespace+"/"+p.Name, "/") }

func summary(d *diff.Diff) string {
	var out []string
	if d.Distro != nil {
		out = append(out, fmt.Sprintf("%s -> %s", d.Distro.From, d.Distro.To))
	}
	for _, p := range d.Added {
		out = append(out, "+"+fullName(&p)+" "+p.Version)
	}
	for _, p := range d.Removed {
		out = append(out, "-"+fullName(&p)+" "+p.Version)
	}
	for _, c := range d.Changed {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s > %s %s", fullName(&c.To), c.From.Version, c.To.Version, c.Direction)))
	}
	for _, l := range d.Licenses {
		out = append(out, fmt.Sprintf("%s: %s > %s", fullName(&l.Item), strings.Join(l.From, ","), strings.Join(l.To, ",")))
	}
	return strings.Join(out, "; ")
}

func TestCompare(t *testing.T) {
	type lines = []string
	for name, c := range map[string]struct {
		a, b lines
		want string
		same int
	}{
		"nothing":                  {lines{"npm x 1"}, lines{"npm x 1"}, "", 1},
		"added and removed":        {lines{"npm x 1"}, lines{"npm y 1"}, "+y 1; -x 1", 0},
		"upgrade":                  {lines{"deb x 1.9"}, lines{"deb x 1.10"}, "x 1.9 > 1.10 upgrade", 0},
		"downgrade":                {lines{"deb x 1"}, lines{"deb x 1~rc1"}, "x 1 > 1~rc1 downgrade", 0},
		"not comparable":           {lines{"cran x a"}, lines{"cran x b"}, "x a > b", 0},
		"normal form of the name":  {lines{"pypi Flask_X 1"}, lines{"pypi flask-x 1"}, "", 1},
		"namespaces":               {lines{"npm @a/x 1"}, lines{"npm @b/x 1"}, "+@b/x 1; -@a/x 1", 0},
		"who built it":             {lines{"deb debian/x 1"}, lines{"deb ubuntu/x 1"}, "", 1},
		"types":                    {lines{"npm x 1"}, lines{"gem x 1"}, "+x 1; -x 1", 0},
		"several versions":         {lines{"npm x 1.0.0", "npm x 2.0.0"}, lines{"npm x 2.0.0", "npm x 3.0.0"}, "x 1.0.0 > 3.0.0 upgrade", 1},
		"one version more":         {lines{"npm x 1.0.0"}, lines{"npm x 1.0.0", "npm x 2.0.0"}, "+x 2.0.0", 1},
		"the same file":            {lines{"npm x 1.0.0 a", "npm x 2.0.0 b"}, lines{"npm x 3.0.0 b", "npm x 4.0.0 a"}, "x 1.0.0 > 4.0.0 upgrade; x 2.0.0 > 3.0.0 upgrade", 0},
		"lowest with the lowest":   {lines{"npm x 10.0.0", "npm x 9.0.0"}, lines{"npm x 9.0.1", "npm x 10.0.1"}, "x 9.0.0 > 9.0.1 upgrade; x 10.0.0 > 10.0.1 upgrade", 0},
		"moved":                    {lines{"npm x 1 a"}, lines{"npm x 1 b", "npm x 1 c"}, "", 1},
		"licences":                 {lines{"npm x 1 - MIT"}, lines{"npm x 1 - ISC"}, "x: MIT > ISC", 1},
		"licences, joined":         {lines{"npm x 1 - MIT,ISC"}, lines{"npm x 1 - ISC,MIT"}, "", 1},
		"licences of a new one":    {lines{"npm x 1.0.0 - MIT"}, lines{"npm x 2.0.0 - BUSL-1.1"}, "x 1.0.0 > 2.0.0 upgrade; x: MIT > BUSL-1.1", 0},
		"licences that are unsaid": {lines{"npm x 1 - MIT"}, lines{"npm x 1"}, "x: MIT > ", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := diff.Compare(report(c.a...), report(c.b...))
			if got := summary(d); got != c.want || d.Same != c.same {
				t.Errorf("got %q, %d the same; want %q, %d", got, d.Same, c.want, c.same)
			}
		})
	}
}

func TestDistro(t *testing.T) {
	a, b := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12.1"}}, &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}}
	if got := summary(diff.Compare(a, b)); got != "" {
		t.Error(got)
	}
	b.Distro.VersionID = "13"
	if got := summary(diff.Compare(a, b)); got != "debian 12 -> debian 13" {
		t.Error(got)
	}
}

// TestOrder asks that the order of components does not matter, that a report does not differ from itself, and that what was
// added one way was removed the other way.
func TestOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	make := func() *analyzer.Report {
		var lines []string
		for range random.IntN(30) {
			lines = append(lines, fmt.Sprintf("npm p%d %d.0.0 f%d MIT", random.IntN(5), random.IntN(4), random.IntN(4)))
		}
		return report(lines...)
	}
	for range 300 {
		a, b := make(), make()
		d := diff.Compare(a, b)
		if summary(diff.Compare(a, a)) != "" {
			t.Fatal("a report differs from itself")
		}
		back := diff.Compare(b, a)
		if len(d.Added) != len(back.Removed) || len(d.Removed) != len(back.Added) || len(d.Changed) != len(back.Changed) || d.Same != back.Same {
			t.Fatalf("there %s, back %s", summary(d), summary(back))
		}
		first := summary(d)
		random.Shuffle(len(a.Components), func(i, j int) { a.Components[i], a.Components[j] = a.Components[j], a.Components[i] })
		random.Shuffle(len(b.Components), func(i, j int) { b.Components[i], b.Components[j] = b.Components[j], b.Components[i] })
		if again := summary(diff.Compare(a, b)); again != first {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

// TestManyVersions compares twenty thousand versions of one package, in one file and in as many.
func TestManyVersions(t *testing.T) {
	many := func(from int, path string) *analyzer.Report {
		r := &analyzer.Report{Components: make([]analyzer.Component, 20_000)}
		for i := range r.Components {
			r.Components[i] = analyzer.Component{Package: analyzer.Package{Type: "npm", Name: "x", Version: fmt.Sprintf("1.0.%d", from+i)}, Path: path}
			if path == "" {
				r.Components[i].Path = fmt.Sprint(i)
			}
		}
		return r
	}
	for _, path := range []string{"", "one"} {
		start := time.Now()
		d := diff.Compare(many(0, path), many(10_000, path))
		if d.Same != 10_000 || len(d.Changed) != 10_000 || time.Since(start) > time.Minute {
			t.Errorf("%d the same, %d changed, after %v", d.Same, len(d.Changed), time.Since(start))
		}
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(diff.Compare(&analyzer.Report{}, &analyzer.Report{}))
	if want := `{"added":[],"removed":[],"changed":[],"licenses":[],"same":0}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	var back diff.Diff
	d := diff.Compare(report("npm x 1 - MIT"), report("npm x 2 - ISC"))
	if text, err = json.Marshal(d); err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !reflect.DeepEqual(&back, d) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWrite(t *testing.T) {
	a := report("npm left 1.0.0 - MIT,ISC", "npm gone 1", "deb libc6 2")
	a.Distro = &analyzer.Distro{ID: "debian", VersionID: "12"}
	a.Components[2].Arch = "amd64"
	b := report("npm left 1.1.0 - ISC", "npm \x1bnew 1", "npm same 1", "deb libc6 1")
	b.Components[3].Arch = "amd64"
	var got strings.Builder
	if err := diff.Write(&got, diff.Compare(a, b), diff.Options{}); err != nil {
		t.Fatal(err)
	}
	want := `distribution: none, was debian 12

CHANGE     TYPE  NAME         BEFORE  AFTER
added      npm   \x1bnew              1
added      npm   same                 1
removed    npm   gone         1
downgrade  deb   libc6:amd64  2       1
upgrade    npm   left         1.0.0   1.1.0
licence    npm   left         MIT

2 added, 1 removed, 2 with another version, 1 with other licences, 0 the same
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func ExampleCompare() {
	before := &analyzer.Report{Components: []analyzer.Component{
		{Package: analyzer.Package{Type: "pypi", Name: "flask", Version: "2.3.2", Licenses: []string{"BSD-3-Clause"}}},
		{Package: analyzer.Package{Type: "pypi", Name: "six", Version: "1.16.0"}},
	}}
	after := &analyzer.Report{Components: []analyzer.Component{
		{Package: analyzer.Package{Type: "pypi", Name: "Flask", Version: "3.0.0", Licenses: []string{"BSD-3-Clause"}}},
	}}
	d := diff.Compare(before, after)
	for _, c := range d.Changed {
		fmt.Println(c.Direction, c.To.Name, c.From.Version, c.To.Version)
	}
	for _, p := range d.Removed {
		fmt.Println("removed", p.Name, p.Version)
	}
	// Output:
	// upgrade Flask 2.3.2 3.0.0
	// removed six 1.16.0
}
