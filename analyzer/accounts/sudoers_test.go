package accounts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestSudoers(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"root without a password changes nothing", "root ALL=(ALL) NOPASSWD: ALL\n", ""},
		{"a group", "%wheel ALL=(ALL) NOPASSWD: ALL\n", "1 high passwordless-sudo: %wheel may run ALL as ALL without a password\n"},
		{"one command", "bob ALL=(root) NOPASSWD: /bin/ls\n", "1 medium passwordless-sudo: bob may run /bin/ls as root without a password\n"},
		{"another account than root", "bob ALL=(www) NOPASSWD: ALL\n", "1 low passwordless-sudo: bob may run ALL as www without a password\n"},
		{"the own account with groups", "bob ALL=(:ALL) NOPASSWD: ALL\n", "1 low passwordless-sudo: bob may run ALL as :ALL without a password\n"},
		{"the tag holds for the commands after it, with another target, too", "bob ALL=(root) NOPASSWD: /bin/ls, (www) /usr/bin/id\n",
			"1 medium passwordless-sudo: bob may run /bin/ls as root without a password\n1 low passwordless-sudo: bob may run /usr/bin/id as www without a password\n"},
		{"until the opposite tag", "bob ALL=NOPASSWD: /bin/kill, PASSWD: /bin/ls, /bin/lp\n", "1 medium passwordless-sudo: bob may run /bin/kill as root without a password\n"},
		{"no blank after the tag", "bob ALL=(root)NOPASSWD:/bin/ls\n", "1 medium passwordless-sudo: bob may run /bin/ls as root without a password\n"},
		{"a command that is forbidden", "bob ALL=NOPASSWD: !/bin/ls\n", ""},
		{"all commands by an alias that follows", "bob ALL=NOPASSWD: EVERY\nCmnd_Alias EVERY = THIS, /bin/x : THIS = ALL\n", "1 high passwordless-sudo: bob may run EVERY as root without a password\n"},
		{"aliases in a circle", "Cmnd_Alias A = B : B = A\nbob ALL=NOPASSWD: A\n", "2 medium passwordless-sudo: bob may run A as root without a password\n"},
		{"a setting for all", "Defaults !authenticate\n", "1 high passwordless-sudo: sudo asks for no password: Defaults !authenticate\n"},
		{"a later setting takes it back", "Defaults !authenticate\nDefaults !!authenticate\n", ""},
		{"a setting for a group", "Defaults:%adm env_reset, ! authenticate\n", "1 high passwordless-sudo: sudo asks for no password: Defaults:%adm !authenticate\n"},
		{"a comment", "# bob ALL=NOPASSWD: ALL\nbob ALL=/bin/ls # NOPASSWD: ALL\n", ""},
		{"a comment is not continued", "# a \\\nbob ALL=NOPASSWD: ALL\n", "2 high passwordless-sudo: bob may run ALL as root without a password\n"},
		{"a number after the hash is an account", "#1000 ALL=NOPASSWD: ALL\n", "1 high passwordless-sudo: #1000 may run ALL as root without a password\n"},
		{"a continued line has the number of its first", "\nbob ALL = \\\n  NOPASSWD: \\\n  ALL\n", "2 high passwordless-sudo: bob may run ALL as root without a password\n"},
		{"every account with its own password", "ALL ALL=(ALL) ALL\n", "1 medium sudo-for-all: every account may run any command as root with its own password\n"},
		{"every account with the password of root", "Defaults targetpw\nALL ALL=(ALL) ALL\n", ""},
		{"a faulty line costs itself alone", "bob ALL=\nalice\n%a ALL=NOPASSWD: ALL\n", "3 high passwordless-sudo: %a may run ALL as root without a password\n"},
	} {
		if got := findings(t, "etc/sudoers", c.text); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestInclude shows that "#include" is no comment.
func TestInclude(t *testing.T) {
	text := "#includedir /etc/sudoers.d\n@include /etc/a\\ b\n#include \"/etc/c d\"\n#includes nothing\n# include nothing\n"
	want := "1 include [/etc/sudoers.d] path=/etc/sudoers.d source=directory\n2 include [/etc/a b] path=/etc/a b source=file\n3 include [/etc/c d] path=/etc/c d source=file\n"
	got := analyze(t, "etc/sudoers.d/x", text)
	if records, problems := got[:min(len(got), len(want))], got[min(len(got), len(want)):]; records != want || strings.Count(problems, "not read") != 2 {
		t.Errorf("got\n%swant\n%s and that two files are not read", got, want)
	}
	for text, read := range map[string]bool{
		"@include /etc/sudoers.d/a": true, "@include sudoers.d/a": true, "@includedir sudoers.d": true, "@includedir /usr/etc/sudoers.d/": true,
		"@includedir /opt/x": false, "@include /etc/sudoers.local": false, "@include /etc/sudoers.d/a.conf": false, "@include ../x": false,
	} {
		if got := !strings.Contains(analyze(t, "etc/sudoers", text), "not read"); got != read {
			t.Errorf("%s: read %t", text, got)
		}
	}
}

// sudoersTexts are files without faults.
var sudoersTexts = []string{
	"root ALL=(ALL:ALL) ALL\n%wheel ALL=(ALL) NOPASSWD: ALL\n",
	"User_Alias ADMINS = alice, bob : OPS = carl\nADMINS, !dave web1, web2 = (www) NOPASSWD: /usr/bin/ls -l, PASSWD: /bin/cat /etc/x\\:y, /bin/sh : db = (root) sudoedit /etc/hosts\n",
	"#1000 ALL = () NOEXEC: SETENV: /bin/a, !/bin/b   # trailing\n",
	"\"%domain admins\" ALL=(ALL) ALL\n%domain\\ admins ALL=(ALL) ALL\n+netgroup fe80::1/64=(ALL) ALL\n",
	"pete ALL = /usr/bin/passwd [A-Za-z]*, !/usr/bin/passwd root\n",
	"y ALL = (root) TIMEOUT=8m NOPASSWD: /bin/ls, (nobody) /usr/bin/id\n",
	"z ALL = sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ==, sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 /bin/ls\n",
	"a ALL=NOPASSWD: /bin/kill, PASSWD: /bin/ls, /usr/bin/lprm\n",
	"a\tALL=(ALL)\tNOPASSWD:ALL,\\\n\t/bin/x\n",
	"a ALL = /bin/echo a\\,b\\=c, /bin/d \"\"\n",
	"a,b , c h1 ,h2 = !!/bin/x, ! /bin/y\n",
	"a ALL = /bin/x : h = NOPASSWD: /bin/y\n",
	"a ALL = ^/bin/(x|y)$ ^[a-z,:]+$, /bin/z\n",
	"a ALL = NOPASSWD: SETENV: NOEXEC: PASSWD: /bin/x\n",
	"%:nonunix ALL = ALL\n",
	"a ALL = (b, %c : d, e) /bin/x\n",
	"a ALL = list, sudoedit /etc/motd\n",
}

// TestSudoersNative compares rules with those that cvtsudoers reads: users, hosts, commands, and whether they need a password.
func TestSudoersNative(t *testing.T) {
	cvtsudoers := tool(t, "cvtsudoers", "sudo")
	for _, text := range sudoersTexts {
		file := filepath.Join(t.TempDir(), "sudoers")
		if err := os.WriteFile(file, []byte(text), 0o440); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), cvtsudoers, "-f", "json", file).CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v\n%s", text, err, out)
			continue
		}
		r, err := New().Analyze(t.Context(), analyzer.NewFile("etc/sudoers", 0o440, []byte(text)))
		if err != nil || len(r.Diagnostics) > 0 {
			t.Errorf("%q: %v %v", text, err, r.Diagnostics)
		}
		var got []string
		for _, rec := range r.Records {
			if rec.Kind == "sudo-rule" {
				free := slices.Contains(strings.Split(rec.Fields["tags"], ","), "NOPASSWD")
				got = append(got, fmt.Sprintf("%s at %s: %s, free %t", rec.Fields["users"], rec.Fields["hosts"], rec.Fields["command"], free))
			}
		}
		if want := nativeRules(t, out); !slices.Equal(got, want) {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
	}
}

