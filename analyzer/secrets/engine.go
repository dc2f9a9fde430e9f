package secrets

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/prefilter"
)

const (
	chunk      = 64 << 10 // bytes that the automaton reads at once
	maxKeyword = 256      // bytes of a keyword in UTF-16 that may lie before a chunk
	maxWindow  = 64 << 10 // bytes that an expression sees at once
	maxFound   = 512      // findings of a file
	maxPerRule = 64       // findings of a rule in a text
	maxDepth   = 4        // texts within texts
)

// A text is a sequence of bytes to search: a file, an entry of an archive, a decoded value.
type text struct {
	at     io.ReaderAt
	size   int64
	name   string // path of the file, or name of the entry
	inside string // place within the file: "lib/x.jar!app.properties", "environment variable X"; "" for the file itself
	origin int64  // offset in the outer text, for a decoded text; else -1
	depth  int

	binary bool // has zero bytes
	packed bool // the format stores texts without separators
	dense  bool // which has no lengths in front of texts either
	python bool // compiled Python
	config bool // a configuration file
	value  bool // one value, whose name the outer text judges
	kube   bool // has a Secret of Kubernetes

	decoded int64 // end of the last text in base64 that was decoded

	// decode searches a decoded text, which may be the value of a key, and returns the number of findings.
	decode func(offset int64, key string, data []byte) int
	skip   func(reason string, bytes int64)

	found []found
	spans map[int64]bool // offsets of secrets, so that windows that overlap don't repeat them
}

// A found is a finding of a text.
type found struct {
	rule     string
	title    string
	severity string
	offset   int64
	secret   []byte
	password bool
}

// A window is a part of a text that an expression must see.
type window struct {
	start, end int64 // end is 0 for none
	hit        int64 // index of the last byte of a keyword
}

// A search is the state of searching one file. It is used again for others.
type search struct {
	set     *ruleSet
	buffer  []byte
	end     int      // end of the bytes in buffer
	windows []window // for each rule, and for each rule in UTF-16
	open    []int    // those with an end
	places  []place
	region  []byte
	ctx     context.Context
	inner   *search // for texts in a text
	states  prefilter.Cache
}

func newSearch(set *ruleSet) *search {
	return &search{set: set, buffer: make([]byte, maxKeyword+chunk), windows: make([]window, 2*len(set.rules))}
}

