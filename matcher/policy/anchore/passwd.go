package anchore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
)

const passwdFile = "etc/passwd"

// accounts are the accounts of /etc/passwd.
type accounts struct {
	list    []account
	content bool   // the lines are those of the file
	found   bool   // the report has something of the file
	missing string // why accounts may be missing, or ""
}

// An account is a line of /etc/passwd.
type account struct {
	name, uid, gid, home, shell string
	line                        string // empty fields are unknown
	record                      int
}

func accountName(a *account) string  { return a.name }
func accountUID(a *account) string   { return a.uid }
func accountGID(a *account) string   { return a.gid }
func accountShell(a *account) string { return a.shell }

// accounts returns the accounts, of the file's content or else of the records of the analyzer of accounts.
func (e *evaluation) accounts() *accounts {
	if e.facts.accounts != nil {
		return e.facts.accounts
	}
	a := new(accounts)
	e.facts.accounts = a
	if i, text, why := e.content(passwdFile); i >= 0 && text != "" {
		a.content, a.found, a.missing = true, true, why
		for line := range strings.Lines(text) {
			if f := strings.Split(strings.TrimSpace(line), ":"); len(f) >= 7 && f[0] != "" {
				a.list = append(a.list, account{f[0], f[2], f[3], f[5], strings.Join(f[6:], ":"), strings.TrimSpace(line), i})
			}
		}
		return a
	}
	for i := range e.in.Report.Records {
		r := &e.in.Report.Records[i]
		if r.Kind != "account" || r.Path != passwdFile || r.Hidden {
			continue
		}
		f := r.Fields
		a.found = true
		a.list = append(a.list, account{f["name"], f["uid"], f["gid"], f["home"], f["shell"], strings.Join([]string{f["name"], "x", f["uid"], f["gid"], "", f["home"], f["shell"]}, ":"), i})
	}
	if a.missing = e.examined("accounts"); a.missing == "" {
		for i := range e.in.Report.Diagnostics {
			if d := &e.in.Report.Diagnostics[i]; d.Path == passwdFile {
				a.missing = passwdFile + " could not be read completely: " + d.Message
			}
		}
	}
	return a
}

// passwdMissing is passwd_file.content_not_available.
func (e *evaluation) passwdMissing(r *rule) error {
	if !e.accounts().found {
		f := onImage()
		f.Message = "Cannot locate /etc/passwd in image stored files archive: check analyzer settings."
		e.fire(r, f)
	}
	return nil
}

// passwd fires on accounts with a field that is in a list.
func (e *evaluation) passwd(r *rule, parameter, word string, field func(*account) string) error {
	a := e.accounts()
	for i := range a.list {
		if value := field(&a.list[i]); slices.Contains(r.values[parameter].list, value) {
			e.onAccount(r, &a.list[i], word, value)
		}
	}
	if a.missing != "" {
		return e.factsMissing(r, "%s", a.missing)
	}
	return nil
}

func (e *evaluation) onAccount(r *rule, a *account, word, value string) {
	f := e.onRecord(a.record)
	f.Message = redact.Text(fmt.Sprintf("Blacklisted %s '%s' found in image's /etc/passwd: pentry=%s", word, value, a.line))
	f.also = []string{r.trigger.Name + "+" + a.name}
	e.fire(r, f)
}

// passwdEntry is passwd_file.blacklist_full_entry. The records of accounts have no comment, so that one with all other fields counts.
func (e *evaluation) passwdEntry(r *rule) error {
	a := e.accounts()
	entry := strings.TrimSpace(r.values["entry"].text)
	f := strings.Split(entry, ":")
	for i := range a.list {
		x := &a.list[i]
		same := x.line == entry
		if !a.content && len(f) >= 7 {
			same = x.name == f[0] && x.uid == f[2] && x.gid == f[3] && x.home == f[5] && x.shell == strings.Join(f[6:], ":")
		}
		if same {
			e.onAccount(r, x, "pentry", entry)
		}
	}
	if a.missing != "" {
		return e.factsMissing(r, "%s", a.missing)
	}
	return nil
}
