// Package linediff shows the differences between two texts. Packages that other programs import in their tests use it, so it defines no flags.
package linediff

import (
	"fmt"
	"strings"
)

// Diff returns the differences between two texts as lines that begin with "-" for want, "+" for got, and " " for up to three lines
// of context. It returns "" for equal texts.
func Diff(want, got string) string {
	if want == got {
		return ""
	}
	const context, most = 3, 200 // lines
	edits := edit(lines(want), lines(got))
	near := make([]bool, len(edits))
	for i, e := range edits {
		if e[0] != ' ' {
			for k := max(0, i-context); k < min(len(edits), i+context+1); k++ {
				near[k] = true
			}
		}
	}
	var b strings.Builder
	shown := 0
	for i, e := range edits {
		switch {
		case !near[i]:
			if i == 0 || near[i-1] {
				b.WriteString("...\n")
			}
		case shown == most:
			fmt.Fprintf(&b, "... (more differences)\n")
			return b.String()
		default:
			shown++
			b.WriteString(e + "\n")
		}
	}
	return b.String()
}

func lines(s string) []string {
	l := strings.Split(s, "\n")
	if l[len(l)-1] == "" {
		return l[:len(l)-1]
	}
	l[len(l)-1] += " (no line break)"
	return l
}

// edit returns the lines of a and b with a mark in front. It follows E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), and
// gives up the shortest form above a few thousand differences.
func edit(a, b []string) []string {
	var out []string
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		out = append(out, " "+a[0])
		a, b = a[1:], b[1:]
	}
	var tail []string
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, " "+a[len(a)-1])
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	out = append(out, shortest(a, b)...)
	for i := len(tail) - 1; i >= 0; i-- {
		out = append(out, tail[i])
	}
	return out
}

func shortest(a, b []string) []string {
	const most = 2000 // differences, since the memory grows with their square
	n := min(len(a)+len(b), most)
	at := func(v []int, k int) int { return v[k+n+1] }
	v := make([]int, 2*n+3) // the furthest x on each diagonal k = x-y
	var trace [][]int
	for d := 0; d <= n; d++ {
		trace = append(trace, append([]int(nil), v...))
		for k := -d; k <= d; k += 2 {
			x := at(v, k-1) + 1
			if k == -d || k != d && at(v, k-1) < at(v, k+1) {
				x = at(v, k+1)
			}
			for x < len(a) && x-k >= 0 && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			v[k+n+1] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(a, b, trace, n)
			}
		}
	}
	var out []string
	for _, l := range a {
		out = append(out, "-"+l)
	}
	for _, l := range b {
		out = append(out, "+"+l)
	}
	return out
}

func backtrack(a, b []string, trace [][]int, n int) []string {
	var reversed []string
	x, y := len(a), len(b)
	for d := len(trace) - 1; d > 0; d-- {
		v, k := trace[d], x-y
		before := k - 1
		if k == -d || k != d && v[k-1+n+1] < v[k+1+n+1] {
			before = k + 1
		}
		px := v[before+n+1]
		py := px - before
		for x > px && y > py {
			x--
			y--
			reversed = append(reversed, " "+a[x])
		}
		if x == px {
			y--
			reversed = append(reversed, "+"+b[y])
		} else {
			x--
			reversed = append(reversed, "-"+a[x])
		}
	}
	for x > 0 {
		x--
		reversed = append(reversed, " "+a[x])
	}
	out := make([]string, len(reversed))
	for i, l := range reversed {
		out[len(out)-1-i] = l
	}
	return out
}
