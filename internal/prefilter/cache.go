package prefilter

// A Cache keeps the states of Matchers. Its zero value is ready for use, by one goroutine at a time.
type Cache struct {
	// Most is the number of bytes that the states may take; 8 MiB by default. The Cache begins anew when they are used up.
	Most int

	tables map[*Matcher]*table
	bytes  int // size of all tables
	key    []byte
}

// Entries of a table have the number of a state, one more than its index.
const (
	unknown = 0       // not made yet
	matched = 1 << 15 // a match may end here
)

const (
	defaultMost = 8 << 20
	maxTable    = 256 << 10 // bytes of the states of a Matcher
	maxMade     = 256       // states made for one text, and for each 8 bytes of it one more: else package regexp is as fast
)

// A table has the states of a Matcher.
type table struct {
	next  []uint16       // for each state and class
	sets  [][]uint16     // for each state
	ids   map[string]int // states by their sets
	bytes int
	work  *set
}

// Unknown is the answer of End for texts that need too many states.
const Unknown = -2

// End returns the first index above after at which a match of the expression may end, -1 without one, or Unknown.
func (m *Matcher) End(c *Cache, text []byte, after int) int {
	if m.always {
		if after < len(text) {
			return max(after+1, 0)
		}
		return -1
	}
	t := c.table(m)
	classes, n := &m.classes, len(m.bytes)
	state, made := 0, 0
	for i := 0; i < len(text); i++ {
		class := classes[text[i]]
		to := t.next[state*n+int(class)]
		if to == unknown {
			if made++; made > maxMade+i/8 {
				return Unknown
			}
			from := t.sets[state]
			if to = c.make(m, t, state, class); to == unknown {
				c.bytes -= t.bytes
				t.reset(m)
				state = t.put(m, from, string(c.pack(from)))
				c.bytes += t.bytes
				i--
				continue
			}
		}
		if to >= matched {
			if i+1 > after {
				return i + 1
			}
			to &^= matched
		}
		state = int(to) - 1
	}
	if len(text) > after && m.ends(t.work, t.sets[state]) {
		return len(text)
	}
	return -1
}

// table returns the states of a Matcher.
func (c *Cache) table(m *Matcher) *table {
	if t := c.tables[m]; t != nil {
		return t
	}
	most := c.Most
	if most == 0 {
		most = defaultMost
	}
	if c.bytes > most || c.tables == nil {
		c.tables, c.bytes = make(map[*Matcher]*table), 0
	}
	t := &table{work: newSet(len(m.prog.Inst))}
	t.reset(m)
	c.tables[m] = t
	c.bytes += t.bytes + len(m.prog.Inst)
	return t
}

// reset leaves the first state only.
func (t *table) reset(m *Matcher) {
	t.next, t.sets, t.ids, t.bytes = t.next[:0], nil, make(map[string]int), 0
	var c Cache
	t.put(m, m.start, string(c.pack(m.start)))
}

// put adds a state. Its set belongs to the table.
func (t *table) put(m *Matcher, set []uint16, key string) int {
	if id, ok := t.ids[key]; ok {
		return id
	}
	id := len(t.sets)
	t.sets = append(t.sets, set)
	for range m.bytes {
		t.next = append(t.next, unknown)
	}
	t.ids[key] = id
	t.bytes += 2*len(m.bytes) + 4*len(set) + 100
	return id
}

// make makes the state that follows another after a byte of a class. It returns unknown if the table is full.
func (c *Cache) make(m *Matcher, t *table, state int, class uint8) uint16 {
	at, flag := state*len(m.bytes)+int(class), uint16(0)
	if m.step(t.work, t.sets[state], class) {
		flag = matched
	}
	set := t.work.sorted()
	key := c.pack(set)
	id, ok := t.ids[string(key)]
	if !ok {
		if t.bytes > maxTable || len(t.sets) >= matched-1 {
			return unknown
		}
		before := t.bytes
		id = t.put(m, set, string(key))
		c.bytes += t.bytes - before
	}
	t.next[at] = uint16(id+1) | flag
	return t.next[at]
}

// pack returns a set as bytes, which are valid until the next call.
func (c *Cache) pack(set []uint16) []byte {
	c.key = c.key[:0]
	for _, pc := range set {
		c.key = append(c.key, byte(pc), byte(pc>>8))
	}
	return c.key
}
