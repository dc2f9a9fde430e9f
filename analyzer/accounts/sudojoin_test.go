package accounts

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
)

// joinedFindings analyzes and joins the files of an archive, and returns their findings, one a line, and the diagnostics of Join.
func joinedFindings(t *testing.T, text string) string {
	t.Helper()
	results := make(map[string]*analyzer.Result)
	var facts []analyzer.Fact
	for _, f := range txtar.Parse([]byte(text)).Files {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(f.Name, 0o600, f.Data))
		if err != nil {
			t.Fatal(err)
		}
		results[f.Name] = r
		if r != nil && len(r.Fact) > 0 {
			facts = append(facts, analyzer.Fact{Path: f.Name, Data: r.Fact})
		}
	}
	slices.SortFunc(facts, func(a, b analyzer.Fact) int { return strings.Compare(a.Path, b.Path) })
	var out strings.Builder
	for i, j := range New().(analyzer.Joiner).Join(t.Context(), facts) {
		if j.Err != nil {
			t.Fatal(j.Err)
		}
		for _, d := range j.Diagnostics {
			fmt.Fprintf(&out, "%s: %s\n", facts[i].Path, d.Message)
		}
		if j.Result != nil {
			if want, got := len(results[facts[i].Path].Records), len(j.Result.Records); got != want {
				t.Errorf("%s: %d records after Join, %d before", facts[i].Path, got, want)
			}
			results[facts[i].Path] = j.Result
		}
	}
	for _, name := range slices.Sorted(maps.Keys(results)) {
		if results[name] == nil {
			continue
		}
		for _, f := range results[name].Findings {
			fmt.Fprintf(&out, "%s:%d %s %s: %s\n", name, f.Line, f.Severity, f.Rule, f.Title)
		}
	}
	return out.String()
}

// sudoImages are the files of sudo of images. Each begins with etc/sudoers, which sudo reads first.
var sudoImages = []struct{ name, files, want string }{
	{"aliases of all kinds in a later file", `
-- etc/sudoers --
ADMINS SERVERS = (OPS) NOPASSWD: EVERY
@includedir /etc/sudoers.d
-- etc/sudoers.d/aliases --
User_Alias ADMINS = alice, root
Host_Alias SERVERS = ALL
Runas_Alias OPS = www, root
Cmnd_Alias EVERY = THIS : THIS = /bin/ls, ALL
`, "etc/sudoers:1 high passwordless-sudo: ADMINS may run EVERY as OPS without a password\n"},
	{"an alias of users that is root only", `
-- etc/sudoers --
@includedir sudoers.d
-- etc/sudoers.d/a --
R ALL = NOPASSWD: ALL
-- etc/sudoers.d/b --
User_Alias R = S
-- etc/sudoers.d/c --
User_Alias S = root, root
`, ""},
	{"a target that is not root", `
-- etc/sudoers --
@includedir sudoers.d
Runas_Alias WEB = www
-- etc/sudoers.d/a --
bob ALL = (WEB) NOPASSWD: ALL
`, "etc/sudoers.d/a:1 low passwordless-sudo: bob may run ALL as WEB without a password\n"},
	{"two negations cancel each other", `
-- etc/sudoers --
Cmnd_Alias LATE = !!ALL
@includedir sudoers.d
-- etc/sudoers.d/a --
bob ALL = NOPASSWD: !!LATE
`, "etc/sudoers.d/a:1 high passwordless-sudo: bob may run LATE as root without a password\n"},
	{"aliases that contain one another, and none", `
-- etc/sudoers --
@includedir sudoers.d
Cmnd_Alias A = B
-- etc/sudoers.d/a --
bob ALL = NOPASSWD: A
bob ALL = NOPASSWD: NONE
-- etc/sudoers.d/b --
Cmnd_Alias B = C
Cmnd_Alias C = B
`, "etc/sudoers.d/a:1 medium passwordless-sudo: bob may run A as root without a password\netc/sudoers.d/a:2 medium passwordless-sudo: bob may run NONE as root without a password\n"},
	{"a file that includes one file, which includes the first", `
-- etc/sudoers --
@include sudoers.d/a
U ALL = (ALL) NOPASSWD: ALL
-- etc/sudoers.d/a --
User_Alias U = bob
`, "etc/sudoers:2 high passwordless-sudo: U may run ALL as ALL without a password\n"},
	{"a setting of a later file takes back the first", `
-- etc/sudoers --
Defaults !authenticate
@includedir sudoers.d
-- etc/sudoers.d/a --
Defaults authenticate
`, ""},
	{"a later file sets it", `
-- etc/sudoers --
Defaults authenticate
@includedir sudoers.d
-- etc/sudoers.d/a --
Defaults env_reset, !authenticate
`, "etc/sudoers.d/a:1 high passwordless-sudo: sudo asks for no password: Defaults !authenticate\n"},
	{"the order of lines, not that of files", `
-- etc/sudoers --
@includedir sudoers.d
Defaults !authenticate
-- etc/sudoers.d/a --
Defaults authenticate
`, "etc/sudoers:2 high passwordless-sudo: sudo asks for no password: Defaults !authenticate\n"},
	{"everyone, with the password of root by a setting of another file", `
-- etc/sudoers --
ALL ALL = (ALL) ALL
@includedir sudoers.d
-- etc/sudoers.d/a --
Defaults targetpw
`, ""},
	{"everyone by an alias, with the own password", `
-- etc/sudoers --
PEOPLE ALL = (ALL) ALL
Defaults targetpw
@includedir sudoers.d
-- etc/sudoers.d/a --
User_Alias PEOPLE = ALL
Defaults !targetpw
`, "etc/sudoers:1 medium sudo-for-all: every account may run any command as root with its own password\n"},
}

