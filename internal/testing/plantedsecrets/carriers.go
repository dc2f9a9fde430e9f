package plantedsecrets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"unicode/utf16"
)

// A carrier writes variables into a file.
type carrier struct {
	name  string
	path  string // with %d for the number of the file
	every int    // of so many formats, one uses the carrier: files above 1 MB are few
	write func(r *rand.Rand, vars []Var) []byte
}

// carriers returns all carriers that write files. The image's configuration and hidden files are in Image.
func carriers() []carrier {
	return []carrier{
		{"env", "srv/app-%d/.env", 1, env},
		{"yaml", "srv/app-%d/config/values.yaml", 1, yamlFile},
		{"json", "srv/app-%d/config/settings.json", 1, jsonFile},
		{"kubernetes", "srv/app-%d/deploy/secret.yaml", 1, kubernetes},
		{"utf16-le", "srv/app-%d/settings.ini", 1, utf16File(binary.LittleEndian)},
		{"utf16-be", "srv/app-%d/settings.ini", 1, utf16File(binary.BigEndian)},
		{"minified", "srv/app-%d/static/main.min.js", 12, minified},
		{"border-4k", "srv/app-%d/app.log", 1, border(4 << 10)},
		{"border-32k", "srv/app-%d/app.log", 2, border(32 << 10)},
		{"border-64k", "srv/app-%d/app.log", 2, border(64 << 10)},
		{"border-1m", "srv/app-%d/app.log", 12, border(1 << 20)},
		{"jar", "srv/app-%d/lib/app.jar", 1, jar},
		{"wheel", "srv/app-%d/dist/app-1.0-py3-none-any.whl", 1, wheel},
		{"sqlite", "srv/app-%d/data/app.db", 1, sqlite},
		{"pyc", "srv/app-%d/__pycache__/settings.cpython-312.pyc", 1, pyc},
		{"shell-history", "home/user-%d/.bash_history", 1, history},
		{"crlf", "srv/app-%d/.env", 1, func(r *rand.Rand, vars []Var) []byte {
			return bytes.ReplaceAll(env(r, vars), []byte("\n"), []byte("\r\n"))
		}},
		{"json-escapes", "srv/app-%d/config/settings.json", 1, jsonEscaped},
		{"xml-attribute", "srv/app-%d/web.config", 1, xmlFile},
		{"properties", "srv/app-%d/application.properties", 1, properties},
		{"python", "srv/app-%d/settings.py", 1, python},
		{"terraform", "srv/app-%d/terraform.tfvars", 1, terraform},
	}
}

// wrappers are the carriers of secrets that are files: they keep the content of the file.
func wrappers() []carrier {
	whole := func(s string) []byte { return []byte(s) }
	return []carrier{
		{"file", "", 1, func(r *rand.Rand, v []Var) []byte { return whole(v[0].Value) }},
		{"crlf", "", 1, func(r *rand.Rand, v []Var) []byte { return whole(strings.ReplaceAll(v[0].Value, "\n", "\r\n")) }},
		{"jar", "srv/file-%d/app.jar", 1, func(r *rand.Rand, v []Var) []byte { return zipped("BOOT-INF/classes/"+v[0].Name, v[0].Value) }},
		{"kubernetes", "srv/file-%d/secret.yaml", 1, kubernetes},
	}
}

// quoted returns a value in double quotes with escapes for the characters that end it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "$", `\$`).Replace(s) + `"`
}

func env(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("# " + fill(r, "[a-z]{4,9}") + "\nNODE_ENV=production\nPORT=8080\n")
	for _, v := range vars {
		if strings.ContainsAny(v.Value, "\n\"\\$ #&;'") {
			fmt.Fprintf(&b, "%s=%s\n", v.Name, quoted(v.Value))
		} else {
			fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
		}
	}
	b.WriteString("LOG_LEVEL=info\n")
	return b.Bytes()
}

