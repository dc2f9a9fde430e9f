package accounts

import "testing"

// TestReports has files after faults and questions that users reported.
func TestReports(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3cRVsbQ8C5k1u6w0x9r0Zf4c9u1n0g7y8Jk2l3m4n5"
	for _, c := range []struct{ report, file, text, want string }{
		{"alpinelinux/docker-alpine#13, CVE-2019-5021: root has an empty password", "etc/shadow", "root:::0:::::\nbin:!::0:::::\n", "1 high empty-password: root logs in without a password\n"},
		{"the repaired image: the password is locked", "etc/shadow", "root:*::0:::::\n", ""},
		{"prometheus/prometheus#5619: the same in busybox", "etc/shadow", "root::10933:0:99999:7:::\n", "1 high empty-password: root logs in without a password\n"},
		{"sudo-project/sudo#184: the tag holds after another run-as list", "etc/sudoers", "test ALL = (root) NOPASSWD: /bin/ls, (nobody) /usr/bin/id\n",
			"1 medium passwordless-sudo: test may run /bin/ls as root without a password\n1 low passwordless-sudo: test may run /usr/bin/id as nobody without a password\n"},
		{"trifectatechfoundation/sudo-rs#558: PASSWD reverses the tag within a list", "etc/sudoers", "ray rushmore = NOPASSWD: /bin/kill, PASSWD: /bin/ls, /usr/bin/lp\n",
			"1 medium passwordless-sudo: ray may run /bin/kill as root without a password\n"},
		{"kewlfft/ansible-aur#23: a blank after the tag is no matter", "etc/sudoers.d/aur", "aur ALL=(ALL) NOPASSWD:/usr/bin/pacman\n", "1 medium passwordless-sudo: aur may run /usr/bin/pacman as ALL without a password\n"},
		{"ComplianceAsCode/content#6525: an escaped comma is part of an argument", "etc/sudoers", "a ALL=NOPASSWD: /bin/x one\\,two\n", "1 medium passwordless-sudo: a may run /bin/x one,two as root without a password\n"},
		{"ComplianceAsCode/content#1274: !authenticate is forgotten", "etc/sudoers.d/x", "Defaults:vagrant !authenticate\n", "1 high passwordless-sudo: sudo asks for no password: Defaults:vagrant !authenticate\n"},
		{"wazuh/wazuh#39368: users are not looked for in aliases", "etc/sudoers", "User_Alias R = root : S = R, #0 : T = S, me\nS ALL=NOPASSWD: /a\nT ALL=NOPASSWD: /b\n",
			"3 medium passwordless-sudo: T may run /b as root without a password\n"},
		{"sudoers(5): exempt_group", "etc/sudoers", "Defaults exempt_group = wheel\n%wheel ALL=(ALL) ALL\n", "1 high passwordless-sudo: sudo asks members of group wheel for no password: exempt_group\n"},
		{"Duncaen/OpenDoas#13: an account has the name of a keyword", "etc/doas.conf", "permit nopass \"nopass\" as root cmd id\n", "1 medium passwordless-doas: nopass may run id as root without a password\n"},
		{"Duncaen/OpenDoas#137: a rule goes on after a backslash", "etc/doas.conf", "permit \\\n nopass setenv { A B } x as root\n", "1 high passwordless-doas: x may run any command as root without a password\n"},
		{"doas.conf(5): a comment begins with a digit, a brace without a blank, a hash in quotes", "etc/doas.conf", "permit nopass setenv {A=\"# x\"}bob #1 reason\n",
			"1 high passwordless-doas: bob may run any command as any account without a password\n"},
		{"dev-sec/cis-dil-benchmark#143: locked passwords with a text", "etc/shadow", "root:!locked::0:99999:7:::\na:*:19345:0:99999:7:::\n", ""},
	} {
		if got := findings(t, c.file, c.text); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.report, got, c.want)
		}
	}
	for _, c := range []struct{ report, text, want string }{
		{"ojarva/python-sshpubkeys#91: tabs between fields, escaped quotes in options", "command=\"a \\\"b\\\"\"\t" + key + "\tme\n", `command="a \"b\""`},
		{"ansible/ansible#5032: commas within from=", "from=\"1.*,2.*\" " + key + " me\n", `from="1.*,2.*"`},
		{"ComputeCanada/puppet-magic_castle#344: a command with blanks, an option without a value", "restrict,command=\"/a b\" " + key + " me\n", `restrict,command="/a b"`},
	} {
		want := "1 authorized-key [SHA256:" + fingerprint(t, key) + "] bits=256 comment=me fingerprint=SHA256:" + fingerprint(t, key) + " options=" + c.want + " type=ssh-ed25519\n"
		if got := analyze(t, "root/.ssh/authorized_keys", c.text); got != want {
			t.Errorf("%s: got\n%swant\n%s", c.report, got, want)
		}
	}
}

func fingerprint(t *testing.T, key string) string {
	k, err := parseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return k.fingerprint[len("SHA256:"):]
}
