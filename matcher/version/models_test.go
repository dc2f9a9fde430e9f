package version

import (
	"cmp"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A model is the order of an ecosystem whose tool the tests cannot run. It is written from the source, with regular expressions,
// big numbers and lists instead of the scheme's own means. TestModels and TestDifferential compare the scheme with it.
type model func(text string) (key []part, ok bool)

// A part is what a version is compared by: first rank, then number, then text.
type part struct {
	rank   int
	number *big.Int
	text   string
}

var cpeGrammar = regexp.MustCompile(`^(\d+(?:\.\d+)*)(?:-?(?:([A-Za-z]|[Zz][A-Za-z])|([Pp])(\d+)))?$`)

var models = map[string]model{
	"cpe":     cpeModel,
	"ebuild":  ebuildModel,
	"generic": cpeModel,
	// https://semver.org/spec/v2.0.0.html for tags: "v" before the version, missing numbers and leading zeros are allowed.
	"github": semverModel{grammar: `v?N(?:\.N)?(?:\.N)?(?:-L)?(?:\+L)?`}.model(),
	// VERSION_REGEX, ident_cmp and isless in base/version.jl of Julia, without the bounds "1.2.3-" and "1.2.3+".
	"julia": semverModel{grammar: `(?i)v?N(?:\.N)?(?:\.N)?(?:-L|([a-z][0-9a-z-]*(?:\.[0-9a-z-]+)*))?(?:\+L)?`, bits: 63, strict: true, builds: true}.model(),
	// NuGetVersion.TryParse and ParseSections in NuGetVersionFactory.cs and SemanticVersionFactory.cs, and VersionComparer.cs, of
	// NuGet.Client.
	"nuget": semverModel{grammar: `N(?:\.N)?(?:\.N)?(?:\.N)?(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+L)?`, bits: 31,
		signed: true, fold: true}.model(),
	// completeVersion in patterns.dart and compareTo in version.dart of pub_semver.
	"pub": semverModel{grammar: `N\.N\.N(?:-L)?(?:\+L)?`, bits: 63, signed: true, builds: true}.model(),
	// Version.swift of swift-tools-support-core, with usesLenientParsing, and a tag's "v" that SwiftPM drops. The model leaves out
	// empty identifiers, which Semantic Versioning forbids.
	"swift": semverModel{grammar: `v?N\.N(?:\.N)?(?:-L)?(?:\+L)?`, bits: 63, signed: true}.model(),
}

var (
	ebuildGrammar = regexp.MustCompile(`^(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?$`)
	ebuildSuffix  = regexp.MustCompile(`_([a-z]+)(\d*)`)
)

// ebuildModel has the algorithms 3.1 to 3.7 of the Package Manager Specification. A number that begins with 0 is a fraction: it precedes
// all integers but itself.
func ebuildModel(text string) (key []part, ok bool) {
	m := ebuildGrammar.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	key = append(key, part{0, bigNumber(m[1]), ""})
	for _, n := range strings.FieldsFunc(m[2], func(r rune) bool { return r == '.' }) {
		if n[0] == '0' {
			key = append(key, part{1, nil, strings.TrimRight(n, "0")})
		} else {
			key = append(key, part{2, bigNumber(n), ""})
		}
	}
	key = append(key, part{}, part{0, nil, m[3]})
	for _, s := range ebuildSuffix.FindAllStringSubmatch(m[4], -1) {
		rank := map[string]int{"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "p": 1}[s[1]]
		key = append(key, part{rank, bigNumber("0" + s[2]), ""})
	}
	return append(key, part{}, part{0, bigNumber("0" + m[5]), ""}), true
}

// cpeModel has the rules of cpe.go, which are this package's own.
func cpeModel(text string) (key []part, ok bool) {
	m := cpeGrammar.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	numbers := strings.Split(m[1], ".")
	for len(numbers) > 0 && strings.Trim(numbers[len(numbers)-1], "0") == "" {
		numbers = numbers[:len(numbers)-1]
	}
	for _, n := range numbers {
		key = append(key, part{1, bigNumber(n), ""})
	}
	key = append(key, part{}, part{0, nil, strings.ToLower(m[2] + m[3])})
	return append(key, part{1, bigNumber("0" + m[4]), ""}), true
}

// A semverModel is a kind of Semantic Versioning. In its grammar, N is a number and L a list of identifiers.
type semverModel struct {
	grammar string
	bits    int  // of a number, 0 if there is no limit
	strict  bool // an identifier that is too big a number is an error, not a word
	signed  bool // identifiers may be negative numbers
	fold    bool // words are compared without case
	builds  bool // build metadata is compared
}

func (m semverModel) model() model {
	list := `([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)`
	grammar := regexp.MustCompile(`^(?:` + strings.NewReplacer("N", `(\d+)`, "L", list).Replace(m.grammar) + `)$`)
	core := regexp.MustCompile(`^[vV]?[\d.]*\d`)
	return func(text string) (key []part, ok bool) {
		if !grammar.MatchString(text) {
			return nil, false
		}
		numbers := core.FindString(text)
		pre, build, hasBuild := strings.Cut(text[len(numbers):], "+")
		for _, n := range strings.Split(strings.TrimLeft(numbers, "vV")+".0.0.0", ".")[:4] {
			if m.tooBig(n) {
				return nil, false
			}
			key = append(key, part{0, bigNumber(n), ""})
		}
		if pre == "" {
			key = append(key, part{rank: 9})
		} else if key, ok = m.identifiers(key, strings.TrimPrefix(pre, "-")); !ok {
			return nil, false
		}
		if !hasBuild || !m.builds {
			return key, true
		}
		return m.identifiers(append(key, part{rank: 1}), build)
	}
}

func (m semverModel) tooBig(n string) bool { return m.bits > 0 && bigNumber(n).BitLen() > m.bits }

var integers = regexp.MustCompile(`^-?\d+$`)

// identifiers appends a list of identifiers and its end, which precedes all of them.
func (m semverModel) identifiers(key []part, list string) ([]part, bool) {
	for id := range strings.SplitSeq(list, ".") {
		number := integers.MatchString(id) && (m.signed || id[0] != '-')
		if number && m.tooBig(id) {
			if m.strict {
				return nil, false
			}
			number = false
		}
		switch {
		case number:
			key = append(key, part{3, bigNumber(id), ""})
		case m.fold:
			key = append(key, part{4, nil, strings.ToLower(id)})
		default:
			key = append(key, part{4, nil, id})
		}
	}
	return append(key, part{rank: 2}), true
}

func bigNumber(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 10)
	return n
}

// ask answers pairs as a tool does.
func (m model) ask(questions [][2]string) []string {
	answers := make([]string, len(questions))
	for i, q := range questions {
		a, okA := m(q[0])
		b, okB := m(q[1])
		if digit := map[bool]string{false: "1", true: "0"}; !okA || !okB {
			answers[i] = "?" + digit[okA] + digit[okB]
			continue
		}
		answers[i] = string("<=>"[1+slices.CompareFunc(a, b, func(a, b part) int {
			c := 0
			if a.number != nil && b.number != nil {
				c = a.number.Cmp(b.number)
			}
			return cmp.Or(cmp.Compare(a.rank, b.rank), c, strings.Compare(a.text, b.text))
		})])
	}
	return answers
}

// TestModels compares the schemes with their models on versions that are made of tokens only.
func TestModels(t *testing.T) {
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			questions := questionsOf(t, newGenerator(name, nil), name, 5000)
			differences(t, name, questions, m.ask(questions))
		})
	}
}
