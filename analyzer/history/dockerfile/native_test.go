package dockerfile

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// syntaxTexts are Dockerfiles for the parser.
var syntaxTexts = []string{
	"FROM a\n",
	"from A as b\nrun x\n",
	"\ufeffFROM a\r\nRUN x \\\r\n  y\r\n",
	"# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n y \\\nCOPY a\\ b c\n",
	"#escape = `\nFROM a\nRUN x `\n\n# comment\n  y\n",
	"# comment\n# escape=`\nFROM a\nRUN x \\\n y\n",
	"FROM a\nRUN x \\\n# comment\n\n  y && \\\n  # more\n  z\nRUN w\n",
	"FROM a\nRUN x \\\\\nRUN y \\  \n z\n",
	"FROM a\nRUN <<EOF\n# not a comment\napt-get \\\nupdate\nEOF\nRUN x\n",
	"FROM a\nRUN <<EOF\nx\nEOF\n#\nRUN y\n",
	"FROM a\nRUN cat <<-'END' > /x && y\n\tx $y\n\tEND\nRUN z\n",
	"FROM a\nCOPY <<A <<\"B\" /x/\n1\nA\n2\nB\nUSER me\n",
	"FROM a\nRUN 3<<EOF cat <&3\nx\nEOF\n",
	"FROM a\nRUN echo \"<<EOF\" $((1<<3)) <<<x\nRUN y\n",
	"FROM a\nRUN echo it's <<EOF\nRUN y\n",
	"FROM a\nONBUILD RUN <<EOF\nx\nEOF\nONBUILD COPY a b\nUSER x\n",
	"FROM a\nENV A <<EOF\nUSER x\n",
	"FROM a\nRUN [\"a\", \"b c\"]\nCMD [ \"x\" ]\nENTRYPOINT [\"x\", y]\nSHELL [\"/bin/sh\",\"-c\"]\nVOLUME [\"/a\", \"/b\"]\nVOLUME /c /d\n",
	"FROM --platform=$BUILDPLATFORM a:1@sha256:00 AS b\nRUN --mount=type=cache,target=/x --network=none -- x --y\nCOPY --from=b --chown=\"a b\":c x y\n",
	"FROM a\nENV A=1 B=\"x y\" C='$z' D=a\\ b\nENV E f g\nLABEL \"a b\"=c d=e\\\n f=g\nEXPOSE 80 443/udp\t8000-8010\nSTOPSIGNAL 9\nWORKDIR /a b\nUSER a:b\nMAINTAINER a <b>\nHEALTHCHECK --interval=5s CMD curl x\nHEALTHCHECK NONE\nARG X=1 Y\n",
	"FROM a\n   RUN   x   y  \n\tCOPY\ta\tb\n",
	"FROM a\nFOO bar\n",
	"FROM a\nRUN x \\",
	"FROM a\nRUN x \\\n",
	"FROM a\nRUN <<EOF\nx\n",
	"# escape=x\nFROM a\n",
	"# escape=`\n# escape=`\nFROM a\n",
	"",
	"# nothing\n",
	"FROM a\nADD --checksum=sha256:aa https://example.com/x /\nADD git@example.com:a/b.git /b\n",
	"ARG V=3\nFROM a:${V}\n",
	"FROM a\nRUN a <<E b <<F\n1\nE\n2\nF\nRUN z\n",
	"FROM a\nRUN cat << EOF\nx\nEOF\n",
	"FROM a\nRUN cat <<- EOF | tee x << \"B\"\nx\n\tEOF\ny\nB\n",
	"FROM a\nRUN $((1 << 3)) <<\n", "FROM a\nRUN x <<\n", "FROM a\nRUN << - E\nx\nE\n",
	"FROM a\nRUN x << <E\nRUN x<<E\nRUN << -E\nx\n-E\n",
	"FROM a\nRUN x <<E-1\ny\nE-1\nRUN <<$A\ny\n$A\n",
}

