package terminal

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestGridLong requires that a few long cells do not move the columns of many rows, and that no line is wider than the terminal.
func TestGridLong(t *testing.T) {
	g := Grid{Indent: "  ", Columns: []Column{{Title: "ID"}, {Title: "FIX", Shrink: 2, Min: 4}, {Title: "TITLE", Shrink: 1, Min: 10}}}
	for i := range 100 {
		id := fmt.Sprintf("CVE-%d", i)
		if i == 50 {
			id = strings.Repeat("long-", 20)
		}
		g.Add(id, "1.2.3", "a title of some words")
	}
	var b strings.Builder
	g.Write(&b, Style{Width: 60})
	lines := strings.Split(b.String(), "\n")
	if lines[0] != "  ID      FIX    TITLE" || lines[1] != "  CVE-0   1.2.3  a title of some words" {
		t.Errorf("the columns are moved:\n%s\n%s", lines[0], lines[1])
	}
	if !strings.HasPrefix(lines[51], "  long-long-") || !strings.Contains(lines[51], "long-") {
		t.Errorf("the long line is %q", lines[51])
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 60 && i != 51 {
			t.Errorf("line %d has %d characters", i, n)
		}
	}
}

// TestGridDrop requires that columns are left out, the highest drop first, when cutting is not enough.
func TestGridDrop(t *testing.T) {
	g := Grid{Columns: []Column{{Title: "ID"}, {Title: "STATUS", Shrink: 1, Min: 6, Drop: 1}, {Title: "LINK", Drop: 2}}}
	g.Add("CVE-2024-1", "will not be fixed", "https://x.example/CVE-2024-1")
	for width, want := range map[int]string{
		0:  "CVE-2024-1  will not be fixed  https://x.example/CVE-2024-1\n",
		60: "CVE-2024-1  will not be fixed  https://x.example/CVE-2024-1\n",
		50: "CVE-2024-1  will no…  https://x.example/CVE-2024-1\n",
		30: "CVE-2024-1  will not be fixed\n",
		20: "CVE-2024-1  will no…\n",
		12: "CVE-2024-1\n",
		5:  "CVE-2024-1\n",
	} {
		var b strings.Builder
		g.Write(&b, Style{Width: width})
		_, got, _ := strings.Cut(b.String(), "\n")
		if got != want {
			t.Errorf("at %d: %q, want %q", width, got, want)
		}
	}
}

// TestGridTabs is the form for pipes: nothing is padded or cut, and empty cells keep their place.
func TestGridTabs(t *testing.T) {
	g := Grid{Columns: []Column{{Title: "ID"}, {Title: "FIX"}, {Title: "NONE"}, {Title: "LINK"}}}
	g.Add("a", "", "", "x")
	g.Add("heading")
	g.Add("bb", "1", "", "")
	var b strings.Builder
	g.Write(&b, Style{Tabs: true})
	if want := "ID\tFIX\tLINK\na\t\tx\nheading\nbb\t1\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestLink(t *testing.T) {
	s := Style{Links: true}
	if got := s.Link("a", "https://x.example/a"); got != "\x1b]8;;https://x.example/a\x1b\\a\x1b]8;;\x1b\\" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{"", "javascript:alert(1)", "https://x.example/\x1b\\", "https://x.example/\a", "https://x.example/ü", "file:///etc/passwd"} {
		if got := s.Link("a", bad); got != "a" {
			t.Errorf("%q: %q", bad, got)
		}
	}
	if got := (Style{}).Link("a", "https://x.example"); got != "a" {
		t.Errorf("without links: %q", got)
	}
}

func TestKnowsLinks(t *testing.T) {
	for env, want := range map[string]bool{
		"": false, "TERM=xterm-256color": false, "TERM=foot": true, "TERM_PROGRAM=WezTerm": true, "TERM_PROGRAM=Apple_Terminal": false,
		"VTE_VERSION=7200": true, "VTE_VERSION=4200": false, "WT_SESSION=1": true, "FORCE_HYPERLINK=1": true, "TERM=foot FORCE_HYPERLINK=0": false,
	} {
		got := KnowsLinks(func(name string) string {
			for _, word := range strings.Fields(env) {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		})
		if got != want {
			t.Errorf("%s: %v", env, got)
		}
	}
}

func TestShellLine(t *testing.T) {
	for _, test := range [][3]string{ // a word, for a POSIX shell, on Windows
		{"debian:12", `debian:12`, `debian:12`},
		{"*.jar", `'*.jar'`, `"*.jar"`},
		{"it's", `'it'\''s'`, `"it's"`},
		{`C:\images\app`, `'C:\images\app'`, `C:\images\app`},
		{`C:\my images`, `'C:\my images'`, `"C:\my images"`},
		{"a,b", `a,b`, `"a,b"`}, // PowerShell makes two words of it
		{"", `''`, `""`},
	} {
		if posix, windows := word(test[0], "linux"), word(test[0], "windows"); posix != test[1] || windows != test[2] {
			t.Errorf("%s: %s and %s", test[0], posix, windows)
		}
	}
}
