package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/internal/settings"
)

// TestFlagsPage requires that FLAGS.md names only flags that the command has, gives a reason for each flag of another tool that is
// missing, and leaves out no flag of scan and sbom.
func TestFlagsPage(t *testing.T) {
	text, err := os.ReadFile("FLAGS.md")
	if err != nil {
		t.Fatal(err)
	}
	root := testApp(io.Discard, io.Discard).rootCommand()
	listed := make(map[*pflag.Flag]bool)
	find := func(words string) {
		fields := strings.Fields(words)
		flag, command := "", fields
		if last := fields[len(fields)-1]; strings.HasPrefix(last, "--") {
			flag, command = strings.TrimPrefix(last, "--"), fields[:len(fields)-1]
		}
		if len(command) == 0 {
			command = []string{"scan"}
		}
		c, rest, err := root.Find(command)
		if err != nil || len(rest) > 0 {
			t.Errorf("hullmark has no command %q", words)
			return
		}
		if flag == "" {
			return
		}
		c.InheritedFlags()
		if f := c.Flags().Lookup(flag); f != nil {
			listed[f] = true
		} else {
			t.Errorf("hullmark has no %q", words)
		}
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	tools, rows := 0, make(map[string]int)
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		for line := range strings.Lines(section) {
			cells := strings.Split(strings.TrimSpace(line), "|")
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			ours, reason := cells[1], cells[2]
			if title != "Only hullmark" {
				ours, reason = cells[2], cells[3]
				rows[title] += len(quoted.FindAllString(cells[1], -1))
			}
			names := quoted.FindAllStringSubmatch(ours, -1)
			switch {
			case strings.TrimSpace(ours) == "none" && strings.TrimSpace(reason) == "":
				t.Errorf("%s: no reason in %s", title, line)
			case strings.TrimSpace(ours) != "none" && len(names) == 0:
				t.Errorf("%s: neither a flag nor none in %s", title, line)
			}
			for _, name := range names {
				find(name[1])
			}
		}
		tools++
	}
	if tools != 4 || rows["trivy image"] < 90 || rows["grype"] < 20 || rows["syft"] < 18 {
		t.Errorf("%d sections, flags %v", tools, rows)
	}
	names := make(map[string]bool) // a flag that both commands have is listed once
	for f := range listed {
		names[f.Name] = true
	}
	for _, command := range []string{"scan", "sbom"} {
		c, _, err := root.Find([]string{command})
		if err != nil {
			t.Fatal(err)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if settings.Settable(f) && !names[f.Name] {
				t.Errorf("FLAGS.md does not list %s --%s", command, f.Name)
			}
		})
	}
}

// TestVariables requires that every flag of every command can be set by a variable, without a name for two.
func TestVariables(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.InheritedFlags()
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !settings.Settable(f) || f.Value.Type() == "func" {
				if f.Name != "help" && f.Name != "version" && f.Name != "config" {
					t.Errorf("%s --%s cannot be set", c.CommandPath(), f.Name)
				}
				return
			}
			value := map[string]string{"bool": "true", "int": "7", "duration": "7s"}[f.Value.Type()]
			if value == "" {
				value = "seven"
			}
			root := testApp(io.Discard, io.Discard).rootCommand()
			name := "HULLMARK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			s, err := settings.Load(root, []string{name + "=" + value}, "", false)
			if err != nil {
				t.Fatal(err)
			}
			found, _, err := root.Find(strings.Fields(c.CommandPath())[1:])
			if err != nil {
				t.Fatal(err)
			}
			found.InheritedFlags()
			if err := s.Apply(found); err != nil {
				t.Errorf("%s: %v", c.CommandPath(), err)
			}
			if g := found.Flags().Lookup(f.Name); s.Origin(g) != name || strings.Trim(g.Value.String(), "[]") != value {
				t.Errorf("%s: %s is %s, from %s", c.CommandPath(), name, g.Value, s.Origin(g))
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(testApp(io.Discard, io.Discard).rootCommand())
}
