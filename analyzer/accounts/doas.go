package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
)

// doas reads doas.conf(5): "permit|deny [options] identity [as target] [cmd command [args ...]]".
func (r *reading) doas(text string) {
	l := doasLexer{text: text, line: 1}
	for {
		words, line, ok, err := l.rule()
		if !ok || r.full(line) {
			return
		}
		if err == nil && len(words) > 0 {
			err = r.doasRule(line, words)
		}
		if err != nil {
			r.bad.Line(line, "%w", err)
		}
	}
}

func (r *reading) doasRule(line int, words []doasWord) error {
	is := func(text string) bool { return len(words) > 0 && words[0].plain && words[0].text == text }
	next := func() (text string) {
		text, words = words[0].text, words[1:]
		return text
	}
	if !is("permit") && !is("deny") {
		return fmt.Errorf("not a rule: %.40q", words[0].text)
	}
	action := next()
	var options []string
	if action == "permit" {
		var err error
		if options, words, err = cutDoasOptions(words); err != nil {
			return err
		}
	}
	if slices.Contains(options, "nopass") && slices.Contains(options, "persist") {
		return errors.New("nopass with persist")
	}
	if slices.ContainsFunc(words, func(w doasWord) bool { return w.plain && (w.text == "{" || w.text == "}") }) {
		return errors.New("unexpected brace")
	}
	if len(words) == 0 || is("as") || is("cmd") || is("args") {
		return errors.New("a rule without an account")
	}
	who := next()
	target, command := "", ""
	if is("as") && len(words) > 1 {
		next()
		target = next()
	}
	if is("cmd") && len(words) > 1 {
		next()
		var list []string
		for len(words) > 0 {
			list = append(list, next())
		}
		command = redact.Text(strings.Join(list, " "))
	}
	if len(words) > 0 {
		return fmt.Errorf("unexpected %.40q", words[0].text)
	}
	key := strings.Join(slices.Concat([]string{action}, options, []string{who}), " ")
	if target != "" {
		key += " as " + target
	}
	if command != "" {
		key += " cmd " + command
	}
	r.record("doas-rule", key, line, "action", action, "identity", who, "run-as", target,
		"command", command, "options", strings.Join(options, ","))
	if action == "permit" && who != "root" && slices.Contains(options, "nopass") {
		r.passwordlessDoas(line, who, command, target)
	}
	return nil
}

// cutDoasOptions returns the options at the beginning of a rule, without the variables of setenv, which may be secret.
func cutDoasOptions(words []doasWord) (options []string, rest []doasWord, err error) {
	for len(words) > 0 && words[0].plain && isDoasOption(words[0].text) {
		option := words[0].text
		options, words = append(options, option), words[1:]
		if option != "setenv" {
			continue
		}
		if len(words) == 0 || !words[0].plain || words[0].text != "{" {
			return nil, nil, errors.New("setenv without variables")
		}
		end := slices.IndexFunc(words, func(w doasWord) bool { return w.plain && w.text == "}" })
		if end < 0 {
			end = len(words) - 1
		}
		words = words[end+1:]
	}
	return options, words, nil
}

// passwordlessDoas adds a finding. Without a command or a target, the rule is about all.
func (r *reading) passwordlessDoas(line int, who, command, target string) {
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
	r.finding("passwordless-doas", severity, line, fmt.Sprintf("%s may run %s as %s without a password", short(who), short(command), short(target)), "")
}

func isDoasOption(word string) bool {
	switch word {
	case "nopass", "nolog", "persist", "keepenv", "setenv":
		return true
	}
	return false
}
