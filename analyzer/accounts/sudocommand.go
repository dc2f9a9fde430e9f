package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
)

// A commandParser reads the commands of a rule, the part after "=". Run-as lists and tags hold for the commands after them.
type commandParser struct {
	rest string
	rule sudoRule
}

// list calls yield with each command up to a colon that begins the next hosts, or to the end of the line.
func (p *commandParser) list(yield func(sudoRule) bool) error {
	for {
		if err := p.prefix(); err != nil {
			return err
		}
		command, err := p.command()
		if err != nil {
			return err
		}
		rule := p.rule
		rule.command = command
		p.skip()
		if !yield(rule) || p.rest == "" {
			return nil
		}
		end := p.rest[0]
		p.rest = p.rest[1:]
		switch end {
		case ':':
			p.skip()
			return nil
		case ',':
		default:
			return fmt.Errorf("unexpected %q after a command", end)
		}
	}
}

func (p *commandParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t") }

// prefix reads the run-as list, the options and the tags before a command.
func (p *commandParser) prefix() error {
	p.skip()
	if strings.HasPrefix(p.rest, "(") {
		end := sudoIndex(p.rest[1:], ")")
		if end == len(p.rest)-1 {
			return errors.New("parenthesis not closed")
		}
		list := strings.ReplaceAll(strings.ReplaceAll(p.rest[1:1+end], " ", ""), "\t", "")
		p.rest = p.rest[end+2:]
		p.rule.runAs = list
		if list == "" || list == ":" {
			p.rule.runAs = "the same account"
		}
	}
	for {
		p.skip()
		word := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"))]
		after := strings.TrimLeft(p.rest[len(word):], " \t")
		switch {
		case isTag(word) && strings.HasPrefix(after, ":"):
			p.tag(word)
			p.rest = after[1:]
		case isOption(word) && strings.HasPrefix(after, "="):
			value := strings.TrimLeft(after[1:], " \t")
			p.rest = value[sudoIndex(value, " \t"):]
		default:
			return nil
		}
	}
}

// tag sets a tag, which replaces its opposite: PASSWD for NOPASSWD.
func (p *commandParser) tag(word string) {
	opposite := "NO" + word
	if strings.HasPrefix(word, "NO") {
		opposite = word[2:]
	}
	tags := slices.DeleteFunc(slices.Clone(p.rule.tags), func(t string) bool { return t == word || t == opposite })
	p.rule.tags = append(tags, word)
}

func isTag(word string) bool {
	switch strings.TrimPrefix(word, "NO") {
	case "PASSWD", "EXEC", "SETENV", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "FOLLOW", "INTERCEPT":
		return true
	}
	return false
}

func isOption(word string) bool {
	switch word {
	case "ROLE", "TYPE", "APPARMOR_PROFILE", "PRIVS", "LIMITPRIVS", "NOTBEFORE", "NOTAFTER", "TIMEOUT", "CWD", "CHROOT":
		return true
	}
	return false
}

// command reads one command with its arguments: "ALL", an alias, or a path, after any number of "!" and digests.
func (p *commandParser) command() (string, error) {
	negated := false
	for {
		p.skip()
		if strings.HasPrefix(p.rest, "!") {
			negated = !negated
			p.rest = p.rest[1:]
			continue
		}
		if !p.digest() {
			break
		}
	}
	text := p.rest[:commandEnd(p.rest)]
	p.rest = p.rest[len(text):]
	text = strings.TrimSpace(text)
	word, args, _ := cutBlank(text)
	switch {
	case text == "":
		return "", errors.New("no command")
	case text[0] == '/', text[0] == '^', word == "sudoedit", word == "list":
	case args != "" || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "":
		return "", fmt.Errorf("not a command: %.60q", text)
	}
	text = redact.Text(unescapeCommand(text)) // arguments may be secret
	if negated {
		text = "!" + text
	}
	return text, nil
}

// digest skips the digest of a command, "sha256:..." and a comma if another one follows.
func (p *commandParser) digest() bool {
	for _, name := range []string{"sha224", "sha256", "sha384", "sha512"} {
		rest, ok := strings.CutPrefix(p.rest, name)
		if rest = strings.TrimLeft(rest, " \t"); !ok || !strings.HasPrefix(rest, ":") {
			continue
		}
		rest = strings.TrimLeft(rest[1:], " \t")
		rest = strings.TrimLeft(strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="), " \t")
		if after, ok := strings.CutPrefix(rest, ","); ok && strings.HasPrefix(strings.TrimLeft(after, " \t"), "sha") {
			rest = after
		}
		if strings.HasPrefix(p.rest, name) && len(rest) < len(p.rest) {
			p.rest = rest
			return true
		}
	}
	return false
}

// commandEnd returns the end of a command: an unescaped comma or colon outside a regular expression, which "^" and "$" enclose.
func commandEnd(s string) int {
	regular := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '^' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t'):
			regular = true
		case c == '$' && regular && (i+1 == len(s) || strings.IndexByte(" \t,:", s[i+1]) >= 0):
			regular = false
		case !regular && (c == ',' || c == ':'):
			return i
		}
	}
	return len(s)
}
