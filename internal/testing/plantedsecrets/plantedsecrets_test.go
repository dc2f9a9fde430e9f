package plantedsecrets

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func source(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

// TestFormats checks the list: names, documents, sizes, and that all values match their forms.
func TestFormats(t *testing.T) {
	list := append(Formats(), Fresh()...)
	if len(list) < 110 {
		t.Errorf("%d formats, want 110 and more", len(list))
	}
	read, distinct := 0, 0
	seen := map[string]bool{}
	for i, f := range list {
		if seen[f.Name] {
			t.Errorf("%s: twice", f.Name)
		}
		seen[f.Name] = true
		if u, err := url.Parse(f.Document); err != nil || u.Scheme != "https" || u.Host == "" || f.Issuer == "" {
			t.Errorf("%s: issuer %q, document %q", f.Name, f.Issuer, f.Document)
		}
		if f.Read {
			read++
		}
		if f.Distinct {
			distinct++
		}
		n := 8
		if strings.Contains(f.Name, "rsa") || strings.Contains(f.Name, "service") {
			n = 2 // keys cost time
		}
		r := source(uint64(i))
		values := map[string]bool{}
		for range n {
			s := f.Value(r)
			if f.file != nil {
				if s.Path == "" || len(s.Parts) == 0 {
					t.Errorf("%s: no path or no parts", f.Name)
				}
				for _, p := range s.Parts {
					if !strings.Contains(strings.ReplaceAll(s.Text, `\n`, "\n"), p) && !strings.Contains(s.Text, b64(p)[:len(p)/3*4]) && !strings.Contains(decodedWords(s.Text), p) {
						t.Errorf("%s: %q is not in the file", f.Name, p)
					}
				}
				values[s.Text] = true
				continue
			}
			v := s.Vars[len(s.Vars)-1]
			re, err := regexp.Compile("^(?:" + f.Form + ")$")
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if !re.MatchString(v.Value) || !v.Secret || v.Name == "" {
				t.Errorf("%s: %q does not match %s", f.Name, v.Value, f.Form)
			}
			if len(s.Parts) == 0 {
				t.Errorf("%s: no parts", f.Name)
			}
			values[v.Value] = true
		}
		if len(values) != n {
			t.Errorf("%s: %d different values of %d", f.Name, len(values), n)
		}
	}
	t.Logf("%d formats, %d of a recognizable form, %d compared with the document", len(list), distinct, read)
}

// decodedWords returns the words of a text that are base64, decoded.
func decodedWords(s string) string {
	var b strings.Builder
	for _, w := range strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(" \n\t\"", c) }) {
		w = w[strings.Index(w, "_password=")+1:]
		w = strings.TrimPrefix(w, "password=")
		if d, err := base64.StdEncoding.DecodeString(w); err == nil {
			b.Write(d)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func get(t *testing.T, name string) *Format {
	t.Helper()
	for _, f := range Formats() {
		if f.Name == name {
			return f
		}
	}
	t.Fatal("no format ", name)
	return nil
}

func value(t *testing.T, name string, seed uint64) string {
	s := get(t, name).Value(source(seed))
	return s.Vars[len(s.Vars)-1].Value
}

// crcBits computes CRC-32 bit by bit, apart from hash/crc32.
func crcBits(s string) uint32 {
	sum := ^uint32(0)
	for i := range len(s) {
		for bit := range 8 {
			if (sum^uint32(s[i]>>bit))&1 == 1 {
				sum = sum>>1 ^ 0xEDB88320
			} else {
				sum >>= 1
			}
		}
	}
	return ^sum
}

// TestCRC checks the checksums of tokens with code of its own.
func TestCRC(t *testing.T) {
	if crcBits("123456789") != 0xCBF43926 { // the check value of the catalogue of CRCs
		t.Fatal("the CRC of the test is wrong")
	}
	for seed := range uint64(50) {
		for _, name := range []string{"github-pat", "github-oauth", "github-user", "github-server", "github-refresh", "npm"} {
			v := value(t, name, seed)
			_, body, _ := strings.Cut(v, "_")
			n := uint64(0)
			for _, c := range body[len(body)-6:] {
				n = n*62 + uint64(strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", c))
			}
			if n != uint64(crcBits(body[:len(body)-6])) {
				t.Errorf("%s: wrong checksum", v)
			}
		}
		v := value(t, "grafana", seed)
		if at := strings.LastIndex(v, "_"); v[at+1:] != fmt.Sprintf("%08x", crcBits(v[:at])) {
			t.Errorf("%s: wrong checksum", v)
		}
		for _, name := range []string{"atlassian", "bitbucket-access"} {
			v := value(t, name, seed)
			if head, sum, _ := strings.Cut(v, "="); sum != fmt.Sprintf("%08X", crcBits(head)) {
				t.Errorf("%s: wrong checksum", v)
			}
		}
	}
}

// TestBase58 decodes keys of Bitcoin and compares the double hash.
func TestBase58(t *testing.T) {
	for seed := range uint64(30) {
		for name, size := range map[string]int{"bitcoin-wif": 38, "xprv": 82} {
			b := make([]byte, size)
			for _, c := range value(t, name, seed) {
				carry := strings.IndexRune("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", c)
				for i := size - 1; i >= 0; i-- {
					carry += int(b[i]) * 58
					b[i], carry = byte(carry), carry>>8
				}
			}
			one := sha256.Sum256(b[:size-4])
			two := sha256.Sum256(one[:])
			if !bytes.Equal(two[:4], b[size-4:]) {
				t.Errorf("%s: wrong checksum", name)
			}
		}
	}
}

// TestBech32 checks identities of age as BIP 173 says, over the words of the polynomial.
func TestBech32(t *testing.T) {
	if !bech32("a12uel5l") || bech32("a12uel5m") { // a test vector of BIP 173
		t.Fatal("the checker of the test is wrong")
	}
	for seed := range uint64(30) {
		if v := value(t, "age", seed); !bech32(strings.ToLower(v)) {
			t.Errorf("%s: wrong checksum", v)
		}
	}
}

func bech32(s string) bool {
	at := strings.LastIndex(s, "1")
	sum := 1
	step := func(v int) {
		b := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ v
		for i, g := range []int{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			sum ^= g * (b >> i & 1)
		}
	}
	for _, c := range s[:at] {
		step(int(c) >> 5)
	}
	step(0)
	for _, c := range s[:at] {
		step(int(c) & 31)
	}
	for _, c := range s[at+1:] {
		step(strings.IndexRune("qpzry9x8gf2tvdw0s3jn54khce6mua7l", c))
	}
	return sum == 1
}

// TestPyPI reads the fields of a macaroon.
func TestPyPI(t *testing.T) {
	for name, location := range map[string]string{"pypi": "pypi.org", "testpypi": "test.pypi.org"} {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(value(t, name, 1), "pypi-"))
		if err != nil {
			t.Fatal(err)
		}
		var kinds []byte
		for rest := b[1:]; len(rest) > 0; {
			kind := rest[0]
			kinds = append(kinds, kind)
			if rest = rest[1:]; kind == 0 {
				continue
			}
			n, k := binary.Uvarint(rest)
			if kind == 1 && string(rest[k:k+int(n)]) != location {
				t.Errorf("%s: location %q", name, rest[k:k+int(n)])
			}
			rest = rest[k+int(n):]
		}
		if want := []byte{1, 2, 0, 2, 0, 0, 6}; b[0] != 2 || !slices.Equal(kinds, want) {
			t.Errorf("%s: version %d, fields %v, want %v", name, b[0], kinds, want)
		}
	}
}

// TestJSONTokens decodes the tokens that have JSON inside.
func TestJSONTokens(t *testing.T) {
	for name, cut := range map[string]func(s string) string{
		"jwt":                   func(s string) string { return strings.Split(s, ".")[1] },
		"service-account-token": func(s string) string { return strings.Split(s, ".")[1] },
		"sentry-org":            func(s string) string { return strings.Split(s, "_")[1] },
		"grafana-cloud":         func(s string) string { return strings.Split(s, "_")[1] },
		"1password-service":     func(s string) string { return strings.TrimPrefix(s, "ops"+"_") },
		"mapbox":                func(s string) string { return strings.Split(s, ".")[1] },
	} {
		text := strings.TrimRight(cut(value(t, name, 3)), "=")
		b, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(text))
		var m map[string]any
		if err == nil {
			err = json.Unmarshal(b, &m)
		}
		if err != nil || len(m) < 2 {
			t.Errorf("%s: %v: %s", name, err, b)
		}
	}
}

// TestKeysOpen opens private keys with OpenSSL, OpenSSH and GnuPG.
func TestKeysOpen(t *testing.T) {
	dir := t.TempDir()
	try := func(name, tool string, args ...string) {
		t.Run(name+" "+tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(err)
			}
			file := filepath.Join(dir, name)
			v := value(t, name, 5)
			if err := os.WriteFile(file, []byte(v), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tool, append(args, file)...)
			cmd.Env = append(os.Environ(), "GNUPGHOME="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	for _, name := range []string{"rsa-pkcs1", "ec-sec1", "ed25519-pkcs8", "rsa-pkcs8", "ec-pkcs8", "encrypted-pkcs8", "encrypted-rsa"} {
		try(name, "openssl", "pkey", "-noout", "-passin", "pass:"+encryptedPassphrase, "-in")
	}
	try("openssh", "ssh-keygen", "-y", "-f")
	try("rsa-pkcs1", "ssh-keygen", "-y", "-f")
	try("pgp", "gpg", "--batch", "--list-packets")
	if _, rest := pem.Decode([]byte(value(t, "rsa-pkcs1", 5))); len(rest) != 0 {
		t.Error("more than a PEM block")
	}
}

// TestPGPChecksum computes the CRC-24 of the armour with a table.
func TestPGPChecksum(t *testing.T) {
	v := value(t, "pgp", 2)
	_, body, _ := strings.Cut(v, "\n\n")
	body, _, _ = strings.Cut(body, "-----END")
	body, sum, _ := strings.Cut(strings.TrimSpace(body), "\n=")
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	var table [256]uint32
	for i := range table {
		c := uint32(i) << 16
		for range 8 {
			c = c<<1 ^ c>>23*0x1864CFB
		}
		table[i] = c & 0xFFFFFF
	}
	crc := uint32(0xB704CE)
	for _, c := range data {
		crc = crc<<8&0xFFFFFF ^ table[byte(crc>>16)^c]
	}
	if want := base64.StdEncoding.EncodeToString([]byte{byte(crc >> 16), byte(crc >> 8), byte(crc)}); sum != want {
		t.Errorf("checksum %s, want %s", sum, want)
	}
}

// shared returns the set of all tests.
var shared = sync.OnceValues(func() (*Set, error) { return New(1) })

func one(t *testing.T) *Set {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSet(t *testing.T) {
	set := one(t)
	if len(set.Plants) < 2000 || len(set.Misses) < 2000 {
		t.Errorf("%d secrets and %d near misses, want 2,000 each", len(set.Plants), len(set.Misses))
	}
	carriers, kinds, formats := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range set.Plants {
		carriers[p.Carrier]++
		formats[p.Format]++
	}
	for _, m := range set.Misses {
		kinds[m.Kind]++
	}
	for _, f := range Formats() {
		if formats[f.Name] < 4 {
			t.Errorf("%s is planted %d times", f.Name, formats[f.Name])
		}
	}
	bytes := 0
	paths := map[string]bool{}
	for _, f := range set.Files {
		bytes += len(f.Content)
		key := fmt.Sprint(f.Layer, f.Path)
		if paths[key] {
			t.Errorf("%s: twice", key)
		}
		paths[key] = true
	}
	t.Logf("%d secrets, %d near misses, %d files, %d bytes", len(set.Plants), len(set.Misses), len(set.Files), bytes)
	t.Logf("carriers: %v", carriers)
	t.Logf("near misses: %v", kinds)
}

// TestDeterministic checks that a seed gives the same files and configuration.
func TestDeterministic(t *testing.T) {
	again := build(1, Formats())
	config, err := one(t).Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.plants, one(t).Plants) || !reflect.DeepEqual(again.files, one(t).Files) || !reflect.DeepEqual(again.misses, one(t).Misses) || !slices.Equal(again.config.Env, config.Config.Env) {
		t.Error("two sets of a seed differ")
	}
}

// TestImage reads the layers of the image and compares them with the list.
func TestImage(t *testing.T) {
	set := one(t)
	list, err := set.Image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != layers {
		t.Fatalf("%d layers", len(list))
	}
	config, err := set.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	for _, f := range set.Files {
		content[fmt.Sprint(f.Layer, "/", f.Path)] = f.Content
	}
	for i, l := range list {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for name, b := range entries(t, r) {
			n++
			if want, ok := content[fmt.Sprint(i, "/", name)]; !ok || !bytes.Equal(b, want) {
				t.Errorf("layer %d: %s differs", i, name)
			}
		}
		if n == 0 {
			t.Errorf("layer %d is empty", i)
		}
	}
	for _, p := range set.Plants {
		if p.Path == "" {
			continue
		}
		if _, ok := content[fmt.Sprint(p.Layer, "/", p.Path)]; !ok {
			t.Errorf("no file %s in layer %d", p.Path, p.Layer)
		}
		_, white := content[fmt.Sprint(layers-1, "/", filepath.Dir(p.Path), "/.wh.", filepath.Base(p.Path))]
		_, replaced := content[fmt.Sprint(layers-1, "/", p.Path)]
		if p.Hidden != (white || replaced) {
			t.Errorf("%s: hidden is %v", p.Path, p.Hidden)
		}
	}
	for _, p := range set.Plants {
		if p.Path == "" && !bytes.Contains(text, []byte(p.Place)) {
			t.Errorf("%s is not in the configuration", p.Place)
		}
	}
}

// TestScore scores reports of which the result is known.
func TestScore(t *testing.T) {
	set := one(t)
	report := &analyzer.Report{}
	if s := set.Score(report, "secrets"); s.Recall(nil) != 0 || len(s.Missed) != len(set.Plants) {
		t.Errorf("recall %v of an empty report", s.Recall(nil))
	}
	for _, p := range set.Plants {
		f := analyzer.FileFinding{Finding: analyzer.Finding{Rule: p.Format}, Analyzer: "secrets", Path: p.Path, Layer: p.Layer, Hidden: p.Hidden}
		switch {
		case p.Path != "":
		case p.Carrier == "image-env":
			f.Detail = "environment variable " + p.Place
		default:
			sum := sha256.Sum256([]byte(p.Secret.Parts[0]))
			f.Detail = "sha256:" + hex.EncodeToString(sum[:])
		}
		report.Findings = append(report.Findings, f)
	}
	s := set.Score(report, "secrets")
	if s.Recall(nil) != 1 || len(s.False) != 0 || s.Extra != 0 || len(s.Mismarked) != 0 {
		t.Errorf("a full report: %.300s", s)
	}
	if s := set.Score(report, "other"); s.Recall(nil) != 0 {
		t.Error("findings of another analyzer count")
	}
	m := set.Misses[0]
	report.Findings = append(report.Findings[1:], analyzer.FileFinding{Finding: analyzer.Finding{Rule: "x", Line: 3}, Analyzer: "secrets", Path: m.Path, Layer: m.Layer})
	s = set.Score(report, "secrets")
	first := set.Plants[0].Format
	if len(s.Missed) != 1 || len(s.False) != 1 || s.False[0] != (False{m.Kind, m.Path, m.Layer, 3, "x"}) || s.Recall(func(f string) bool { return f != first }) != 1 {
		t.Errorf("one missed, one false: %.300s", s)
	}
}

// TestLeaks plants secrets in outputs.
func TestLeaks(t *testing.T) {
	set := one(t)
	var clean bytes.Buffer // the files of near misses and the digests are no leaks
	for _, p := range set.Plants {
		sum := sha256.Sum256([]byte(p.Secret.Parts[0]))
		fmt.Fprintf(&clean, "%s %s %s %x\n", p.Format, p.Path, p.Place, sum)
	}
	for _, f := range Formats() {
		fmt.Fprintln(&clean, literal(f.Form))
	}
	if l := set.Leaks(clean.Bytes()); len(l) != 0 {
		t.Errorf("%d leaks in a clean output: %s %q", len(l), l[0].Plant.Format, l[0].Piece)
	}
	missed := 0
	var out bytes.Buffer
	for i := range set.Plants {
		part := set.Plants[i].Secret.Parts[0]
		if len(part) > 30 {
			part = part[len(part)-24 : len(part)-4] // without padding
		}
		switch i % 4 {
		case 0:
			fmt.Fprintf(&out, "x %s\n", part)
		case 1:
			fmt.Fprintf(&out, "x %s\n", base64.StdEncoding.EncodeToString([]byte("key:"+part)))
		case 2:
			fmt.Fprintf(&out, "x %x\n", part)
		case 3:
			for _, c := range part {
				out.Write([]byte{byte(c), 0})
			}
			out.WriteByte('\n')
		}
	}
	found := map[*Plant]bool{}
	for _, l := range set.Leaks(out.Bytes()) {
		found[l.Plant] = true
	}
	for i := range set.Plants {
		if p := &set.Plants[i]; !found[p] {
			if missed++; missed <= 10 {
				t.Logf("not seen: %s %q (%d)", p.Format, p.Secret.Parts[0], i%4)
			}
		}
	}
	if missed > len(set.Plants)/100 {
		t.Errorf("%d of %d leaks were not seen", missed, len(set.Plants))
	}
}

func read(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
