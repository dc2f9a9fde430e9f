package accounts

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// fuzz runs the parser of one file: results are valid UTF-8, bounded, and have the line of the file.
func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o600, []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(text, "\n") + 1
		keys := make(map[string]bool)
		for _, rec := range r.Records {
			if rec.Line < 1 || rec.Line > lines || !utf8.ValidString(rec.Key) {
				t.Errorf("%+v", rec)
			}
			id := rec.Kind + "\x00" + rec.Key
			if keys[id] && !strings.Contains(rec.Key, " #") {
				t.Errorf("%q is the key of two records", rec.Key)
			}
			keys[id] = true
			for k, v := range rec.Fields {
				if v == "" || !utf8.ValidString(v) {
					t.Errorf("%s: %q", k, v)
				}
			}
		}
		for _, finding := range r.Findings {
			if finding.Line < 1 || finding.Line > lines || finding.Rule == "" || len(finding.Title) > 4*maxText {
				t.Errorf("%+v", finding)
			}
		}
		if len(r.Diagnostics) > diagnostic.Max+1 {
			t.Errorf("%d diagnostics", len(r.Diagnostics))
		}
		if len(r.Fact) > 0 {
			for _, j := range New().(analyzer.Joiner).Join(t.Context(), []analyzer.Fact{{Path: "etc/passwd", Data: []byte("passwd\nroot")}, {Path: name, Data: r.Fact}}) {
				if j.Err != nil {
					t.Error(j.Err)
				}
			}
		}
	})
}

func FuzzPasswd(f *testing.F) { fuzz(f, "etc/passwd", passwdText, "+::::::\n-a\n") }
func FuzzShadow(f *testing.F) {
	fuzz(f, "etc/shadow", "root::1:2:3:4:5:6:\na:$6$x:\n+\n", "root:::0:::::\n")
}
func FuzzGroup(f *testing.F)   { fuzz(f, "etc/group", "root:x:0:\na::1:b,c\n+:::\n") }
func FuzzGshadow(f *testing.F) { fuzz(f, "etc/gshadow", "root:*::\na::b:c,d\n") }
func FuzzSudoers(f *testing.F) {
	fuzz(f, "etc/sudoers", append(sudoersTexts, "@include a\nDefaults:a !authenticate\n")...)
}
func FuzzDoas(f *testing.F) {
	fuzz(f, "etc/doas.conf", "permit nopass setenv { A=b } bob as root cmd /bin/ls args \"a b\"\ndeny :x\n")
}

func FuzzAuthorizedKeys(f *testing.F) {
	fuzz(f, "root/.ssh/authorized_keys",
		"no-pty,environment=\"A=b\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3cRVsbQ8C5k1u6w0x9r0Zf4c9u1n0g7y8Jk2l3m4n5 me\n",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQ==\n", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAABBA==\n")
}
