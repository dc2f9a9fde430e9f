package policy

import "strings"

// hidden notes the rules of a policy in mode first that do not decide if an earlier one holds.
func (l *loader) hidden(p *policy) {
	for _, on := range kinds() {
		var first *rule
		var after []string
		for i := range p.rules {
			r := &p.rules[i]
			switch {
			case r.on != on || r.when == nil:
			case first == nil:
				first = r
			default:
				after = append(after, r.name)
			}
			if r.on == on && r.when.always() && i+1 < len(p.rules) {
				for j := i + 1; j < len(p.rules); j++ {
					if p.rules[j].on == on {
						l.note(p.rules[j].line, "rule %q of policy %q is never tried, since rule %q (line %d) always holds", p.rules[j].name, p.name, r.name, r.line)
					}
				}
				break
			}
		}
		if len(after) > 0 {
			l.note(first.line, "rule %q of policy %q hides rules %s on the same %s where it holds, and each of these the ones after it; version: 2 tries all", first.name, p.name, strings.Join(after, ", "), on)
		}
	}
}
