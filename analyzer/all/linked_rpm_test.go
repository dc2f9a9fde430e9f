package all_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinkedRPM compares images whose rpm database lies behind links with what rpm says of the unpacked root. rpm makes the databases.
func TestLinkedRPM(t *testing.T) {
	for _, name := range []string{"rpm", "rpmbuild", "rpmdb", "ldd"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed: nothing to compare with", name)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only the superuser can run rpm in a root")
	}
	// The places of databases, of Red Hat, of SUSE and Fedora, and of rpm-ostree.
	const plain, sysimage, share = "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"
	tools := rpmTools(t)
	dir := rpmDatabase(t, "sqlite")
	backends := map[string]map[string]string{"sqlite": {"rpmdb.sqlite": readString(t, filepath.Join(dir, "rpmdb.sqlite"))}}
	if load, err := exec.LookPath("db5.3_load"); err != nil {
		t.Log("db5.3-util is not installed: no databases of Berkeley DB")
	} else {
		backends["bdb_ro"] = map[string]string{"Packages": berkeleyDB(t, load, dir)}
	}
	if dir := rpmDatabase(t, "ndb"); dir == "" {
		t.Log("rpm has no backend for ndb")
	} else {
		backends["ndb"] = map[string]string{"Packages.db": readString(t, filepath.Join(dir, "Packages.db"))}
	}
	if files := pendingLog(t, dir); files != nil {
		backends["sqlite with a log"] = files
	}
	link := func(name, to string) linkedEntry { return linkedEntry{name: name, link: to} }
	hard := func(name, to string) linkedEntry { return linkedEntry{name: name, hard: to} }
	for backend, files := range backends {
		at := func(dir string) (list []linkedEntry) {
			for name, content := range files {
				list = append(list, linkedEntry{name: dir + "/" + name, content: content})
			}
			return list
		}
		each := func(make func(name, to string) linkedEntry, from, to string) (list []linkedEntry) {
			for name := range files {
				list = append(list, make(from+"/"+name, to+"/"+name))
			}
			return list
		}
		with := func(list []linkedEntry, more ...linkedEntry) []linkedEntry { return append(more, list...) }
		for name, c := range map[string]struct {
			db     string
			layers linkedImage
		}{
			"renamed":                         {plain, linkedImage{renamed(files)}},
			"control":                         {plain, linkedImage{at(plain)}},
			"directory above":                 {plain, linkedImage{append(at("data/lib/rpm"), link("var", "data"))}},
			"sysimage, absolute":              {plain, linkedImage{append(at(sysimage), link(plain, "/"+sysimage))}},
			"sysimage, relative":              {plain, linkedImage{append(at(sysimage), link(plain, "../../"+sysimage))}},
			"sysimage to rpm-ostree":          {sysimage, linkedImage{append(at(share), link(sysimage, "../../share/rpm"))}},
			"two links":                       {plain, linkedImage{append(at(share), link(sysimage, "../../share/rpm"), link(plain, "/"+sysimage))}},
			"link above the root":             {plain, linkedImage{append(at("opt/db"), link(plain, "../../../../../opt/db"))}},
			"directory elsewhere":             {plain, linkedImage{append(at("opt/db"), link(plain, "/opt/db"))}},
			"directory elsewhere, later":      {plain, linkedImage{at("opt/db"), {link(plain, "../../opt/db")}}},
			"files elsewhere":                 {plain, linkedImage{at("opt/db"), each(link, plain, "/opt/db")}},
			"files elsewhere, relative":       {plain, linkedImage{append(at("opt/db"), each(link, plain, "../../../opt/db")...)}},
			"through an own link":             {plain, linkedImage{with(at("a"), link("a", plain))}},
			"through an absolute own link":    {plain, linkedImage{with(at("a"), link("a", "/"+plain))}},
			"through a lower link":            {plain, linkedImage{{link("a", "/"+plain), {name: plain + "/old", content: "x"}}, at("a")}},
			"through a lower link, again":     {plain, linkedImage{append(at("opt/db"), link(plain, "/opt/db")), at(plain)}},
			"sysimage through a lower link":   {sysimage, linkedImage{append(at(sysimage), link(plain, "/"+sysimage)), at(plain)}},
			"hard links":                      {plain, linkedImage{append(at("opt/db"), each(hard, plain, "opt/db")...)}},
			"hard links to a lower layer":     {plain, linkedImage{at("opt/db"), each(hard, plain, "opt/db")}},
			"hard links through links":        {plain, linkedImage{append(at("opt/db"), link("a", "opt/db")), append([]linkedEntry{link("b", plain)}, each(hard, "b", "a")...)}},
			"objects of ostree":               {share, linkedImage{append(objects(files, share), link(sysimage, "../../share/rpm"))}}, // github.com/konflux-ci/rpm-lockfile-prototype/pull/155
			"objects of ostree, both places":  {plain, linkedImage{append(objects(files, share), link("ostree/link", "../../usr/share/rpm"), hard(plain, "ostree/link"))}},
			"hard links, the first is gone":   {plain, linkedImage{append(at("opt/db"), each(hard, plain, "opt/db")...), {{name: "opt/.wh.db"}}}},
			"a link in the place of a copy":   {plain, linkedImage{at(plain), append(at(sysimage), link(plain, "../../"+sysimage))}},
			"a copy in the place of a link":   {plain, linkedImage{append(at("opt/db"), link(plain, "/opt/db")), {{name: "var/lib/.wh.rpm"}, {name: "opt/.wh.db"}}, at(plain)}},
			"usr is a link":                   {share, linkedImage{append(at("system/usr/share/rpm"), link("usr", "system/usr"))}},
			"usr is a link, names through it": {share, linkedImage{{link("usr", "system/usr")}, at(share)}},
		} {
			if name == "link above the root" && backend != "bdb_ro" {
				continue // SQLite refuses to open it
			}
			t.Run(backend+"/"+name, func(t *testing.T) {
				c.layers.check(t, func(t *testing.T, root string) []string {
					backend, _, _ := strings.Cut(backend, " ")
					return strings.Fields(rpmInside(t, tools, root, "--dbpath", "/"+c.db, "--define", "_db_backend "+backend, "-qa", "--qf", "%{NAME}=%{EVR}\n"))
				})
			})
		}
	}
}

