package plantedsecrets

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/hullmark/hullmark/analyzer"
)

// A Count tells how many of the planted secrets were found.
type Count struct {
	Found, Planted int
	Rules          map[string]int // findings, by rule
}

// Recall returns the part that was found.
func (c *Count) Recall() float64 { return float64(c.Found) / float64(max(c.Planted, 1)) }

// A False is a finding at a place without a planted secret.
type False struct {
	Kind  string // of the near miss, or "" if the file has another purpose
	Path  string
	Layer int
	Line  int
	Rule  string
}

// A Score compares a report with a set.
type Score struct {
	ByFormat, ByCarrier map[string]*Count
	Missed              []Plant
	False               []False
	Mismarked           []Plant // found, but Hidden of the finding is wrong
	Extra               int     // further findings in files with a planted secret
}

// finding is a finding or a record of kind "secret".
type finding struct {
	rule, path, text string
	layer, line      int
	hidden           bool
}

// findings returns the results of one analyzer.
func findings(r *analyzer.Report, name string) []finding {
	var list []finding
	for _, f := range r.Findings {
		if f.Analyzer == name {
			list = append(list, finding{f.Rule, f.Path, f.Title + "\n" + f.Detail, f.Layer, f.Line, f.Hidden})
		}
	}
	for _, f := range r.Records {
		if f.Analyzer == name && f.Kind == "secret" {
			text := f.Key
			for k, v := range f.Fields {
				text += "\n" + k + "\n" + v
			}
			list = append(list, finding{f.Fields["rule"], f.Path, text, f.Layer, f.Line, f.Hidden})
		}
	}
	return list
}

// Score compares the findings of an analyzer, and its records of kind "secret", with the planted secrets. A secret counts as found if
// a finding has its path and layer. In the image's configuration the text of the finding must also have the place's name or the
// secret's SHA-256 in hexadecimal.
func (s *Set) Score(r *analyzer.Report, name string) *Score {
	type place struct {
		path  string
		layer int
	}
	score := &Score{ByFormat: map[string]*Count{}, ByCarrier: map[string]*Count{}}
	all := findings(r, name)
	byPlace := map[place][]int{}
	for i, f := range all {
		p := place{strings.TrimPrefix(f.path, "/"), f.layer}
		if p.path == "" {
			p.layer = -1
		}
		byPlace[p] = append(byPlace[p], i)
	}
	used := make([]bool, len(all))
	count := func(m map[string]*Count, key string) *Count {
		if m[key] == nil {
			m[key] = &Count{Rules: map[string]int{}}
		}
		m[key].Planted++
		return m[key]
	}
	for _, p := range s.Plants {
		var hits []int
		for _, i := range byPlace[place{p.Path, p.Layer}] {
			if p.Path != "" || all[i].names(&p) {
				hits = append(hits, i)
			}
		}
		format, carrier := count(score.ByFormat, p.Format), count(score.ByCarrier, p.Carrier)
		if len(hits) == 0 {
			score.Missed = append(score.Missed, p)
			continue
		}
		format.Found++
		carrier.Found++
		score.Extra += len(hits) - 1
		for _, i := range hits {
			used[i] = true
			format.Rules[all[i].rule]++
			carrier.Rules[all[i].rule]++
		}
		if p.Path != "" && all[hits[0]].hidden != p.Hidden {
			score.Mismarked = append(score.Mismarked, p)
		}
	}
	kinds := map[place]string{}
	for _, m := range s.Misses {
		kinds[place{m.Path, m.Layer}] = m.Kind
	}
	for i, f := range all {
		if !used[i] {
			score.False = append(score.False, False{kinds[place{f.path, f.layer}], f.path, f.layer, f.line, f.rule})
		}
	}
	return score
}

// names reports whether the text of a finding in the configuration identifies a plant.
func (f *finding) names(p *Plant) bool {
	if containsWord(f.text, p.Place) {
		return true
	}
	if _, end, ok := strings.Cut(f.text, "..."); ok { // a long place, without its beginning
		if end, _, _ = strings.Cut(end, ","); len(end) >= 16 && strings.HasSuffix(p.Place, end) {
			return true
		}
	}
	for _, part := range p.Secret.Parts {
		sum := sha256.Sum256([]byte(part))
		if strings.Contains(f.text, hex.EncodeToString(sum[:])) {
			return true
		}
	}
	return false
}

// containsWord reports whether text has a name that no letter, digit or underscore continues: TOKEN_1 is not in TOKEN_12.
func containsWord(text, name string) bool {
	for {
		_, rest, ok := strings.Cut(text, name)
		if !ok {
			return false
		}
		if rest == "" || !strings.ContainsRune("0123456789_", rune(rest[0])) {
			return true
		}
		text = rest
	}
}

