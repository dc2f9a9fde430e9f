package dockerfile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/golden"
)

func describe(r *analyzer.Result) string {
	var b strings.Builder
	for _, rec := range r.Records {
		fmt.Fprintf(&b, "%d %s %s\n", rec.Line, rec.Kind, rec.Key)
		for _, k := range slices.Sorted(maps.Keys(rec.Fields)) {
			fmt.Fprintf(&b, "    %s: %s\n", k, rec.Fields[k])
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%d %s %s: %s\n", f.Line, f.Severity, f.Rule, f.Title)
	}
	for _, d := range r.Diagnostics {
		fmt.Fprintf(&b, "%s\n", d)
	}
	return b.String()
}

// TestFile compares with a golden what a Dockerfile with most instructions says.
func TestFile(t *testing.T) {
	f, err := os.Open("testdata/app.dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	got := describe(r)
	golden.Check(t, "testdata/app.golden", []byte(got))
	for _, secret := range []string{"geheim", "abc123"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// rulesOf returns the findings of a Dockerfile: line and rule. It leaves out the health check unless all is set.
func rulesOf(t testing.TB, text string, all bool) string {
	t.Helper()
	r, err := Parse(strings.NewReader(text))
	if err != nil {
		return err.Error()
	}
	var list []string
	for _, f := range r.Findings {
		if all || f.Rule != "no-healthcheck" && f.Rule != "root-user" {
			list = append(list, fmt.Sprintf("%d %s", f.Line, f.Rule))
		}
	}
	for _, d := range r.Diagnostics {
		list = append(list, "! "+d.String())
	}
	return strings.Join(list, ", ")
}

// TestUser shows which user and which health check count: those of the last stage, and of the stages that it begins with.
func TestUser(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"neither", "FROM a:1\n", "1 root-user, 1 no-healthcheck"},
		{"a user in an earlier stage that nothing uses", "FROM a:1 AS b\nUSER x\nFROM c:1\n", "3 root-user, 3 no-healthcheck"},
		{"a user in the stage that it begins with", "FROM a:1 AS B\nUSER x\nHEALTHCHECK CMD x\nFROM b\n", ""},
		{"the last one counts", "FROM a:1\nUSER x\nUSER 0:5\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n", "3 root-user, 5 no-healthcheck"},
		{"a variable with a default", "FROM a:1\nARG ID=0\nUSER ${ID}\nHEALTHCHECK CMD x\n", "3 root-user"},
		{"a variable without one", "FROM a:1\nARG ID\nUSER $ID\nHEALTHCHECK CMD x\n", ""},
		{"quotes", "FROM a:1\nUSER \"root\"\nHEALTHCHECK CMD x\n", "2 root-user"},
	} {
		if got := rulesOf(t, c.text, true); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for text, want := range map[string]string{"FROM scratch\n": "medium", "FROM a:1\n": "low"} { // another base image may set a user
		r, err := Parse(strings.NewReader(text))
		if err != nil || r.Findings[0].Severity != want {
			t.Errorf("%q: %v, %v", text, r.Findings, err)
		}
	}
}

// TestBase shows how base images are pinned.
func TestBase(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"FROM alpine\n", "alpine latest"},
		{"FROM alpine:3.20\n", "alpine:3.20 tag"},
		{"FROM example.com:5000/a\n", "example.com:5000/a latest"},
		{"FROM a@sha256:00 AS x\nFROM X\nFROM scratch\n", "a@sha256:00 digest, X stage, scratch scratch"},
		{"ARG V=3\nFROM a:$V\n", "a:3 tag"},
		{"ARG V\nFROM a:${V}\nFROM a:${V:-4}\nFROM ${R:+x/}a:1\n", "a:${V} variable, a:4 tag, a:1 tag"},
		{"ARG ARCH=\nFROM ${ARCH}alpine:3.15\n", "alpine:3.15 tag"},
		{"ARG B=a:1\nARG C=${B}-x\nFROM $C\n", "a:1-x tag"},
	} {
		r, err := Parse(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, rec := range r.Records {
			if rec.Kind == "base" {
				list = append(list, rec.Fields["image"]+" "+rec.Fields["pinned"])
			}
		}
		if got := strings.Join(list, ", "); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "dockerfile: no instructions"},
		{"# nothing\n", "dockerfile: no instructions"},
		{"RUN x\n", "! line 1: RUN before FROM"},
		{"FROM\nUSER\n", "! line 1: FROM: want an image, or an image AS a name, ! line 2: USER without arguments"},
		{"FROM a:1\nFOO x\nRUN sudo x\n", "3 sudo, ! line 2: unknown instruction \"FOO\""},
		{"FROM a:1\nRUN <<EOF\nsudo x\n", "! line 2: here document without its end \"EOF\""},
		{"FROM a:1\nENV A\nENV A=1 B\nHEALTHCHECK x\nSHELL x\nONBUILD FROM x\n", "! line 2: no value for \"A\", ! line 3: no \"=\" in word 2, ! line 4: HEALTHCHECK: want NONE, or CMD and a command, ! line 5: SHELL: want a JSON array of strings, ! line 6: ONBUILD: not an instruction that it may have"},
		{"# escape=x\nFROM a:1\n", "! line 1: directive escape: \"x\""},
	} {
		if got := rulesOf(t, c.text, false); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
	if _, err := Parse(strings.NewReader(strings.Repeat("#", maxSize+1))); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Error(err)
	}
}

// TestHostile reads Dockerfiles of the worst form, within bounds of records and time.
func TestHostile(t *testing.T) {
	double := "FROM a\nENV A0=aaaaaaaa\n"
	for i := range 200 {
		double += fmt.Sprintf("ENV A%d=$A%d$A%d\n", i+1, i, i)
	}
	const size = 2 << 20
	for _, text := range []string{
		double,
		"FROM a AS b\nENV" + strings.Repeat(" A=1", size/4) + "\n" + strings.Repeat("FROM b AS b\n", 10000),
		"FROM a\nRUN" + strings.Repeat(" --a", size/4) + "\n",
		"FROM a\n" + strings.Repeat("RUN <<E\n", size/8),
		"FROM a\nRUN " + strings.Repeat("<<E ", size/4),
		"FROM a\nRUN \\\n" + strings.Repeat("x\\\n", size/3),
		"FROM a\n" + strings.Repeat("ADD", size/3),
		"FROM a\nUSER " + strings.Repeat("${", size/2),
		"FROM a\nEXPOSE" + strings.Repeat(" 22", size/3),
		"FROM a\nCMD " + strings.Repeat("[", size),
		strings.Repeat("FROM a\nRUN sudo x\n", size/18),
		strings.Repeat("#escape=`\n", size/10),
		"FROM a\nENV B=" + strings.Repeat("x", 8000) + "\n" + strings.Repeat("USER $B\n", size/8),
	} {
		var r *analyzer.Result
		var err error
		took := cputime.Of(func() { r, err = Parse(strings.NewReader(text)) })
		if err != nil {
			t.Logf("%.30q: %v", text, err)
			continue
		}
		bytes := 0
		for _, rec := range r.Records {
			for _, v := range rec.Fields {
				bytes += len(v)
			}
		}
		t.Logf("%.30q: %v, %d records of %d bytes, %d findings", text, took.Round(time.Millisecond), len(r.Records), bytes, len(r.Findings))
		if len(r.Records) > maxRecords || bytes > 2*maxBytes || took > 30*time.Second {
			t.Errorf("%.30q: %v, %d records of %d bytes", text, took, len(r.Records), bytes)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range syntaxTexts {
		f.Add(text)
	}
	f.Add("ARG A=b\nFROM a:${A:-c}\nUSER $A\nEXPOSE 22\nONBUILD RUN sudo x\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + 1
		keys := make(map[string]bool)
		for _, rec := range r.Records {
			if rec.Line < 1 || rec.Line > lines {
				t.Errorf("%+v", rec)
			}
			if id := rec.Kind + " " + rec.Key; keys[id] && !strings.Contains(id, " #") && !strings.Contains(id, "\uFFFD") {
				t.Errorf("two records %q", id)
			} else {
				keys[id] = true
			}
		}
		for _, finding := range r.Findings {
			if finding.Line < 1 || finding.Line > lines {
				t.Errorf("%+v", finding)
			}
		}
	})
}
