package auto_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
)

// The state of a file that is fetched anew is that of the new file. An ecosystem that only the former file had is not up to date, and is
// fetched when an image needs it.
func TestAnew(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	node, python := image("npm lodash"), image("pypi jinja")
	open(t, p, p.database(file, 0), image("npm lodash", "pypi jinja"))
	damageBlocks(t, file)
	p.set(pypi, archive(t, "PYSEC-1234", "PyPI", "jinja"))
	d := p.database(file, 30)
	var reported []string
	d.Fetched = func(r feed.UpdateResult, err error) {
		if err != nil {
			reported = append(reported, err.Error())
		}
	}
	if answers, asked, s := open(t, p, d, python); answers != "PYSEC-1234" || asked != tookPyPI || s.Err != nil {
		t.Errorf("answers %q, asked for %q, %v", answers, asked, s.Err)
	}
	if len(reported) != 1 || !strings.HasSuffix(reported[0], "; beginning anew") {
		t.Errorf("reported %q", reported)
	}
	if got := stateTypes(t, file); !slices.Equal(got, []string{"pypi"}) {
		t.Errorf("state of %q", got)
	}
	if answers, asked, s := open(t, p, p.database(file, 30), node); answers != "CVE-2020-0001, GHSA-1" || asked != tookNPM || s.Err != nil {
		t.Errorf("the other language: answers %q, asked for %q, %v", answers, asked, s.Err)
	}
}

// If only some ecosystems are due, a file that is fetched anew has all those of the image.
func TestAnewPartlyDue(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	both := image("npm lodash", "pypi jinja")
	open(t, p, p.database(file, 0), image("npm lodash"))
	open(t, p, p.database(file, 20), both)
	damageBlocks(t, file)
	p.set(npm, archive(t, "GHSA-22", "npm", "lodash"))
	answers, asked, s := open(t, p, p.database(file, 30), both)
	if answers != "CVE-2020-0001, GHSA-22, PYSEC-1" || asked != "PyPI kev npm retirejs" || s.Err != nil {
		t.Errorf("answers %q, asked for %q, %v", answers, asked, s.Err)
	}
}

// A run that ends after it has replaced a damaged file leaves no state of the former one, which had more ecosystems.
func TestAnewInterrupted(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	node, python := image("npm lodash"), image("pypi jinja")
	open(t, p, p.database(file, 0), python)
	open(t, p, p.database(file, 20), node)
	damageBlocks(t, file)
	p.set(pypi, archive(t, "PYSEC-1234", "PyPI", "jinja"))
	ctx, cancel := context.WithCancel(t.Context())
	d := p.database(file, 30)
	d.Fetched = func(r feed.UpdateResult, err error) {
		if err == nil {
			cancel()
		}
	}
	d.Open(ctx, python)
	if ctx.Err() == nil {
		t.Fatal("not interrupted")
	}
	if answers, _, s := open(t, p, p.database(file, 31), node); answers != "CVE-2020-0001, GHSA-1" || s.Err != nil {
		t.Errorf("answers %q, %v", answers, s.Err)
	}
}

// A damaged file is fetched anew when it is due, even if publishers have no changes.
func TestAnewWithoutChanges(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	python := image("pypi jinja")
	open(t, p, p.database(file, 0), python)
	damageBlocks(t, file)
	if answers, asked, s := open(t, p, p.database(file, 30), python); answers != "PYSEC-1" || asked != tookPyPI || s.Err != nil {
		t.Errorf("answers %q, asked for %q, %v", answers, asked, s.Err)
	}
}

// A database that was copied over the file is asked for what it lacks.
func TestReplaced(t *testing.T) {
	p := newPublisher(t)
	file, other := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	open(t, p, p.database(file, 0), image("npm lodash", "pypi jinja"))
	open(t, p, p.database(other, 0), image("pypi jinja"))
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	if answers, _, s := open(t, p, p.database(file, 1), image("npm lodash")); answers != "CVE-2020-0001, GHSA-1" || s.Err != nil {
		t.Errorf("answers %q, %v", answers, s.Err)
	}
}

// damageBlocks damages the blocks of a database, but not its index.
func damageBlocks(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 8; i < 60; i++ {
		b[i] ^= 1
	}
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// stateTypes returns the types of the ecosystems in the state of a file.
func stateTypes(t *testing.T, file string) (types []string) {
	t.Helper()
	b, err := os.ReadFile(file + ".state")
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Ecosystems []struct{ Type string } }
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.Ecosystems {
		types = append(types, e.Type)
	}
	return types
}