func readString(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rpmSays returns the output of a program of rpm.
func rpmSays(t *testing.T, name string, args ...string) string {
	t.Helper()
	var diagnostics bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &diagnostics
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%.500s", name, err, &diagnostics)
	}
	return string(out)
}

// rpmTools returns a directory with rpm and the files that it needs.
func rpmTools(t *testing.T) string {
	t.Helper()
	rpm, err := exec.LookPath("rpm")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.TrimSpace(rpmSays(t, "rpm", "--eval", "%{_rpmconfigdir}"))
	files := []string{rpm, filepath.Join(config, "rpmrc"), filepath.Join(config, "macros")}
	for word := range strings.FieldsSeq(rpmSays(t, "ldd", rpm)) {
		if filepath.IsAbs(word) {
			files = append(files, word)
		}
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(readString(t, f)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rpmInside returns what rpm says in a root, as in a container. Queries with rpm --root follow absolute links to the host.
func rpmInside(t *testing.T, tools, root string, args ...string) string {
	t.Helper()
	const place = "/.tools"
	files, err := filepath.Glob(tools + "/*")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root+place, 0o755); err != nil {
		t.Fatal(err)
	}
	loader := ""
	for _, f := range files {
		at := place + "/" + filepath.Base(f)
		if strings.HasPrefix(filepath.Base(f), "ld-") {
			loader = at
		}
		if err := os.Link(f, root+at); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("RPM_CONFIGDIR", place)
	return rpmSays(t, "chroot", append([]string{root, loader, "--library-path", place, place + "/rpm"}, args...)...)
}

// rpmDatabase returns the directory of a database of packages that rpm has built and installed, or "" if rpm lacks the backend.
func rpmDatabase(t *testing.T, backend string) string {
	t.Helper()
	top := t.TempDir()
	db := filepath.Join(top, "db")
	if err := os.Mkdir(db, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, version := range map[string]string{"a": "Version: 1", "b": "Epoch: 3\nVersion: 2"} {
		spec := filepath.Join(top, name+".spec")
		text := fmt.Sprintf("Name: %s\n%s\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n%%description\nx\n%%files\n", name, version)
		if err := os.WriteFile(spec, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		rpmSays(t, "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+top, spec)
	}
	built, err := filepath.Glob(filepath.Join(top, "RPMS", "noarch", "*.rpm"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--dbpath", db, "--define", "_db_backend " + backend, "-i", "--justdb", "--nodeps"}
	args = append(args, built...)
	if err := exec.Command("rpm", args...).Run(); err != nil && backend != "sqlite" {
		return ""
	} else if err != nil {
		t.Fatal(err)
	}
	return db
}

// berkeleyDB returns a database of Berkeley DB with the headers of another one, which rpm exports.
func berkeleyDB(t *testing.T, load, dir string) string {
	t.Helper()
	const magic = "\x8e\xad\xe8\x01\x00\x00\x00\x00"
	var in strings.Builder
	in.WriteString("VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder=1234\ndb_pagesize=4096\nHEADER=END\n")
	rest, n := rpmSays(t, "rpmdb", "--dbpath", dir, "--exportdb"), 0
	for ; rest != ""; n++ {
		header, ok := strings.CutPrefix(rest, magic)
		if !ok {
			t.Fatalf("not a header: %.16q", rest)
		}
		words := []byte(header[:8])
		size := 8 + 16*binary.BigEndian.Uint32(words) + binary.BigEndian.Uint32(words[4:])
		fmt.Fprintf(&in, " %02x000000\n %x\n", n+1, header[:size])
		rest = header[size:]
	}
	fmt.Fprintf(&in, " 00000000\n %02x000000\nDATA=END\n", n)
	name := filepath.Join(t.TempDir(), "Packages")
	cmd := exec.Command(load, name)
	cmd.Stdin = strings.NewReader(in.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return readString(t, name)
}

// pendingLog returns a database of packages and a write-ahead log that deletes one, or nothing if sqlite3 is not installed.
func pendingLog(t *testing.T, dir string) map[string]string {
	t.Helper()
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Log("sqlite3 is not installed: no pending log")
		return nil
	}
	name := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	if err := os.WriteFile(name, []byte(readString(t, filepath.Join(dir, "rpmdb.sqlite"))), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sqlite, "-bail", name)
	cmd.Stdin = strings.NewReader(".dbconfig no_ckpt_on_close on\npragma journal_mode=wal;\npragma wal_autocheckpoint=0;\n" +
		"DELETE FROM Packages WHERE hnum = 1;\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return map[string]string{"rpmdb.sqlite": readString(t, name), "rpmdb.sqlite-wal": readString(t, name+"-wal")}
}

// objects returns a database whose files are hard links to objects with other names.
func objects(files map[string]string, dir string) (list []linkedEntry) {
	for name, content := range files {
		object := fmt.Sprintf("sysroot/ostree/repo/objects/%02d/%s.file", len(list), strings.Repeat("ab", 31))
		list = append(list, linkedEntry{name: object, content: content}, linkedEntry{name: dir + "/" + name, hard: object})
	}
	return list
}

// renamed returns a database behind a link to a file with another name, which its log follows.
func renamed(files map[string]string) (list []linkedEntry) {
	for name, content := range files {
		base, log := strings.CutSuffix(name, "-wal")
		at := "opt/x"
		if log {
			at += "-wal"
		} else {
			list = append(list, linkedEntry{name: "var/lib/rpm/" + base, link: "/opt/x"})
		}
		list = append(list, linkedEntry{name: at, content: content})
	}
	return list
}
