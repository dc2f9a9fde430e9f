package binary

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

// noteOf returns a note as the specification lays it out.
func noteOf(order binary.AppendByteOrder, kind uint32, owner, text string) []byte {
	pad := func(s string) string { return s + strings.Repeat("\x00", (4-len(s)%4)%4) }
	b := order.AppendUint32(nil, uint32(len(owner)))
	b = order.AppendUint32(b, uint32(len(pad(text))))
	b = order.AppendUint32(b, kind)
	return append(b, pad(owner)+pad(text)...)
}

const packaging = 0xcafe1a7e

// noted returns a program with code, and notes of a build ID and of a package at its end.
func noted(text string) []byte {
	notes := slices.Concat(noteOf(binary.LittleEndian, 3, "GNU\x00", "01234567890123456789"), noteOf(binary.LittleEndian, packaging, "FDO\x00", text))
	b := elf(string(notes), strings.Repeat("\x90", 20000), "data")
	binary.LittleEndian.PutUint32(b[64:], 4) // the type of the first segment
	return b
}

func notedFile(name, text string) txtar.File { return txtar.File{Name: name, Data: noted(text)} }

const (
	wolfi  = `{"type":"apk","os":"wolfi","name":"openssl","version":"3.6.0-r0","architecture":"x86_64"}`
	ubuntu = `{"type":"deb","os":"ubuntu","name":"openssl","version":"3.0.13-0ubuntu3","architecture":"amd64","debugInfoUrl":"https://debuginfod.example"}`
	fedora = `{"type":"rpm","name":"openssl","version":"3.0.5-1.fc37","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:37"}`
)

// TestNotes reads notes of several distributions.
func TestNotes(t *testing.T) {
	for _, c := range []struct{ text, want, err string }{
		{text: wolfi, want: "pkg:apk/wolfi/openssl@3.6.0-r0?arch=x86_64&distro=wolfi"}, // https://github.com/anchore/syft/issues/4384
		{text: ubuntu, want: "pkg:deb/ubuntu/openssl@3.0.13-0ubuntu3?arch=amd64&distro=ubuntu"},
		{text: fedora, want: "pkg:rpm/fedora/openssl@3.0.5-1.fc37?arch=x86_64&distro=fedora-37"}, // the example of the specification, in form
		{text: `{"type":"rpm","name":"curl","version":"8.8.0-1.azl3","os":"azurelinux","osVersion":"3.0","osCpe":"cpe:2.3:o:microsoft:azurelinux:3.0:*:*:*:*:*:*:*"}`, want: "pkg:rpm/azurelinux/curl@8.8.0-1.azl3?distro=azurelinux-3.0"},
		{text: `{"type":"arch","name":"zlib","version":"1:1.3-1","os":"arch"}`, want: "pkg:alpm/arch/zlib@1:1.3-1?distro=arch"},
		{text: `{"type":"deb","name":"alex","version":"1"}`, want: "pkg:deb/alex@1"}, // https://github.com/anchore/syft/pull/3165
		{text: `{"type":"binary","name":"sut","version":"1.0","appCpe":"cpe:2.3:a:acme:sut:1.0:*:*:*:*:*:*:*"}`, want: "pkg:generic/sut@1.0?cpe=cpe:2.3:a:acme:sut:1.0:%2A:%2A:%2A:%2A:%2A:%2A:%2A"},
		{text: `{"type":"go","name":"syft","version":"v0.60.0"}`, want: "pkg:generic/syft@v0.60.0"}, // https://github.com/anchore/syft/issues/1821
		{text: `{"type":"rpm","version":"1"}`},
		{text: `{"type":"rpm","name":"a`, err: "unexpected end of JSON input"},
		{text: `{"type":["rpm"],"name":"a"}`, err: "cannot unmarshal array"},
		{text: "{\"type\":\"rpm\",\"name\":\"a\\u0007\"}", err: "no name or version"},
		{text: `{"type":"rpm","name":"` + strings.Repeat("a", 300) + `"}`, err: "no name or version"},
	} {
		r, err := Notes().Analyze(t.Context(), analyzer.NewFile("usr/bin/x", 0o755, noted(c.text)))
		got := ""
		if r != nil {
			got = r.Packages[0].PURL(nil)
			if !r.Packages[0].Stated {
				t.Errorf("%s: not Stated", c.text)
			}
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %s, %v; want %s, %s", c.text, got, err, c.want, c.err)
		}
	}
}

