package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHistory reads a history with the tables of libdnf, which testdata/history.py made with SQLite. A package that was upgraded has its last
// repository, and a transaction that failed does not count.
func TestHistory(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "history.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	read := func(b []byte, o Options) string {
		var out strings.Builder
		for i, err := range History(bytes.NewReader(b), int64(len(b)), o) {
			if err != nil {
				fmt.Fprintln(&out, err)
				continue
			}
			fmt.Fprintln(&out, i.Name, i.Version, i.Arch, i.Repository)
		}
		return out.String()
	}
	const want = "bash 5.1.8-6.el9 x86_64 rhel-9-for-x86_64-baseos-rpms\n" +
		"openssl-libs 1:3.0.1-43.el9_0 x86_64 rhel-9-for-x86_64-baseos-rpms\n" +
		"openssl-libs 1:3.0.1-47.el9_0 x86_64 rhel-9-for-x86_64-baseos-eus-rpms\n" +
		"cri-o 1.25.3-4.rhaos4.12.el9 x86_64 rhocp-4.12-for-rhel-9-x86_64-rpms\n"
	if got := read(b, Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	full := errors.New("no memory")
	if got := read(b, Options{Hold: func(int64) error { return full }}); got != "history: table repo: no memory\n" {
		t.Errorf("without memory: %s", got)
	}
	for _, c := range []struct{ what, text, want string }{
		{"another format", "x" + string(b[1:]), "history: not an rpm database\n"},
		{"nothing", "", "history: not an rpm database\n"},
		{"another table", strings.Replace(string(b), "repo", "rope", 3), "history: schema: no table repo\n"},
	} {
		if got := read([]byte(c.text), Options{}); !strings.Contains(got, strings.TrimPrefix(c.want, "history: ")) && got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
	for range History(bytes.NewReader(b), int64(len(b)), Options{}) { // a caller may stop
		break
	}
}

func FuzzHistory(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "history.sqlite"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		held := int64(0)
		n := 0
		for i, err := range History(bytes.NewReader(b), int64(len(b)), Options{Hold: func(n int64) error {
			if held += n; held > 64<<20 {
				return ErrTooLarge
			}
			return nil
		}}) {
			if err == nil && (i.Name == "" || i.Repository == "") {
				t.Errorf("%+v", i)
			}
			if n++; n > 2*len(b)+1 { // a cell has at least 2 bytes, three tables may share pages, and an empty file gives an error
				t.Fatalf("%d results of %d bytes", n, len(b))
			}
		}
	})
}
