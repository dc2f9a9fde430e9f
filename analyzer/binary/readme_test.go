package binary

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReadme compares the table of README.md with the classes.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string][]string)
	for pair := range slices.Chunk(strings.Fields(debian), 2) {
		packages[pair[0]] = append(packages[pair[0]], pair[1])
	}
	for i := range classes().all {
		c := &classes().all[i]
		of := strings.Join(packages[c.name], " ")
		if of == "" {
			of = "-"
		}
		row := fmt.Sprintf("| %s | %s | `%s` | %s |\n", c.name, c.cpe, strings.Join(strings.Fields(c.files), "` `"), of)
		if strings.Count(string(text), row) != 1 {
			t.Errorf("README.md lacks %s", row)
		}
	}
}

// syftClasses are the classes of syft's classifiers of programs, as of version 1.42 and of its main branch on 2026-11-30.
const syftClasses = `
python-binary python-binary-lib pypy-binary-lib go-binary go-binary-hint julia-binary helm redis-binary valkey-binary nodejs-binary busybox-binary
util-linux-binary haproxy-binary perl-binary php-composer-binary httpd-binary memcached-binary traefik-binary arangodb-binary postgresql-binary mysql-binary
xtrabackup-binary mariadb-binary rust-standard-library-linux rust-standard-library-macos ruby-binary erlang-binary erlang-alpine-binary erlang-library
swipl-binary dart-binary deno-binary haskell-ghc-binary haskell-cabal-binary haskell-stack-binary consul-binary hashicorp-vault-binary nginx-binary bash-binary
openssl-binary openssl-binary-aws-lc openldap-search-binary qt-qtbase-lib gcc-binary fluent-bit-binary wordpress-cli-binary curl-binary lighttpd-binary
proftpd-binary zstd-binary xz-binary gzip-binary sqlcipher-binary jq-binary chrome-binary ffmpeg-binary ffmpeg-library elixir-binary elixir-library
istio-binary grafana-binary envoy-binary mongodb-binary ingress-nginx-binary java-binary-openjdk java-binary-ibm java-binary-oracle java-binary-graalvm
java-binary-jdk`

// TestSyft checks that the table of syft's classes has each of them once, and names a class of ours, another analyzer, or a reason.
func TestSyft(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| syft | here |")
	if !ok {
		t.Fatal("README.md has no table of syft's classes")
	}
	ours := make(map[string]bool)
	for i := range classes().all {
		ours[classes().all[i].name] = true
	}
	rows := make(map[string]int)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 2 {
			continue
		}
		for name := range strings.SplitSeq(strings.TrimSpace(cells[0]), ", ") {
			rows[name]++
		}
		here := strings.TrimSpace(cells[1])
		first := strings.TrimRight(strings.Fields(here)[0], ",;")
		if !ours[first] && here[0] != '`' && !strings.HasPrefix(here, "left out: ") && !strings.HasPrefix(here, "it reads ") {
			t.Errorf("%s: %q is no class", cells[0], first)
		}
	}
	for name := range strings.FieldsSeq(syftClasses) {
		if rows[name] != 1 {
			t.Errorf("the table has %s %d times", name, rows[name])
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("syft has no class %s", name)
	}
}
