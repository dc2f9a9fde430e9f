package rules

import "strings"

// A command is one simple command of a shell script.
type command struct {
	words []string
	piped bool // its output goes to the next command
}

const (
	maxCommands = 1 << 14 // commands of one instruction
	maxNesting  = 4       // scripts within scripts: "sh -c", "$(...)"
)

// script splits a shell script into its simple commands, as far as rules need: it knows quotes, comments, here documents, lists, pipes,
// substitutions and "sh -c". Keywords before a command are removed, and words keep no quotes.
func script(text string) []command {
	var p shellParser
	p.parse(text, 0)
	return p.commands
}

type shellParser struct {
	commands []command
	words    []string
	word     strings.Builder
	begun    bool // a word has begun, perhaps an empty one in quotes
	text     string
	at       int
	depth    int
	ends     []string // here documents that begin after the line
	budget   int      // bytes that may still be searched for ends of substitutions and documents
}

func (p *shellParser) parse(text string, depth int) {
	if depth > maxNesting {
		return
	}
	p.text, p.depth, p.budget = text, depth, 8*len(text)
	for p.at = 0; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\r':
			p.endWord()
		case '\n':
			p.endCommand(false)
			p.skipDocuments()
		case ';', '&', '(', ')':
			if c == '&' && strings.HasSuffix(p.word.String(), ">") {
				p.word.WriteByte(c) // 2>&1
				continue
			}
			p.endCommand(false)
		case '|':
			if p.at+1 < len(p.text) && p.text[p.at+1] == '|' {
				p.at++
				p.endCommand(false)
			} else {
				p.endCommand(true)
			}
		case '#':
			if p.begun {
				p.add(c)
				continue
			}
			p.at += len(firstLine(p.text[p.at:])) - 1
		case '\\':
			if p.at++; p.at < len(p.text) && p.text[p.at] != '\n' {
				p.add(p.text[p.at])
			}
		case '\'':
			end := strings.IndexByte(p.text[p.at+1:], '\'')
			if end < 0 {
				end = len(p.text) - p.at - 1
			}
			p.begun = true
			p.word.WriteString(p.text[p.at+1 : p.at+1+end])
			p.at += 1 + end
		case '"':
			p.doubleQuoted()
		case '$', '<', '>', '`':
			if !p.substitution() {
				p.add(c)
				p.hereDocument()
			}
		default:
			p.add(c)
		}
	}
	p.endCommand(false)
}

func (p *shellParser) add(c byte) {
	p.begun = true
	p.word.WriteByte(c)
}

func (p *shellParser) doubleQuoted() {
	p.begun = true
	for p.at++; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
		switch c := p.text[p.at]; {
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			p.word.WriteByte(p.text[p.at])
		case (c == '$' || c == '`') && p.substitution():
		default:
			p.word.WriteByte(c)
		}
	}
}

// substitution reads "$(...)", "<(...)", ">(...)" or "`...`" as a part of the word, and its commands as further ones.
func (p *shellParser) substitution() bool {
	rest := p.text[p.at:]
	end := 0
	if rest[0] == '`' {
		if end = strings.IndexByte(rest[1:], '`') + 1; end == 0 {
			return false
		}
	} else {
		if len(rest) < 2 || rest[1] != '(' || strings.HasPrefix(rest, "$((") {
			return false
		}
		if end = p.closing(rest); end == 0 {
			return false
		}
	}
	p.begun = true
	p.word.WriteString(rest[:end+1])
	p.at += end
	p.nested(strings.TrimPrefix(rest[1:end], "("))
	return true
}

// nested reads a script within this one.
func (p *shellParser) nested(text string) {
	if len(p.commands) < maxCommands && p.depth < maxNesting {
		inner := shellParser{commands: p.commands}
		inner.parse(text, p.depth+1)
		p.commands = inner.commands
	}
}

// closing returns the index of the parenthesis that closes the first one, or 0.
func (p *shellParser) closing(s string) int {
	depth := 0
	for i := 1; i < len(s) && p.budget > 0; i++ {
		p.budget--
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return 0
}

// hereDocument notes the end of a document that begins with "<<".
func (p *shellParser) hereDocument() {
	if !strings.HasPrefix(p.text[p.at:], "<<") || strings.HasPrefix(p.text[p.at:], "<<<") || p.at > 0 && p.text[p.at-1] == '<' {
		return
	}
	rest := strings.TrimLeft(strings.TrimPrefix(p.text[p.at+2:], "-"), " \t")
	end := strings.IndexAny(rest, " \t\r\n;|&<>()")
	if end < 0 {
		end = len(rest)
	}
	if name := strings.Trim(rest[:end], `"'\`); name != "" && len(p.ends) < 16 {
		p.ends = append(p.ends, name)
	}
}

// skipDocuments skips the here documents after a line.
func (p *shellParser) skipDocuments() {
	for _, end := range p.ends {
		for at := p.at + 1; ; {
			if at >= len(p.text) || p.budget <= 0 {
				p.ends = nil
				return // without its end, the text is no document
			}
			line := firstLine(p.text[at:])
			p.budget -= len(line) + 1
			at += len(line) + 1
			if strings.TrimSpace(line) == end {
				p.at = min(at-1, len(p.text))
				break
			}
		}
	}
	p.ends = nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (p *shellParser) endWord() {
	if p.begun {
		p.words = append(p.words, p.word.String())
	}
	p.word.Reset()
	p.begun = false
}

func (p *shellParser) endCommand(piped bool) {
	p.endWord()
	words := trimKeywords(p.words)
	p.words = nil
	if len(words) == 0 || len(p.commands) >= maxCommands {
		return
	}
	p.commands = append(p.commands, command{words, piped})
	if IsShell(words[0]) {
		for i, w := range words[:len(words)-1] {
			if len(w) > 1 && w[0] == '-' && w[1] != '-' && strings.HasSuffix(w, "c") {
				p.nested(words[i+1])
				return
			}
		}
	}
}

// trimKeywords removes words before the name of a command: keywords, assignments, and programs that run another one.
func trimKeywords(words []string) []string {
	for len(words) > 0 {
		switch w := words[0]; w {
		case "if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "exec", "command", "env", "nice", "eatmydata", "nohup":
			words = words[1:]
			continue
		default:
			if name, _, ok := strings.Cut(w, "="); ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "" {
				words = words[1:]
				continue
			}
		}
		break
	}
	return words
}

// base returns the name of a program without its directory.
func base(program string) string { return program[strings.LastIndexByte(program, '/')+1:] }

// IsShell reports whether a program is a shell.
func IsShell(program string) bool {
	switch base(program) {
	case "sh", "bash", "dash", "ash", "zsh", "ksh":
		return true
	}
	return false
}
