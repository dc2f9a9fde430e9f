package rpmdb

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// What rpm itself says of a database, and the same of a Header: everything that a Header holds, a line a field.
const queryFormat = `= %{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE} %{ARCH}\n` +
	`%{LICENSE}\n%{VENDOR}\n%{PACKAGER}\n%{DISTRIBUTION}\n%{URL}\n%{SOURCERPM}\n%{MODULARITYLABEL}\n` +
	`%{BUILDTIME} %{INSTALLTIME} %{LONGSIZE} %{SHA1HEADER} %{SHA256HEADER} %{SIGMD5}\n` +
	`%|RSAHEADER?{268 }|%|DSAHEADER?{267 }|%|SIGPGP?{259 }|%|SIGGPG?{262 }|\n` +
	`signer %|RSAHEADER?{%{RSAHEADER:pgpsig}}:{%|DSAHEADER?{%{DSAHEADER:pgpsig}}:{}|}|\n` +
	`[a %{FILEDIGESTS} %{FILEMODES} %{LONGFILESIZES} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILELINKTOS} %{FILEFLAGS} %{FILEVERIFYFLAGS} %{FILEMTIMES} ` +
	`%{FILERDEVS} %{FILESTATES} %{FILECAPS}\n]` +
	`[f %{FILENAMES}\n][p %{PROVIDENAME}\n][r %{REQUIRENAME}\n]`

func asQueried(h *Header) string {
	var b strings.Builder
	fmt.Fprintf(&b, "= %s %d %s %s %s\n", h.Name, h.Epoch, h.Version, h.Release, h.Arch)
	for _, s := range []string{h.License, h.Vendor, h.Packager, h.Distribution, h.URL, h.SourceRPM, h.ModularityLabel} {
		fmt.Fprintln(&b, s)
	}
	fmt.Fprintln(&b, h.BuildTime.Unix(), h.InstallTime.Unix(), h.Size, h.SHA1, h.SHA256, h.MD5)
	for _, tag := range h.Signatures {
		fmt.Fprintf(&b, "%d ", tag)
	}
	b.WriteString("\nsigner ")
	if h.Signer != 0 {
		fmt.Fprintf(&b, "%016x", h.Signer)
	}
	b.WriteByte('\n')
	for _, d := range h.Details {
		fmt.Fprintln(&b, "a", d.Digest, d.Mode, d.Size, d.User, d.Group, d.Target, d.Flags, d.Verify, d.ModTime, d.Device, d.State, d.Capabilities)
	}
	for _, list := range []struct {
		prefix string
		items  []string
	}{{"f", h.Files}, {"p", h.Provides}, {"r", h.Requires}} {
		for _, s := range list.items {
			fmt.Fprintln(&b, list.prefix, s)
		}
	}
	return b.String()
}

func TestRPMItself(t *testing.T) {
	rpm := tool(t, "rpm", "rpm")
	root := filepath.Join(corpus.Dir(t), "fixtures")
	var files []string
	for _, pattern := range []string{"rpm-bdb/*/var/lib/rpm/Packages*", "rpm-sqlite/*/*/*/rpm/rpmdb.sqlite", "rpm-sqlite/*/*/*/rpm/rpmdb.sqlite.xz"} {
		files = append(files, corpus.Glob(t, "fixtures/"+pattern)...)
	}
	for _, file := range files {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.Split(filepath.ToSlash(name), "/")[1], func(t *testing.T) {
			content := corpus.Read(t, "fixtures/"+filepath.ToSlash(name))
			db, err := Open(bytes.NewReader(content), int64(len(content)), Options{WAL: walOf(t, file), Details: true})
			if err != nil {
				t.Skipf("no database to compare: %v", err)
			}
			var got []string
			for h, err := range db.Headers() {
				if err != nil {
					t.Logf("error: %v", err)
				}
				if h != nil {
					got = append(got, withoutNone(asQueried(h)))
				}
			}
			want := query(t, rpm, file, content)
			slices.Sort(got)
			if len(got) != len(want) {
				t.Errorf("got %d headers, rpm has %d", len(got), len(want))
			}
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("got\n%.3000s\nrpm has\n%.3000s", got[i], want[i])
				}
			}
		})
	}
}

// query returns what rpm says of a copy of a database, a text for each header, sorted.
func query(t *testing.T, rpm, file string, content []byte) []string {
	t.Helper()
	dir := t.TempDir()
	base, backend := strings.TrimSuffix(filepath.Base(file), ".xz"), "bdb_ro"
	if strings.HasPrefix(base, "rpmdb.sqlite") {
		backend = "sqlite"
		if wal := walOf(t, file); wal != nil {
			b, err := io.ReadAll(wal)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, base+"-wal"), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, base), content, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(rpm, "--dbpath", dir, "--define", "_db_backend "+backend, "-qa", "--qf", queryFormat)
	var diagnostics bytes.Buffer
	cmd.Stderr = &diagnostics
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Skipf("rpm cannot read it: %v\n%.500s", err, &diagnostics)
	}
	var all []string
	for text := range strings.SplitSeq(string(out), "\n= ") {
		text = "= " + strings.TrimSuffix(strings.TrimPrefix(text, "= "), "\n")
		text = signature.ReplaceAllString(text, "signer $1")
		if text != "= " {
			all = append(all, withoutNone(text+"\n"))
		}
	}
	slices.Sort(all)
	return all
}

// withoutNone leaves out rpm's word for a field that is not there, which rpm has also written into headers of keys.
func withoutNone(s string) string { return strings.ReplaceAll(s, "(none)", "") }

// signature is how rpm prints one: "RSA/SHA256, Tue 12 Oct 2021 02:49:54 PM UTC, Key ID 199e2f91fd431d51".
var signature = regexp.MustCompile(`(?m)^signer .*Key ID ([0-9a-f]{16})$`)

// walOf returns the write-ahead log beside a database, nil where there is none.
func walOf(t *testing.T, file string) *io.SectionReader {
	t.Helper()
	b, err := os.ReadFile(file + "-wal")
	if err != nil {
		return nil
	}
	return section(b)
}
