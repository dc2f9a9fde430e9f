package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// An Installation is a package that dnf installed, and the repository that it came from.
type Installation struct {
	Name, Version, Arch string // Version is [epoch:]version-release
	Repository          string // ID: "rhel-9-for-x86_64-baseos-rpms"
}

// Codes in dnf's history, https://github.com/rpm-software-management/libdnf/blob/dnf-4-master/libdnf/transaction/Types.hpp.
const (
	actionInstall   = 1
	actionDowngrade = 2
	actionUpgrade   = 6
	actionReinstall = 9

	stateDone = 1
)

// maxHistory bounds the rows of a table of dnf's history.
const maxHistory = 1 << 20

// History yields the packages in the history of dnf 4, history.sqlite, each version with its last installation. It reads three tables:
//
//	repo        id, repoid
//	rpm         item_id, name, epoch, version, release, arch
//	trans_item  id, trans_id, item_id, repo_id, action, reason, state
//
// An error names the unreadable place. Iteration continues after an error of a row.
func History(r io.ReaderAt, size int64, o Options) iter.Seq2[Installation, error] {
	return func(yield func(Installation, error) bool) {
		if o.Hold == nil {
			o.Hold = func(int64) error { return nil }
		}
		head := make([]byte, min(size, sqliteHeader))
		if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
			yield(Installation{}, fmt.Errorf("history: first page: %w", err))
			return
		}
		if !bytes.HasPrefix(head, []byte(sqliteMagic)) {
			yield(Installation{}, fmt.Errorf("history: %w", ErrUnknownFormat))
			return
		}
		db, err := openSQLite(file{r: r, size: size, blob: &reservation{hold: o.Hold}}, head, o.WAL)
		if err != nil {
			yield(Installation{}, fmt.Errorf("history: %w", err))
			return
		}
		if db.walErr != nil && !yield(Installation{}, fmt.Errorf("history: %w", db.walErr)) {
			return
		}
		h := history{db: db, hold: o.Hold, yield: yield}
		h.read()
	}
}

// A history is a pass over the tables.
type history struct {
	db    *sqlite
	hold  func(int64) error
	yield func(Installation, error) bool
}

// historyRow is about the memory of an entry of a map, beside its text.
const historyRow = 100

// errStop ends the pass: the caller wants no more, or there is no memory.
var errStop = errors.New("stop")

// table reads a table. The function returns the bytes of memory that it keeps of a row, or a negative number to stop.
func (h *history) table(name string, columns int, keep func(row int64, r *sqliteRecord) int) error {
	n := 0
	var stop error
	h.db.rows(name, columns, func(row int64, r *sqliteRecord, err error) bool {
		if n++; n > maxHistory {
			err, stop = fmt.Errorf("more than %d rows: %w", maxHistory, ErrTooLarge), errStop
		}
		if err == nil {
			size := keep(row, r)
			if size < 0 {
				stop = errStop
				return false
			}
			if err = h.hold(historyRow + int64(size)); err != nil {
				stop = errStop
			}
		}
		if err != nil && !h.yield(Installation{}, fmt.Errorf("history: table %s: %w", name, err)) {
			stop = errStop
		}
		return stop == nil
	})
	return stop
}

func (h *history) read() {
	repositories := make(map[int64]string)
	if h.table("repo", 2, func(row int64, r *sqliteRecord) int {
		repositories[row] = string(r.text(1))
		return len(repositories[row])
	}) != nil {
		return
	}
	last := make(map[int64]int64) // repository of each item's last installation
	if h.table("trans_item", 7, func(_ int64, r *sqliteRecord) int {
		switch r.integer(4) {
		case actionInstall, actionDowngrade, actionUpgrade, actionReinstall:
			if r.integer(6) == stateDone {
				last[r.integer(2)] = r.integer(3)
			}
		}
		return 0
	}) != nil {
		return
	}
	h.table("rpm", 6, func(_ int64, r *sqliteRecord) int {
		i := Installation{
			Name: string(r.text(1)), Version: string(r.text(3)) + "-" + string(r.text(4)), Arch: string(r.text(5)),
			Repository: repositories[last[r.integer(0)]],
		}
		if epoch := r.integer(2); epoch != 0 {
			i.Version = fmt.Sprint(epoch, ":", i.Version)
		}
		if i.Name != "" && i.Repository != "" && !h.yield(i, nil) {
			return -1
		}
		return len(i.Name) + len(i.Version) + len(i.Arch)
	})
}