// TestSudoFiles judges rules by aliases and settings of other files. cvtsudoers, which reads the same files, must agree which rules without a
// password let other accounts than root run any command.
func TestSudoFiles(t *testing.T) {
	for _, c := range sudoImages {
		got := joinedFindings(t, c.files)
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
	cvtsudoers := tool(t, "cvtsudoers", "sudo")
	for _, c := range sudoImages {
		dir := t.TempDir()
		for _, f := range txtar.Parse([]byte(c.files)).Files {
			name := filepath.Join(dir, f.Name)
			text := strings.ReplaceAll(string(f.Data), " /etc", " "+dir+"/etc")
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o440); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.CommandContext(t.Context(), cvtsudoers, "-e", "-f", "csv", filepath.Join(dir, "etc/sudoers")).Output()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		all, open := nativeFree(t, string(out))
		if got := strings.Count(c.want, "high passwordless-sudo: ") - strings.Count(c.want, "Defaults"); got != all {
			t.Errorf("%s: %d rules let others run any command as root without a password, %d by cvtsudoers:\n%s", c.name, got, all, out)
		}
		if got := strings.Contains(c.want, "Defaults !authenticate"); got != open {
			t.Errorf("%s: no password for all: %t, by cvtsudoers %t", c.name, got, open)
		}
	}
}

// nativeFree counts the rules of cvtsudoers's table that let other accounts than root run any command as root without a password, and reports
// whether sudo asks for no password at all.
func nativeFree(t *testing.T, table string) (rules int, open bool) {
	r := csv.NewReader(strings.NewReader(table))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, table)
	}
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' })
	}
	for _, row := range rows {
		switch {
		case row[0] == "defaults" && row[2] == "authenticate":
			open = row[4] == "false"
		case row[0] == "rule":
			others := slices.ContainsFunc(words(row[1]), func(u string) bool { return u != "root" && u != "#0" && u[0] != '!' })
			root := row[3] == "" || slices.Contains(words(row[3]), "root") || slices.Contains(words(row[3]), "ALL")
			if others && root && strings.Contains(row[5], "!authenticate") && slices.Contains(words(row[6]), "ALL") {
				rules++
			}
		}
	}
	return rules, open
}

