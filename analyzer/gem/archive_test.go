package gem

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// archive returns a zip archive of files, given as names and contents in turn.
func archive(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		f, err := w.Create(pair[0])
		if err == nil {
			_, err = f.Write([]byte(pair[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestArchive(t *testing.T) {
	spec := func(name string) string {
		return "# stub: " + name + " 1.0 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"" + name + "\"\n  s.version = \"1.0\"\nend\n"
	}
	const home = "META-INF/jruby.home/lib/ruby/gems/shared/"
	for _, c := range []struct{ name, path, content, want, problem string }{
		{"standard gems", "opt/lib/jruby-stdlib-9.4.5.0.jar", archive(t, home+"specifications/a-1.0.gemspec", spec("a"), home+"specifications/default/b-1.0.gemspec", spec("b"), home+"gems/a-1.0/a.gemspec", spec("a")),
			"a 1.0 " + home + "specifications/a-1.0.gemspec, b 1.0 " + home + "specifications/default/b-1.0.gemspec", ""},
		{"an application", "srv/app.war", archive(t, "WEB-INF/gems/specifications/a-1.0.gemspec", spec("a"), "WEB-INF/lib/jruby-complete.jar", archive(t, "specifications/b-1.0.gemspec", spec("b")), "WEB-INF/lib/x.jar", "none"),
			"a 1.0 WEB-INF/gems/specifications/a-1.0.gemspec, b 1.0 WEB-INF/lib/jruby-complete.jar!specifications/b-1.0.gemspec", ""},
		{"another application", "srv/app.war", archive(t, "WEB-INF/web.xml", ""), "", ""},
		{"no specification", "x/jruby.jar", archive(t, "specifications/a-1.0.gemspec", "text"), "", "specifications/a-1.0.gemspec: "},
		{"a bomb", "x/jruby.jar", archive(t, "specifications/a-1.0.gemspec", spec("a")+strings.Repeat(" ", maxSpecification)), "", "too large"},
		{"no archive", "x/jruby.jar", "text", "", "not a zip archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := New().Analyze(t.Context(), analyzer.NewFile(c.path, 0, []byte(c.content)))
			problems := fmt.Sprint(err)
			var got []string
			for _, p := range r.Packages {
				got = append(got, p.Name+" "+p.Version+" "+p.ArchivePath)
			}
			for _, d := range r.Diagnostics {
				problems += fmt.Sprint(d)
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if c.problem == "" && problems != "<nil>" || !strings.Contains(problems, c.problem) {
				t.Errorf("got %s, want %q", problems, c.problem)
			}
		})
	}
}
