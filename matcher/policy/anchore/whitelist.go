package anchore

import (
	"slices"
	"time"

	"github.com/hullmark/hullmark/internal/suggest"
	"github.com/hullmark/hullmark/matcher/report"
)

// An index finds the items of whitelists by gate and trigger ID. It does not change.
type index struct {
	items []*item
	exact map[string]map[string][]int // by gate and trigger ID
	rest  map[string][]int            // items with patterns, by gate
}

func newIndex(lists []*whitelist) *index {
	x := &index{exact: make(map[string]map[string][]int), rest: make(map[string][]int)}
	for _, l := range lists {
		for _, it := range l.items {
			i := len(x.items)
			x.items = append(x.items, it)
			if !it.trigger.isExact() {
				x.rest[it.gate] = append(x.rest[it.gate], i)
				continue
			}
			if x.exact[it.gate] == nil {
				x.exact[it.gate] = make(map[string][]int)
			}
			x.exact[it.gate][it.trigger.text] = append(x.exact[it.gate][it.trigger.text], i)
		}
	}
	return x
}

// An allowance is the use of an index in one evaluation.
type allowance struct {
	*index
	now           time.Time
	used, expired []bool // by item
}

func (x *index) use(now time.Time) *allowance {
	return &allowance{index: x, now: now, used: make([]bool, len(x.items)), expired: make([]bool, len(x.items))}
}

// allow turns a decision into Go if an item is about it: the first that holds.
func (x *allowance) allow(d *report.Decision, gate string, also []string) {
	if len(x.items) == 0 {
		return
	}
	best, late := -1, -1 // the first item that holds, and the first that expired
	consider := func(i int) {
		x.used[i] = true
		if expired(&x.items[i].Entry, x.now) {
			if late < 0 || i < late {
				late = i
			}
		} else if best < 0 || i < best {
			best = i
		}
	}
	exact, rest := x.exact[gate], x.rest[gate]
	for n := -1; n < len(also); n++ {
		id := d.Trigger
		if n >= 0 {
			id = also[n]
		}
		for _, i := range exact[id] {
			consider(i)
		}
		for _, i := range rest {
			if x.items[i].trigger.matches(id) {
				consider(i)
			}
		}
	}
	if late >= 0 {
		d.Expired = &x.items[late].Entry
	}
	if best >= 0 {
		d.Action, d.Allowed = report.Go, &x.items[best].Entry
	} else if late >= 0 && d.Ruled > report.Go {
		x.expired[late] = true
	}
}

// maxHints is the most unused items that get a hint.
const maxHints = 100

// finish lists the items that allow nothing, and those that no longer do.
func (x *allowance) finish(v *report.Verdict) {
	v.Unused = slices.Grow(v.Unused, len(x.items))
	for i, it := range x.items {
		switch {
		case x.expired[i]:
			v.Expired = append(v.Expired, it.Entry)
		case !x.used[i]:
			v.Unused = append(v.Unused, it.Entry)
			if len(v.Unused) > maxHints {
				continue
			}
			hint := ""
			if g := gateOf(gates(), it.gate); g == nil {
				hint = suggest.Word(it.gate, activeNames())
			} else if g.State == EndOfLife {
				hint = g.Successor
			}
			if hint != "" {
				v.Unused[len(v.Unused)-1].Hint = "the gate " + hint
			}
		}
	}
	if len(v.Unused) == 0 {
		v.Unused = nil
	}
}
