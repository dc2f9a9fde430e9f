package accounts

import (
	"fmt"
	"strconv"
	"strings"
)

// passwd reads passwd(5). It skips the lines that glibc skips: blank lines, comments, and lines with malformed numbers.
func (r *reading) passwd(text string) {
	logins := []string{"passwd"}
	defer func() { r.result.Fact = []byte(strings.Join(logins, "\n")) }()
	for n, line := range r.lines(text) {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		if r.full(n) {
			return
		}
		if line[0] == '+' || line[0] == '-' {
			r.compat(n, line)
			continue
		}
		if login := r.account(n, line); login != "" {
			logins = append(logins, login)
		}
	}
}

// account reads the line of an account. It returns the name if the account may log in, or "".
func (r *reading) account(n int, line string) (login string) {
	f := strings.Split(line, ":")
	if len(f) < 7 {
		r.bad.Line(n, "%d fields, want 7", len(f))
		if len(f) < 4 {
			return ""
		}
		f = append(f, make([]string, 7-len(f))...)
	}
	name, password, home, shell := f[0], f[1], f[5], strings.Join(f[6:], ":")
	uid, err := number(f[2])
	if err != nil || name == "" {
		r.bad.Line(n, "not an account: name %.40q, UID %.40q", name, f[2])
		if wrapsToRoot(f[2]) && name != "" {
			r.finding("second-root", "high", n, fmt.Sprintf("UID %s of account %s is 0 for musl", short(f[2]), short(name)), "")
		}
		return ""
	}
	gid, err := number(f[3])
	if err != nil {
		r.bad.Line(n, "not an account: GID %.40q", f[3])
		return ""
	}
	state := passwordState(password)
	if password == "x" || strings.HasPrefix(password, "##") {
		state = "shadow"
	}
	r.record("account", name, n, "name", name, "uid", format(uid), "gid", format(gid), "home", home, "shell", shell, "password", state)
	canLogIn := mayLogIn(shell)
	if canLogIn {
		login = clean(name)
	}
	if uid == 0 && name != "root" {
		r.finding("second-root", "high", n, fmt.Sprintf("account %s has UID 0: it is root by another name", short(name)), "")
	}
	if state != "empty" || canLogIn {
		r.judgePassword(n, name, state)
	}
	return login
}

// compat reads a line that takes accounts or groups from a network information service.
func (r *reading) compat(n int, line string) {
	name, _, _ := strings.Cut(line, ":")
	r.record("include", name, n, "source", "nis", "name", name)
	if name[0] == '+' {
		r.finding("network-accounts", "low", n, fmt.Sprintf("the line %s takes entries from a network service", short(name)), "")
	}
}

// group reads group(5).
func (r *reading) group(text string) {
	for n, line := range r.lines(text) {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		if r.full(n) {
			return
		}
		if line[0] == '+' || line[0] == '-' {
			r.compat(n, line)
			continue
		}
		f := strings.SplitN(line, ":", 4)
		if len(f) < 3 {
			r.bad.Line(n, "%d fields, want 4", len(f))
			continue
		}
		gid, err := number(f[2])
		if err != nil || f[0] == "" {
			r.bad.Line(n, "not a group: name %.40q, GID %.40q", f[0], f[2])
			continue
		}
		members := ""
		if len(f) == 4 {
			members = memberList(f[3])
		}
		state := passwordState(f[1])
		if f[1] == "x" {
			state = "shadow"
		}
		r.record("group", f[0], n, "name", f[0], "gid", format(gid), "members", members, "password", state)
		if state != "empty" { // with an empty password, only members may join the group
			r.judgePassword(n, "group "+f[0], state)
		}
	}
}

// memberList returns a list of names without blanks and empty names.
func memberList(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' }), ",")
}

// number reads an ID as glibc does, with strtoul: it may have leading blanks and a sign, so that "+0" and " 0" are root.
func number(s string) (uint32, error) {
	s = strings.TrimLeft(s, " \t\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil || negative && v != 0 {
		return 0, strconv.ErrRange
	}
	return uint32(v), nil
}

// wrapsToRoot reports whether a UID is 0 for musl, which keeps the low 32 bits of any number.
func wrapsToRoot(s string) bool {
	id := uint32(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
		id = 10*id + uint32(c-'0')
	}
	return id == 0 && s != ""
}

func format(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// mayLogIn reports whether a shell lets its account in. An empty shell is /bin/sh.
func mayLogIn(shell string) bool {
	switch shell[strings.LastIndexByte(shell, '/')+1:] {
	case "nologin", "false", "true", "null", "sync", "halt", "shutdown", "git-shell":
		return false
	}
	return true
}
