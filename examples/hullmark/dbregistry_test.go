package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// ok runs a command that must succeed, and returns what it says.
func ok(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, code := hullmark(t, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr)
	}
	return stdout, stderr
}

// fails runs a command that must fail, and say why.
func fails(t *testing.T, want string, args ...string) {
	t.Helper()
	stdout, stderr, code := hullmark(t, args...)
	if code != 1 || stdout != "" || !strings.Contains(stderr, want) {
		t.Errorf("%q: exit code %d, %q, %q; want %q", args, code, stdout, stderr, want)
	}
}

// A database is signed, pushed, read where it is, and pulled.
func TestRegistry(t *testing.T) {
	host := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer host.Close()
	ref := strings.TrimPrefix(host.URL, "http://") + "/security/advisories:latest"
	dir := t.TempDir()
	file, key, other := filepath.Join(dir, "a.db"), filepath.Join(dir, "key"), filepath.Join(dir, "other")
	ok(t, "db", "build", "-o", file, "--feed", "debian@2019-09-01=testdata/feeds/debian.json", "--feed", "osv=testdata/feeds/osv")
	ok(t, "db", "keygen", key)
	ok(t, "db", "keygen", other)
	fails(t, "exists", "db", "keygen", key)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", info, err)
	}

	fails(t, "no signature; hullmark db sign signs it", "db", "verify", "--key", key+".pub", file)
	fails(t, "no signature", "db", "push", "--key", key+".pub", file, ref)
	fails(t, "want a private key", "db", "sign", "--key", key+".pub", file)
	ok(t, "db", "sign", "--key", key, file)
	if out, _ := ok(t, "db", "verify", "--key", key+".pub", file); !strings.HasPrefix(out, "undamaged: ") || !strings.Contains(out, "signed at ") {
		t.Errorf("verify: %s", out)
	}
	fails(t, "by another key", "db", "verify", "--key", other+".pub", file)
	ok(t, "db", "verify", "--key", key+".pub", "--max-age", "1", file)
	fails(t, "name one as well", "db", "verify", "--max-age", "1", file)

	digest, _ := ok(t, "db", "push", file, ref)
	if !strings.HasPrefix(digest, "sha256:") {
		t.Errorf("push: %q", digest)
	}
	image := rootfs(t, map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2.15-2+b2")})
	local, _ := ok(t, "scan", "--cache", "off", "--db", file, image)
	remote, stderr := ok(t, "scan", "--cache", "off", "--db", "oci://"+ref, "--db-key", key+".pub", image)
	if results(remote) != results(local) || !strings.Contains(local, "CVE-2019-0001") || strings.Contains(stderr, "not verified") {
		t.Errorf("read where it is:\n%s\nfrom the file:\n%s\nstandard error: %s", remote, local, stderr)
	}
	if _, stderr := ok(t, "db", "info", "oci://"+ref); !strings.Contains(stderr, "is not verified") {
		t.Errorf("info of it without a key: %s", stderr)
	}
	fails(t, "by another key", "scan", "--cache", "off", "--db", "oci://"+ref, "--db-key", other+".pub", image)
	fails(t, "not found", "db", "info", "oci://"+strings.TrimSuffix(ref, "latest")+"none")

	copied := filepath.Join(dir, "copy.db")
	ok(t, "db", "pull", "--key", key+".pub", "oci://"+ref, "-o", copied)
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, want) {
		t.Errorf("pulled is another file: %v", err)
	}
	if _, stderr := ok(t, "db", "pull", ref, "-o", copied); !strings.Contains(stderr, "is up to date") {
		t.Errorf("pulled again: %s", stderr)
	}
}

// A damaged database is said to be.
func TestVerifyDamaged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	bad := starterFile(t)
	bad[len(bad)/3] ^= 1
	if err := os.WriteFile(name, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "hash mismatch", "db", "verify", name)
}

func TestExportDiffQuery(t *testing.T) {
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small.db"), filepath.Join(dir, "large.db")
	ok(t, "db", "build", "-o", small, "--feed", "debian@2019-09-01=testdata/feeds/debian.json")
	ok(t, "db", "build", "-o", large, "--feed", "debian@2019-09-01=testdata/feeds/debian.json", "--feed", "osv=testdata/feeds/osv")
	type advisory struct {
		ID, Status string
		Ranges     []struct{ Fixed string }
	}
	type line struct {
		Change        string
		Was, Advisory *advisory
	}
	lines := func(text string) (all []line) {
		t.Helper()
		for s := range strings.Lines(text) {
			var x line
			if err := json.Unmarshal([]byte(s), &x); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			all = append(all, x)
		}
		return all
	}
	out, _ := ok(t, "db", "export", large)
	if all := lines(out); len(all) != 3 || all[0].Advisory.ID != "CVE-2019-0001" || all[0].Advisory.Status != "fixed" || all[0].Advisory.Ranges[0].Fixed != "5.2.15-3" {
		t.Errorf("export: %s", out)
	}
	out, stderr := ok(t, "db", "diff", small, large)
	if all := lines(out); len(all) != 1 || all[0].Change != "added" || all[0].Was != nil || all[0].Advisory.ID != "EX-1" || !strings.Contains(stderr, "1 added, 0 changed, 0 withdrawn") {
		t.Errorf("diff: %s%s", out, stderr)
	}
	out, _ = ok(t, "db", "diff", large, small)
	if all := lines(out); len(all) != 1 || all[0].Change != "withdrawn" || all[0].Was.ID != "EX-1" || all[0].Advisory != nil {
		t.Errorf("diff back: %s", out)
	}

	out, _ = ok(t, "db", "query", "--db", large, "pkg:deb/debian/bash")
	if strings.Count(out, "CVE-2019-0001") != 2 {
		t.Errorf("query, all releases: %s", out)
	}
	out, _ = ok(t, "db", "query", "--db", large, "pkg:deb/debian/bash@1?distro=debian-12")
	if strings.Count(out, "CVE-2019-0001") != 1 || !strings.Contains(out, "< 5.2.15-3") {
		t.Errorf("query, one release: %s", out)
	}
	out, _ = ok(t, "db", "query", "--json", "--db", large, "pkg:pypi/Example")
	if all := lines(out); len(all) != 1 || all[0].Advisory.ID != "EX-1" {
		t.Errorf("query, JSON: %s", out)
	}
	if out, stderr := ok(t, "db", "query", "--db", large, "pkg:pypi/none"); out != "" || !strings.Contains(stderr, "no advisory is about") {
		t.Errorf("query of what is not there: %s%s", out, stderr)
	}
	fails(t, "no advisories for npm; hullmark db info lists its coverage", "db", "query", "--db", large, "pkg:npm/x")
	out, _ = ok(t, "db", "query", "--db", large, "cve-2019-0001")
	if strings.Count(out, "CVE-2019-0001") != 2 {
		t.Errorf("query of an identifier: %s", out)
	}
	if out, stderr := ok(t, "db", "query", "--db", large, "lodash"); out != "" || !strings.Contains(stderr, "no advisory is about lodash") {
		t.Errorf("query of an unknown identifier: %s%s", out, stderr)
	}
	fails(t, "not a package URL", "db", "query", "--db", large, "pkg:")
}
