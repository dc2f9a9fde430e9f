package dpkg

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestNative compares what is read from databases with what dpkg-query reads from them: those of the corpus, the
// machine's own, and one with every state there is.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("dpkg-query")
	if err != nil {
		t.Skip("dpkg-query is not installed: nothing to compare with")
	}
	databases := append(corpus.Glob(t, "fixtures/dpkg-*/*/var/lib/dpkg/status"), "/var/lib/dpkg/status", writeStates(t))
	for _, file := range databases {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Logf("left out: %v", err)
			continue
		}
		name := strings.TrimSuffix(file, "/var/lib/dpkg/status")
		t.Run(filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), func(t *testing.T) {
			want, err := query(t.Context(), tool, t.TempDir(), text)
			if err != nil {
				t.Logf("dpkg-query refuses the whole of it: %v", err)
				return
			}
			r, _ := parseStatus(text, typeDeb, false, nil)
			pkgs := r.Packages
			got := make([]string, 0, len(pkgs))
			for _, p := range pkgs {
				o := cmp.Or(p.SourcePackage, &analyzer.SourcePackage{Name: p.Name, Version: p.Version})
				got = append(got, strings.Join([]string{p.Name, p.Version, p.Arch, o.Name, o.Version, p.Vendor}, "\t"))
			}
			slices.Sort(got)
			for _, row := range got {
				if !slices.Contains(want, row) {
					t.Errorf("only read here: %q", row)
				}
			}
			for _, row := range want {
				if !slices.Contains(got, row) {
					t.Errorf("only read by dpkg-query: %q", row)
				}
			}
		})
	}
}

// writeStates writes a database of which each package has another state, and returns its path.
func writeStates(t *testing.T) string {
	var text strings.Builder
	for i, state := range []string{"not-installed", "config-files", "half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending", "installed"} {
		for k, wanted := range []string{"unknown", "install", "hold", "deinstall", "purge"} {
			name := "p" + string(rune('a'+i)) + string(rune('a'+k))
			text.WriteString("Package: " + name + "\nStatus: " + wanted + " ok " + state + "\nVersion: 1:2-3+b1\nArchitecture: amd64\n")
			text.WriteString("Source: s (1:2-3)\nMaintainer: Someone <a@example.org>\nDescription: x\n")
			switch state {
			case "config-files", "half-installed":
				text.WriteString("Config-Version: 1:2-3+b1\n")
			case "triggers-awaited":
				text.WriteString("Triggers-Awaited: pga\n")
			case "triggers-pending":
				text.WriteString("Triggers-Pending: x\n")
			}
			text.WriteString("\n")
		}
	}
	file := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// query lists what dpkg takes for present in one way or another, a sorted line a package.
func query(ctx context.Context, tool, dir string, status []byte) ([]string, error) {
	for _, sub := range []string{"info", "updates", "triggers"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "status"), status, 0o644); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, tool, "--admindir="+dir, "--show", "--showformat",
		`${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n`).Output()
	if err != nil {
		return nil, err
	}
	var rows []string
	for row := range strings.Lines(string(out)) {
		state, rest, _ := strings.Cut(strings.TrimRight(row, "\n"), "\t")
		if state != "not-installed" && state != "config-files" {
			rows = append(rows, rest)
		}
	}
	slices.Sort(rows)
	return rows, nil
}
