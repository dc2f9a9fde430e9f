// Package advisories opens the file of advisories, and opens it again when another file replaces it.
package advisories

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hullmark/hullmark/db"
)

// ErrNone reports that there is no file of advisories yet.
var ErrNone = errors.New("no advisories")

// A File is a file of advisories that other programs replace by renaming another one.
type File struct {
	Name string
	Log  *slog.Logger

	// Find returns the name of the file of today, in place of Name. It is called once a second at most.
	Find func(ctx context.Context) (string, error)

	mu      sync.Mutex
	found   time.Time
	current *Set
	info    os.FileInfo
	err     error
}

// A Set is an open file. It stays open until all its users have released it.
type Set struct {
	*db.DB
	Loaded time.Time

	mu    sync.Mutex
	users int
	old   bool
}

// Hash returns the hash of the content.
func (s *Set) Hash() string { return s.Info().Hash }

// Current returns the newest set, and a function that releases it. It returns ErrNone without a file.
func (f *File) Current() (*Set, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	if f.current == nil {
		return nil, nil, f.err
	}
	s := f.current
	s.mu.Lock()
	s.users++
	s.mu.Unlock()
	return s, sync.OnceFunc(s.release), nil
}

func (s *Set) release() {
	s.mu.Lock()
	s.users--
	last := s.old && s.users == 0
	s.mu.Unlock()
	if last {
		s.Close()
	}
}

// retire closes the set as soon as it has no users.
func (s *Set) retire() {
	s.mu.Lock()
	s.old = true
	last := s.users == 0
	s.mu.Unlock()
	if last {
		s.Close()
	}
}

// refresh opens the file if it is another than the open one. If it cannot be read, the former set stays.
func (f *File) refresh() {
	var err error
	if f.Find != nil && (f.current == nil || time.Since(f.found) > time.Second) {
		var name string
		if name, err = f.Find(context.Background()); err == nil {
			f.Name, f.found = name, time.Now()
		}
	}
	var info os.FileInfo
	if err == nil {
		info, err = os.Stat(f.Name)
	}
	if err == nil && f.info != nil && os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size() {
		return
	}
	var opened *db.DB
	if err == nil {
		opened, err = db.OpenFile(f.Name)
	}
	if err != nil {
		if f.current == nil {
			f.err = fmt.Errorf("advisories: %w", ErrNone)
			if !errors.Is(err, fs.ErrNotExist) {
				f.err = fmt.Errorf("advisories: %w: %w", ErrNone, err)
			}
		} else if f.err == nil {
			f.err = err
			f.Log.Warn("the file of advisories cannot be read; the former one is used", "error", err)
		}
		return
	}
	if f.current != nil {
		f.current.retire()
	}
	f.current, f.info, f.err = &Set{DB: opened, Loaded: time.Now()}, info, nil
	f.current.users++
	go func(s *Set) {
		defer s.release()
		if err := s.IndexIdentifiers(context.Background()); err != nil { // searches by identifier take longer then
			f.Log.Warn("indexing the identifiers of advisories failed", "error", err)
		}
	}(f.current)
	f.Log.Info("opened advisories", "hash", f.current.Hash(), "date", opened.Info().Date)
}

// Verify reads the whole file and returns the errors of all damaged blocks.
func (f *File) Verify(ctx context.Context) error {
	s, release, err := f.Current()
	if err != nil {
		return err
	}
	defer release()
	return s.DB.Verify(ctx)
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != nil {
		f.current.retire()
		f.current = nil
	}
	return nil
}
