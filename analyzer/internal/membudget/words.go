package membudget

// maxWords is how many words are shared. It bounds the table, not the number of words.
const maxWords = 16 << 10

// wordSize is the memory of a shared word in bytes, beside its characters.
const wordSize = 64

// Interner shares the strings of equal words, such as maintainers and versions, and counts the others.
type Interner struct {
	meter *Meter
	known map[string]string
}

// NewInterner returns an empty set of words that a Meter counts.
func NewInterner(m *Meter) *Interner { return &Interner{m, make(map[string]string)} }

// Intern returns the string of a word. It returns "" if the meter has no room for the word, which later calls of the meter report.
func (w *Interner) Intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := w.known[string(b)]; ok {
		return s
	}
	size := int64(len(b))
	if len(w.known) < maxWords {
		size += wordSize
	}
	if w.meter.Bytes(size) != nil {
		return ""
	}
	s := string(b)
	if len(w.known) < maxWords {
		w.known[s] = s
	}
	return s
}
