package store

import (
	"context"
	"slices"
	"time"
)

// A Generation is a part of the index: an object and the number of its images when it was written.
type Generation struct {
	ID     string
	Object string
	Images int
}

// Unindexed marks an image whose content is new: no generation of the index has it.
func (s *Store) Unindexed(ctx context.Context, digest string) error {
	return wrap("index", s.query().Unindexed(ctx, digest))
}

// Unindexed marks an image whose content is new: no generation of the index has it.
func (tx *Tx) Unindexed(ctx context.Context, digest string) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_indexed (digest, generation) VALUES (?, '') ON CONFLICT (digest) DO UPDATE SET generation = ''", digest)
	return err
}

// ToIndex returns up to n images that no generation has.
func (s *Store) ToIndex(ctx context.Context, n int) (digests []string, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var d string
		err := scan(&d)
		digests = append(digests, d)
		return err
	}, "SELECT digest FROM fleet_indexed WHERE generation IN ('', 'building') ORDER BY digest LIMIT ?", n)
	return digests, wrap("index", err)
}

// Build marks images that are being added to a generation. An image that is analyzed again meanwhile loses this mark, and waits for the next
// generation.
func (s *Store) Build(ctx context.Context, digests []string) error {
	for group := range slices.Chunk(digests, 400) {
		var args []any
		for _, d := range group {
			args = append(args, d)
		}
		if _, err := s.query().exec(ctx, "UPDATE fleet_indexed SET generation = 'building' WHERE generation = '' AND digest IN ("+marks(len(group))+")", args...); err != nil {
			return wrap("index", err)
		}
	}
	return nil
}

// Generations returns the generations of the index, newest first.
func (s *Store) Generations(ctx context.Context) (list []Generation, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var g Generation
		err := scan(&g.ID, &g.Object, &g.Images)
		list = append(list, g)
		return err
	}, "SELECT id, object, images FROM fleet_generations ORDER BY id DESC")
	return list, wrap("generations", err)
}

// oldFor is the time for which other processes may still read an old generation.
const oldFor = 5 * time.Minute

// ReplaceGenerations adds a generation with new images and those of old generations, and deletes these. Their objects go to the trash.
func (s *Store) ReplaceGenerations(ctx context.Context, old []Generation, add Generation, digests []string) error {
	return wrap("generations", s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, "INSERT INTO fleet_generations (id, object, images) VALUES (?, ?, ?)", add.ID, add.Object, add.Images); err != nil {
			return err
		}
		if err := tx.Keep(ctx, add.Object); err != nil {
			return err
		}
		for _, g := range old {
			if _, err := tx.exec(ctx, "DELETE FROM fleet_generations WHERE id = ?", g.ID); err != nil {
				return err
			}
			if err := tx.Trash(ctx, g.Object, oldFor); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "UPDATE fleet_indexed SET generation = ? WHERE generation = ?", add.ID, g.ID); err != nil {
				return err
			}
		}
		for group := range slices.Chunk(digests, 400) {
			args := []any{add.ID}
			for _, d := range group {
				args = append(args, d)
			}
			if _, err := tx.exec(ctx, "UPDATE fleet_indexed SET generation = ? WHERE generation = 'building' AND digest IN ("+marks(len(group))+")", args...); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Indexed returns those of digests that a generation has in their newest state. Open are the generations that the caller has open: another of
// them may have the image in a newer state. An image in any other generation counts, since that is one into which generations were merged meanwhile.
func (s *Store) Indexed(ctx context.Context, generation string, open, digests []string) ([]string, error) {
	newer := []any{"", "building"}
	for _, g := range open {
		if g != generation {
			newer = append(newer, g)
		}
	}
	return s.indexed(ctx, "generation NOT IN ("+marks(len(newer))+")", newer, digests)
}

// NotIndexed returns those of digests that no generation has in their newest state.
func (s *Store) NotIndexed(ctx context.Context, digests []string) ([]string, error) {
	return s.indexed(ctx, "generation IN ('', 'building')", nil, digests)
}

func (s *Store) indexed(ctx context.Context, condition string, values []any, digests []string) (list []string, err error) {
	for group := range slices.Chunk(digests, 400) {
		args := slices.Clone(values)
		for _, d := range group {
			args = append(args, d)
		}
		if err := s.query().rows(ctx, func(scan func(...any) error) error {
			var d string
			err := scan(&d)
			list = append(list, d)
			return err
		}, "SELECT digest FROM fleet_indexed WHERE "+condition+" AND digest IN ("+marks(len(group))+")", args...); err != nil {
			return nil, wrap("index", err)
		}
	}
	return list, nil
}
