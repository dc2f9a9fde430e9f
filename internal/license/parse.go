package license

import "strings"

// An expression is a text and the level of its weakest operator.
type expression struct {
	text  string
	level int
}

// Levels of operators, weakest last.
const (
	operand = iota
	and
	or
)

// within returns the text as an operand of an operator of the given level.
func (e expression) within(level int) string {
	if e.level > level {
		return "(" + e.text + ")"
	}
	return e.text
}

// A parser reads an expression from tokens: parentheses, operators in upper case, commas, and the words of names.
type parser struct {
	tokens []string
	depth  int
}

// tokenize splits words at parentheses and at a comma before an operator. DEP-5 writes "GPL-1+ or Artistic, and Expat", where
// the comma makes the operator the weakest.
func tokenize(words []string) []string {
	var tokens []string
	for i, w := range words {
		for len(w) > 0 && w[0] == '(' {
			tokens, w = append(tokens, "("), w[1:]
		}
		closing := len(w) - len(strings.TrimRight(w, "),"))
		tail := w[len(w)-closing:]
		if w = w[:len(w)-closing]; w != "" {
			tokens = append(tokens, operator(w))
		}
		for _, c := range tail {
			switch {
			case c == ')':
				tokens = append(tokens, ")")
			case i+1 < len(words) && (operator(words[i+1]) == "AND" || operator(words[i+1]) == "OR"):
				tokens = append(tokens, ",")
			case len(tokens) > 0:
				tokens[len(tokens)-1] += ","
			}
		}
	}
	return tokens
}

func operator(word string) string {
	if up := strings.ToUpper(word); up == "AND" || up == "OR" || up == "WITH" {
		return up
	}
	return word
}

func (p *parser) accept(token string) bool {
	if len(p.tokens) > 0 && p.tokens[0] == token {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

// list reads alternatives and conjunctions that are separated by commas.
func (p *parser) list() (expression, bool) {
	e, ok := p.alternatives()
	for ok && p.accept(",") {
		level, word := and, " AND "
		if !p.accept("AND") {
			p.accept("OR") // tokenize emits a comma only before AND and OR
			level, word = or, " OR "
		}
		var next expression
		if next, ok = p.alternatives(); ok {
			e = expression{e.within(level) + word + next.within(level), level}
		}
	}
	return e, ok
}

func (p *parser) alternatives() (expression, bool) {
	e, ok := p.conjunction()
	for ok && p.accept("OR") {
		var next expression
		if next, ok = p.conjunction(); ok {
			e = expression{e.within(or) + " OR " + next.within(or), or}
		}
	}
	return e, ok
}

func (p *parser) conjunction() (expression, bool) {
	e, ok := p.term()
	for ok && p.accept("AND") {
		var next expression
		if next, ok = p.term(); ok {
			e = expression{e.within(and) + " AND " + next.within(and), and}
		}
	}
	return e, ok
}

func (p *parser) term() (expression, bool) {
	if p.accept("(") {
		if p.depth++; p.depth > maxDepth {
			return expression{}, false
		}
		e, ok := p.list()
		p.depth--
		return e, ok && p.accept(")")
	}
	id, ok := resolve(p.name())
	if !ok {
		return expression{}, false
	}
	if p.accept("WITH") {
		exception, ok := exceptionOf(id, p.name())
		if !ok {
			return expression{}, false
		}
		id += " WITH " + exception
	}
	return expression{id, operand}, true
}

// name reads the words up to the next operator or parenthesis.
func (p *parser) name() string {
	n := 0
	for n < len(p.tokens) {
		switch p.tokens[n] {
		case "AND", "OR", "WITH", "(", ")", ",":
			name := strings.Join(p.tokens[:n], " ")
			p.tokens = p.tokens[n:]
			return name
		}
		n++
	}
	name := strings.Join(p.tokens, " ")
	p.tokens = nil
	return name
}

// exceptionOf returns the identifier of an exception. The name is an identifier or has the form of DEP-5, "Bison exception",
// which must be unambiguous for the licence.
func exceptionOf(license, name string) (string, bool) {
	if id, ok := find(exceptions, name); ok {
		return id, true
	}
	word, _ := strings.CutSuffix(strings.ToLower(name), " exception")
	switch word {
	case "autoconf":
		if strings.HasPrefix(license, "GPL-3.0") {
			return "Autoconf-exception-3.0", true
		}
		return "Autoconf-exception-2.0", true
	case "bison", "bison-2.2":
		return "Bison-exception-2.2", true
	case "classpath":
		return "Classpath-exception-2.0", true
	case "font":
		return "Font-exception-2.0", true
	case "gcc runtime library":
		return "GCC-exception-3.1", true
	case "libtool":
		return "Libtool-exception", true
	case "linux-syscall-note":
		return "Linux-syscall-note", true
	case "llvm":
		return "LLVM-exception", true
	case "texinfo":
		return "Texinfo-exception", true
	}
	return "", false
}
