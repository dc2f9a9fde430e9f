package retrieve

import (
	"encoding/binary"
	"regexp"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// searching returns an analyzer for expressions NAME=REGEXP, one a line.
func searching(t testing.TB, o SearchOptions, expressions string) analyzer.Analyzer {
	t.Helper()
	for line := range strings.Lines(expressions) {
		e, err := ParseExpression(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		o.Expressions = append(o.Expressions, e)
	}
	return Search(o)
}

func TestSearch(t *testing.T) {
	const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
	for _, c := range []struct {
		name        string
		options     SearchOptions
		expressions string
		content     string
		want        string
	}{
		{"nothing", SearchOptions{}, "A=b+", "ac\n", ""},
		{"lines and columns", SearchOptions{}, "A=b+", "b\nabb b\n\n  b", `
			A:1:1 column="1" expression="A" match="b" offset="0"
			A:2:2 column="2" expression="A" match="bb" offset="3"
			A:2:5 column="5" expression="A" match="b" offset="6"
			A:4:3 column="3" expression="A" match="b" offset="11"`},
		{"several expressions", SearchOptions{}, "A=b\nC=d", "d b", `
			A:1:3 column="3" expression="A" match="b" offset="2"
			C:1:1 column="1" expression="C" match="d" offset="0"`},
		{"starts and ends of lines", SearchOptions{}, "A=^b$", "ab\nb\nba\n", `
			A:2:1 column="1" expression="A" match="b" offset="3"`},
		{"over line borders", SearchOptions{}, "A=(?s)begin.*?end", "begin\nx\nend end", `
			A:1:1 column="1" expression="A" match="begin\nx\nend" offset="0"`},
		{"an empty match", SearchOptions{}, "A=x*", "ab", ""},
		{"a binary file", SearchOptions{}, "A=ver[0-9]+", "\x7fELF\x00\x00ver12\x00\xff", `
			A:1:7 column="7" expression="A" match="ver12" offset="6"`},
		{"bytes that are not UTF-8", SearchOptions{}, "A=a.b", "a\xffb", `
			A:1:1 column="1" expression="A" match="a�b" offset="0"`},
		{"more matches", SearchOptions{MaxMatches: 2}, "A=b", "bbb", `
			A:1:1 column="1" expression="A" match="b" offset="0"
			A:1:2 column="2" expression="A" match="b" offset="1"
			too-large: more than 2 matches of A: too large`},
		{"a long match", SearchOptions{MaxText: 3}, "A=b+", strings.Repeat("b", 1000), `
			A:1:1 column="1" expression="A" match="bbb" offset="0" truncated="true"`},

		{"a secret", SearchOptions{}, "A=db.*", "db_password=hunter2", `
			A:1:1 column="1" expression="A" match="db_password=[redacted]" offset="0" redacted="true"`},
		{"a secret, raw", SearchOptions{Raw: true}, "A=db.*", "db_password=hunter2", `
			A:1:1 column="1" expression="A" match="db_password=hunter2" offset="0"`},
		{"a secret without its key", SearchOptions{}, "A=hunter.", "db_password=hunter2", `
			A:1:13 column="13" expression="A" match="[redacted]" offset="12" redacted="true"`},
		{"the middle of a private key", SearchOptions{}, "A=MI+E", key, `
			A:2:1 column="1" expression="A" match="[redacted]" offset="32" redacted="true"`},
		{"the beginning of a private key", SearchOptions{}, "A=BEGIN .*\n", key, `
			A:1:6 column="6" expression="A" match="BEGIN RSA PRIVATE KEY-----" offset="5"`},
		{"keep", SearchOptions{Keep: true}, "A=b", "b token=yz", `
			A:1:1 column="1" expression="A" match="b" offset="0"
			retrieved-file content="b token=[redacted]" encoding="text" redacted="true" size="10"`},
		{"keep without a match", SearchOptions{Keep: true}, "A=b", "c", ""},

		{"UTF-16", SearchOptions{}, "A=b+", "\xff\xfe" + inUTF16(binary.LittleEndian, "a\nbb\n"), `
			A:2:1 charset="utf-16le" column="1" expression="A" match="bb" offset="2"`},
	} {
		want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
		if got := records(t, searching(t, c.options, c.expressions), c.content, "sha256"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

// TestSecretExpression searches for a secret that no other rule knows.
func TestSecretExpression(t *testing.T) {
	e, err := ParseExpression("ID=ID-[0-9]+")
	if err != nil {
		t.Fatal(err)
	}
	e.Secret = true
	got := records(t, Search(SearchOptions{Expressions: []Expression{e}}), "x ID-123")
	if want := `ID:1:3 column="3" expression="ID" match="[redacted]" offset="2" redacted="true"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseExpression(t *testing.T) {
	for s, want := range map[string]string{
		"":          `retrieve: expression "": not NAME=REGEXP`,
		"abc":       `retrieve: expression "abc": not NAME=REGEXP`,
		"=abc":      `retrieve: expression "=abc": not NAME=REGEXP`,
		"A=":        `retrieve: expression "A=": not NAME=REGEXP`,
		"a b=c":     `retrieve: expression "a b=c": not NAME=REGEXP`,
		"A=(":       "retrieve: expression A: error parsing regexp: missing closing ): `(`",
		"A=)(":      "retrieve: expression A: error parsing regexp: unexpected ): `)(`",
		`A=(?=x)`:   "retrieve: expression A: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
		"A_1.b-c=d": "",
		"A=b=c":     "",
	} {
		got := ""
		if _, err := ParseExpression(s); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

// TestLiterals checks which expressions let a scan leave out files without reading them whole, and that the texts are in files with matches.
func TestLiterals(t *testing.T) {
	for expressions, want := range map[string]int{
		"A=AKIA[A-Z]{16}":                     3,
		"A=AKIA[A-Z]{16}\nB=-----BEGIN .*KEY": 6,
		"A=AKIA[A-Z]{16}\nB=[0-9]+":           0,
		"A=(?i)akia":                          0,
		"A=ab.*":                              0,
		"A=" + strings.Repeat("long", 50):     3,
	} {
		info := searching(t, SearchOptions{}, expressions).Info()
		if err := info.Validate(); err != nil || len(info.Contains) != want {
			t.Errorf("%q: %d texts, want %d, %v", expressions, len(info.Contains), want, err)
		}
	}
	texts := searching(t, SearchOptions{}, "A=AKIA").Info().Contains
	for i, content := range []string{"AKIA", inUTF16(binary.LittleEndian, "AKIA"), inUTF16(binary.BigEndian, "AKIA")} {
		if texts[i] != content {
			t.Errorf("got %q, want %q", texts[i], content)
		}
	}
}

func TestNoRegexp(t *testing.T) {
	a := Search(SearchOptions{Expressions: []Expression{{Name: "A"}}})
	if _, err := a.Analyze(t.Context(), analyzer.NewFile("f", 0o644, nil)); err == nil || a.Info().Unavailable == "" {
		t.Errorf("got %v, %+v", err, a.Info())
	}
}

// TestReports repeats situations that users of other scanners reported.
func TestReports(t *testing.T) {
	const token = "ggtt-v-12345azert"
	var (
		body = strings.Repeat("MIICWQIBAAKBgHsSuRPLMDrxcwMB9P6ubGFGmlSvHvSXq2kfwycrcEKf ", 4)
		one  = "private_key=-----BEGIN RSA PRIVATE KEY----- " + body + "-----END RSA PRIVATE KEY-----\n"
		two  = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n"
	)
	for _, c := range []struct {
		report, name, expression, content string
		keys                              string
		lacks                             string // must be in no field
	}{
		{"ggshield 335", "UTF-16 little endian without a mark", "T=ggtt-v-[a-z0-9]+", inUTF16(binary.LittleEndian, "token = \""+token+"\"\n"), "T:1:10", token},
		{"ggshield 335", "UTF-16 big endian with a mark", "T=ggtt-v-[a-z0-9]+", "\xfe\xff" + inUTF16(binary.BigEndian, "token = \""+token+"\"\n"), "T:1:10", token},
		{"envdrift 505", "UTF-16 with one more byte", "T=ggtt-v-[a-z0-9]+", inUTF16(binary.LittleEndian, "token = \""+token+"\"\n") + "x", "T:1:10", token},
		{"sensitive-canary 206", "zeros in front make ASCII look like UTF-16", "T=ggtt-v-[a-z0-9]+", strings.Repeat("A\x00", 2000) + "\nkey=" + token, "T:2:5", "\x00"},
		{"a mark in front of ASCII", "", "T=ggtt-v-[a-z0-9]+", "\xff\xfekey=" + token, "T:1:7", ""},
		{"trufflehog 2338", "a private key in one line", "K=-----BEGIN[A-Z ]*KEY-----(.|\\s)*?-----END[A-Z ]*KEY-----", one, "K:1:13", "MIICWQ"},
		{"gitleaks 1085", "two private keys are two matches", "K=(?s)-----BEGIN[A-Z ]*KEY-----.*?-----END[A-Z ]*KEY-----", two, "K:1:1 K:4:1", "AAAA"},
		{"gitleaks 395", "two secrets in one line", "P=pw=[a-z]+", "pw=abc pw=def", "P:1:1 P:1:8", "def"},
		{"trivy 11003", "secrets beside the match, in the same lines", "L=(?s)STRIPE.*?HOOK.*?\\n", "STRIPE_SECRET_KEY=\"aaaa\"\nWEBHOOK_SECRET=\"bbbb\"\n", "L:1:1", "bbbb"},
		{"detect-secrets 372", "a very long line", "S=secret=[a-z]+;", strings.Repeat("a=b;x.y(z);", 50_000) + "secret=abc;", "S:1:550001", ""},
		{"anchore content_search", "lines count from 1, and the match may be anywhere in the line", "U=sudo", "a\nrun sudo\n", "U:2:5", ""},
	} {
		a := searching(t, SearchOptions{}, c.expression)
		r, err := a.Analyze(t.Context(), analyzer.NewFile("f", 0o644, []byte(c.content)))
		if err != nil {
			t.Errorf("%s: %v", c.report, err)
			continue
		}
		var keys []string
		if r != nil {
			for _, record := range r.Records {
				keys = append(keys, record.Key)
				for k, v := range record.Fields {
					if c.lacks != "" && strings.Contains(v, c.lacks) {
						t.Errorf("%s: %s: field %s has %q", c.report, c.name, k, v)
					}
				}
			}
		}
		if got := strings.Join(keys, " "); got != c.keys {
			t.Errorf("%s: %s: got %q, want %q", c.report, c.name, got, c.keys)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"", "b\nb", "password=b", "\xff\xfeb\x00", "\x00b\x00b\x00b\x00b\x00b", "-----BEGIN PRIVATE KEY-----\nbbbb"} {
		f.Add([]byte(s))
	}
	a := searching(f, SearchOptions{MaxMatches: 4, MaxText: 8, Keep: true}, "A=b+\nB=(?s)b.*b\nC=.")
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := a.Analyze(t.Context(), analyzer.NewFile("f", 0o644, content))
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return
		}
		for _, record := range r.Records {
			if record.Kind == "content-match" && (record.Line < 1 || record.Line > 1+strings.Count(string(content), "\n")+len(content)/2 || record.Fields["match"] == "") {
				t.Errorf("%+v", record)
			}
		}
	})
}

// TestNames lets readers of a report know which expressions a search had: none found, and none looked for, differ.
func TestNames(t *testing.T) {
	e := func(name string) Expression { return Expression{Name: name, Regexp: regexp.MustCompile("x")} }
	for _, c := range []struct {
		list []Expression
		want string
	}{
		{nil, ""},
		{[]Expression{e("PIPE")}, "expressions PIPE"},
		{[]Expression{e("PIPE"), e("AWS_KEY")}, "expressions PIPE, AWS_KEY"},
		{[]Expression{e(strings.Repeat("x", 5000))}, ""},
	} {
		if got := Search(SearchOptions{Expressions: c.list}).Info().Data; got != c.want {
			t.Errorf("%d expressions: %q, want %q", len(c.list), got, c.want)
		}
	}
}