// TestSudoUnread has files that sudo does not read by itself, and such that define a name twice.
func TestSudoUnread(t *testing.T) {
	for _, c := range []struct{ name, files, want string }{
		{"the file of the distribution gives way to that of the administrator", `
-- etc/sudoers --
User_Alias U = root
U ALL = NOPASSWD: ALL
-- usr/etc/sudoers --
User_Alias U = bob
`, "usr/etc/sudoers: User_Alias U is defined already, in etc/sudoers\n"},
		{"but counts alone", `
-- usr/etc/sudoers --
@includedir /etc/sudoers.d
Cmnd_Alias EVERY = ALL
-- etc/sudoers.d/a --
bob ALL = NOPASSWD: EVERY
`, "etc/sudoers.d/a:1 high passwordless-sudo: bob may run EVERY as root without a password\n"},
		{"without the file that includes them, files of a directory complete one another", `
-- etc/sudoers.d/a --
bob ALL = NOPASSWD: EVERY
-- etc/sudoers.d/b --
Cmnd_Alias EVERY = ALL
`, "etc/sudoers.d/a:1 high passwordless-sudo: bob may run EVERY as root without a password\n"},
		{"a file that is not read takes nothing back", `
-- etc/sudoers --
Defaults !authenticate
U ALL = NOPASSWD: ALL
-- etc/sudoers.d/a --
Defaults authenticate
User_Alias U = root
`, "etc/sudoers:1 high passwordless-sudo: sudo asks for no password: Defaults !authenticate\netc/sudoers:2 high passwordless-sudo: U may run ALL as root without a password\n"},
		{"the first definition counts, as in sudo", `
-- etc/sudoers --
@includedir /etc/sudoers.d
bob ALL = NOPASSWD: A
-- etc/sudoers.d/a --
Cmnd_Alias A = ALL
-- etc/sudoers.d/b --
Cmnd_Alias A = /bin/ls
`, "etc/sudoers.d/b: Cmnd_Alias A is defined already, in etc/sudoers.d/a\netc/sudoers:2 high passwordless-sudo: bob may run A as root without a password\n"},
		{"an alias behind a negation", `
-- etc/sudoers --
R ALL = NOPASSWD: ALL
@includedir /etc/sudoers.d
-- etc/sudoers.d/a --
User_Alias R = root, !T, !!S
User_Alias T = bob
User_Alias S = #0
`, ""},
		{"files with the names of others", `
-- etc/sudoers.d/passwd --
bob ALL = NOPASSWD: A
-- etc/sudoers.d/shadow --
Cmnd_Alias A = ALL
`, "etc/sudoers.d/passwd:1 high passwordless-sudo: bob may run A as root without a password\n"},
	} {
		if got := joinedFindings(t, c.files); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestSudoCosts joins files whose aliases lead to one another in every way.
func TestSudoCosts(t *testing.T) {
	var b strings.Builder
	b.WriteString("-- etc/sudoers --\n@includedir sudoers.d\n")
	const files, aliases = 100, 100
	for i := range files {
		fmt.Fprintf(&b, "-- etc/sudoers.d/f%d --\n@include f%d\n@includedir ../sudoers.d\n", i, (i+1)%files)
		for k := range aliases {
			fmt.Fprintf(&b, "Cmnd_Alias A%d_%d = A%d_%d, A%d_%d, !!A%d_%d\nu ALL = NOPASSWD: A%d_%d\n", i, k, (i+1)%files, k, i, (k+1)%aliases, (i*7)%files, (k*3)%aliases, (i+3)%files, k)
		}
	}
	if got := strings.Count(joinedFindings(t, b.String()), "medium"); got != files*aliases {
		t.Errorf("%d findings", got)
	}
}

// TestSudoReports has files after faults and questions that users reported about several files of sudo.
func TestSudoReports(t *testing.T) {
	for _, c := range []struct{ report, files, want string }{
		{"sudo-project/sudo#257: a name that two files define", `
-- etc/sudoers --
Cmnd_Alias USERCOMMANDS = /usr/bin/hostname
cameong1  ALL=USERCOMMANDS
#includedir /etc/sudoers.d
-- etc/sudoers.d/cameong2 --
Cmnd_Alias USERCOMMANDS = ALL
cameong2  ALL=NOPASSWD: USERCOMMANDS
`, "etc/sudoers.d/cameong2: Cmnd_Alias USERCOMMANDS is defined already, in etc/sudoers\netc/sudoers.d/cameong2:2 medium passwordless-sudo: cameong2 may run USERCOMMANDS as root without a password\n"},
		{"osquery/osquery#3255, glensc/nagios-plugin-check_raid#209: files that are included by either sign", `
-- etc/sudoers --
#include /etc/sudoers.d/a
@includedir /etc/sudoers.d
-- etc/sudoers.d/a --
User_Alias OPS = bob
-- etc/sudoers.d/b --
OPS ALL=(ALL) NOPASSWD: ALL
`, "etc/sudoers.d/b:1 high passwordless-sudo: OPS may run ALL as ALL without a password\n"},
		{"trifectatechfoundation/sudo-rs#1135: a file includes its own directory", `
-- etc/sudoers --
@includedir /etc/sudoers.d
-- etc/sudoers.d/sudoers --
%wheel ALL=(ALL) NOPASSWD: EVERY
@includedir /etc/sudoers.d
Cmnd_Alias EVERY = ALL
`, "etc/sudoers.d/sudoers:1 high passwordless-sudo: %wheel may run EVERY as ALL without a password\n"},
		{"ahuffman/ansible-sudoers#29: a rule in a file of its own, with all aliases in another", `
-- etc/sudoers --
User_Alias XAIX_STAFF = ab, alti
Runas_Alias ROOT = #0
#includedir /etc/sudoers.d
-- etc/sudoers.d/XPERM_AIX --
XAIX_STAFF ALL=(ROOT) NOPASSWD: ALL
`, "etc/sudoers.d/XPERM_AIX:1 high passwordless-sudo: XAIX_STAFF may run ALL as ROOT without a password\n"},
		{"omacom/omarchy#12397: the names of files decide, and letters follow digits", `
-- etc/sudoers --
@includedir /etc/sudoers.d
-- etc/sudoers.d/99-strict --
Defaults authenticate
-- etc/sudoers.d/omarchy --
Defaults !authenticate
`, "etc/sudoers.d/omarchy:1 high passwordless-sudo: sudo asks for no password: Defaults !authenticate\n"},
		{"actuallymentor/battery#192: a later rule asks one user again, but not the others", `
-- etc/sudoers --
@includedir /etc/sudoers.d
-- etc/sudoers.d/battery --
ALL ALL = NOPASSWD: /usr/local/bin/smc
-- etc/sudoers.d/standard --
pwnage101 ALL= (ALL) ALL
`, "etc/sudoers.d/battery:1 medium passwordless-sudo: ALL may run /usr/local/bin/smc as root without a password\n"},
		{"trifectatechfoundation/sudo-rs#998: settings for a user or a host are none for all", `
-- etc/sudoers --
Defaults@machine rootpw
Defaults:user !rootpw
ALL ALL = (ALL) ALL
`, "etc/sudoers:3 medium sudo-for-all: every account may run any command as root with its own password\n"},
	} {
		if got := joinedFindings(t, c.files); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.report, got, c.want)
		}
	}
}
