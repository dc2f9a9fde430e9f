// Package accounts reports the accounts of an image and the ways to log in or to become root: accounts and groups, the states of
// passwords, rules of sudo and doas, and keys that SSH accepts.
//
// Records are "account", "group", "password", "group-password", "sudo-rule", "sudo-default", "doas-rule", "authorized-key" and "include".
// No record holds a password hash or a whole key. Findings are passwords that are empty or have a weak hash, further accounts with
// UID 0, rules that ask for no password, and files that everyone may change.
//
// Sources: passwd(5), shadow(5), group(5), gshadow(5), crypt(5), sudoers(5), doas.conf(5), AUTHORIZED_KEYS FILE FORMAT in sshd(8).
package accounts

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// maxSize is the size in bytes of the largest file that is read. Real ones have a few KB.
const maxSize = 4 << 20

// New returns the analyzer. It is an [analyzer.Joiner]: an empty password in shadow is a finding unless the account in passwd cannot
// log in, and rules of sudo may use aliases and settings of other files. These files may come from different layers.
func New() analyzer.Analyzer { return accounts{} }

type accounts struct{}

func (accounts) Info() analyzer.Info {
	return analyzer.Info{
		Name: "accounts", Version: 3, MaxSize: maxSize, Finds: []string{"accounts"},
		Patterns: []string{
			"etc/passwd", "etc/shadow", "etc/group", "etc/gshadow",
			// of systems with an immutable /usr, and of ostree
			"usr/lib/passwd", "usr/lib/group", "usr/etc/passwd", "usr/etc/shadow", "usr/etc/group", "usr/etc/gshadow",
			"etc/sudoers", "etc/sudoers.d/*", "usr/etc/sudoers", "usr/etc/sudoers.d/*",
			"etc/doas.conf", "etc/doas.d/*.conf",
			"**/.ssh/authorized_keys", "**/.ssh/authorized_keys2", "etc/dropbear/authorized_keys",
		},
	}
}

func (accounts) Analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	parse := parserOf(f.Path)
	if parse == nil {
		return nil, nil
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	r := reading{path: f.Path}
	r.permissions(f)
	parse(&r, string(text))
	r.result.Diagnostics = r.bad.Diagnostics()
	return &r.result, nil
}

// parserOf returns the function that reads a file, or nil if no program reads the file.
func parserOf(name string) func(*reading, string) {
	base := path.Base(name)
	switch dir := path.Base(path.Dir(name)); {
	case strings.HasPrefix(base, "authorized_keys"):
		return (*reading).authorizedKeys
	case dir == "sudoers.d" && (strings.Contains(base, ".") || strings.HasSuffix(base, "~")):
		return nil // sudo skips these names
	case dir == "sudoers.d", base == "sudoers":
		return (*reading).sudoers
	case dir == "doas.d", base == "doas.conf":
		return (*reading).doas
	case base == "passwd":
		return (*reading).passwd
	case base == "shadow":
		return (*reading).shadow
	case base == "group":
		return (*reading).group
	case base == "gshadow":
		return (*reading).gshadow
	}
	return nil
}

// permissions reports a file that everyone may change, and hashes that everyone may read.
func (r *reading) permissions(f *analyzer.File) {
	base := path.Base(f.Path)
	switch perm := f.Mode.Perm(); {
	case perm&0o002 != 0:
		r.finding("writable-by-everyone", "high", 0, fmt.Sprintf("every account may change %s", base), fmt.Sprintf("mode %04o", perm))
	case perm&0o004 != 0 && (base == "shadow" || base == "gshadow"):
		r.finding("readable-by-everyone", "medium", 0, fmt.Sprintf("every account may read the password hashes in %s", base), fmt.Sprintf("mode %04o", perm))
	}
}
