package files

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// setID reports a program that runs as its owner or as its group. The bits of a directory mean something else, and the kernel ignores
// those of a file that is not executable. Set-gid without group execution once marked files for mandatory locks.
func setID(r *analyzer.Result, p string, e *analyzer.Entry) {
	if e.Mode&fs.ModeSetuid != 0 {
		setBit(r, p, e, "set-uid", e.UID, e.Mode.Perm()&0o111 != 0)
	}
	if e.Mode&fs.ModeSetgid != 0 {
		setBit(r, p, e, "set-gid", e.GID, e.Mode.Perm()&0o010 != 0)
	}
}

func setBit(r *analyzer.Result, p string, e *analyzer.Entry, kind string, id int, works bool) {
	fields := fieldsOf(e)
	fields["executable"] = strconv.FormatBool(works)
	r.Records = append(r.Records, analyzer.Record{Kind: kind, Fields: fields})
	if !works {
		return
	}
	as := "user "
	if kind == "set-gid" {
		as = "group "
	}
	if id == 0 {
		as += "root"
	} else {
		as += strconv.Itoa(id)
	}
	found := analyzer.Finding{
		Rule: kind, Severity: "low",
		Title:  kind + " program runs as " + as + " (mode " + octal(e.Mode) + ")",
		Detail: "CIS Docker Benchmark 4.8: remove set-uid and set-gid permissions that the image does not need.",
	}
	switch {
	case e.Mode.Perm()&0o002 != 0:
		found.Severity, found.Detail = "high", "Every user can write the program, too. "+found.Detail
	case id == 0 && kind == "set-uid" && givesShell(path.Base(p)):
		found.Severity, found.Detail = "high", "The program runs any command as root. "+found.Detail
	case id == 0 && kind == "set-uid" && !isUsual(p):
		found.Severity = "medium"
	}
	r.Findings = append(r.Findings, found)
}

// usual are set-uid programs of distributions, which need the bit and are written for it.
var usual = setOf(`su sudo sudoedit sudo-rs su-rs passwd chsh chfn newgrp sg gpasswd chage expiry mount umount mount.nfs mount.cifs mount.ecryptfs_private
	fusermount fusermount3 ntfs-3g ping ping6 ping4 traceroute6.iputils arping pkexec polkit-agent-helper-1 crontab at wall write ssh-agent
	ssh-keysign dbus-daemon-launch-helper unix_chkpwd unix2_chkpwd pam_timestamp_check pam_extrausers_chkpwd newuidmap newgidmap bbsuid
	doas utempter userhelper usernetctl grub2-set-bootflag chrome-sandbox Xorg.wrap dotlockfile run0 vmware-user-suid-wrapper screen
	cockpit-session snap-confine exim4 sendmail procmail lppasswd staprun`)

// isUsual reports whether a path is one at which a distribution installs a set-uid program.
func isUsual(p string) bool {
	return usual[path.Base(p)] && (isBelow(p, "bin", "sbin", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/libexec", "lib", "lib64"))
}

// shells are programs that run commands, or read and write any file, by design. With the set-uid bit of root each makes its user root.
var shells = setOf(`sh bash dash ash rbash zsh ksh mksh csh tcsh fish busybox toybox python perl ruby php node lua luajit tclsh expect env find vim vi nano
	emacs ed less more awk gawk mawk nawk sed tar cp mv dd tee cat install rsync chmod chown gdb strace socat nc ncat nmap docker make xargs
	java irb jrunscript script taskset time timeout nice nohup setarch unshare nsenter chroot`)

// givesShell reports whether a program runs commands of its user. Versions in the name don't matter: "python3.12".
func givesShell(base string) bool {
	return shells[base] || shells[strings.TrimRight(base, "0123456789.-")]
}

// isTrusted reports whether programs of root use the files at a path: programs, libraries and configuration.
func isTrusted(p string) bool {
	return p == "" || p == "." || isBelow(p, "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "boot", "root",
		"usr/bin", "usr/sbin", "usr/lib", "usr/lib32", "usr/lib64", "usr/libexec", "usr/local/bin", "usr/local/sbin", "usr/local/lib")
}

// isBelow reports whether a path is a directory of a list, or below one.
func isBelow(p string, dirs ...string) bool {
	for _, d := range dirs {
		if rest, ok := strings.CutPrefix(p, d); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

func setOf(list string) map[string]bool {
	set := make(map[string]bool)
	for _, s := range strings.Fields(list) {
		set[s] = true
	}
	return set
}
