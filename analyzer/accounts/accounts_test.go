package accounts

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

// analyze returns the records, findings and diagnostics of a file, one a line.
func analyze(t testing.TB, name, text string) string {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o600, []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return describe(r)
}

func describe(r *analyzer.Result) string {
	if r == nil {
		return "not read\n"
	}
	var b strings.Builder
	for _, rec := range r.Records {
		fmt.Fprintf(&b, "%d %s [%s]", rec.Line, rec.Kind, rec.Key)
		for _, k := range slices.Sorted(maps.Keys(rec.Fields)) {
			fmt.Fprintf(&b, " %s=%s", k, rec.Fields[k])
		}
		b.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%d %s %s: %s\n", f.Line, f.Severity, f.Rule, f.Title)
	}
	if err := diagnostic.Err(r, nil); err != nil {
		fmt.Fprintf(&b, "%v\n", err)
	}
	return b.String()
}

// findings returns the findings of a file.
func findings(t testing.TB, name, text string) string {
	var list []string
	for line := range strings.Lines(analyze(t, name, text)) {
		for _, severity := range []string{"info", "low", "medium", "high", "critical"} {
			if _, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(rest, severity+" ") {
				list = append(list, line)
			}
		}
	}
	return strings.Join(list, "")
}

func TestFiles(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"an ordinary passwd", "etc/passwd", "root:x:0:0:root:/root:/bin/bash\nwww:*:33:33::/var/www:/usr/sbin/nologin\n", `
1 account [root] gid=0 home=/root name=root password=shadow shell=/bin/bash uid=0
2 account [www] gid=33 home=/var/www name=www password=locked shell=/usr/sbin/nologin uid=33
`},
		{"glibc reads signs, blanks and zeros before a UID", "etc/passwd", "toor:x:+0:0::/:/bin/sh\nevil:x: 00:0::/:/bin/sh\nhex:x:0x0:0::/:/bin/sh\n", `
1 account [toor] gid=0 home=/ name=toor password=shadow shell=/bin/sh uid=0
2 account [evil] gid=0 home=/ name=evil password=shadow shell=/bin/sh uid=0
1 high second-root: account toor has UID 0: it is root by another name
2 high second-root: account evil has UID 0: it is root by another name
line 3: not an account: name "hex", UID "0x0"
`},
		{"musl keeps 32 bits of a UID", "etc/passwd", "a:x:4294967296:0::/:/bin/sh\nb:x:4294967297:0::/:/bin/sh\n", `
1 high second-root: UID 4294967296 of account a is 0 for musl
line 1: not an account: name "a", UID "4294967296"
line 2: not an account: name "b", UID "4294967297"
`},
		{"an empty password in passwd counts if the account can log in", "etc/passwd", "a::1:1::/:/bin/sh\nb::2:2::/:/bin/false\nc::3:3::/:\n", `
1 account [a] gid=1 home=/ name=a password=empty shell=/bin/sh uid=1
2 account [b] gid=2 home=/ name=b password=empty shell=/bin/false uid=2
3 account [c] gid=3 home=/ name=c password=empty uid=3
1 high empty-password: a logs in without a password
3 high empty-password: c logs in without a password
`},
		{"blank lines, comments, a line that is cut short, an entry twice", "etc/passwd", "\n# none\nroot\nroot:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\r\n", `
4 account [root] gid=0 home=/ name=root password=shadow shell=/bin/sh uid=0
5 account [root #2] gid=0 home=/ name=root password=shadow shell=/bin/sh uid=0
line 3: 1 fields, want 7
`},
		{"lines of a network service", "etc/passwd", "+@admins::::::\n-bob::::::\n+::::::\n", `
1 include [+@admins] name=+@admins source=nis
2 include [-bob] name=-bob source=nis
3 include [+] name=+ source=nis
1 low network-accounts: the line +@admins takes entries from a network service
3 low network-accounts: the line + takes entries from a network service
`},
		{"states of passwords, never a hash", "etc/shadow", "root:$6$abc$0123456789:19000:0:99999:7:::\na:!$1$x$y:0:::::20000:\nb:$1$x$y:::::::\nc:abJnggxhB/yWI:::::::\nd::::::::\n", `
1 password [root] last-change=19000 maximum-days=99999 minimum-days=0 name=root state=sha512crypt warning-days=7
2 password [a] expires=20000 last-change=0 name=a state=locked
3 password [b] name=b state=md5crypt
4 password [c] name=c state=descrypt
5 password [d] name=d state=empty
1 low password-hash: the image contains the password hash of root: sha512crypt
3 medium weak-password-hash: the password of b has a weak hash: md5crypt
4 medium weak-password-hash: the password of c has a weak hash: descrypt
5 high empty-password: d logs in without a password
`},
		{"groups", "etc/group", "root:x:0:\nwheel:x:10:alice, bob\nold:abJnggxhB/yWI:11:\nbad:x:ten:\n", `
1 group [root] gid=0 name=root password=shadow
2 group [wheel] gid=10 members=alice,bob name=wheel password=shadow
3 group [old] gid=11 name=old password=descrypt
3 medium weak-password-hash: the password of group old has a weak hash: descrypt
line 4: not a group: name "bad", GID "ten"
`},
		{"passwords of groups", "etc/gshadow", "root:*::\nwheel:!:alice:alice,bob\nopen:::\n", `
1 group-password [root] name=root state=locked
2 group-password [wheel] administrators=alice members=alice,bob name=wheel state=locked
3 group-password [open] name=open state=empty
`},
		{"sudo skips names with a dot or a tilde", "etc/sudoers.d/admins.bak", "a ALL=NOPASSWD: ALL\n", "\nnot read\n"},
		{"doas", "etc/doas.conf", "# all\npermit persist :wheel\npermit nopass keepenv setenv { TOKEN=geheim PATH } alice as root cmd /bin/ls args \"a b\"\npermit nopass bob\ndeny eve\npermit nopass carl as www\nallow x\n", `
2 doas-rule [permit persist :wheel] action=permit identity=:wheel options=persist
3 doas-rule [permit nopass keepenv setenv alice as root cmd /bin/ls args a b] action=permit command=/bin/ls args a b identity=alice options=nopass,keepenv,setenv run-as=root
4 doas-rule [permit nopass bob] action=permit identity=bob options=nopass
5 doas-rule [deny eve] action=deny identity=eve
6 doas-rule [permit nopass carl as www] action=permit identity=carl options=nopass run-as=www
3 medium passwordless-doas: alice may run /bin/ls args a b as root without a password
4 high passwordless-doas: bob may run any command as any account without a password
6 low passwordless-doas: carl may run any command as www without a password
line 7: not a rule: "allow"
`},
	} {
		if got, want := analyze(t, c.file, c.text), strings.TrimPrefix(c.want, "\n"); got != want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, want)
		}
	}
}

