package secrets

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

//go:embed rules.toml
var own []byte

// A Rule finds secrets of one format.
type Rule struct {
	ID       string // kebab-case: "github-token"
	Title    string // one line for a person: "GitHub access token"
	Severity string // as in analyzer.Finding
	Keywords []string

	expression *pattern
	group      int // group of the secret in the expression
	groups     int // number of groups in the expression
	check      func(*candidate) bool
	entropy    float64
	before     int // bytes before the end of a keyword that the expression sees
	after      int // and behind it
	folded     bool
	keyed      bool // the expression begins with a part of a name that a value is assigned to
	anyName    bool
	packed     *pattern // pattern of a keyed rule, for formats without separators
	sums       bool     // the check is of a checksum
	loose      bool     // letters beside a match don't refuse it in binary files
	password   bool
	config     bool                 // for configuration files only
	allowed    func(candidate) bool // from another tool's rules: not a secret
	paths      *regexp.Regexp       // only these files
	needs      string               // is in every match: texts without it are not searched
	source     string               // what another tool's rule says, for cache keys
	free       bool                 // no boundaries, and no placeholders: as another tool's rule says
}

// A document is the form of rules.toml.
type document struct {
	Version string
	Rule    map[string]struct {
		Issuer, Is, Document, Needs, Expression, Check, Severity, Where, Examples string
		Keywords, Names                                                           []string
		AnyName                                                                   bool `toml:"any-name"`
		Entropy                                                                   *float64
		Reach                                                                     []int
		Password                                                                  bool
	}
}

const defaultEntropy = 2.5

// separator matches the syntax between a name and its value, in shells, INI, YAML, JSON, XML, programs and lists of names and values.
const separator = `(?:\\{0,3}["'\x60])?[\])]{0,2}[ \t]{0,8}(?:=>|:=|==?|:|,|>|[ \t])[ \t]{0,8}(?:\(?[bruf@]?\\{0,3}["'\x60]{1,3}|\()?(?i:bearer |token |basic |ssws )?` +
	`|\\{0,3}["'\x60]?,?\s{1,40}(?:- )?\\{0,3}["'\x60]?(?i:value|default|content)\\{0,3}["'\x60]?[ \t]{0,4}[:=][ \t]{0,4}\\{0,3}["'\x60]?`

// parse reads rules in the form of rules.toml.
func parse(text []byte) (version string, list []*Rule, err error) {
	var d document
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&d); err != nil {
		return "", nil, fmt.Errorf("secrets: rules: %w", err)
	}
	for id, t := range d.Rule {
		r := &Rule{
			ID: id, Title: t.Issuer + " " + t.Is, Severity: cmp.Or(t.Severity, "high"), Keywords: t.Keywords, entropy: defaultEntropy,
			password: t.Password, needs: t.Needs, config: t.Where == "config", anyName: t.AnyName, keyed: t.Names != nil,
		}
		if strings.HasPrefix(t.Issuer, "RFC ") || t.Issuer == "netrc" || t.Issuer == "age" {
			r.Title = t.Is
		}
		if t.Entropy != nil {
			r.entropy = *t.Entropy
		}
		if t.Check != "" {
			if r.check = checks[t.Check]; r.check == nil {
				return "", nil, fmt.Errorf("secrets: rule %s: no check %q", id, t.Check)
			}
		}
		expression := t.Expression
		if r.keyed {
			r.Keywords, r.folded = t.Names, true
			names := make([]string, len(t.Names))
			for i, n := range t.Names {
				names[i] = regexp.QuoteMeta(n)
			}
			any := `(?i:` + strings.Join(names, "|") + `)`
			expression = any + `[\w.\-]{0,40}?(?:` + separator + `)(` + t.Expression + `)`
			r.group = 1
			p := any + `(?s:.{0,200}?)(` + t.Expression + `)|(` + t.Expression + `)(?s:.{0,200}?)` + any
			if r.packed, _, err = newPattern(p); err != nil {
				return "", nil, fmt.Errorf("secrets: rule %s: %w", id, err)
			}
		}
		if id == "discord-bot-token" {
			r.Keywords = snowflakes()
		}
		if err := r.compile(expression); err != nil {
			return "", nil, fmt.Errorf("secrets: rule %s: %w", id, err)
		}
		if len(t.Reach) == 2 {
			r.before, r.after = t.Reach[0], t.Reach[1]
		}
		r.sums = slices.Contains([]string{"crc32-base62", "bech32", "grafana", "base58"}, t.Check)
		if !r.keyed {
			r.escapeKeywords()
		}
		r.loose = slices.Contains([]string{"crc32-base62", "bech32", "discord", "jwt"}, t.Check)
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return d.Version, list, nil
}

