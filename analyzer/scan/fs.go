package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// ScanFS lets the analyzers look at the files of an unpacked root file system. The report has no layers; Layer is -1 in all its
// fields. ScanFS does not follow symbolic links to read a file. If the file system implements [fs.ReadLinkFS], ScanFS follows
// links between directories to find owners.
//
// A file or directory that cannot be read is a diagnostic. A root that cannot be read is an error.
func (s Scanner) ScanFS(ctx context.Context, root fs.FS) (*analyzer.Report, error) {
	if root == nil {
		return nil, errors.New("scan: no file system")
	}
	r, err := s.start()
	if err != nil {
		return nil, err
	}
	r.layerless = true
	asked := make([]int, len(r.analyzers))
	for i := range asked {
		asked[i] = i
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	held := &layerShare{large: &r.largeScan}
	defer held.end()
	c, err := r.newCollector(ctx, held, asked)
	if err != nil {
		return nil, err
	}
	if err := r.enter(ctx); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	defer r.leave()
	release, err := r.place(ctx)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	defer release()
	defer c.tasks.Wait()
	w := fsWalk{collector: c, root: root}
	r.report.send(Event{Layers: 1, Size: -1})
	if err := fs.WalkDir(root, ".", w.visit); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	if err := cmp.Or(c.finish(), c.checkPackages()); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	r.report.send(Event{Layers: 1, Size: -1, Bytes: w.bytes, Done: true})
	report, err := r.merge(ctx, []*layerData{c.data(walk.Stats{})}, w.readAgain, nil)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	for i := range report.Components {
		report.Components[i].Layer = -1
	}
	for i := range report.Findings {
		report.Findings[i].Layer = -1
	}
	for i := range report.Records {
		report.Records[i].Layer = -1
	}
	for i := range report.Diagnostics {
		report.Diagnostics[i].Layer = -1
	}
	if err := r.finish(ctx, report); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	return report, nil
}

// An fsWalk passes the entries of a file system to a collector.
type fsWalk struct {
	*collector
	root    fs.FS
	entries int64
	bytes   int64
}

func (w *fsWalk) visit(p string, d fs.DirEntry, err error) error {
	if cause := w.ctx.Err(); cause != nil {
		return cause
	}
	if err != nil {
		if p == "." {
			return err
		}
		w.problem(analyzer.Unreadable, p, reason(err))
		return nil // WalkDir continues after the directory
	}
	if err := w.checkPackages(); err != nil {
		return err
	}
	if w.entries++; w.entries > w.limits.Entries {
		return &analyzer.LimitError{What: "files and directories", Limit: w.limits.Entries}
	}
	if len(p) > w.limits.Path || strings.Count(p, "/") >= w.limits.Depth {
		w.problem(analyzer.Refused, p[:min(len(p), w.limits.Path)], "its path is longer or deeper than the limits")
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	e := walk.Entry{Path: p, Mode: d.Type()}
	if w.described != nil || w.listing {
		e.Stat = func() *analyzer.Entry { return w.stat(p, d) }
	}
	switch d.Type() {
	case fs.ModeDir:
		e.Kind = walk.Dir
	case fs.ModeSymlink:
		e.Kind = walk.Symlink
		if e.Target, err = fs.ReadLink(w.root, p); err != nil {
			if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
				w.problem(analyzer.Unreadable, p, reason(err))
			}
			e.Kind = walk.Special // an entry that leads nowhere
		}
	case 0:
		w.record(kindFile, p, "")
		w.describe(&e)
		if err := w.checkKept(); err != nil {
			return err
		}
		if w.listing {
			return w.listRegular(&e, d)
		}
		switch {
		case w.wants(&e) && !w.small(d):
			return w.regular(p, w.matched, func(reason string) { w.problem(analyzer.Unreadable, p, reason) })
		case w.isSibling(p):
			return w.regular(p, w.sibling, func(reason string) { w.recordUnread(p, analyzer.Unreadable, reason) })
		}
		return nil
	default:
		e.Kind = walk.Special
	}
	return w.entry(&e)
}

// listRegular handles a regular file if the entries are listed.
func (w *fsWalk) listRegular(e *walk.Entry, d fs.DirEntry) error {
	digests := w.digested != nil && len(w.algorithms(e.Path)) > 0
	wanted := w.wants(e) && !w.small(d)
	sibling := !wanted && w.isSibling(e.Path)
	if !digests && !wanted && !sibling {
		w.attributes.add(e, nil)
		return nil
	}
	read := func(opened *walk.Entry) error {
		opened.Stat = e.Stat
		return w.listFile(opened, func(opened *walk.Entry) error {
			switch {
			case wanted:
				w.wants(opened) // the names of the analyzers, which listFile replaced
				return w.matched(opened)
			case sibling:
				return w.sibling(opened)
			}
			return nil
		})
	}
	return w.regular(e.Path, read, func(reason string) {
		if sibling {
			w.recordUnread(e.Path, analyzer.Unreadable, reason)
		} else {
			w.problem(analyzer.Unreadable, e.Path, reason)
		}
		w.attributes.add(e, nil)
	})
}

// small reports whether a file is too small for the analyzers that want it: all of them look for programs. It saves opening most files.
func (w *fsWalk) small(d fs.DirEntry) bool {
	if slices.ContainsFunc(w.found, func(i int) bool {
		return len(w.analyzers[i].info.Contains) == 0 && w.analyzers[i].streams == nil || len(w.analyzers[i].info.Magic) == 0
	}) {
		return false
	}
	info, err := d.Info()
	return err == nil && info.Size() < minProgram
}

// readAgain reads files once more, for needs.
func (w *fsWalk) readAgain(ctx context.Context, _ int, needs []need) (*collector, error) {
	c, jobs, err := w.againCollector(ctx, w.share, needs, nil)
	if err != nil {
		return nil, err
	}
	defer c.tasks.Wait()
	again := fsWalk{collector: c, root: w.root}
	for p := range c.siblingNames {
		if _, err := fs.Stat(w.root, p); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := again.regular(p, again.sibling, func(reason string) { c.recordUnread(p, analyzer.Unreadable, reason) }); err != nil {
			return nil, err
		}
	}
	for _, n := range needs {
		if list := jobs[n.entry]; list != nil {
			delete(jobs, n.entry)
			read := func(e *walk.Entry) error { return again.fileAgain(slices.Clone(list), e) }
			lost := func(reason string) { // the path is not the place where the analyzers want it
				for _, j := range list {
					c.fail(j, analyzer.Unreadable, reason)
				}
			}
			if err := again.regular(n.raw, read, lost); err != nil {
				return nil, err
			}
		}
	}
	return c, c.finish()
}

// regular opens a regular file for a function that reads it, or calls lost with the reason why it cannot be read.
func (w *fsWalk) regular(p string, read func(*walk.Entry) error, lost func(reason string)) error {
	unreadable := func(err error) error {
		if cause := w.ctx.Err(); cause != nil {
			return cause
		}
		lost(reason(err))
		return nil
	}
	f, err := w.root.Open(p)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return unreadable(errors.New("no longer a regular file"))
	}
	w.bytes += info.Size()
	if err := read(&walk.Entry{Kind: walk.File, Path: p, Mode: info.Mode(), Size: info.Size(), Reader: f}); err != nil {
		return unreadable(err)
	}
	return nil
}

// reason returns the text of err without the path, which the diagnostic has.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "the file became shorter during the scan"
	}
	return err.Error()
}
