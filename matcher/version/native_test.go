package version

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	native    = flag.Bool("native", false, "compare with the ecosystems' own tools, which must be installed; see testdata/native")
	update    = flag.Bool("update", false, "rewrite the feeds in README.md and, with -native, testdata/*.golden")
	pairs     = flag.Int("pairs", 150_000, "with -native, pairs of valid versions for each ecosystem")
	nativeDir = flag.String("nativedir", "", "with -native, where libraries are that have no fixed place: node_modules/semver, maven-artifact.jar, libapk.a and include/apk")
)

// How many of a tool's answers are committed: pairs, "a < b", and versions that it refuses, "! a".
const (
	goldenPairs   = 3000
	goldenRefused = 300
)

// TestDifferential compares generated pairs with the ecosystems' own tools, one long-lived process each, and with the models of
// those that the tests cannot run:
//
//	go test -run Differential -native -update
func TestDifferential(t *testing.T) {
	if !*native {
		t.Skip("needs -native and the ecosystems' tools; TestGolden holds their answers to a sample")
	}
	for _, r := range schemes {
		t.Run(r.name, func(t *testing.T) {
			real := realVersions(t, r.name)
			questions := questionsOf(t, newGenerator(r.name, real), r.name, *pairs)
			var answers []string
			if tool := tools[r.name]; tool != nil {
				answers = ask(t, tool(t), questions)
			} else {
				answers = models[r.name].ask(questions)
			}
			compared, refused := differences(t, r.name, questions, answers)
			t.Logf("%s: %d real versions, %d pairs that compare and %d that do not; %d agree", r.name, len(real), *pairs, len(questions)-*pairs, len(compared))
			if *update && !t.Failed() {
				golden := append(compared[:min(len(compared), goldenPairs)], refused[:min(len(refused), goldenRefused)]...)
				if err := os.WriteFile("testdata/"+r.name+".golden", []byte(strings.Join(golden, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// questionsOf generates pairs until n of them compare.
func questionsOf(t *testing.T, g *generator, name string, n int) (questions [][2]string) {
	for n > 0 {
		a, b := g.pair()
		questions = append(questions, [2]string{a, b})
		if answer(t, name, a, b)[0] != '?' {
			n--
		}
	}
	return questions
}

// differences fails the test where a scheme contradicts answers and no defect explains that. It returns the lines of a golden
// file on which they agree.
func differences(t *testing.T, name string, questions [][2]string, answers []string) (compared, refused []string) {
	explained, failures := map[string]int{}, 0
	for i, q := range questions {
		ours := answer(t, name, q[0], q[1])
		if ours != answers[i] {
			if explain := defects[name]; explain != nil {
				if why := explain(q[0], q[1], answers[i][0] == '?', ours[0] == '?'); why != "" {
					explained[why]++
					continue
				}
			}
			if failures++; failures <= 40 {
				t.Errorf("%q %s %q, the tool says %s", q[0], ours, q[1], answers[i])
			}
			continue
		}
		if ours[0] != '?' {
			compared = append(compared, q[0]+" "+ours+" "+q[1])
		}
		for i := 1; i < len(ours); i++ {
			if ours[i] == '1' {
				refused = append(refused, "! "+q[i-1])
			}
		}
	}
	if failures > 0 {
		t.Errorf("%d disagreements are not explained", failures)
	}
	for why, n := range explained {
		t.Logf("%s: %d pairs: %s", name, n, why)
	}
	return compared, refused
}

// TestExceptions asks the ecosystems' own tools about the exceptions of TestConformance.
func TestExceptions(t *testing.T) {
	if !*native {
		t.Skip("needs -native and the ecosystems' tools")
	}
	for _, list := range conformance {
		tool := tools[list.scheme]
		if tool == nil {
			continue
		}
		t.Run(list.scheme+"/"+filepath.Base(list.file), func(t *testing.T) {
			var questions [][2]string
			var want []string
			for _, v := range strings.Fields(list.refused) {
				questions, want = append(questions, [2]string{v, v}), append(want, "?11")
			}
			for line, answer := range list.wrong {
				f := strings.Fields(line)
				if f[1][0] == '?' { // refused by the tool, and taken here all the same
					answer = "?" + f[1][1:]
				}
				questions, want = append(questions, [2]string{f[0], f[2]}), append(want, answer)
			}
			for i, got := range ask(t, tool(t), questions) {
				if got != want[i] {
					t.Errorf("%s %s %s, not %s", questions[i][0], got, questions[i][1], want[i])
				}
			}
		})
	}
}

// answer is what this package says, in the words of tools.
func answer(t *testing.T, name, a, b string) string {
	s, ok := For(name)
	if !ok {
		t.Fatalf("no scheme %q", name)
	}
	v, errA := s.Parse(a)
	w, errB := s.Parse(b)
	if errA != nil || errB != nil {
		digit := map[bool]string{false: "0", true: "1"}
		return "?" + digit[errA != nil] + digit[errB != nil]
	}
	return string("<=>"[v.Compare(w)+1])
}

func ask(t *testing.T, cmd *exec.Cmd, questions [][2]string) []string {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		w := bufio.NewWriter(stdin)
		for _, q := range questions {
			fmt.Fprintf(w, "%s\t%s\n", q[0], q[1])
		}
		w.Flush()
		stdin.Close()
	}()
	answers := make([]string, 0, len(questions))
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		answers = append(answers, lines.Text())
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// TestMavenPublished checks that the order of Maven versions that were published is transitive, although Maven's order is not:
// sorted, each of a sample comes before all that follow, or has the same place.
func TestMavenPublished(t *testing.T) {
	maven, _ := For("maven")
	var versions []Version
	for _, text := range realVersions(t, "maven") {
		v, err := maven.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	for seed := range uint64(20) {
		rand := rand.New(rand.NewPCG(seed, 0))
		some := make([]Version, 300)
		for i := range some {
			some[i] = versions[rand.IntN(len(versions))]
		}
		slices.SortFunc(some, Version.Compare)
		for i, v := range some {
			for _, w := range some[i+1:] {
				if v.Compare(w) > 0 {
					t.Errorf("%s is sorted before %s", v, w)
				}
			}
		}
	}
}