// compile sets the expression, and what follows from it.
func (r *Rule) compile(expression string) (err error) {
	var tree *syntax.Regexp
	if r.expression, tree, err = newPattern(expression); err != nil {
		return err
	}
	r.groups = tree.MaxCap()
	if r.group == 0 && r.groups > 0 {
		r.group = 1
	}
	const most = 2000
	r.after = min(r.expression.longest, most)
	r.before = r.after
	r.folded = r.folded || strings.HasPrefix(expression, "(?i")
	prefix := leading(tree)
	if r.keyed || prefix != "" && !slices.ContainsFunc(r.Keywords, func(k string) bool { return !strings.HasPrefix(prefix, k) && !strings.HasPrefix(k, prefix) }) {
		r.before = 0
	}
	if len(r.Keywords) == 0 {
		return errors.New("no keyword")
	}
	for _, k := range r.Keywords {
		r.before = max(r.before, len(k))
	}
	return nil
}

// escapeKeywords adds the forms of the keywords in properties files and in JSON.
func (r *Rule) escapeKeywords() {
	properties := strings.NewReplacer("=", `\=`, ":", `\:`)
	slashes := strings.NewReplacer("/", `\/`)
	for _, k := range slices.Clone(r.Keywords) {
		var escaped strings.Builder
		for _, c := range k {
			switch {
			case c < 0x80 && isWordByte(byte(c)), strings.ContainsRune("-.:", c):
				escaped.WriteRune(c)
			case c == '/':
				escaped.WriteString(`\/`)
			default:
				fmt.Fprintf(&escaped, `\u%04x`, c)
			}
		}
		for _, v := range []string{properties.Replace(k), slashes.Replace(k), escaped.String()} {
			if !slices.Contains(r.Keywords, v) {
				r.Keywords = append(r.Keywords, v)
				r.before = max(r.before, len(v))
			}
		}
	}
}

// hasWrongChecksum reports whether a text has the form of a token with a checksum, but not the checksum. No issuer made such a token, so that it opens
// nothing, whatever the name of its variable says. People mistype tokens, and documents and tests have many of them.
func (s *ruleSet) hasWrongChecksum(text []byte) bool {
	return slices.ContainsFunc(s.rules, func(r *Rule) bool {
		if !r.sums || r.keyed {
			return false
		}
		m := r.expression.get().FindIndex(text)
		return m != nil && m[0] == 0 && m[1] == len(text) && !r.check(&candidate{region: text, end: len(text), secret: text})
	})
}

// endless is the length of matches without a limit.
const endless = 1 << 20

// longest returns the largest number of bytes that an expression for ASCII texts matches.
func longest(t *syntax.Regexp) int {
	n := 0
	switch t.Op {
	case syntax.OpLiteral:
		return len(t.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpStar, syntax.OpPlus:
		return endless
	case syntax.OpRepeat:
		if t.Max < 0 {
			return endless
		}
		return min(endless, t.Max*longest(t.Sub[0]))
	case syntax.OpAlternate:
		for _, s := range t.Sub {
			n = max(n, longest(s))
		}
		return n
	}
	for _, s := range t.Sub {
		n += longest(s)
	}
	return min(n, endless)
}

// snowflakes returns the first three characters of Discord's tokens, which are decimal numbers in base64.
func snowflakes() []string {
	var list []string
	for _, a := range "MNO" {
		for _, b := range "DTjz" {
			for _, c := range "AEIMQUYcgk" {
				list = append(list, string(a)+string(b)+string(c))
			}
		}
	}
	return list
}

// A ruleSet has the rules of an analyzer, and the automaton of their keywords.
type ruleSet struct {
	version  string
	rules    []*Rule
	keywords []keyword
	engine   *automaton
}

// A keyword is a text of an automaton, with the rules that have it.
type keyword struct {
	text  string
	exact []int // rules for which letters must have the case of text
	fold  []int // other rules
}

func newRuleSet(version string, rules []*Rule) (*ruleSet, error) {
	s := &ruleSet{version: version, rules: rules}
	at := make(map[string]int)
	for i, r := range rules {
		for _, text := range r.Keywords {
			key := text
			if r.folded {
				key = strings.ToLower(text)
			}
			n, ok := at[key]
			if !ok {
				n = len(s.keywords)
				at[key] = n
				s.keywords = append(s.keywords, keyword{text: key})
			}
			if k := &s.keywords[n]; r.folded {
				k.fold = append(k.fold, i)
			} else {
				k.exact = append(k.exact, i)
			}
		}
	}
	texts := make([]string, len(s.keywords))
	for i := range s.keywords {
		texts[i] = s.keywords[i].text
	}
	if s.engine = newAutomaton(texts); s.engine == nil {
		return nil, errors.New("secrets: the rules have too many keywords")
	}
	return s, nil
}

// ownRules returns the rules of this package.
var ownRules = sync.OnceValues(func() (*ruleSet, error) {
	version, list, err := parse(own)
	if err != nil {
		return nil, err
	}
	return newRuleSet(version, append(list, decoders()...))
})

// fingerprint returns a hash of texts.
func fingerprint(texts ...[]byte) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write(t)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
