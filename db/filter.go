package db

// A filter excludes most packages that have no advisories without reading a block, because few packages of an image have advisories. It is a Bloom
// filter over packages without their releases. An empty filter excludes nothing.
type filter []byte

const (
	filterBits  = 8 // per package
	filterTests = 5 // bits that a package sets; with 8 bits per package, 1 in 46 other packages passes
)

// newFilter returns a filter of packages with some hashes.
func newFilter(hashes []uint64) filter {
	f := make(filter, (len(hashes)*filterBits+7)/8)
	for _, h := range hashes {
		f.each(h, func(i uint64, bit byte) bool {
			f[i] |= bit
			return true
		})
	}
	return f
}

// mayHold returns false if the package is certainly not in the filter.
func (f filter) mayHold(n name) bool {
	return len(f) == 0 || f.each(n.hash(), func(i uint64, bit byte) bool { return f[i]&bit != 0 })
}

// each calls test for every bit of a package with a hash, until it returns false.
func (f filter) each(at uint64, test func(i uint64, bit byte) bool) bool {
	if len(f) == 0 {
		return true
	}
	step := at>>32 | 1
	for range filterTests {
		bit := at % (8 * uint64(len(f)))
		if !test(bit/8, 1<<(bit%8)) {
			return false
		}
		at += step
	}
	return true
}

// hash is FNV-1a of 64 bits, over the three strings, each followed by a zero byte.
func (n name) hash() uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, s := range [...]string{n.typ, n.namespace, n.name} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 0x100000001b3
		}
		h *= 0x100000001b3 // xor with zero changes nothing
	}
	return h
}