// TestNoteForms reads only notes of packages, in either byte order, and no more than the limits.
func TestNoteForms(t *testing.T) {
	const dlopen = 0x407c0c0a // libraries that a program may load, https://github.com/anchore/syft/issues/4604
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"a note of a package", noteOf(binary.LittleEndian, packaging, "FDO\x00", wolfi), wolfi},
		{"big-endian", noteOf(binary.BigEndian, packaging, "FDO\x00", wolfi), wolfi},
		{"libraries to load", noteOf(binary.LittleEndian, dlopen, "FDO\x00", `[{"soname":["libz.so.1"]}]`), ""},
		{"another owner", noteOf(binary.LittleEndian, packaging, "GNU\x00", wolfi), ""},
		{"cut", noteOf(binary.LittleEndian, packaging, "FDO\x00", wolfi)[:60], ""},
		{"without a header", noteOf(binary.LittleEndian, packaging, "FDO\x00", wolfi)[8:], ""},
		{"a length beyond the limit", noteOf(binary.LittleEndian, packaging, "FDO\x00", strings.Repeat("a", maxNote+1)), ""},
		{"after libraries to load", append(noteOf(binary.LittleEndian, dlopen, "FDO\x00", "[]"), noteOf(binary.LittleEndian, packaging, "FDO\x00", wolfi)...), wolfi},
	} {
		if got := string(findNote(c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	b := elf(strings.Repeat("\x00", maxNotes+1), "", "")
	binary.LittleEndian.PutUint32(b[64:], 4)
	if _, err := Notes().Analyze(t.Context(), analyzer.NewFile("a", 0o755, b)); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("many notes: %v", err)
	}
}

// TestNotesOfLinker reads what GNU ld writes.
func TestNotesOfLinker(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "x.c")
	if err := os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"-static"}, {"-pie"}, {"-shared", "-fPIC"}, {"-s"}, {"-Wl,-z,noseparate-code"}} {
		out := filepath.Join(dir, "x")
		args := append(flags, "-o", out, "-Xlinker", "--package-metadata="+fedora, source)
		if text, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			t.Skipf("gcc %q: %v\n%s", args, err, text)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Notes().Analyze(t.Context(), analyzer.NewFile("x", 0o755, b))
		if err != nil || r == nil || r.Packages[0].Name != "openssl" {
			t.Errorf("%q: %v, %v", flags, r, err)
		}
	}
}

