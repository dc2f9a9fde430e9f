package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// doas reads doas.conf(5): "permit|deny [options] identity [as target] [cmd command [args ...]]".
func (r *reading) doas(text string) {
	for _, l := range r.sudoLines(text) { // the same comments, quotes and continuation lines
		if r.full(l.number) {
			return
		}
		if err := r.doasRule(l); err != nil {
			r.bad.Line(l.number, "%w", err)
		}
	}
}

func (r *reading) doasRule(l sudoLine) error {
	words := doasWords(l.text)
	action := words[0]
	if action != "permit" && action != "deny" {
		return fmt.Errorf("not a rule: %.40q", action)
	}
	words = words[1:]
	var options []string
	for len(words) > 0 && isDoasOption(words[0]) {
		options = append(options, words[0])
		if words[0] == "setenv" { // the variables may be secret
			for len(words) > 0 && !strings.HasSuffix(words[0], "}") {
				words = words[1:]
			}
		}
		words = words[min(1, len(words)):]
	}
	if len(words) == 0 {
		return errors.New("a rule without an account")
	}
	who := words[0]
	words = words[1:]
	target, command := "", ""
	if len(words) > 1 && words[0] == "as" {
		target, words = words[1], words[2:]
	}
	if len(words) > 1 && words[0] == "cmd" {
		command, words = strings.Join(words[1:], " "), nil
	}
	if len(words) > 0 {
		return fmt.Errorf("unexpected %.40q", words[0])
	}
	key := strings.Join(slices.Concat([]string{action}, options, []string{who}), " ")
	if target != "" {
		key += " as " + target
	}
	if command != "" {
		key += " cmd " + command
	}
	r.record("doas-rule", key, l.number, "action", action, "identity", who, "run-as", target,
		"command", command, "options", strings.Join(options, ","))
	if action != "permit" || who == "root" || !strings.Contains(","+strings.Join(options, ",")+",", ",nopass,") {
		return nil
	}
	severity := "high"
	switch {
	case target != "" && target != "root":
		severity = "low"
	case command != "":
		severity = "medium"
	}
	if target == "" {
		target = "any account"
	}
	if command == "" {
		command = "any command"
	}
	r.finding("passwordless-doas", severity, l.number, fmt.Sprintf("%s may run %s as %s without a password", short(who), short(command), short(target)), "")
	return nil
}

func isDoasOption(word string) bool {
	switch word {
	case "nopass", "nolog", "persist", "keepenv", "setenv":
		return true
	}
	return false
}

// doasWords splits a line into words, which may be quoted. It returns at least one word.
func doasWords(s string) []string {
	var words []string
	var b strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			begun = true
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t'):
			if begun {
				words = append(words, b.String())
			}
			b.Reset()
			begun = false
		default:
			b.WriteByte(c)
			begun = true
		}
	}
	if begun || len(words) == 0 {
		words = append(words, b.String())
	}
	return words
}
