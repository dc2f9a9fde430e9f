package plantedsecrets

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
)

func entries(t *testing.T, r io.ReadCloser) map[string][]byte {
	t.Helper()
	defer r.Close()
	m := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
		m[h.Name] = read(t, tr)
	}
}

// samples are variables of all shapes: a token, a pair, keys of several lines, and values with characters that formats escape.
func samples(t *testing.T) map[string][]Var {
	m := map[string][]Var{
		"odd": {{Name: "ODD", Value: `a\b"c'd&e<f>g#h=i:j!k/l+m $n{o}%{p} ;q`, Secret: true}},
	}
	for _, f := range Formats() {
		if f.file == nil && !strings.Contains(f.Name, "rsa-pkcs8") {
			m[f.Name] = f.Value(source(11)).Vars
		}
	}
	return m
}

// TestCarriersDecode reads each carrier with a decoder of its format.
func TestCarriersDecode(t *testing.T) {
	for name, vars := range samples(t) {
		for _, c := range carriers() {
			if c.every > 1 && name != "github-pat" && name != "rsa-pkcs1" && name != "weak-password" {
				continue
			}
			content := c.write(source(1), vars)
			if !bytes.Equal(content, c.write(source(1), vars)) {
				t.Errorf("%s: not deterministic", c.name)
			}
			got := decode(t, c.name, content)
			for _, v := range vars {
				if name == "odd" && (c.name == "minified" || strings.HasPrefix(c.name, "border")) {
					continue // no format with escapes
				}
				if !got(v) {
					t.Errorf("%s: %s of %s does not come back from\n%.600s", c.name, v.Name, name, content)
				}
			}
		}
	}
}

// decode returns a function that reports whether a variable with its value is in a file.
func decode(t *testing.T, carrier string, content []byte) func(v Var) bool {
	t.Helper()
	text := string(content)
	is := func(m map[string]string, key func(name string) string) func(v Var) bool {
		return func(v Var) bool { return m[key(v.Name)] == v.Value }
	}
	same := func(s string) string { return s }
	switch carrier {
	case "env", "crlf":
		return is(assignments(strings.ReplaceAll(text, "\r\n", "\n")), same)
	case "yaml":
		var m struct {
			App struct{ Settings map[string]string }
		}
		if err := yaml.Unmarshal(content, &m); err != nil {
			t.Errorf("%v: %s", err, content)
		}
		return is(m.App.Settings, camel)
	case "kubernetes":
		var m struct{ Data map[string]string }
		if err := yaml.Unmarshal(content, &m); err != nil {
			t.Error(err)
		}
		return func(v Var) bool {
			b, err := base64.StdEncoding.DecodeString(m.Data[v.Name])
			return err == nil && string(b) == v.Value
		}
	case "json":
		var m struct{ Settings map[string]string }
		if err := json.Unmarshal(content, &m); err != nil {
			t.Error(err)
		}
		return is(m.Settings, camel)
	case "json-escapes":
		var m map[string]string
		if err := json.Unmarshal(content, &m); err != nil {
			t.Error(err)
		}
		return is(m, strings.ToLower)
	case "utf16-le", "utf16-be":
		var order binary.ByteOrder = binary.LittleEndian
		if carrier == "utf16-be" {
			order = binary.BigEndian
		}
		var u []uint16
		for i := 2; i < len(content); i += 2 {
			u = append(u, order.Uint16(content[i:]))
		}
		text = strings.ReplaceAll(string(utf16.Decode(u)), "\r\n", "\n")
		return func(v Var) bool { return strings.Contains(text, v.Name+"="+v.Value+"\n") }
	case "minified":
		if strings.Count(text, "\n") != 1 || len(text) < 1<<20 {
			t.Errorf("minified: %d lines, %d bytes", strings.Count(text, "\n"), len(text))
		}
		return func(v Var) bool {
			return strings.Contains(text, camel(v.Name)+`:"`+strings.ReplaceAll(v.Value, "\n", `\n`)+`"`)
		}
	case "border-4k", "border-32k", "border-64k", "border-1m":
		offset := map[string]int{"border-4k": 4 << 10, "border-32k": 32 << 10, "border-64k": 64 << 10, "border-1m": 1 << 20}[carrier]
		return func(v Var) bool {
			at := strings.Index(text, "\n"+v.Name+"="+v.Value+"\n") + len(v.Name) + 2
			return at > len(v.Name)+1 && (!v.Secret || at < offset && offset < at+len(v.Value))
		}
	case "jar":
		return is(propertiesOf(member(t, content, "BOOT-INF/classes/application.properties")), func(s string) string { return "app." + strings.ReplaceAll(strings.ToLower(s), "_", "-") })
	case "properties":
		return is(propertiesOf(text), func(s string) string { return "app." + strings.ReplaceAll(strings.ToLower(s), "_", "-") })
	case "wheel":
		return is(assignments(strings.ReplaceAll(member(t, content, "app/settings.py"), " = ", "=")), same)
	case "python":
		return is(assignments(strings.ReplaceAll(text, " = ", "=")), same)
	case "terraform":
		return func(v Var) bool {
			value := strings.NewReplacer("${", "$${", "%{", "%%{", `\`, `\\`, `"`, `\"`).Replace(v.Value)
			return strings.Contains(text, strings.ToLower(v.Name)+" = \""+value+"\"\n") || strings.Contains(text, strings.ToLower(v.Name)+" = <<EOT\n"+v.Value+"EOT\n")
		}
	case "shell-history":
		return func(v Var) bool {
			return strings.Contains(text, "\nexport "+v.Name+"='"+strings.ReplaceAll(v.Value, "'", `'\''`)+"'\n")
		}
	case "xml-attribute":
		var x struct {
			Add []struct {
				Key   string `xml:"key,attr"`
				Value string `xml:"value,attr"`
			} `xml:"appSettings>add"`
		}
		if err := xml.Unmarshal(content, &x); err != nil {
			t.Error(err)
		}
		m := map[string]string{}
		for _, a := range x.Add {
			m[a.Key] = a.Value
		}
		return is(m, same)
	case "sqlite", "pyc": // TestSQLite and TestPython read them with the native tools
		return func(v Var) bool { return len(v.Value) > 3000 || bytes.Contains(content, []byte(v.Value)) }
	}
	t.Errorf("no decoder of %s", carrier)
	return func(Var) bool { return false }
}

// assignments reads lines NAME=VALUE, with escapes in double quotes.
func assignments(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if strings.HasPrefix(value, `"`) {
			value = regexp.MustCompile(`\\(.)`).ReplaceAllStringFunc(value[1:len(value)-1], func(s string) string {
				if s == `\n` {
					return "\n"
				}
				return s[1:]
			})
		}
		m[name] = value
	}
	return m
}