// TestNotedLayouts tells which packages of notes a report has.
func TestNotedLayouts(t *testing.T) {
	const release = "ID=wolfi\nVERSION_ID=20230201\n"
	apk := func(packages ...string) string { return strings.Join(packages, "\n\n") + "\n" }
	const (
		libcrypto    = "P:libcrypto3\nV:3.6.0-r0\nA:x86_64\no:openssl\nF:usr/lib\nR:libcrypto.so.3"
		newer        = "P:libcrypto3\nV:3.6.1-r0\nA:x86_64\no:openssl\nF:usr/lib\nR:libcrypto.so.3"
		cryptography = "P:py3-cryptography\nV:46.0.3-r0\nA:x86_64\no:py3-cryptography\nF:usr/lib/python3.13/site-packages/cryptography.libs\nR:libcrypto-b943a01c.so.3"
	)
	wheel := notedFile("0/usr/lib/python3.13/site-packages/cryptography.libs/libcrypto-b943a01c.so.3", wolfi)
	library := notedFile("0/usr/lib/libcrypto.so.3", wolfi)
	for _, c := range []struct {
		what  string
		files []txtar.File
		want  []string
	}{
		{"the database has the package", []txtar.File{file("0/etc/os-release", release), file("0/usr/lib/apk/db/installed", apk(libcrypto)), library}, nil},
		{"the database has another version", []txtar.File{file("0/etc/os-release", release), file("0/usr/lib/apk/db/installed", apk(newer)), library},
			[]string{"pkg:apk/wolfi/openssl@3.6.0-r0?arch=x86_64&distro=wolfi-20230201 usr/lib/libcrypto.so.3 layer 0"}},
		{"a wheel of another package bundles the library", []txtar.File{file("0/etc/os-release", release), file("0/usr/lib/apk/db/installed", apk(newer, cryptography)), wheel},
			[]string{"pkg:apk/wolfi/openssl@3.6.0-r0?arch=x86_64&distro=wolfi-20230201 usr/lib/python3.13/site-packages/cryptography.libs/libcrypto-b943a01c.so.3 layer 0"}},
		{"a program and its library, from an image of another distribution", []txtar.File{file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status),
			notedFile("1/opt/bin/openssl", ubuntu), notedFile("1/opt/lib/libcrypto.so.3", ubuntu)},
			[]string{"pkg:deb/ubuntu/openssl@3.0.13-0ubuntu3?arch=amd64&distro=ubuntu opt/bin/openssl layer 1"}},
		{"a note without a release is of the image's", []txtar.File{file("0/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\n"), notedFile("1/opt/openssl", ubuntu)},
			[]string{"pkg:deb/ubuntu/openssl@3.0.13-0ubuntu3?arch=amd64&distro=ubuntu-24.04 opt/openssl layer 1"}},
		{"a later layer replaces the program", []txtar.File{notedFile("0/opt/bin/openssl", ubuntu), program("1/opt/bin/openssl", "another")}, nil},
		{"a hard link", []txtar.File{notedFile("0/opt/bin/openssl", ubuntu), file("0/opt/bin/c_rehash => opt/bin/openssl", "")},
			[]string{"pkg:deb/ubuntu/openssl@3.0.13-0ubuntu3?arch=amd64&distro=ubuntu opt/bin/c_rehash layer 0"}},
	} {
		got := listed(t, c.files, func(k *analyzer.Component) bool { return k.Stated }, func(k *analyzer.Component) string { return k.PURL })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestNotedBeside checks that programs stay nested in their packages if a package of a note is left out.
func TestNotedBeside(t *testing.T) {
	const installed = "P:libcrypto3\nV:3.6.0-r0\nA:x86_64\no:openssl\nF:usr/lib\nR:libcrypto.so.3\n\nP:zcurl\nV:7.88.1-r0\nA:x86_64\nF:usr/bin\nR:curl\n\n"
	files := []txtar.File{
		file("0/etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n"), file("0/lib/apk/db/installed", installed), notedFile("0/usr/lib/libcrypto.so.3", wolfi),
		notedFile("0/bin/first", wolfi), program("0/usr/bin/curl", "libcurl/7.88.1"),
	}
	got := listed(t, files, func(*analyzer.Component) bool { return true }, func(k *analyzer.Component) string { return k.Name })
	want := []string{"curl usr/bin/curl layer 0 nested", "libcrypto3 lib/apk/db/installed layer 0", "zcurl lib/apk/db/installed layer 0"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzNotes gives a Reader the same file in parts of several lengths. The answer is that of Analyze.
func FuzzNotes(f *testing.F) {
	for _, text := range []string{wolfi, ubuntu, fedora, `{"type":"go","name":"a"}`, "{"} {
		f.Add(noted(text), uint16(1))
		f.Add(noted(text), uint16(9000))
	}
	f.Fuzz(func(t *testing.T, content []byte, seed uint16) {
		if len(content) > 1<<17 {
			return
		}
		a, errA := Notes().Analyze(t.Context(), analyzer.NewFile("x", 0o755, content))
		var r stream.Reader = &noteReader{size: int64(len(content))}
		rng := rand.New(rand.NewPCG(uint64(seed), 0))
		for at := r.Next(0); at < int64(len(content)); at = r.Next(at) {
			n := min(1+rng.Int64N(int64(seed)+1), int64(len(content))-at)
			r.Part(at, bytes.Clone(content[at:at+n]))
			at += n
		}
		b, errB := r.Result()
		if !reflect.DeepEqual(a, b) || (errA == nil) != (errB == nil) {
			t.Errorf("%v %v, in parts %v %v", a, errA, b, errB)
		}
	})
}
