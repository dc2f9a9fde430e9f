package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/internal/settings"
)

// tool is a command with flags of all kinds. It calls run in place of the subcommands.
func tool(run func(c *cobra.Command)) *cobra.Command {
	sub := func(name string) *cobra.Command {
		return &cobra.Command{Use: name, Run: func(c *cobra.Command, _ []string) { run(c) }}
	}
	scan, db, update := sub("scan"), &cobra.Command{Use: "db"}, sub("update")
	scan.Flags().String("fail-on", "", "")
	scan.Flags().StringArray("exclude", nil, "")
	scan.Flags().StringSlice("status", nil, "")
	scan.Flags().Int("parallel", 0, "")
	scan.Flags().String("db", "", "")
	update.Flags().Bool("older", false, "")
	update.Flags().Int("parallel", 0, "")
	root := &cobra.Command{Use: "tool", SilenceErrors: true, SilenceUsage: true}
	root.PersistentFlags().Bool("quiet", false, "")
	root.PersistentFlags().String("config", "", "")
	db.AddCommand(update)
	root.AddCommand(scan, db)
	return root
}

// TestApply is the order of precedence, with the origin of each value.
func TestApply(t *testing.T) {
	for _, test := range []struct {
		name, args, env, file string
		want                  string // of flags that are not at their default
		err                   string
	}{
		{"defaults", "scan", "", "", "", ""},
		{"the command line", "scan --fail-on low", "TOOL_FAIL_ON=high", "fail-on: medium", "fail-on=low (command line)", ""},
		{"a variable", "scan", "TOOL_FAIL_ON=high", "fail-on: medium", "fail-on=high (TOOL_FAIL_ON)", ""},
		{"a variable of the command", "scan", "TOOL_FAIL_ON=high TOOL_SCAN_FAIL_ON=low", "", "fail-on=low (TOOL_SCAN_FAIL_ON)", ""},
		{"a variable of another command", "scan", "TOOL_DB_UPDATE_PARALLEL=3", "", "", ""},
		{"a variable of two words", "db update", "TOOL_DB_UPDATE_PARALLEL=3", "", "parallel=3 (TOOL_DB_UPDATE_PARALLEL)", ""},
		{"an empty variable", "scan", "TOOL_FAIL_ON=", "fail-on: medium", "fail-on=medium (config.yaml:1)", ""},
		{"the top of the file", "scan", "", "# comment\nfail-on: medium\n", "fail-on=medium (config.yaml:2)", ""},
		{"a section", "scan", "", "fail-on: medium\nscan:\n  fail-on: low\n", "fail-on=low (config.yaml:3)", ""},
		{"a section of another command", "scan", "", "parallel: 2\ndb:\n  update:\n    parallel: 4\n    older: true\n", "parallel=2 (config.yaml:1)", ""},
		{"a section within a section", "db update", "", "parallel: 2\ndb:\n  update:\n    parallel: 4\n    older: true\n", "older=true (config.yaml:5) parallel=4 (config.yaml:4)", ""},
		{"a flag with the name of a command", "scan", "", "db: advisories.db\n", "db=advisories.db (config.yaml:1)", ""},
		{"a flag of another command only", "db update", "", "fail-on: high\n", "", ""},
		{"a persistent flag", "db update", "TOOL_QUIET=1", "", "quiet=true (TOOL_QUIET)", ""},
		{"false on the command line", "scan --quiet=false", "TOOL_QUIET=1", "", "quiet=false (command line)", ""},
		{"a list in a variable", "scan", "TOOL_EXCLUDE=/a,,/b", "", "exclude=[/a,/b] (TOOL_EXCLUDE)", ""},
		{"lines in a variable", "scan", "TOOL_EXCLUDE=/a\n/b,c\n", "", "exclude=[/a,\"/b,c\"] (TOOL_EXCLUDE)", ""},
		{"a list in the file", "scan", "", "exclude: [/a, '/b,c']\nstatus: x,y", "exclude=[/a,\"/b,c\"] (config.yaml:1) status=[x,y] (config.yaml:2)", ""},
		{"lists are not joined", "scan --exclude /c", "TOOL_EXCLUDE=/a", "exclude: [/b]", "exclude=[/c] (command line)", ""},
		{"an empty list", "scan", "", "exclude: []", "exclude=[] (config.yaml:1)", ""},
		{"an empty file", "scan", "", "# nothing\n", "", ""},

		{"not a number", "scan", "TOOL_PARALLEL=many", "", "", `TOOL_PARALLEL: --parallel: strconv.ParseInt: parsing "many": invalid syntax`},
		{"not a number in the file", "scan", "", "scan:\n  parallel: many", "", "config.yaml:2: --parallel: "},
		{"an unknown flag", "scan", "", "fial-on: high", "", `config.yaml:1: invalid settings: no flag "fial-on" of tool`},
		{"an unknown flag of a command", "scan", "", "scan:\n  older: true", "", `config.yaml:2: invalid settings: no flag "older" of tool scan`},
		{"an unknown command", "scan", "", "scna:\n  older: true", "", `config.yaml:1: invalid settings: no command "scna"`},
		{"the file of the file", "scan", "", "config: x.yaml", "", `no flag "config"`},
		{"set twice", "scan", "", "fail-on: a\nfail-on: b", "", "config.yaml"},
		{"two documents", "scan", "", "fail-on: a\n---\nfail-on: b", "", "more than one document"},
		{"a list", "scan", "", "- a", "", "config.yaml:1: invalid settings: not a mapping"},
		{"no value", "scan", "", "fail-on:", "", "fail-on has no value that a flag can have"},
		{"an alias", "scan", "", "fail-on: &a x\ndb: *a", "", "db has no value that a flag can have"},
		{"not YAML", "scan", "", "a: b: c", "", "invalid settings: yaml: "},
		{"too long", "scan", "", strings.Repeat("# comment\n", 1<<17), "", "more than 1048576 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config.yaml")
			if test.file != "" {
				if err := os.WriteFile(file, []byte(test.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			var failed error
			root := tool(func(c *cobra.Command) {
				s, err := settings.Load(c.Root(), strings.Split(test.env, " "), file, test.file != "")
				if err == nil {
					err = s.Apply(c)
				}
				if failed = err; err != nil {
					return
				}
				c.Flags().VisitAll(func(f *pflag.Flag) {
					if origin := s.Origin(f); origin != "default" {
						got = append(got, f.Name+"="+f.Value.String()+" ("+origin+")")
					}
				})
			})
			root.SetArgs(strings.Fields(test.args))
			if err := root.Execute(); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), test.want)
			}
			if test.err == "" && failed != nil || test.err != "" && (failed == nil || !strings.Contains(failed.Error(), test.err)) {
				t.Errorf("error %v, want %q", failed, test.err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	root := tool(nil)
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if s, err := settings.Load(root, nil, missing, false); err != nil || s.File() != "" {
		t.Error(err)
	}
	if _, err := settings.Load(root, nil, missing, true); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	s, err := settings.Load(root, []string{"TOOL_FIAL_ON=x", "TOOL_FAIL_ON=x", "TOOL_SCAN_QUITE=1", "TOOL_DIRECTORY_OF_ELSE=x", "TOOLS_QUIE=x"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Unknown(root)
	if len(got) != 2 || got["TOOL_FIAL_ON"] != "TOOL_FAIL_ON" || got["TOOL_SCAN_QUITE"] != "TOOL_SCAN_QUIET" {
		t.Errorf("unknown: %v", got)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("fail-on: high\nscan:\n  exclude: [a, b]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		root := tool(nil)
		s, err := settings.Load(root, nil, file, true)
		if err != nil {
			return
		}
		scan, _, err := root.Find([]string{"scan"})
		if err != nil {
			t.Fatal(err)
		}
		s.Apply(scan) // must not panic
	})
}
