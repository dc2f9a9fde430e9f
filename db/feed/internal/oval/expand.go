package oval

import (
	"fmt"

	"github.com/hullmark/hullmark/internal/limit"
)

// maxLeaves bounds the number of leaves in all cases of a definition together. The kernel updates of SUSE, the largest, have a few ten
// thousand.
const maxLeaves = 1 << 20

// Cases returns the alternatives that meet the criteria. Each is a list of leaves that all hold: A and B, and A and C for
// "A and (B or C)". Cases assumes that the leaves that ignore accepts hold, and leaves them out.
func (c *Criteria) Cases(ignore func(*Criterion) bool) ([][]*Criterion, error) {
	left := maxLeaves
	return c.cases(ignore, &left)
}

func (c *Criteria) cases(ignore func(*Criterion) bool, left *int) ([][]*Criterion, error) {
	var leaves []*Criterion
	ignored := false
	for i := range c.Leaves {
		if ignore(&c.Leaves[i]) {
			ignored = true
			continue
		}
		leaves = append(leaves, &c.Leaves[i])
	}
	if c.Or {
		var out [][]*Criterion
		if ignored {
			out = append(out, nil)
		}
		for _, l := range leaves {
			out = append(out, []*Criterion{l})
		}
		for i := range c.Criteria {
			more, err := c.Criteria[i].cases(ignore, left)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, spend(left, len(leaves))
	}
	out := [][]*Criterion{leaves}
	for i := range c.Criteria {
		more, err := c.Criteria[i].cases(ignore, left)
		if err != nil {
			return nil, err
		}
		if len(out) == 1 && len(out[0]) == 0 {
			out = more
			continue
		}
		var product [][]*Criterion
		for _, a := range out {
			for _, b := range more {
				if err := spend(left, 1+len(a)+len(b)); err != nil {
					return nil, err
				}
				product = append(product, append(a[:len(a):len(a)], b...))
			}
		}
		out = product
	}
	return out, nil
}

func spend(left *int, n int) error {
	if *left -= n; *left < 0 {
		return fmt.Errorf("alternatives of more than %d criteria: %w", maxLeaves, limit.ErrExceeded)
	}
	return nil
}
