package catalog

import (
	"context"
	"crypto/sha256"

	"github.com/hullmark/hullmark/matcher"
)

// A SubjectID identifies a package version in any index: the first half of the SHA-256 of its canonical form.
type SubjectID [16]byte

func subjectID(form []byte) SubjectID {
	h := sha256.Sum256(form)
	return SubjectID(h[:16])
}

// IDs returns the identifiers of the package versions with numbers, which are sorted and distinct, in their order.
func (x *Index) IDs(ctx context.Context, numbers []int) ([]SubjectID, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	list := make([]SubjectID, 0, len(numbers))
	err := x.selected(ctx, sectionSubjects, numbers, func(_ int, d *decoder) error {
		list = append(list, subjectID(d.take(d.uint())))
		d.take(d.uint())
		return d.err
	})
	return list, err
}

// Lookup returns the numbers of the package versions that have one of keys, in the form of [matcher.Key.Forms], and one of the identifiers.
// An index of later images may lack some.
func (x *Index) Lookup(ctx context.Context, keys []matcher.Key, ids []SubjectID) ([]int, error) {
	candidates, err := x.find(ctx, keys)
	if err != nil || len(candidates) == 0 || len(ids) == 0 {
		return nil, err
	}
	wanted := make(map[SubjectID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	var numbers []int
	err = x.selected(ctx, sectionSubjects, candidates, func(n int, d *decoder) error {
		if wanted[subjectID(d.take(d.uint()))] {
			numbers = append(numbers, n)
		}
		d.take(d.uint())
		return d.err
	})
	return numbers, err
}