// run searches a text. It leaves the findings in t, in the order of their offsets.
func (s *search) run(t *text) error {
	if t.size == 0 {
		return nil
	}
	t.spans = make(map[int64]bool)
	state, before := uint16(0), 0
	for at := int64(0); at < t.size; {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		part := s.buffer[maxKeyword:]
		n, err := t.at.ReadAt(part[:min(int64(len(part)), t.size-at)], at)
		if n == 0 {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
		part = part[:n]
		s.end = maxKeyword + n
		if at == 0 {
			t.look(part)
		}
		var failed error
		state, s.places = s.set.engine.scanHalves(state, part, maxKeyword, s.places, func(end int, keywords []uint16) {
			for _, k := range keywords {
				if err := s.hit(t, &s.set.keywords[k], maxKeyword+end, maxKeyword-before, at+int64(end)); err != nil && failed == nil {
					failed = err
				}
			}
		})
		if failed != nil {
			return failed
		}
		before = min(before+n, maxKeyword)
		copy(s.buffer[maxKeyword-before:maxKeyword], s.buffer[maxKeyword+n-before:maxKeyword+n])
		at += int64(n)
	}
	slices.Sort(s.open)
	for _, i := range s.open {
		if err := s.flush(t, i); err != nil {
			return err
		}
	}
	s.open = s.open[:0]
	if t.kube {
		if err := s.kubernetes(t); err != nil {
			return err
		}
	}
	t.sort()
	return nil
}

// look learns the kind of a text from its first bytes.
func (t *text) look(head []byte) {
	head = head[:min(len(head), 8<<10)]
	t.binary = bytes.IndexByte(head, 0) >= 0
	t.dense = bytes.HasPrefix(head, []byte("SQLite format 3\x00"))
	t.python = len(head) > 16 && head[2] == '\r' && head[3] == '\n' && (strings.HasSuffix(t.name, ".pyc") || strings.HasSuffix(t.name, ".pyo"))
	t.packed = t.dense || t.python || bytes.HasPrefix(head, []byte("\xca\xfe\xba\xbe")) && strings.HasSuffix(t.name, ".class")
}

// hit opens or extends the windows of the rules of a keyword. The last byte of the keyword is at end in the buffer, whose bytes from first on
// are of the text, and at offset in the text.
func (s *search) hit(t *text, k *keyword, end, first int, offset int64) error {
	n := len(k.text)
	wide, exact := false, false
	start := end - n + 1
	if start >= first && equalFold(s.buffer[start:end+1], k.text) {
		exact = string(s.buffer[start:end+1]) == k.text
	} else {
		start = end - 2*n + 2
		if start < first {
			return nil
		}
		exact, wide = true, true
		for i := range n {
			c := s.buffer[start+2*i]
			if fold(c) != fold(k.text[i]) || i > 0 && s.buffer[start+2*i-1] != 0 {
				return nil
			}
			exact = exact && c == k.text[i]
		}
	}
	if exact {
		for _, i := range k.exact {
			if err := s.want(t, i, wide, offset); err != nil {
				return err
			}
		}
	}
	for _, i := range k.fold {
		if s.set.rules[i].keyed && !wide && !t.packed && !s.mayName(s.set.rules[i], start, end, first) {
			continue
		}
		if err := s.want(t, i, wide, offset); err != nil {
			return err
		}
	}
	return nil
}

// mayName reports whether the keyword in the buffer may be in the name of a secret that a value is assigned to. Prose about a service is not. The
// answer is yes if the buffer ends too early.
func (s *search) mayName(r *Rule, start, end, first int) bool {
	isName := func(c byte) bool { return isWordByte(c) || c == '-' || c == '.' }
	for n := 0; start > first && n < 64 && isName(s.buffer[start-1]); n++ {
		start--
	}
	const longest = 48
	if end+longest > s.end {
		return true
	}
	next := end + 1
	for next < end+longest && isName(s.buffer[next]) {
		next++
	}
	if next == end+longest {
		return false
	}
	if !r.anyName && !namesSecret(s.buffer[first:next], start-first, next-first) { // before first are bytes of other texts
		return false
	}
	return strings.IndexByte("\"'`=:,> \t)]\\", s.buffer[next]) >= 0
}

func equalFold(b []byte, s string) bool {
	for i := range b {
		if fold(b[i]) != fold(s[i]) {
			return false
		}
	}
	return true
}

// want makes a rule see the text around an offset.
func (s *search) want(t *text, rule int, wide bool, offset int64) error {
	r := s.set.rules[rule]
	if r.config && !t.config {
		return nil
	}
	const slack = 24 // for a boundary, quotes, and some escapes
	before, after := int64(r.before+slack), int64(r.after+r.after/4+slack)
	if r.packed != nil && t.packed {
		before, after = before+300, after+300
	}
	i := rule
	if wide {
		before, after, i = 2*before, 2*after, rule+len(s.set.rules)
	}
	w := &s.windows[i]
	start, end := max(0, offset-before), min(t.size, offset+after)
	switch {
	case w.end == 0:
		s.open = append(s.open, i)
	case start <= w.end && end-w.start <= max(maxWindow, 2*(before+after)):
		w.end = max(w.end, end)
		return nil
	default:
		if err := s.flush(t, i); err != nil {
			return err
		}
	}
	*w = window{start, end, offset}
	return nil
}

// flush applies an expression to its window.
func (s *search) flush(t *text, i int) error {
	w := s.windows[i]
	s.windows[i] = window{}
	rule, wide := i, false
	if rule >= len(s.set.rules) {
		rule, wide = rule-len(s.set.rules), true
	}
	r := s.set.rules[rule]
	if n := int(w.end - w.start); cap(s.region) < n {
		s.region = make([]byte, max(n, 16<<10))
	}
	region := s.region[:w.end-w.start]
	if n, err := t.at.ReadAt(region, w.start); n < len(region) {
		return cmp.Or(err, io.ErrUnexpectedEOF)
	}
	step, start := int64(1), w.start
	if wide {
		skip := (w.hit - w.start) & 1
		region, start, step = narrow(region[skip:]), w.start+skip, 2
	}
	if r.paths != nil && (r.expression.find(&s.states, region, 0) == nil || !r.paths.MatchString(t.name)) {
		return nil
	}
	s.match(t, r, region, wide, func(k int) int64 { return start + step*int64(k) })
	if r.check != nil && r.before+r.after > 10_000 && !bytes.Contains(region, []byte(`\u00`)) {
		return nil // the check knows escapes
	}
	if bytes.IndexByte(region, '\\') >= 0 {
		plain, places := unescape(region)
		s.match(t, r, plain, wide, func(k int) int64 { return start + step*int64(places[min(k, len(places)-1)]) })
		if bytes.IndexByte(plain, '\\') >= 0 {
			again, more := unescape(plain)
			s.match(t, r, again, wide, func(k int) int64 { return start + step*int64(places[min(more[min(k, len(more)-1)], len(places)-1)]) })
		}
	}
	return nil
}

// narrow returns the ASCII characters of UTF-16. The first byte is one. Others become 0xff.
func narrow(b []byte) []byte {
	out := make([]byte, 0, len(b)/2+1)
	for i := 0; i < len(b); i += 2 {
		c := b[i]
		if (i+1 >= len(b) || b[i+1] != 0) && (i == 0 || b[i-1] != 0) {
			c = 0xff
		}
		out = append(out, c)
	}
	return out
}

// match looks for secrets in a region. place returns the offset in the text of an index in the region.
func (s *search) match(t *text, r *Rule, region []byte, wide bool, place func(int) int64) {
	if r.needs != "" && !bytes.Contains(region, []byte(r.needs)) {
		return
	}
	expression, group := r.expression, r.group
	packed := r.packed != nil && t.packed && !wide
	if packed {
		expression, group = r.packed, 1
	}
	for from := 0; from < len(region); {
		m := expression.find(&s.states, region, from)
		if m == nil {
			return
		}
		from = max(m[1], m[0]+1)
		start, end := groupOf(m, group)
		if packed && m[2] < 0 {
			start, end = groupOf(m, 2)
		}
		if start == end {
			continue
		}
		if group == 0 && t.packed && !t.dense && !wide && start > 0 {
			end = t.declaredEnd(expression, region, start, end)
		}
		offset := place(start)
		if t.spans[offset] && t.hasFinding(r.ID, offset) {
			continue
		}
		c := &candidate{text: t, rule: r.ID, offset: offset, region: region, start: m[0], end: m[1], secret: region[start:end]}
		if !s.accept(c, r, start, end, t.binary && !wide, packed) {
			from = r.nextStart(t, region, m, packed)
			continue
		}
		if r.isSecret(c) {
			t.add(r, c, offset)
		}
	}
}

// nextStart returns the index from which to look again after a match that was not accepted: perhaps a secret begins within it.
func (r *Rule) nextStart(t *text, region []byte, m []int, packed bool) int {
	from := m[0] + 1
	if r.keyed && !(packed && m[2] < 0) { // the name is first
		from = max(from, m[0]+len(r.Keywords[0])/2)
	}
	if packed || r.group != 0 || t.binary || r.entropy <= 0 || r.free {
		return from
	}
	for from < len(region) && isWordByte(region[from-1]) && !escaped(region[:from]) {
		from++ // accept would refuse a match that begins here, too
	}
	return from
}

// groupOf returns the bounds of a group of a match, or those of the match if the group has no part in it.
func groupOf(m []int, group int) (start, end int) {
	if group > 0 && len(m) > 2*group+1 && m[2*group] >= 0 {
		return m[2*group], m[2*group+1]
	}
	return m[0], m[1]
}

// declaredEnd returns the end of a match. The length in front says where the text ends, since the next byte may be a letter.
func (t *text) declaredEnd(expression *pattern, region []byte, start, end int) int {
	const shortest = 16
	n := t.declaredLength(region, start)
	if n < shortest || n >= end-start {
		return end
	}
	if m := expression.get().FindIndex(region[start : start+n]); m != nil && m[0] == 0 && m[1] == n {
		return start + n
	}
	return end
}

// isSecret reports whether an accepted match passes the checks of its rule, and is neither a known example nor in an allow list.
func (r *Rule) isSecret(c *candidate) bool {
	switch {
	case r.check != nil && !r.check(c):
		return false
	case r.entropy > 0 && entropy(c.secret) < r.entropy:
		return false
	case !r.free && isKnown(c.secret):
		return false
	}
	return r.allowed == nil || !r.allowed(*c)
}

// accept reports whether a match has the boundaries of its rule, and is no placeholder.
func (s *search) accept(c *candidate, r *Rule, start, end int, isBinary, packed bool) bool {
	if r.free {
		return true
	}
	region := c.region
	if isBinary && r.keyed && !packed && !bytes.ContainsAny(region[c.start:start], "=:") {
		return false
	}
	if !(isBinary && (r.loose || c.text.dense || c.text.declaredLength(region, start) == end-start)) && r.entropy > 0 {
		if start > 0 && isWordByte(region[start-1]) && !escaped(region[:start]) {
			return false
		}
		if end < len(region) && isWordByte(region[end]) && region[end] != '_' {
			return false
		}
		if r.keyed && end < len(region) && (region[end] == '-' || region[end] == '/' || region[end] == '+') {
			return false
		}
		if !r.sums && inBase64(region, start, end) {
			return false
		}
	}
	if packed && (inDigest(region, start, end) || !r.anyName && !nearSecretWord(region, c.start, c.end, start, end)) {
		return false
	}
	if r.keyed && !packed && !r.anyName && !namesSecret(region, c.start, start) {
		return false
	}
	return r.entropy == 0 || !isPlaceholder(c.secret)
}

// declaredLength returns the length of the text at an index as the format states it, or -1: Python and Java put lengths in front of texts. Other binary
// files may have one byte.
func (t *text) declaredLength(region []byte, start int) int {
	switch {
	case start == 0:
	case t.python:
		// Flags of an object aside, "z" and "Z" begin a short text, and these others one with a length of four bytes.
		if start >= 2 && region[start-2]|0x20|0x80 == 'z'|0x80 {
			return int(region[start-1])
		}
		if start >= 5 && strings.IndexByte("aAstui", region[start-5]&0x7f) >= 0 {
			return int(binary.LittleEndian.Uint32(region[start-4:]))
		}
	case t.packed:
		const utf8Constant = 1
		if start >= 3 && region[start-3] == utf8Constant {
			return int(binary.BigEndian.Uint16(region[start-2:]))
		}
	default:
		return int(region[start-1])
	}
	return -1
}

// inDigest reports whether a secret in hexadecimal is part of a longer text of hexadecimal digits, such as a digest. A text that follows without a
// separator may begin with some digits.
func inDigest(region []byte, start, end int) bool {
	const few = 8
	isHex := func(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
	if slices.ContainsFunc(region[start:end], func(c byte) bool { return !isHex(c) }) {
		return false
	}
	n := 0
	for ; start-n > 0 && isHex(region[start-n-1]) && n < few; n++ {
	}
	for ; end < len(region) && isHex(region[end]) && n < few; n++ {
		end++
	}
	return n >= few
}

// inBase64 reports whether a text is part of a longer one in base64: a plus sign or a slash is between it and at least 16 characters with digits and
// letters of both cases. Parts of addresses and of paths have fewer kinds of characters.
func inBase64(region []byte, start, end int) bool {
	const least = 16
	isPart := func(b []byte, step, at int) bool {
		digits, upper, lower, n := 0, 0, 0, 0
		for ; at >= 0 && at < len(b) && isBase64(b[at]) && n < 2*least; at, n = at+step, n+1 {
			switch c := b[at]; {
			case '0' <= c && c <= '9', c == '+':
				digits++
			case 'A' <= c && c <= 'Z':
				upper++
			case 'a' <= c && c <= 'z':
				lower++
			}
		}
		return n >= least && digits > 0 && upper > 1 && lower > 1
	}
	isJoint := func(i int) bool { return i >= 0 && i < len(region) && (region[i] == '+' || region[i] == '/') }
	return isJoint(start-1) && isPart(region, -1, start-2) || isJoint(end) && isPart(region, 1, end+1)
}

// nearSecretWord reports whether a word of a secret is in a match, or in the 24 bytes on each side, outside the secret.
func nearSecretWord(region []byte, from, to, start, end int) bool {
	const near = 24
	for _, part := range [][]byte{region[max(0, from-near):start], region[end:min(len(region), to+near)]} {
		part := strings.ToLower(string(part))
		if slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(part, word) }) {
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// escaped reports whether the end of a text is an escape sequence: \n, \u003d, %3D.
func escaped(b []byte) bool {
	n := len(b)
	isHex := func(b []byte) bool { return len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0 }
	switch {
	case n >= 2 && b[n-2] == '\\' && strings.IndexByte("nrtbfv0", b[n-1]) >= 0,
		n >= 3 && b[n-3] == '%' && isHex(b[n-2:]),
		n >= 4 && b[n-4] == '\\' && b[n-3] == 'x' && isHex(b[n-2:]),
		n >= 6 && b[n-6] == '\\' && b[n-5] == 'u' && isHex(b[n-4:]):
		return true
	}
	return false
}

// secretWords are in names of secrets, such as heroku_api_key.
var secretWords = []string{"key", "token", "secret", "pass", "auth", "cred", "pat", "api", "pwd", "bearer"}

// namesSecret reports whether the name at an index has a word of a secret, and does not end like the name of something else.
func namesSecret(region []byte, at, end int) bool {
	for at > 0 && (isWordByte(region[at-1]) || region[at-1] == '-' || region[at-1] == '.') {
		at--
	}
	name := strings.ToLower(string(region[at:min(end, at+120)]))
	word := strings.TrimRight(name, " \t:=>\"'`,\\(")
	for _, s := range []string{"_id", "-id", "_url", "_uri", "_name", "_sha", "_hash", "_md5", "checksum", "digest", "_rev", "_commit", "version", "app_id", "appid"} {
		if strings.HasSuffix(word, s) {
			return false
		}
	}
	for _, s := range secretWords {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// hasFinding reports whether a text has a finding of a rule at an offset.
func (t *text) hasFinding(rule string, offset int64) bool {
	return slices.ContainsFunc(t.found, func(f found) bool { return f.rule == rule && f.offset == offset })
}

// add adds a finding.
func (t *text) add(r *Rule, c *candidate, offset int64) {
	t.spans[offset] = true
	f := found{rule: r.ID, title: cmp.Or(c.title, r.Title), severity: r.Severity, offset: offset, secret: slices.Clone(c.secret), password: r.password}
	if c.low {
		f.severity = "medium"
	}
	t.found = append(t.found, f)
}

// sort orders the findings, and leaves one for each secret: a rule for the form of a token comes before one for the name of its variable.
func (t *text) sort() {
	slices.SortFunc(t.found, func(a, b found) int { return cmp.Or(cmp.Compare(a.offset, b.offset), strings.Compare(a.rule, b.rule)) })
	t.found = slices.CompactFunc(t.found, func(a, b found) bool {
		return a.offset == b.offset && (a.rule == b.rule || string(a.secret) == string(b.secret))
	})
}
