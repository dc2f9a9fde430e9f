package report

import "testing"

func TestHigher(t *testing.T) {
	for _, test := range []struct {
		purlType, want string
		versions       []string
	}{
		{"npm", "1.10.0", []string{"1.9.0", "1.10.0", "1.2.0"}},
		{"npm", "the next release or 2.0.0", []string{"1.9.0", "the next release", "2.0.0", "the next release", "1.9.0"}},
		{"", "1.0 or 2.0", []string{"1.0", "2.0", "1.0", "2.0"}},
	} {
		got := ""
		for _, v := range test.versions {
			got = higher(test.purlType, got, v)
		}
		if got != test.want {
			t.Errorf("%s %q: %q, want %q", test.purlType, test.versions, got, test.want)
		}
	}
}

// Numbers precede words, so that the order has no circles: A-2 < A-10 < A-1a.
func TestCompareIDs(t *testing.T) {
	list := []string{"A", "A-2", "A-10", "A-1a", "CVE-2024-999", "CVE-2024-1000"}
	for i := range list {
		for k := range list {
			if got := compareIDs(list[i], list[k]); (got < 0) != (i < k) || (got > 0) != (i > k) {
				t.Errorf("%s, %s: %d", list[i], list[k], got)
			}
		}
	}
}