// read returns what the parser reads, in the form in which the program in testdata/buildkit prints BuildKit's.
func read(text string) ([]native, error) {
	r := newLineReader(text)
	all := []native{}
	for {
		in, err := r.next()
		if err != nil {
			return nil, err
		}
		if in == nil {
			break
		}
		n := native{Kind: in.kind, Flags: in.flags, Line: in.line, End: in.end}
		words, ok := jsonWords(in.text)
		switch in.kind {
		case "RUN", "CMD", "ENTRYPOINT", "SHELL", "ADD", "COPY", "VOLUME":
			n.JSON = ok
		}
		switch {
		case n.JSON:
			n.Values = words
		case in.kind == "ADD" || in.kind == "COPY" || in.kind == "FROM" || in.kind == "EXPOSE" || in.kind == "VOLUME":
			n.Values = list(in.text)
		case in.kind == "ARG":
			n.Values = r.words(in.text)
		case in.kind == "ENV", in.kind == "LABEL", in.kind == "ONBUILD", in.kind == "HEALTHCHECK", !isKind(in.kind):
			n.Values = nil // compared by their meaning
		default:
			n.Values = []string{in.text}
		}
		for _, d := range in.documents {
			n.Documents = append(n.Documents, struct{ Name, Content string }{d.name, d.content})
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return nil, errNoInstruction
	}
	return all, nil
}

type native struct {
	Kind      string
	Flags     []string
	Line, End int
	JSON      bool
	Values    []string
	Documents []struct{ Name, Content string }
}

// TestNative compares instructions, lines, flags, words and here documents with those that BuildKit's parser reads.
func TestNative(t *testing.T) {
	answers := buildkit(t, syntaxTexts)
	for i, text := range syntaxTexts {
		got, err := read(text)
		var message string
		if json.Unmarshal(answers[i], &message) == nil {
			if err == nil {
				t.Errorf("%q: no error, BuildKit has %s", text, message)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v, BuildKit reads it", text, err)
			continue
		}
		var want []native
		if err := json.Unmarshal(answers[i], &want); err != nil {
			t.Fatal(err)
		}
		for k := range want {
			switch kind := want[k].Kind; {
			case kind == "ENV", kind == "LABEL", kind == "ONBUILD", kind == "HEALTHCHECK", kind != "FROM" && !isKind(kind):
				want[k].Values, want[k].JSON = nil, false
			}
			if len(want[k].Flags) == 0 {
				want[k].Flags = nil
			}
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if !bytes.Equal(a, b) {
			t.Errorf("%q:\ngot  %s\nwant %s", text, a, b)
		}
	}
}

// TestPairsNative compares names and values of ENV and LABEL with BuildKit's, which keep their quotes.
func TestPairsNative(t *testing.T) {
	lines := []string{
		"A=1", "A=1 B=2", `A="x y" B='z'`, `A=a\ b`, "A b c", `A "b" c`, `A=`, `A="" B`, "A", `"a b"=c`, `A=b"c d"e`, `A="a\"b" C=d`, `A='a\' B=c`, "A=ü B=日",
	}
	var texts []string
	for _, l := range lines {
		texts = append(texts, "FROM a\nENV "+l+"\n")
	}
	for i, answer := range buildkit(t, texts) {
		r := newLineReader("")
		pairs, err := r.pairs(lines[i])
		var message string
		if json.Unmarshal(answer, &message) == nil {
			if err == nil {
				t.Errorf("%s: %v, BuildKit has %s", lines[i], pairs, message)
			}
			continue
		}
		var want []native
		if err := json.Unmarshal(answer, &want); err != nil {
			t.Fatal(err)
		}
		var got, names []string
		for _, p := range pairs {
			got = append(got, p.name, p.value)
		}
		for k, v := range want[1].Values {
			if k%3 != 2 { // the separator
				names = append(names, unquote(v, '\\'))
			}
		}
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("%s: %q %v, want %q", lines[i], got, err, names)
		}
	}
}

// buildkit returns what BuildKit's parser reads in each text: a list of instructions, or an error as a string.
func buildkit(t *testing.T, texts []string) []json.RawMessage {
	t.Helper()
	program := filepath.Join(t.TempDir(), "buildkit")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = "testdata/buildkit"
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("BuildKit is not in the module cache (go mod download in testdata/buildkit): nothing to compare with\n%s", out)
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), program)
	run.Stdin = strings.NewReader(string(input))
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []json.RawMessage
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}
