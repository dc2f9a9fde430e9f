package composer

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func TestPHPArrays(t *testing.T) {
	for _, c := range []struct{ text, want, err string }{
		{"<?php return array('root'=>['name'=>'a/a'],'versions'=>['a/a'=>['pretty_version'=>'1'],'b/b'=>array('pretty_version'=>\"2\",),],);", "b/b 2", ""},
		{"<?php // a\n# b\n/* c */ return ['versions' => ['b/b' => ['x' => __DIR__ . '/..' . '', 'pretty_version' => '1.\\'\\\\0', 'n' => -1, 'm' => null]]];", `b/b 1.'\0`, ""},
		{"<?php return ['versions' => ['a/a' => ['pretty_version' => '1'], 'b/b' => ['pretty_version' => '2'", "a/a 1 b/b 2", `unexpected "" in an array`},
		{"<?php return ['versions' => ['a' => ['pretty_version' => '1']]];", "", `not a package name: "a"`},
		{"<?php return [] ", "", "no semicolon after the value"},
		{"<?php return f();", "", "no semicolon after the value"},
		{"<?php return array;", "", "no parenthesis after array"},
		{"<?php echo 1;", "", "no return"},
		{"x", "", "no <?php"},
		{"", "", "no <?php"},
		{"<?php return 'open", "", "unterminated string"},
		{"<?php return " + strings.Repeat("[", maxDepth+1), "", "nested too deep"},
		{"<?php return " + strings.Repeat("'"+strings.Repeat("x", 99)+"'.", 99), "", "concatenated string exceeds 4096 bytes"},
	} {
		r, err := parseInstalledPHP(c.text, nil)
		err = diagnostic.Err(r, err)
		var got []string
		for _, p := range r.Packages {
			got = append(got, fullName(&p)+" "+p.Version)
		}
		if s := strings.Join(got, " "); s != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%.200s:\n got %s, error %v\nwant %s, error %s", c.text, s, err, c.want, c.err)
		}
	}
}

func TestSerialized(t *testing.T) {
	const head = `a:2:{s:4:"name";s:1:"A";s:7:"version";`
	for _, c := range []struct{ text, want, err string }{
		{head + `s:1:"1";}`, "A 1 pear.php.net", ""}, // package.xml 1.0
		{head + `a:1:{s:7:"release";s:1:"1";}}`, "A 1 pear.php.net", ""},
		{`a:2:{s:7:"package";s:1:"A";s:7:"version";s:1:"1";}`, "A 1 pear.php.net", ""},
		{head + `a:1:{s:7:"release";s:1:"1";`, "A 1 pear.php.net", "array with a wrong length"},
		{head + `N;}`, "", `no name and version of a package: "A", ""`},
		{`a:1:{s:9:"name";}`, "", "string with a wrong length"},
		{`a:999999999999999999999:{`, "", `not a length: "a:999999999999999999"`},
		{`a:9999:{`, "", `not a length: "a:9999:{"`},
		{`a:-1:{}`, "", `not a length: "a:-1:{}"`},
		{strings.Repeat("a:1:{i:0;", maxDepth+1), "", "nested too deep"},
		{`O:1:"A":0:{}`, "", "a value of kind 'O'"},
		{`i:12`, "", `not a number: "i:12"`},
		{`s`, "", "unexpected end"},
		{``, "", "unexpected end"},
	} {
		r, err := parseRegistry(c.text, "usr/share/php/.registry/a.reg", nil)
		got := ""
		if r == nil {
			r = new(analyzer.Result)
		}
		for _, p := range r.Packages {
			got = p.Name + " " + p.Version + " " + p.Namespace
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%.100s:\n got %s, error %v\nwant %s, error %s", c.text, got, err, c.want, c.err)
		}
	}
}

func TestRepositoryURL(t *testing.T) {
	for _, c := range []struct{ kind, address, reference, want string }{
		{"git", "https://git.example/a/b.git", "0123", "git+https://git.example/a/b.git@0123"},
		{"git", "https://user:secret@git.example/a/b.git", "", "git+https://git.example/a/b.git"},
		{"git", "git@git.example:a/b.git", "0123", "git+ssh://git.example/a/b.git@0123"},
		{"git", "git://git.example/a", "0123", "git://git.example/a@0123"},
		{"svn", "http://svn.example/a", "/trunk@12", "svn+http://svn.example/a@/trunk@12"},
		{"git", "/srv/a", "0123", ""},
		{"git", "file:///srv/a", "0123", ""},
		{"", "https://git.example/a", "0123", ""},
	} {
		if got := repositoryURL(c.kind, c.address, c.reference); got != c.want {
			t.Errorf("%s %s %s: got %s, want %s", c.kind, c.address, c.reference, got, c.want)
		}
	}
}

// TestTooLarge gives a file in PHP's notation that would take many times its size.
func TestTooLarge(t *testing.T) {
	text := bytes.Repeat([]byte(" "), maxPHP+1)
	for _, name := range []string{"vendor/composer/installed.php", "usr/share/php/.registry/a.reg"} {
		if _, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, text)); !errors.Is(err, analyzer.ErrTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