// Recall returns the part of the planted secrets that was found, of the formats that covered selects. A nil covered selects all.
func (s *Score) Recall(covered func(format string) bool) float64 {
	var sum Count
	for name, c := range s.ByFormat {
		if covered == nil || covered(name) {
			sum.Found += c.Found
			sum.Planted += c.Planted
		}
	}
	return sum.Recall()
}

// String lists recall by carrier and format, worst first, and all false positives.
func (s *Score) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "recall %.4f, %d missed, %d false positives, %d extra findings, %d wrongly hidden\n", s.Recall(nil), len(s.Missed), len(s.False), s.Extra, len(s.Mismarked))
	for _, m := range []map[string]*Count{s.ByCarrier, s.ByFormat} {
		var names []string
		for name := range m {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(m[a].Recall(), m[b].Recall()), cmp.Compare(a, b))
		})
		for _, name := range names {
			fmt.Fprintf(&b, "%6.3f %4d of %4d  %s\n", m[name].Recall(), m[name].Found, m[name].Planted, name)
		}
		b.WriteByte('\n')
	}
	for _, f := range s.False {
		fmt.Fprintf(&b, "false: %s:%d (layer %d) %s %s\n", f.Path, f.Line, f.Layer, f.Rule, f.Kind)
	}
	return b.String()
}

// A Leak is a piece of a planted secret in an output.
type Leak struct {
	Plant  *Plant
	Form   string // how the piece is encoded: "plain", "base64", "hex", "utf-16"
	Offset int
	Piece  string
}

// window is the length of the pieces that Leaks looks for. A piece of 15 characters always has one of them.
const window = 12

// piece is the plant that a text is a piece of, and its encoding.
type piece struct {
	plant int // -1 if several plants have the text
	form  string
}

// pieces are the texts that Leaks looks for.
type pieces struct {
	long  map[[window]byte]piece
	short map[int]map[string]piece // secrets below window, by length
}

func index(plants []Plant) *pieces {
	x := &pieces{map[[window]byte]piece{}, map[int]map[string]piece{}}
	put := func(i int, form, text string) {
		if len(text) < 8 {
			return
		}
		if n := len(text); n < window {
			if x.short[n] == nil {
				x.short[n] = map[string]piece{}
			}
			x.short[n][text] = piece{i, form}
			return
		}
		for at := 0; at+window <= len(text); at += 4 {
			key := [window]byte([]byte(text[at : at+window]))
			if old, ok := x.long[key]; ok && old.plant != i {
				x.long[key] = piece{-1, ""}
			} else {
				x.long[key] = piece{i, form}
			}
		}
	}
	for i := range plants {
		for _, part := range plants[i].Secret.Parts {
			for form, texts := range encodings(part) {
				for _, t := range texts {
					put(i, form, t)
				}
			}
		}
	}
	return x
}

// Leaks returns the planted secrets that an output has a piece of, once for each secret and encoding. It finds plain pieces of 15
// characters and more, secrets of 8 to 14 characters in full, and the same in base64, hexadecimal and UTF-16. Pieces that two secrets
// share are fixed texts and do not count.
func (s *Set) Leaks(output []byte) []Leak {
	x := s.pieces()
	var leaks []Leak
	seen := map[piece]bool{}
	report := func(p piece, at, n int) {
		if p.plant >= 0 && !seen[p] {
			seen[p] = true
			leaks = append(leaks, Leak{&s.Plants[p.plant], p.form, at, string(output[at : at+n])})
		}
	}
	for at := range output {
		if at+window <= len(output) {
			if p, ok := x.long[[window]byte(output[at:at+window])]; ok {
				report(p, at, window)
			}
		}
		for n, m := range x.short {
			if at+n <= len(output) {
				if p, ok := m[string(output[at:at+n])]; ok {
					report(p, at, n)
				}
			}
		}
	}
	return leaks
}

// encodings returns the forms in which an output could have a secret. Base64 has one text for each of the three alignments.
func encodings(s string) map[string][]string {
	m := map[string][]string{"plain": {s}, "hex": {hex.EncodeToString([]byte(s))}}
	for shift := range min(3, len(s)) {
		whole := s[shift : shift+(len(s)-shift)/3*3]
		m["base64"] = append(m["base64"], base64.StdEncoding.EncodeToString([]byte(whole)))
	}
	var le, be []byte
	for _, u := range utf16.Encode([]rune(s)) {
		le, be = binary.LittleEndian.AppendUint16(le, u), binary.BigEndian.AppendUint16(be, u)
	}
	m["utf-16"] = []string{string(le), string(be)}
	return m
}
