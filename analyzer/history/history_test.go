package history

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/golden"
)

func describe(r *analyzer.Result) string {
	var b strings.Builder
	for _, rec := range r.Records {
		fmt.Fprintf(&b, "record %s %s\n", rec.Kind, rec.Key)
		for _, k := range slices.Sorted(maps.Keys(rec.Fields)) {
			fmt.Fprintf(&b, "    %s: %s\n", k, rec.Fields[k])
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "finding %s %s: %s\n", f.Severity, f.Rule, f.Title)
		if f.Detail != "" {
			fmt.Fprintf(&b, "    %s\n", f.Detail)
		}
	}
	for _, d := range r.Diagnostics {
		fmt.Fprintf(&b, "diagnostic %s\n", d)
	}
	return b.String()
}

func analyzeText(t testing.TB, text string) *analyzer.Result {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile("", 0, []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestConfigurations compares with goldens what configurations say that are written as Docker, BuildKit, Buildah and others write them.
func TestConfigurations(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := describe(analyzeText(t, string(text)))
		golden.Check(t, strings.TrimSuffix(name, ".json")+".golden", []byte(got))
		for _, secret := range []string{"geheim", "secret words", "first words", "ab c", "notareal", "abc123"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %q is shown", name, secret)
			}
		}
	}
}

// TestParse shows the instruction in the forms that builders write.
func TestParse(t *testing.T) {
	for _, c := range []struct{ createdBy, kind, text, arguments string }{
		{"/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD", `CMD ["bash"]`, ""},
		{"/bin/sh -c apt-get update", "RUN", "RUN apt-get update", ""},
		{"|1 VERSION=3 /bin/sh -c make", "RUN", "RUN make", "VERSION"},
		{"|2 A=x y B= /bin/sh -c make a=b", "RUN", "RUN make a=b", "A,B"},
		{"RUN |1 A=1 /bin/bash -o pipefail -c make # buildkit", "RUN", "RUN make", "A"},
		{"RUN |1 A=1 /my/shell make # buildkit", "RUN", "RUN /my/shell make", "A"},
		{"RUN /bin/bash -exo pipefail -c make | tee x # buildkit", "RUN", "RUN make | tee x", ""},
		{"RUN /bin/sh -c a\nb # buildkit", "RUN", "RUN a b", ""},
		{"RUN sh /x.sh", "RUN", "RUN sh /x.sh", ""},
		{"cmd /S /C #(nop)  USER me", "USER", "USER me", ""},
		{"cmd /S /C dir", "RUN", "RUN dir", ""},
		{"powershell -NoProfile -Command dir", "RUN", "RUN dir", ""},
		{"|0 /bin/sh -c x", "RUN", "RUN x", ""},
		{"|", "RUN", "RUN", ""},
		{"|9", "RUN", "RUN", ""},
		{"|9999999999 A=1", "RUN", "RUN", "A"},
		{"ENV A=b c D=e # buildkit", "ENV", "ENV A=b c D=e", ""},
		{"ENV PASSWORD=b c D=e", "ENV", "ENV PASSWORD=[redacted] D=e", ""},
		{"bazel build ...", "other", "bazel build ...", ""},
		{"", "other", "", ""},
	} {
		in := parse(c.createdBy)
		if in.kind != c.kind || in.text != c.text || in.names() != c.arguments {
			t.Errorf("%q: %s %q %q, want %s %q %q", c.createdBy, in.kind, in.text, in.names(), c.kind, c.text, c.arguments)
		}
	}
}

// TestText shows that records have the text that Layer.Instruction gives a layer, but for secrets and arguments.
func TestText(t *testing.T) {
	for _, s := range []string{"/bin/sh -c #(nop)  CMD [\"bash\"]", "/bin/sh -c a  b", "|1 A=1 /bin/sh -c make", "RUN /bin/sh -c a\nb # buildkit", "COPY a b # buildkit", "x y"} {
		if got, want := parse(s).text, (&analyzer.Layer{CreatedBy: s}).Instruction(); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{", "unexpected end of JSON input"},
		{"[]", "another type"},
		{`{"config": {"User": 5, "Env": ["A=b"]}}`, "another type"},
		{`{"history": [` + strings.Repeat("{},", maxRecords+5) + `{}]}`, "more than 16384 instructions"},
	} {
		err := diagnostic.Err(New().Analyze(t.Context(), analyzer.NewFile("", 0, []byte(c.text))))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v, want %s", c.text, err, c.want)
		}
	}
	if r := analyzeText(t, `{"config": {"User": 5, "Env": ["A=b"]}}`); !strings.Contains(describe(r), "record environment A") {
		t.Error("a field of another type costs the others")
	}
	if r, err := New().Analyze(t.Context(), analyzer.NewFile("etc/config", 0, []byte("{}"))); r != nil || err != nil {
		t.Errorf("a file of the image: %v, %v", r, err)
	}
}

func FuzzConfiguration(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("", 0, []byte(text)))
		if err != nil {
			return
		}
		keys := make(map[string]bool)
		for _, rec := range r.Records {
			if keys[rec.Kind+" "+rec.Key] && !strings.Contains(rec.Key, "\uFFFD") {
				t.Errorf("two records %s %q", rec.Kind, rec.Key)
			}
			keys[rec.Kind+" "+rec.Key] = true
		}
	})
}

func FuzzInstruction(f *testing.F) {
	for _, s := range []string{"|2 A=1 B=2 /bin/sh -c x", "RUN |1 A=1 x", "/bin/sh -c #(nop) ADD a in b|force-mtime=1", "cmd /S /C x", "ENV A=b c=d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := parse(s)
		if len(in.text) > 2*len(s)+16 || in.kind == "" {
			t.Errorf("%q: %+v", s, in)
		}
	})
}
