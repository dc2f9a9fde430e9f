package files

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// look returns what the analyzer says of an entry: a line for each finding, record and diagnostic.
func look(t *testing.T, p string, e *analyzer.Entry) string {
	t.Helper()
	f := analyzer.NewFile(p, e.Mode, nil)
	f.Entry = e
	r, err := New().Analyze(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return ""
	}
	var lines []string
	for _, found := range r.Findings {
		lines = append(lines, found.Severity+" "+found.Rule+": "+found.Title)
	}
	for _, record := range r.Records {
		line := record.Kind
		for _, k := range slices.Sorted(maps.Keys(record.Fields)) {
			line += fmt.Sprintf(" %s=%s", k, record.Fields[k])
		}
		lines = append(lines, line)
	}
	for _, d := range r.Diagnostics {
		lines = append(lines, string(d.Code)+": "+d.Message)
	}
	return strings.Join(lines, "\n")
}

func TestAnalyze(t *testing.T) {
	const (
		setUID = fs.ModeSetuid
		setGID = fs.ModeSetgid
		char   = fs.ModeDevice | fs.ModeCharDevice
	)
	for _, c := range []struct {
		name  string
		path  string
		entry analyzer.Entry
		want  string
	}{
		{"a file", "etc/hosts", analyzer.Entry{Mode: 0o644}, ""},
		{"su", "usr/bin/su", analyzer.Entry{Mode: 0o755 | setUID}, `
			low set-uid: set-uid program runs as user root (mode 4755)
			set-uid executable=true gid=0 mode=4755 uid=0`},
		{"su at another place", "opt/su", analyzer.Entry{Mode: 0o755 | setUID}, `
			medium set-uid: set-uid program runs as user root (mode 4755)
			set-uid executable=true gid=0 mode=4755 uid=0`},
		{"a set-uid interpreter", "usr/bin/python3.12", analyzer.Entry{Mode: 0o755 | setUID}, `
			high set-uid: set-uid program runs as user root (mode 4755)
			set-uid executable=true gid=0 mode=4755 uid=0`},
		{"a set-uid program of another user", "usr/bin/python3", analyzer.Entry{Mode: 0o750 | setUID, UID: 1000, GID: 7}, `
			low set-uid: set-uid program runs as user 1000 (mode 4750)
			set-uid executable=true gid=7 mode=4750 uid=1000`},
		{"both bits", "usr/bin/at", analyzer.Entry{Mode: 0o755 | setUID | setGID, GID: 25}, `
			low set-uid: set-uid program runs as user root (mode 6755)
			low set-gid: set-gid program runs as group 25 (mode 6755)
			set-uid executable=true gid=25 mode=6755 uid=0
			set-gid executable=true gid=25 mode=6755 uid=0`},
		{"set-uid without execution", "srv/data", analyzer.Entry{Mode: 0o644 | setUID}, `
			set-uid executable=false gid=0 mode=4644 uid=0`},
		{"set-gid for mandatory locks", "srv/data", analyzer.Entry{Mode: 0o744 | setGID}, `
			set-gid executable=false gid=0 mode=2744 uid=0`},
		{"a set-gid directory", "var/mail", analyzer.Entry{Mode: 0o775 | setGID | fs.ModeDir}, ""},
		{"a link", "bin/sh", analyzer.Entry{Mode: 0o777 | fs.ModeSymlink | setUID, Target: "dash"}, ""},
		{"a hard link to a set-uid program", "usr/bin/sudoedit", analyzer.Entry{Mode: 0o755 | setUID, Link: "usr/bin/sudo"}, `
			low set-uid: set-uid program runs as user root (mode 4755)
			set-uid executable=true gid=0 mode=4755 uid=0`},
		{"a set-uid program that users can write", "usr/bin/su", analyzer.Entry{Mode: 0o777 | setUID}, `
			high set-uid: set-uid program runs as user root (mode 4777)
			high world-writable-file: every user can change the file (mode 4777)
			set-uid executable=true gid=0 mode=4777 uid=0`},

		{"world-writable file", "srv/data", analyzer.Entry{Mode: 0o666}, `
			medium world-writable-file: every user can change the file (mode 0666)`},
		{"world-writable configuration", "etc/cron.d/job", analyzer.Entry{Mode: 0o646}, `
			high world-writable-file: every user can change the file (mode 0646)`},
		{"a similar path", "etcetera/job", analyzer.Entry{Mode: 0o646}, `
			medium world-writable-file: every user can change the file (mode 0646)`},
		{"world-writable directory", "srv", analyzer.Entry{Mode: 0o777 | fs.ModeDir}, `
			medium world-writable-directory: every user can replace files in the directory (mode 0777)`},
		{"world-writable root", ".", analyzer.Entry{Mode: 0o777 | fs.ModeDir}, `
			high world-writable-directory: every user can replace files in the directory (mode 0777)`},
		{"a directory with the sticky bit", "tmp", analyzer.Entry{Mode: 0o777 | fs.ModeDir | fs.ModeSticky}, ""},
		{"a socket", "run/x", analyzer.Entry{Mode: 0o777 | fs.ModeSocket}, ""},
		{"a pipe", "run/x", analyzer.Entry{Mode: 0o666 | fs.ModeNamedPipe}, ""},

		{"null", "dev/null", analyzer.Entry{Mode: 0o666 | char, Major: 1, Minor: 3}, `
			device gid=0 major=1 minor=3 mode=0666 type=character uid=0`},
		{"memory", "dev/mem", analyzer.Entry{Mode: 0o640 | char, Major: 1, Minor: 1, GID: 15}, `
			medium device: character device 1:1 (mode 0640)
			device gid=15 major=1 minor=1 mode=0640 type=character uid=0`},
		{"a disk", "x", analyzer.Entry{Mode: 0o660 | fs.ModeDevice, Major: 8}, `
			medium device: block device 8:0 (mode 0660)
			device gid=0 major=8 minor=0 mode=0660 type=block uid=0`},
		{"KVM", "dev/kvm", analyzer.Entry{Mode: 0o660 | char, Major: 10, Minor: 232}, `
			low device: character device 10:232 (mode 0660)
			device gid=0 major=10 minor=232 mode=0660 type=character uid=0`},

		{"ping", "usr/bin/ping", analyzer.Entry{Mode: 0o755, Xattrs: caps("0100000200200000000000000000000000000000")}, `
			low file-capability: file capabilities cap_net_raw=ep
			capability capabilities=cap_net_raw=ep effective=true gid=0 inheritable= mode=0755 permitted=cap_net_raw uid=0 version=2`},
		{"version 1", "usr/bin/x", analyzer.Entry{Mode: 0o755, Xattrs: caps("010000010000200000000000")}, `
			high file-capability: file capabilities cap_sys_admin=ep
			capability capabilities=cap_sys_admin=ep effective=true gid=0 inheritable= mode=0755 permitted=cap_sys_admin uid=0 version=1`},
		{"version 3", "usr/bin/x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0100000300040000000000000000000000000000e8030000")}, `
			info file-capability: file capabilities cap_net_bind_service=ep
			capability capabilities=cap_net_bind_service=ep effective=true gid=0 inheritable= mode=0755 permitted=cap_net_bind_service root-id=1000 uid=0 version=3`},
		{"newuidmap of Fedora", "usr/bin/newuidmap", analyzer.Entry{Mode: 0o755, Xattrs: caps("0100000280000000000000000000000000000000")}, `
			medium file-capability: file capabilities cap_setuid=ep
			capability capabilities=cap_setuid=ep effective=true gid=0 inheritable= mode=0755 permitted=cap_setuid uid=0 version=2`},
		{"upper words", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000200000000000000008000000000000000")}, `
			high file-capability: file capabilities cap_bpf=p
			capability capabilities=cap_bpf=p effective=false gid=0 inheritable= mode=0755 permitted=cap_bpf uid=0 version=2`},
		{"inheritable only", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000200000000002020000000000000000000")}, `
			info file-capability: file capabilities cap_net_raw,cap_sys_admin=i
			capability capabilities=cap_net_raw,cap_sys_admin=i effective=false gid=0 inheritable=cap_net_raw,cap_sys_admin mode=0755 permitted= uid=0 version=2`},
		{"a capability that has no name yet", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000200000000000000000002000000000000")}, `
			low file-capability: file capabilities 41=p
			capability capabilities=41=p effective=false gid=0 inheritable= mode=0755 permitted=41 uid=0 version=2`},
		{"no capability", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000200000000000000000000000000000000")}, `
			capability capabilities== effective=false gid=0 inheritable= mode=0755 permitted= uid=0 version=2`},
		{"cut short", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("01000002002000")}, `
			malformed: attribute security.capability: 7 bytes in version 2, want 20`},
		{"too long", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0100000200200000000000000000000000000000ff")}, `
			malformed: attribute security.capability: 21 bytes in version 2, want 20`},
		{"another version", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("01000004")}, `
			unsupported: attribute security.capability: version 4: unsupported`},
		{"empty", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("")}, `
			malformed: attribute security.capability: 0 bytes`},
		{"another attribute", "x", analyzer.Entry{Mode: 0o755, Xattrs: map[string]string{"user.capability": "x"}}, ""},
		{"of a link", "x", analyzer.Entry{Mode: 0o777 | fs.ModeSymlink, Xattrs: caps("0100000200200000000000000000000000000000")}, ""},
	} {
		want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
		if got := look(t, c.path, &c.entry); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

// TestReports repeats situations that users of other scanners reported.
func TestReports(t *testing.T) {
	for _, c := range []struct {
		report, path string
		entry        analyzer.Entry
		want         string // part of the answer; "" if nothing is right
	}{
		{"ComplianceAsCode 8819: a set-gid directory is no program", "run/log/journal/x", analyzer.Entry{Mode: 0o750 | fs.ModeDir | fs.ModeSetgid}, ""},
		{"dockle 55: programs in bin directories count, too", "usr/bin/hidden", analyzer.Entry{Mode: 0o755 | fs.ModeSetuid}, "medium set-uid: set-uid program runs as user root"},
		{"dockle 55", "lib/hidden", analyzer.Entry{Mode: 0o755 | fs.ModeSetuid}, "medium set-uid:"},
		{"AttackSurfaceAnalyzer 132: the owner of a set-uid program matters", "sbin/x", analyzer.Entry{Mode: 0o755 | fs.ModeSetuid, UID: 998}, "low set-uid: set-uid program runs as user 998"},
		{"container-structure-test 263: modes are those of chmod", "x", analyzer.Entry{Mode: 0o755 | fs.ModeSetuid, UID: 998}, "mode=4755"},
		{"lynis 1514, PEASS-ng 98: the mode of a link says nothing", "usr/bin/as", analyzer.Entry{Mode: 0o777 | fs.ModeSymlink, Target: "x86_64-linux-gnu-as"}, ""},
		{"lxd 4870: capabilities that are not effective", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000300200000000000000000000000000000a0860100")}, "capabilities=cap_net_raw=p effective=false"},
		{"umoci 261: the user of version 3", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0000000300200000000000000000000000000000a0860100")}, "root-id=100000"},
		{"audit-kernel 103: the effective flag is not part of the version", "x", analyzer.Entry{Mode: 0o755, Xattrs: caps("0100000300200000000000000000000000000000a0860100")}, "effective=true"},
	} {
		if got := look(t, c.path, &c.entry); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", c.report, got, c.want)
		}
	}
}

func caps(hexadecimal string) map[string]string {
	b, err := hex.DecodeString(hexadecimal)
	if err != nil {
		panic(err)
	}
	return map[string]string{xattrCapability: string(b)}
}

// TestWithoutEntry passes a file as a program without entries has it.
func TestWithoutEntry(t *testing.T) {
	r, err := New().Analyze(t.Context(), analyzer.NewFile("bin/su", 0o755|fs.ModeSetuid, nil))
	if r != nil || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestLists checks that each capability has exactly one severity or none, and that lists have no name that the kernel lacks.
func TestLists(t *testing.T) {
	if len(capabilityNames) != 41 || capabilityNames[40] != "checkpoint_restore" || capabilityNames[21] != "sys_admin" {
		t.Errorf("names: %q", capabilityNames)
	}
	if highCapabilities&mediumCapabilities != 0 || mediumCapabilities&infoCapabilities != 0 || highCapabilities&infoCapabilities != 0 {
		t.Error("a capability has two severities")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"010000010000200000000000", "0100000200200000000000000000000000000000", "0100000300040000000000000000000000000000e8030000", "", "01000004"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := decode(raw)
		if err == nil && len(raw) != 4+8*min(c.version, 2)+4*max(0, c.version-2) {
			t.Errorf("%x: %d bytes of version %d", raw, len(raw), c.version)
		}
		if c.String() == "" || err == nil && (c.severity() == "") != (c.permitted|c.inheritable == 0) {
			t.Errorf("%x: %q, severity %q", raw, c.String(), c.severity())
		}
	})
}
