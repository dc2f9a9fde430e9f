package secrets

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestScanHalves compares scanHalves with a search for each keyword, in texts of one byte a character and of two, at all places around the middle.
func TestScanHalves(t *testing.T) {
	keywords := []string{"ab", "bab", "abcab", "c" + strings.Repeat("ab", maxKeyword/4-1), "a"}
	a := newAutomaton(keywords)
	r := rand.New(rand.NewPCG(31, 32))
	var later []place
	for n := range 400 {
		size := 8*maxKeyword + r.IntN(100)
		data := make([]byte, size)
		for i := range data {
			data[i] = "abcx"[r.IntN(4)]
		}
		planted := keywords[n%len(keywords)]
		if n%2 > 0 {
			planted = strings.Join(strings.Split(planted, ""), "\x00")
		}
		copy(data[size/2-n%(2*len(planted)):], planted)
		var want, got []place
		for i := range data {
			var list []uint16
			for k, w := range keywords {
				wide := strings.Join(strings.Split(w, ""), "\x00")
				if before := string(data[:i+1]); data[i] != 0 && (strings.HasSuffix(before, w) || strings.HasSuffix(before, wide)) {
					list = append(list, uint16(k))
				}
			}
			if list != nil {
				want = append(want, place{i, list})
			}
		}
		_, later = a.scanHalves(0, data, maxKeyword, later, func(end int, list []uint16) { got = append(got, place{end, list}) })
		at := 0
		for _, w := range want { // with zero bytes, got has more, which hit refuses
			for at < len(got) && got[at].end < w.end {
				at++
			}
			if at == len(got) || got[at].end != w.end || slices.ContainsFunc(w.keywords, func(k uint16) bool { return !slices.Contains(got[at].keywords, k) }) {
				t.Fatalf("text %d: want %v of %d", n, w, size)
			}
		}
		if !slices.IsSortedFunc(got, func(a, b place) int { return a.end - b.end }) {
			t.Fatal("not in order")
		}
	}
}
