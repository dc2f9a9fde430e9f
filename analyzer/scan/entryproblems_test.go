package scan_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A closedFS is a file system in which some files cannot be opened.
type closedFS struct{ fs.FS }

func (f closedFS) Open(name string) (fs.File, error) {
	if strings.Contains(name, "closed") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}

func (f closedFS) ReadLink(name string) (string, error)   { return fs.ReadLink(f.FS, name) }
func (f closedFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(f.FS, name) }

// unread returns the notes of a report that say that package databases could not be read.
func unread(found *analyzer.Report) (list []string) {
	for _, n := range report.New(found, &matcher.Result{}, report.Options{}).Notes {
		if n.Code == report.NoteUnread {
			list = append(list, n.Text)
		}
	}
	return list
}

// TestManyProblems asks that many problems with entries keep no problem at a package database from a gate, and that those alone fail none.
func TestManyProblems(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 300 {
		files[fmt.Sprintf("home/%d/closed.list", i)] = &fstest.MapFile{Data: []byte("a 1\n")}
	}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}
	for _, test := range []struct {
		database string
		lists    int
	}{{"", 101}, {"var/lib/dpkg/closed.list", 102}, {"var/lib/rpm/x/closed.list", 102}} {
		if test.database != "" {
			files[test.database] = &fstest.MapFile{Data: []byte("a 1\n")}
		}
		found, err := s.ScanFS(t.Context(), closedFS{files})
		delete(files, test.database)
		if err != nil {
			t.Fatal(err)
		}
		notes := unread(found)
		if test.database == "" && len(notes) > 0 || test.database != "" && (len(notes) != 1 || !strings.Contains(notes[0], test.database)) {
			t.Errorf("%q: notes %q", test.database, notes)
		}
		if len(found.Diagnostics) != test.lists || !slices.ContainsFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool { return d.Path == "" && d.Message == "200 more" }) {
			t.Errorf("%q: %d diagnostics, the last %+v", test.database, len(found.Diagnostics), found.Diagnostics[len(found.Diagnostics)-1])
		}
	}
	// Names that no extractor follows may be those of databases.
	l := new(imagetest.Layer)
	for i := range 300 {
		l.File(fmt.Sprint(strings.Repeat("d/", 600), i), "")
	}
	img, err := imagetest.Image(l)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Scan(t.Context(), img)
	if err != nil || len(unread(found)) != 1 {
		t.Errorf("%v, %v", err, unread(found))
	}
}

// TestUnreadableBehindLinks asks that a database behind a link that cannot be read, or not with its journal, is the analyzer's problem.
func TestUnreadableBehindLinks(t *testing.T) {
	for _, name := range []string{"database", "journal"} {
		root := t.TempDir()
		for _, dir := range []string{"var/db", "opt"} {
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for at, text := range map[string]string{"opt/closed": "x", "opt/closed-journal": "x"} {
			if name == "journal" { // the database can be read
				at = strings.Replace(at, "closed", "open", 1)
			}
			if err := os.WriteFile(filepath.Join(root, at), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		target := "/opt/closed"
		if name == "journal" {
			target = "/opt/open"
		}
		if err := os.Symlink(target, filepath.Join(root, "var/db/data.db")); err != nil {
			t.Fatal(err)
		}
		var files fs.FS = closedFS{os.DirFS(root)}
		if name == "journal" {
			files = closedJournalFS{files.(closedFS)}
		}
		found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{fixed}}.ScanFS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Diagnostics) != 1 || found.Diagnostics[0].Analyzer != "fixed" || found.Diagnostics[0].Code != analyzer.Unreadable {
			t.Errorf("%s: %+v", name, found.Diagnostics)
		}
	}
}

type closedJournalFS struct{ closedFS }

func (f closedJournalFS) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "-journal") {
		name = "closed"
	}
	return f.closedFS.Open(name)
}