// nativeRules returns the rules in the JSON that cvtsudoers writes.
func nativeRules(t *testing.T, out []byte) []string {
	type member struct {
		Username, Usergroup, Nonunixgroup, Netgroup, Useralias, Hostname, Networkaddr, Hostalias, Command, Cmndalias string

		UserID  *int
		Negated bool
	}
	var file struct {
		UserSpecs []struct {
			Users []member `json:"User_List"`
			Hosts []member `json:"Host_List"`
			Specs []struct {
				Options  []map[string]any
				Commands []member
			} `json:"Cmnd_Specs"`
		} `json:"User_Specs"`
	}
	if err := json.Unmarshal(out[strings.IndexByte(string(out), '{'):], &file); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := func(list []member) string {
		var all []string
		for _, m := range list {
			name := cmp.Or(m.Username, m.Useralias, m.Hostname, m.Networkaddr, m.Hostalias)
			switch {
			case m.UserID != nil:
				name = fmt.Sprintf("#%d", *m.UserID)
			case m.Usergroup != "":
				name = "%" + m.Usergroup
			case m.Nonunixgroup != "":
				name = "%:" + m.Nonunixgroup
			case m.Netgroup != "":
				name = "+" + m.Netgroup
			}
			if m.Negated {
				name = "!" + name
			}
			all = append(all, name)
		}
		return strings.Join(all, ",")
	}
	var rules []string
	for _, u := range file.UserSpecs {
		for _, s := range u.Specs {
			free := false
			for _, o := range s.Options {
				if v, ok := o["authenticate"].(bool); ok {
					free = !v
				}
			}
			for _, c := range s.Commands {
				command := cmp.Or(c.Command, c.Cmndalias)
				if c.Negated {
					command = "!" + command
				}
				rules = append(rules, fmt.Sprintf("%s at %s: %s, free %t", names(u.Users), names(u.Hosts), command, free))
			}
		}
	}
	return rules
}

