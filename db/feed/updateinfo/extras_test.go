package updateinfo

import "testing"

func TestLineOf(t *testing.T) {
	for _, c := range []struct{ id, evr, want string }{
		{"ALAS2KERNEL-5.10-2024-049", "0:5.10.209-198.812.amzn2", "0:5.10"},
		{"ALAS2KERNEL-5.10-2024-049", "5.10.209-198.812.amzn2", "5.10"},
		{"ALAS2KERNEL-5.10-2024-049", "0:1.0-0.amzn2", ""}, // kernel-livepatch
		{"ALAS2KERNEL-5.1-2024-049", "0:5.10.209-1.amzn2", ""},
		{"ALAS2POSTGRESQL14-2023-001", "0:14.9-1.amzn2", "0:14"},
		{"ALAS2PHP8.0-2023-001", "0:8.0.30-1.amzn2", "0:8.0"},
		{"ALAS2DOCKER-2021-001", "0:20.10.7-1.amzn2", ""},
		{"ALAS2NITRO-ENCLAVES-2022-020", "0:20.10.17-1.amzn2", ""},
		{"ALAS2-2024-2443", "0:4.14.336-257.562.amzn2", ""},
		{"ALAS-2021-001", "0:2021-1.amzn1", ""},
		{"ALAS2023-2023-001", "0:6.1-1.amzn2023", ""},
		{"", "", ""},
	} {
		if got := lineOf(c.id, c.evr); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.id, c.evr, got, c.want)
		}
	}
}
