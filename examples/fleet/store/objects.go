package store

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// PartSize is the number of bytes in each part of an object but the last.
const PartSize = 1 << 20

// PutObjectPart stores a part of an object that has no name yet.
func (s *Store) PutObjectPart(ctx context.Context, id string, number int64, content []byte) error {
	_, err := s.query().exec(ctx, "INSERT INTO fleet_object_parts (id, number, content) VALUES (?, ?, ?)", id, number, content)
	return wrap("object", err)
}

// NameObject gives the parts with an ID a name, and deletes those that had it.
func (s *Store) NameObject(ctx context.Context, name, id string, size int64) error {
	return wrap("object", s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, "DELETE FROM fleet_object_parts WHERE id = (SELECT id FROM fleet_objects WHERE name = ?)", name); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO fleet_objects (name, id, size, created) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET id = excluded.id, size = excluded.size, created = excluded.created",
			name, id, size, micro(time.Now()))
		return err
	}))
}

// Object returns the ID of the parts of an object and their size, or an error that wraps fs.ErrNotExist.
func (s *Store) Object(ctx context.Context, name string) (id string, size int64, err error) {
	err = s.query().row(ctx, []any{&id, &size}, "SELECT id, size FROM fleet_objects WHERE name = ?", name)
	if errors.Is(err, ErrNotFound) {
		err = fs.ErrNotExist
	}
	return id, size, wrap("object", err)
}

// ObjectPart returns a part.
func (s *Store) ObjectPart(ctx context.Context, id string, number int64) (content []byte, err error) {
	err = s.query().row(ctx, []any{&content}, "SELECT content FROM fleet_object_parts WHERE id = ? AND number = ?", id, number)
	if errors.Is(err, ErrNotFound) {
		err = fs.ErrNotExist
	}
	return content, wrap("object", err)
}

// DeleteObject deletes an object, if there is one, or the parts of one without a name.
func (s *Store) DeleteObject(ctx context.Context, name, id string) error {
	return wrap("object", s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, "DELETE FROM fleet_object_parts WHERE id = ? OR id = (SELECT id FROM fleet_objects WHERE name = ?)", id, name); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM fleet_objects WHERE name = ?", name)
		return err
	}))
}