// TestSudoersFaults compares the lines that are reported with those that visudo refuses.
func TestSudoersFaults(t *testing.T) {
	visudo := tool(t, "visudo", "sudo")
	for _, line := range append(slices.Clone(sudoersTexts),
		"a ALL = CWD=/tmp CHROOT=/x /bin/y\n", // cvtsudoers 1.9.13 writes faulty JSON for these options
		"alice\n", "alice ALL\n", "alice ALL=\n", "alice ALL=(ALL ALL\n", "alice ALL=(ALL) bin/ls\n", "alice ALL=(ALL) NOPASSWD ALL\n", "alice ALL=ALL ALL\n",
		"User_Alias lower = a\n", "User_Alias A = a\nUser_Alias A = b\n", "User_Alias A = a\nCmnd_Alias A = /b\n", "User_Alias A\n", "Defaults env_reset\n", "Defaults:a !authenticate\n", "Defaults@h env_reset\n", "Defaults>root env_reset\n",
		"Defaults!/bin/x env_reset\n", "Defaults secure_path=\"/a:/b\"\n", "alice ALL=NOPASSWD: ALL, \\\n", "ALL=ALL\n", "#comment\n", "# 1 \\\n") {
		file := filepath.Join(t.TempDir(), "sudoers")
		if err := os.WriteFile(file, []byte(line), 0o440); err != nil {
			t.Fatal(err)
		}
		out, native := exec.CommandContext(t.Context(), visudo, "-c", "-q", "-f", file).CombinedOutput()
		r, err := New().Analyze(t.Context(), analyzer.NewFile("etc/sudoers", 0o440, []byte(line)))
		if err != nil {
			t.Fatal(err)
		}
		if (native != nil) != (len(r.Diagnostics) > 0) {
			t.Errorf("%q: %v, visudo: %v %s", line, r.Diagnostics, native, out)
		}
	}
}

// tool returns the path of a native tool. It skips the test without it.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if p, err := exec.LookPath(dir + name); err == nil {
			return p
		}
	}
	t.Skipf("%s is not installed (package %s): nothing to compare with", name, pkg)
	return ""
}