// TestPermissions shows that the mode of a file counts, even if the file is empty.
func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		name string
		mode uint32
		want string
	}{
		{"etc/passwd", 0o644, ""},
		{"etc/passwd", 0o666, "0 high writable-by-everyone: every account may change passwd\n"},
		{"etc/shadow", 0o640, ""},
		{"etc/shadow", 0o644, "0 medium readable-by-everyone: every account may read the password hashes in shadow\n"},
		{"root/.ssh/authorized_keys", 0o602, "0 high writable-by-everyone: every account may change authorized_keys\n"},
	} {
		f := analyzer.NewFile(c.name, 0, nil)
		f.Mode = f.Mode&^0o777 | 0o777&fs.FileMode(c.mode)
		r, err := New().Analyze(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(r); got != c.want {
			t.Errorf("%s %o: %q, want %q", c.name, c.mode, got, c.want)
		}
	}
}

// TestJoin shows that passwd decides about empty passwords in shadow, whichever layers have the files.
func TestJoin(t *testing.T) {
	shadow := "root::1:0:99999:7:::\ngames::1:0:99999:7:::\ngone::1::::::\nbin:$1$a$b:1::::::\n"
	for _, c := range []struct{ name, passwd, want string }{
		{"with a shell", "root:x:0:0::/root:/bin/sh\ngames:x:5:5::/:/usr/sbin/nologin\n",
			"1 high empty-password: root logs in without a password\n4 medium weak-password-hash: the password of bin has a weak hash: md5crypt\n"},
		{"nobody logs in", "root:x:0:0::/root:/sbin/nologin\n", "4 medium weak-password-hash: the password of bin has a weak hash: md5crypt\n"},
		{"without passwd", "", "1 high empty-password: root logs in without a password\n2 high empty-password: games logs in without a password\n" +
			"3 high empty-password: gone logs in without a password\n4 medium weak-password-hash: the password of bin has a weak hash: md5crypt\n"},
	} {
		a := New()
		var facts []analyzer.Fact
		var results []*analyzer.Result
		for _, f := range []struct{ name, text string }{{"etc/passwd", c.passwd}, {"etc/shadow", shadow}, {"usr/lib/passwd", "x:x:1:1::/:/bin/sh\n"}} {
			if f.text == "" {
				continue
			}
			r, err := a.Analyze(t.Context(), analyzer.NewFile(f.name, 0o600, []byte(f.text)))
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, analyzer.Fact{Path: f.name, Data: r.Fact})
			results = append(results, r)
		}
		joined := a.(analyzer.Joiner).Join(t.Context(), facts)
		got, records := "", 0
		for i, f := range facts {
			if joined[i].Err != nil {
				t.Error(joined[i].Err)
			}
			r := joined[i].Result
			if r == nil {
				r = results[i]
			}
			if f.Path == "etc/shadow" {
				records = len(r.Records)
				for _, finding := range r.Findings {
					got += fmt.Sprintf("%d %s %s: %s\n", finding.Line, finding.Severity, finding.Rule, finding.Title)
				}
			}
		}
		if got != c.want || records != 4 {
			t.Errorf("%s: %d records, got\n%swant\n%s", c.name, records, got, c.want)
		}
	}
}

