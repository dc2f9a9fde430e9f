package store

import (
	"context"
	"time"
)

// Objects are no part of transactions. So an object is in the trash, with a time after which it is deleted, from before it is written until the
// transaction that refers to it, and again from the one that no longer does. A process that is killed in between leaves nothing behind.

// Trash lets an object be deleted after some time.
func (s *Store) Trash(ctx context.Context, object string, after time.Duration) error {
	return wrap("trash", s.query().Trash(ctx, object, after))
}

// Trash lets an object be deleted after some time.
func (tx *Tx) Trash(ctx context.Context, object string, after time.Duration) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_trash (object, at) VALUES (?, "+tx.now()+" + ?) ON CONFLICT (object) DO UPDATE SET at = excluded.at", object, after.Microseconds())
	return err
}

// Keep takes an object out of the trash.
func (tx *Tx) Keep(ctx context.Context, object string) error {
	_, err := tx.exec(ctx, "DELETE FROM fleet_trash WHERE object = ?", object)
	return err
}

// Waste returns up to n objects whose time in the trash has ended.
func (s *Store) Waste(ctx context.Context, n int) (objects []string, err error) {
	tx := s.query()
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var object string
		err := scan(&object)
		objects = append(objects, object)
		return err
	}, "SELECT object FROM fleet_trash WHERE at <= "+tx.now()+" ORDER BY at LIMIT ?", n)
	return objects, wrap("trash", err)
}

// Emptied forgets an object that was deleted.
func (s *Store) Emptied(ctx context.Context, object string) error {
	return wrap("trash", s.query().Keep(ctx, object))
}