// propertiesOf reads a file as java.util.Properties documents it.
func propertiesOf(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		var b strings.Builder
		for i := 0; i < len(value); i++ {
			if value[i] == '\\' {
				if i++; value[i] == 'n' {
					b.WriteByte('\n')
					continue
				}
			}
			b.WriteByte(value[i])
		}
		m[name] = b.String()
	}
	return m
}

func member(t *testing.T, archive []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return string(read(t, f))
}

// TestSQLite reads databases with the sqlite3 tool.
func TestSQLite(t *testing.T) {
	tool, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip(err)
	}
	long := strings.Repeat("0123456789", 1500)
	for name, vars := range map[string][]Var{
		"github-pat": get(t, "github-pat").Value(source(1)).Vars, "aws-key-pair": get(t, "aws-key-pair").Value(source(1)).Vars,
		"rsa-pkcs1": get(t, "rsa-pkcs1").Value(source(1)).Vars, "long": {{Name: "LONG", Value: long}}, "5000": {{Name: "LONG", Value: long[:5000]}}, "4100": {{Name: "LONG", Value: long[:4100]}},
	} {
		file := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(file, sqlite(source(1), vars), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-json", file, "PRAGMA integrity_check; SELECT name, value FROM settings").CombinedOutput()
		_, rows, ok := strings.Cut(string(out), `[{"integrity_check":"ok"}]`)
		var got []struct{ Name, Value string }
		if err != nil || !ok || json.Unmarshal([]byte(rows), &got) != nil || len(got) != len(vars) {
			t.Errorf("%s: %v: %.500s", name, err, out)
			continue
		}
		for i, v := range vars {
			if got[i].Name != v.Name || got[i].Value != v.Value {
				t.Errorf("%s: %s differs", name, v.Name)
			}
		}
	}
}

// TestPython runs compiled files with Python 3.12.
func TestPython(t *testing.T) {
	tool := ""
	home, _ := os.UserHomeDir()
	others, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.12.*/bin/python3.12"))
	for _, name := range append(others, "python3.12", "python3") {
		if out, err := exec.CommandContext(t.Context(), name, "-c", "import sys; print(sys.version_info[:2] == (3, 12))").Output(); err == nil && strings.TrimSpace(string(out)) == "True" {
			tool = name
			break
		}
	}
	if tool == "" {
		t.Skip("no Python 3.12")
	}
	for _, name := range []string{"github-pat", "aws-key-pair", "rsa-pkcs1", "1password-service"} {
		vars := get(t, name).Value(source(1)).Vars
		file := filepath.Join(t.TempDir(), "settings.pyc")
		if err := os.WriteFile(file, pyc(source(1), vars), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-c", "import json, marshal, sys\nb = open(sys.argv[1], 'rb').read()\nimport importlib.util\nassert b[:4] == importlib.util.MAGIC_NUMBER\nns = {}\nexec(marshal.loads(b[16:]), ns)\nprint(json.dumps({k: v for k, v in ns.items() if k != '__builtins__'}))", file).CombinedOutput()
		var got map[string]string
		if err != nil || json.Unmarshal(out, &got) != nil {
			t.Errorf("%s: %v: %s", name, err, out)
			continue
		}
		for _, v := range vars {
			if got[v.Name] != v.Value {
				t.Errorf("%s: %s is %s", name, v.Name, strconv.Quote(got[v.Name]))
			}
		}
	}
}