// TestNoHash scans every file for a hash and a key, which must appear nowhere in a result.
func TestNoHash(t *testing.T) {
	const hash, key = "$6$saltsalt$Zm9vYmFyYmF6", "AAAAC3NzaC1lZDI1NTE5AAAAIJ3cRVsbQ8C5k1u6w0x9r0Zf4c9u1n0g7y8Jk2l3m4n5"
	for name, text := range map[string]string{
		"etc/passwd":                "a:" + hash + ":1:1::/:/bin/sh\n",
		"etc/shadow":                "a:" + hash + ":1:::::\nb::::::::\n",
		"etc/group":                 "a:" + hash + ":1:\n",
		"etc/gshadow":               "a:" + hash + "::\n",
		"root/.ssh/authorized_keys": "environment=\"TOKEN=" + hash + "\",restrict ssh-ed25519 " + key + " me\n",
	} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o600, []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprintf("%+v %s", r, r.Fact); len(r.Records) == 0 || strings.Contains(all, hash) || strings.Contains(all, key) {
			t.Errorf("%s: %s", name, all)
		}
	}
}

// TestHostile reads large files of the worst form, within bounds of records and time.
func TestHostile(t *testing.T) {
	var aliases strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&aliases, "Cmnd_Alias A%d = A%d, A%d\n", i, i+1, i+1)
	}
	aliases.WriteString("a ALL = NOPASSWD: A0\n")
	users := strings.Repeat("user,", 6000) + "x"
	for _, c := range []struct{ name, text string }{
		{"etc/passwd", strings.Repeat("a::0:0:::\n", 400000)},
		{"etc/shadow", strings.Repeat("a:\n", 1<<20)},
		{"etc/sudoers", strings.Repeat("a\\\n", 1<<20)},
		{"etc/sudoers", strings.Repeat("a = b, \\\n", 1<<18)},
		{"etc/sudoers", strings.Repeat("\\", 4<<20)},
		{"etc/sudoers", strings.Repeat(strings.Repeat("\\ ", 20000)+"\n", 100)},
		{"etc/sudoers", strings.Repeat(users+" ALL = NOPASSWD: "+strings.Repeat("A,", 8000)+"A\n", 60)},
		{"etc/sudoers", strings.Repeat(users+" "+strings.Repeat("h=A:", 8000)+"h=A\n", 60)},
		{"etc/sudoers", strings.Repeat("a ALL = "+strings.Repeat("(b,c) A,", 6000)+"A\n", 60)},
		{"etc/sudoers", aliases.String()},
		{"etc/sudoers", strings.Repeat("a ALL = "+strings.Repeat("sha256:a,", 6000)+"A\n", 60)},
		{"etc/doas.conf", strings.Repeat("permit nopass a\n", 200000)},
		{"root/.ssh/authorized_keys", strings.Repeat(strings.Repeat("a\"", 10000)+" ssh-rsa AAAA\n", 200)},
	} {
		var r *analyzer.Result
		var err error
		took := cputime.Of(func() { r, err = New().Analyze(t.Context(), analyzer.NewFile(c.name, 0o600, []byte(c.text))) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %.20q: %d bytes in %v", c.name, c.text, len(c.text), took.Round(time.Millisecond))
		if took > 20*time.Second {
			t.Errorf("%s %.20q: %v", c.name, c.text, took)
		}
		size := 0
		for _, rec := range r.Records {
			for _, v := range rec.Fields {
				size += len(v)
			}
		}
		if len(r.Records) > maxRecords || size > maxBytes+maxLine || len(r.Diagnostics) > diagnostic.Max+1 {
			t.Errorf("%s %.20q: %d records of %d bytes, %d diagnostics", c.name, c.text, len(r.Records), size, len(r.Diagnostics))
		}
	}
}