func camel(name string) string {
	words := strings.Split(strings.ToLower(name), "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

func yamlFile(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "replicas: 2\nimage:\n  repository: %s\napp:\n  settings:\n", host(r))
	for _, v := range vars {
		if strings.Contains(v.Value, "\n") {
			fmt.Fprintf(&b, "    %s: |\n      %s\n", camel(v.Name), strings.ReplaceAll(strings.TrimSuffix(v.Value, "\n"), "\n", "\n      "))
		} else if plain(v.Value) {
			fmt.Fprintf(&b, "    %s: %s\n", camel(v.Name), v.Value)
		} else {
			fmt.Fprintf(&b, "    %s: '%s'\n", camel(v.Name), strings.ReplaceAll(v.Value, "'", "''"))
		}
	}
	b.WriteString("service:\n  port: 80\n")
	return b.Bytes()
}

// plain reports whether YAML reads a value as this text without quotes.
func plain(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF.xX+_") != "" && !strings.ContainsAny(s, "#:&*!|>%@`'\"{}[], ") && strings.IndexAny(s, "-?=~") != 0
}

func jsonFile(r *rand.Rand, vars []Var) []byte {
	m := map[string]string{"env": "production", "region": fill(r, "[a-z]{2}-[a-z]{4,5}-[1-3]")}
	for _, v := range vars {
		m[camel(v.Name)] = v.Value
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(0, e.Encode(map[string]any{"name": "app", "settings": m}))
	return b.Bytes()
}

// jsonEscaped escapes all characters other than letters and digits, as PHP, Java and Go do with some of them.
func jsonEscaped(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString(`{"name":"app"`)
	for _, v := range vars {
		fmt.Fprintf(&b, `,%q:"`, strings.ToLower(v.Name))
		for _, c := range v.Value {
			switch {
			case c == '/':
				b.WriteString(`\/`)
			case c == '\n':
				b.WriteString(`\n`)
			case c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':':
				b.WriteRune(c)
			default:
				fmt.Fprintf(&b, `\u%04x`, c)
			}
		}
		b.WriteByte('"')
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func kubernetes(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\ntype: Opaque\ndata:\n", user(r), user(r))
	for _, v := range vars {
		fmt.Fprintf(&b, "  %s: %s\n", strings.Trim(strings.ReplaceAll(v.Name, "/", "-"), "-"), b64(v.Value))
	}
	return b.Bytes()
}

func utf16File(order binary.AppendByteOrder) func(r *rand.Rand, vars []Var) []byte {
	return func(r *rand.Rand, vars []Var) []byte {
		text := "[" + user(r) + "]\r\n"
		for _, v := range vars {
			text += v.Name + "=" + strings.ReplaceAll(v.Value, "\n", "\r\n") + "\r\n"
		}
		b := order.AppendUint16(nil, 0xFEFF)
		for _, u := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
}

// minified returns one line above 1 MB with the variables somewhere in it.
func minified(r *rand.Rand, vars []Var) []byte {
	var piece strings.Builder
	for piece.Len() < 20_000 {
		piece.WriteString(statement(r))
	}
	var b bytes.Buffer
	for at := r.IntN(60); b.Len() < 1_200_000; at-- {
		if b.WriteString(piece.String()); at != 0 {
			continue
		}
		b.WriteString("var cfg={")
		for i, v := range vars {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `%s:"%s"`, camel(v.Name), strings.NewReplacer("\n", `\n`, `"`, `\"`).Replace(v.Value))
		}
		b.WriteString("};")
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// statement returns a piece of minified JavaScript.
func statement(r *rand.Rand) string {
	n := func() string { return string(rune('a' + r.IntN(26))) }
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("function %s(%s,%s){return %s.length>%d?%s(%s):null}", n(), n(), n(), n(), r.IntN(99), n(), n())
	case 1:
		return fmt.Sprintf("%s.prototype.%s=function(){this.%s=!%d};", n(), fill(r, "(render|update|mount|token|key|auth)[A-Z][a-z]{3,6}"), n(), r.IntN(2))
	case 2:
		return fmt.Sprintf("var %s=%s||%s,%s=[%d,%d,%d];", n(), n(), n(), n(), r.IntN(256), r.IntN(256), r.IntN(256))
	}
	return fmt.Sprintf(`%s.exports={id:%d,key:"%s",password:%s.value};`, n(), r.IntN(9999), fill(r, "[a-z]{3,8}"), n())
}

// border returns a log in which the offset of a chunk lies in the secret.
func border(offset int) func(r *rand.Rand, vars []Var) []byte {
	return func(r *rand.Rand, vars []Var) []byte {
		var text bytes.Buffer
		start := 0
		for _, v := range vars {
			if v.Secret {
				start = text.Len() + len(v.Name) + 1
			}
			fmt.Fprintf(&text, "%s=%s\n", v.Name, v.Value)
		}
		secret := vars[len(vars)-1].Value
		begin := offset - start - 1 - r.IntN(len(secret)-1) // at least one byte on either side
		var lines strings.Builder
		for range 100 {
			lines.WriteString(logLine(r))
		}
		var b bytes.Buffer
		for b.Len() < begin {
			b.WriteString(lines.String())
		}
		b.Truncate(bytes.LastIndexByte(b.Bytes()[:max(begin-1, 1)], '\n') + 1)
		b.WriteString(strings.Repeat(".", begin-b.Len()-1) + "\n")
		b.Write(text.Bytes())
		for range 40 {
			b.WriteString(logLine(r))
		}
		return b.Bytes()
	}
}

func logLine(r *rand.Rand) string {
	return fmt.Sprintf("2026-03-%02dT%02d:%02d:%02dZ INFO request path=/%s status=200 ms=%d\n", 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), fill(r, "[a-z]{3,9}/[a-z]{3,9}"), r.IntN(900))
}

func zipped(name, content string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, content string) {
		w := must(z.Create(name))
		must(w.Write([]byte(content)))
	}
	add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nCreated-By: 21 (Example)\r\n\r\n")
	add(name, content)
	must(0, z.Close())
	return b.Bytes()
}

func jar(r *rand.Rand, vars []Var) []byte {
	return zipped("BOOT-INF/classes/application.properties", string(properties(r, vars)))
}

func wheel(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"app/__init__.py", "from .settings import *\n"},
		{"app/settings.py", string(python(r, vars))},
		{"app-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n"},
		{"app-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	} {
		must(must(z.Create(f[0])).Write([]byte(f[1])))
	}
	must(0, z.Close())
	return b.Bytes()
}

func history(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("ls -la\ncd /srv/" + user(r) + "\n")
	for _, v := range vars {
		fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	b.WriteString("make deploy\nexit\n")
	return b.Bytes()
}

func xmlFile(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n  <appSettings>\n")
	for _, v := range vars {
		fmt.Fprintf(&b, "    <add key=\"%s\" value=\"", v.Name)
		must(0, xml.EscapeText(&b, []byte(v.Value)))
		b.WriteString("\" />\n")
	}
	b.WriteString("  </appSettings>\n</configuration>\n")
	return b.Bytes()
}

// properties escapes as java.util.Properties does: "=" and ":" have a backslash.
func properties(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("spring.application.name=" + user(r) + "\n")
	for _, v := range vars {
		fmt.Fprintf(&b, "app.%s=%s\n", strings.ReplaceAll(strings.ToLower(v.Name), "_", "-"),
			strings.NewReplacer(`\`, `\\`, "\n", `\n`, "=", `\=`, ":", `\:`, "#", `\#`, "!", `\!`).Replace(v.Value))
	}
	return b.Bytes()
}

func python(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("import os\n\nDEBUG = False\n")
	for _, v := range vars {
		fmt.Fprintf(&b, "%s = \"%s\"\n", v.Name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(v.Value))
	}
	return b.Bytes()
}

func terraform(r *rand.Rand, vars []Var) []byte {
	var b bytes.Buffer
	b.WriteString("region = \"" + fill(r, "eu-[a-z]{4,5}-1") + "\"\n")
	for _, v := range vars {
		if strings.Contains(v.Value, "\n") {
			fmt.Fprintf(&b, "%s = <<EOT\n%sEOT\n", strings.ToLower(v.Name), v.Value)
		} else {
			fmt.Fprintf(&b, "%s = \"%s\"\n", strings.ToLower(v.Name), strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{").Replace(v.Value))
		}
	}
	return b.Bytes()
}

// sqlite returns a database with the table settings(name, value) and one row a variable. Long values go to overflow pages.
func sqlite(r *rand.Rand, vars []Var) []byte {
	const page = 4096
	pages := make([][]byte, 2)
	leaf := func(number, offset int, records [][]byte) []byte {
		p := make([]byte, page)
		end := page
		var pointers []int
		for i, rec := range records {
			cell := sqliteVarint(sqliteVarint(nil, len(rec)), i+1)
			if local := len(rec); local <= page-35 {
				cell = append(cell, rec...)
			} else {
				least := (page-12)*32/255 - 23
				local = least + (len(rec)-least)%(page-4)
				if local > page-35 {
					local = least
				}
				cell = binary.BigEndian.AppendUint32(append(cell, rec[:local]...), uint32(len(pages)+1))
				for rest := rec[local:]; len(rest) > 0; {
					n := min(page-4, len(rest))
					o := make([]byte, page)
					if len(rest) > n {
						binary.BigEndian.PutUint32(o, uint32(len(pages)+2))
					}
					copy(o[4:], rest[:n])
					pages, rest = append(pages, o), rest[n:]
				}
			}
			end -= len(cell)
			copy(p[end:], cell)
			pointers = append(pointers, end)
		}
		p[offset] = 13 // a leaf of a table
		binary.BigEndian.PutUint16(p[offset+3:], uint16(len(records)))
		binary.BigEndian.PutUint16(p[offset+5:], uint16(end))
		for i, at := range pointers {
			binary.BigEndian.PutUint16(p[offset+8+2*i:], uint16(at))
		}
		return p
	}
	var rows [][]byte
	for _, v := range vars {
		rows = append(rows, sqliteRecord(v.Name, v.Value))
	}
	pages[1] = leaf(2, 0, rows)
	pages[0] = leaf(1, 100, [][]byte{sqliteRecord("table", "settings", "settings", 2, "CREATE TABLE settings(name TEXT, value TEXT)")})
	h := pages[0]
	copy(h, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(h[16:], page)
	copy(h[18:], []byte{1, 1, 0, 64, 32, 32, 0, 0, 0, 1})
	binary.BigEndian.PutUint32(h[28:], uint32(len(pages)))
	binary.BigEndian.PutUint32(h[40:], 1) // schema cookie
	binary.BigEndian.PutUint32(h[44:], 4) // schema format
	binary.BigEndian.PutUint32(h[56:], 1) // UTF-8
	binary.BigEndian.PutUint32(h[92:], 1)
	binary.BigEndian.PutUint32(h[96:], 3045000)
	return bytes.Join(pages, nil)
}

func sqliteVarint(b []byte, n int) []byte {
	if n >= 1<<14 {
		return append(b, byte(n>>14)|0x80, byte(n>>7)|0x80, byte(n&127))
	}
	if n >= 1<<7 {
		return append(b, byte(n>>7)|0x80, byte(n&127))
	}
	return append(b, byte(n))
}

// sqliteRecord returns a record of texts and of numbers below 128.
func sqliteRecord(values ...any) []byte {
	var head, body []byte
	for _, v := range values {
		switch v := v.(type) {
		case string:
			head, body = sqliteVarint(head, 13+2*len(v)), append(body, v...)
		case int:
			head, body = sqliteVarint(head, 1), append(body, byte(v))
		}
	}
	return append(append(sqliteVarint(nil, len(head)+1), head...), body...)
}

// pyc returns what Python 3.12 compiles assignments to: a header and a marshalled code object.
func pyc(r *rand.Rand, vars []Var) []byte {
	le := binary.LittleEndian
	b := append([]byte{0xCB, 0x0D, '\r', '\n'}, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(1700000000+r.IntN(9e7)))
	b = le.AppendUint32(b, uint32(r.IntN(9999)))
	long := func(b []byte, s string) []byte { return append(le.AppendUint32(append(b, 's'), uint32(len(s))), s...) }
	text := func(b []byte, s string) []byte {
		if len(s) < 256 {
			return append(append(b, 'z', byte(len(s))), s...) // short ASCII
		}
		return append(le.AppendUint32(append(b, 'a'), uint32(len(s))), s...)
	}
	code := []byte{151, 0} // RESUME
	for i := range vars {
		code = append(code, 100, byte(i), 90, byte(i)) // LOAD_CONST, STORE_NAME
	}
	code = append(code, 121, byte(len(vars))) // RETURN_CONST None
	b = append(b, 'c')
	for _, n := range []uint32{0, 0, 0, 1, 0} { // counts of arguments, stack size, flags
		b = le.AppendUint32(b, n)
	}
	b = long(b, string(code))
	b = append(b, ')', byte(len(vars)+1))
	for _, v := range vars {
		b = text(b, v.Value)
	}
	b = append(b, 'N', ')', byte(len(vars)))
	for _, v := range vars {
		b = append(append(b, 'Z', byte(len(v.Name))), v.Name...)
	}
	b = append(b, ')', 0)
	b = long(b, "")
	b = text(text(text(b, "/srv/settings.py"), "<module>"), "<module>")
	b = le.AppendUint32(b, 1)
	return long(long(b, ""), "")
}

// png returns an image of random pixels as PNG, for near misses.
func png(r *rand.Rand, size int) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		b = append(append(b, kind...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[len(b)-len(data)-4:]))
	}
	chunk("IHDR", []byte{0, 0, 0, 16, 0, 0, 0, 16, 8, 2, 0, 0, 0})
	chunk("IDAT", random(r, size))
	chunk("IEND", nil)
	return b
}
