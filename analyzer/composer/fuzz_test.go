package composer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

// checkPackages asks that whatever a file held, what is made of it are names.
func checkPackages(t *testing.T, packages []analyzer.Package) {
	for _, p := range packages {
		if !isWord(p.Name) || !isWord(p.Namespace) {
			t.Errorf("not a name: %q %q", p.Namespace, p.Name)
		}
		for _, name := range append(p.Depends, p.Provides...) {
			if _, _, ok := splitName(name); !ok {
				t.Errorf("%s: not a name: %q", p.Name, name)
			}
		}
		if u := p.Qualifiers["vcs_url"]; u != "" && !strings.Contains(u, "://") {
			t.Errorf("%s: not a URL: %q", p.Name, u)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"packages": [{"name": "a/b", "version": "dev-main", "require": {"c/d": "*", "php": "*"}, "replace": [], "license": "MIT", "source": {"type": "git", "url": "git@h.example:a/b.git", "reference": "1"}, "extra": {"branch-alias": {"dev-main": "1.x-dev"}}}], "dev-package-names": ["a/b"]}`))
	f.Add([]byte(`[{"name": "a/b", "version": "1", "license": ["A", "B"], "extra": [], "dist": {"shasum": ""}}]`))
	f.Add([]byte(`{"packages-dev": {"0": {"name": "a/b", "version": "v1"}}, "aliases": [{"package": "a/b", "version": "dev-main", "alias": "1"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []func([]byte, *membudget.Meter) (*analyzer.Result, error){parseInstalled, parseLock} {
			r, err := parse(text, nil)
			checkPackages(t, r.Packages)
			if err == nil && !json.Valid([]byte(strings.TrimPrefix(string(text), "\ufeff"))) {
				t.Error("no error for what is no JSON")
			}
		}
	})
}

func FuzzPHP(f *testing.F) {
	f.Add("<?php return array('root' => array('name' => 'a/a'), 'versions' => array('b/b' => array('pretty_version' => '1', 'install_path' => __DIR__ . '/x', 'dev_requirement' => false)));")
	f.Fuzz(func(t *testing.T, text string) {
		r, _ := parseInstalledPHP(text, nil)
		checkPackages(t, r.Packages)
	})
}

func FuzzRegistry(f *testing.F) {
	f.Add(`a:3:{s:4:"name";s:1:"A";s:7:"version";a:1:{s:7:"release";s:1:"1";}s:12:"dependencies";a:1:{s:8:"required";a:1:{s:7:"package";a:1:{i:0;a:1:{s:4:"name";s:1:"B";}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRegistry(text, ".registry/.channel.pecl.php.net/a.reg", nil)
		if r == nil && err == nil {
			t.Fatal("neither a package nor an error")
		}
		if r == nil {
			return
		}
		for _, p := range r.Packages {
			if !isWord(p.Name) || p.Version == "" || p.Namespace == "" {
				t.Errorf("not a package: %+v", p)
			}
		}
	})
}
