package version

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A case is one line of a list: a op b, where op is "<", "=" or ">".
type listCase struct {
	line     int
	a, op, b string
}

// TestConformance holds each scheme to the lists that other projects test theirs with. Exceptions are named: versions
// that the ecosystem's own tool refuses, which must be errors here, and lines that contradict it. An exception that is
// none, or not in the list any more, fails too.
func TestConformance(t *testing.T) {
	for _, list := range conformance {
		t.Run(list.scheme+"/"+filepath.Base(list.file), func(t *testing.T) {
			text := readCorpus(t, "feeds/versions/"+list.file)
			split := list.split
			if split == nil {
				split = splitFields
			}
			unused := map[string]bool{}
			for line := range list.wrong {
				unused[line] = true
			}
			refused := map[string]bool{}
			for _, v := range strings.Fields(list.refused) {
				unused[v], refused[v] = true, true
			}
			n := 0
			for _, c := range cases(t, text, split) {
				got := answer(t, list.scheme, c.a, c.b)
				line := c.a + " " + c.op + " " + c.b
				if want := list.wrong[line]; want != "" && got == want {
					delete(unused, line)
					continue
				}
				if refused[c.a] || refused[c.b] {
					delete(unused, c.a)
					delete(unused, c.b)
					digit := map[bool]string{false: "0", true: "1"}
					c.op = "?" + digit[refused[c.a]] + digit[refused[c.b]]
				}
				if n++; got != c.op {
					t.Errorf("line %d: %s, got %s", c.line, line, got)
				}
				if back := answer(t, list.scheme, c.b, c.a); back != reversed(got) {
					t.Errorf("line %d: %s %s %s, but %s %s %s", c.line, c.a, got, c.b, c.b, back, c.a)
				}
			}
			for line := range unused {
				t.Errorf("the exception %q is none", line)
			}
			if n < list.atLeast {
				t.Errorf("only %d lines", n)
			}
		})
	}
}

// cases reads a list. Empty lines and comments, which begin with "#" or "//", are skipped.
func cases(t *testing.T, text string, split func(line string) (a, op, b string, ok bool)) (list []listCase) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "//") {
			continue
		}
		a, op, b, ok := split(line)
		if ok {
			list = append(list, listCase{n, a, op, b})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// splitFields reads "a op b", where "==" is "=".
func splitFields(line string) (a, op, b string, ok bool) {
	f := strings.Fields(line)
	if len(f) != 3 {
		return "", "", "", false
	}
	return f[0], strings.Replace(f[1], "==", "=", 1), f[2], true
}

func reversed(op string) string {
	switch op {
	case "<":
		return ">"
	case ">":
		return "<"
	}
	if len(op) == 3 { // "?01": the second one is invalid
		return "?" + op[2:] + op[1:2]
	}
	return op
}

func readCorpus(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("HULLMARK_CORPUS")
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set: no lists of versions")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGolden holds the schemes to what the ecosystems' own tools have answered; see TestDifferential.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".golden")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, ok := For(name)
			if !ok {
				t.Fatal("no scheme")
			}
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				f := strings.Split(line, " ")
				switch {
				case len(f) == 2 && f[0] == "!":
					if _, err := s.Parse(f[1]); !errors.Is(err, ErrInvalid) {
						t.Errorf("line %d: %s: got %v", i+1, line, err)
					}
				case len(f) == 3:
					if got := answer(t, name, f[0], f[2]); got != f[1] {
						t.Errorf("line %d: %s: got %s", i+1, line, got)
					}
				default:
					t.Errorf("line %d: %q", i+1, line)
				}
			}
		})
	}
}
