package composer

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for _, test := range []struct {
		name, file string
		text       []byte
	}{
		{"packages", "composer.lock", hostile.Times(800_000, `{"packages":[{"name":"a/a","version":"1"}`, `,{"name":"a/#","version":"1"}`, "]}")},
		{"installed", "vendor/composer/installed.json", hostile.Times(800_000, `[{"name":"a/a","version":"1"}`, `,{"name":"a/#","version":"1"}`, "]")},
		{"one package", "composer.lock", hostile.Times(2_000_000, `{"packages":[{"name":"a/a","version":"1","require":{"a":"1"`, `,"a/#":"1"`, "}}]}")},
		{"licences", "composer.lock", hostile.Times(3_000_000, `{"packages":[{"name":"a/a","version":"1","license":["a"`, `,"#"`, "]}]}")},
		{"aliases", "composer.lock", hostile.Times(4_000_000, `{"aliases":[{}`, `,{}`, "]}")},
		{"array", "vendor/composer/installed.php", []byte("<?php return [" + strings.Repeat("1,", 2_000_000) + "];")},
		{"arrays", "vendor/composer/installed.php", []byte("<?php return [" + strings.Repeat("[[1]],", 650_000) + "];")},
		{"registry", "usr/share/php/.registry/a.reg", []byte("a:600000:{" + strings.Repeat("N;N;", 600_000) + "}")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, New(), test.file, test.text, 256<<20) })
	}
}
