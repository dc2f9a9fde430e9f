package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/testing/cputime"
)

func found(c *Checker) string {
	var list []string
	for _, f := range c.Findings {
		list = append(list, f.Rule)
	}
	return strings.Join(list, " ")
}

// TestRun shows which rules a shell command meets.
func TestRun(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"make install", ""},
		{"apt-get update", "update-alone"},
		{"apt-get update && apt-get install -y curl=7.88.1-10 && rm -rf /var/lib/apt/lists/*", ""},
		{"apt-get update\napt-get install -y --no-install-recommends curl ca-certificates\nrm -rf /var/lib/apt/lists/*", "unpinned-packages"},
		{"apt-get update && apt-get upgrade -y", ""},
		{"apt-get -qq update; apt-get install -y curl=1", "package-cache"},
		{"apt-get install -y -t bookworm-backports ./a.deb $PKG \"$(cat list)\" 2>&1 > /dev/null && rm -r /var/lib/apt/lists", ""},
		{"if [ -n \"$X\" ]; then apt-get update; fi", "update-alone"},
		{"echo 'apt-get update'", ""},
		{"apk add --no-cache curl=8.5.0-r0 git~2.43", ""},
		{"apk add --no-cache --virtual .build-deps gcc", "unpinned-packages"},
		{"apk add curl=8", "package-cache"},
		{"apk update", "update-alone"},
		{"dnf -y install curl-7.61.1 && dnf clean all", ""},
		{"yum install -y curl", "unpinned-packages package-cache"},
		{"pip install --no-cache-dir flask==3.0 -r requirements.txt .", ""},
		{"python3 -m pip install flask", "unpinned-packages package-cache"},
		{"pip install --no-cache-dir 'flask>=2'", "unpinned-packages"},
		{"npm ci", ""},
		{"npm install -g yarn@1.22.0 @scope/x@2", ""},
		{"npm install -g yarn", "unpinned-packages"},
		{"curl -fsSL https://example.com/setup | bash -", "download-to-shell"},
		{"curl -fsSL https://example.com/setup | sudo -E bash -", "sudo download-to-shell"},
		{"wget -qO- https://example.com/a | tee /x | sh -s -- --yes", "download-to-shell"},
		{"bash -c \"$(curl -fsSL https://example.com/a)\"", "download-to-shell"},
		{"bash <(curl -s https://example.com/a)", "download-to-shell"},
		{"curl https://example.com/a | python3", "download-to-shell"},
		{"curl https://example.com/a | python3 -c 'import sys'", ""},
		{"curl https://example.com/a.tgz | tar xz", ""},
		{"curl https://example.com/key | gpg --dearmor > /k", ""},
		{"curl -o /x https://example.com/a && echo abc /x | sha256sum -c && sh /x", ""},
		{"echo \"curl https://example.com | sh\"", ""},
		{"# curl https://example.com | sh\ntrue", ""},
		{"cat <<EOF > /x\ncurl https://example.com | sh\nEOF\ntrue", ""},
		{"sudo make install", "sudo"},
		{"apt-get install -y sudo=1.9 && rm -rf /var/lib/apt/lists/*", ""},
		{"chmod 4755 /x", "set-id"},
		{"chmod u+s,o+w /x", "set-id writable-by-everyone"},
		{"chmod -R 777 /x", "writable-by-everyone"},
		{"chmod 1777 /tmp", ""},
		{"chmod +x /x && chmod a-s /y && chmod 0755 /z", ""},
		{"find / -perm /6000 -exec chmod a-s {} \\; || true", ""},
		{"echo root:geheim | chpasswd", "secret-in-instruction"},
		{"docker login -u me --password geheim example.com", "secret-in-instruction"},
		{"docker login --password-stdin example.com", ""},
		{"git clone https://me:geheim@example.com/x", "secret-in-instruction"},
		{"curl -H \"Authorization: Bearer $TOKEN\" https://example.com", ""},
		{"sh -c 'apt-get update'", "update-alone"},
		{"apt-get update && xargs -a list apt-get install -y && rm -rf /var/lib/apt/lists/*", ""},
		{"pip install --no-cache-dir -qr requirements.txt", ""},
		{"PIP_NO_CACHE_DIR=1 pip install wheel==1", ""},
		{"npm install -g yarn@latest", "unpinned-packages"},
		{"curl https://example.com | python3 -mjson.tool", ""},
		{"curl https://example.com | python3 -m json.tool", ""},
		{"curl https://example.com | tee a | sudo sh", "sudo download-to-shell"},
		{"curl https://example.com; echo a | sh", ""},
	} {
		var checker Checker
		checker.Step(&Step{Kind: "RUN", Text: c.text})
		if got := found(&checker); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestCacheMount(t *testing.T) {
	for flag, want := range map[string]string{
		"--mount=type=cache,target=/var/lib/apt,sharing=locked": "",
		"--mount=type=tmpfs,target=/var/lib/apt/lists":          "",
		"--mount=type=bind,target=/var/lib/apt":                 "package-cache",
		"--mount=type=cache,target=/root":                       "package-cache",
	} {
		var c Checker
		c.Step(&Step{Kind: "RUN", Flags: []string{flag}, Text: "apt-get update && apt-get install -y curl=7"})
		if got := found(&c); got != want {
			t.Errorf("%s: got %q, want %q", flag, got, want)
		}
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		text string
		step Step
		want string
	}{
		{"a file", Step{Args: []string{"a", "/a"}}, "add-instead-of-copy"},
		{"an archive", Step{Args: []string{"rootfs.tar.xz", "/"}}, ""},
		{"an address", Step{Args: []string{"https://example.com/a.tgz", "/"}}, "add-address"},
		{"an address with a checksum", Step{Flags: []string{"--checksum=sha256:ab"}, Args: []string{"https://example.com/a", "/"}}, ""},
		{"a repository", Step{Args: []string{"git@example.com:a/b.git", "/"}}, "add-address"},
		{"the root of a base image", Step{History: true, Args: []string{"file:0123abc", "/"}}, ""},
		{"a variable", Step{Args: []string{"$SRC", "/"}}, ""},
		{"a commit", Step{Args: []string{"https://example.com/a.git#0123456789abcdef0123456789abcdef01234567:dir", "/"}}, ""},
		{"a commit in a query", Step{Args: []string{"https://example.com/a.git?ref=v1&checksum=0123456789abcdef0123456789abcdef01234567", "/"}}, ""},
		{"a tag", Step{Args: []string{"https://example.com/a.git#v1", "/"}}, "add-address"},
		{"a mode", Step{Flags: []string{"--chmod=4777"}, Args: []string{"a.tar", "/"}}, "set-id writable-by-everyone"},
	} {
		c.step.Kind = "ADD"
		var checker Checker
		checker.Step(&c.step)
		if got := found(&checker); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPinning(t *testing.T) {
	for image, want := range map[string]string{
		"alpine": "latest", "alpine:latest": "latest", "alpine:3.20": "tag", "example.com:5000/a": "latest", "example.com:5000/a:1": "tag",
		"a:1@sha256:00": "digest", "a@sha256:00": "digest", "scratch": "scratch", "${BASE}:1": "variable", "$REGISTRY/a": "latest", "${REGISTRY:-x/y}/a:1": "tag", "a:$TAG": "variable", "${BASE:-a/b}": "variable",
	} {
		if got := Pinning(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

func TestScript(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a b&&c||d;e&f|g", "[a b] [c] [d] [e] [f]| [g]"},
		{`a "b \"c\"" 'd e' f\ g ""`, `[a b "c" d e f g ]`},
		{"X=1 env Y=2 a >/x 2>&1", "[a >/x 2>&1]"},
		{"for i in a b; do c $i; done", "[for i in a b] [c $i] [done]"},
		{"a $(b c) `d`", "[b c] [d] [a $(b c) `d`]"},
		{"cat <<-'E' | sh\n\tx y\n\tE\nz", "[cat <<-E]| [sh] [z]"},
		{"cat <<E\nx", "[cat <<E] [x]"},
		{"a#b # c\nd", "[a#b] [d]"},
		{"(a; b)", "[a] [b]"},
		{"sh -ec 'a; b'", "[sh -ec a; b] [a] [b]"},
		{"echo $((1 + 2))", "[echo $] [1 + 2]"},
	} {
		var got []string
		for _, cmd := range script(c.text) {
			s := fmt.Sprint(cmd.words)
			if cmd.piped {
				s += "|"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %s, want %s", c.text, s, c.want)
		}
	}
}

// TestHostile judges texts of the worst form in little time.
func TestHostile(t *testing.T) {
	const size = 1 << 20
	for _, unit := range []string{"$(", "`", "a|sh|", "cat <<E\n", "\"$(", "sh -c '", "-----BEGIN PRIVATE KEY-----", "PASSWORD=", "a:b@", "echo a:", "apt-get install -y a\n", "sh $(curl `", "$((", "<("} {
		text := strings.Repeat(unit, size/len(unit))
		var c Checker
		if took := cputime.Of(func() { c.Step(&Step{Kind: "RUN", Text: text}) }); took > 20*time.Second {
			t.Errorf("%q: %v", unit, took)
		} else {
			t.Logf("%q: %v, %d findings", unit, took.Round(time.Millisecond), len(c.Findings))
		}
	}
	var c Checker
	for range maxFindings + 5 {
		c.Healthcheck(Place{}, "")
	}
	if len(c.Findings) != maxFindings || !c.Cut {
		t.Errorf("%d findings, cut %t", len(c.Findings), c.Cut)
	}
}

func FuzzRun(f *testing.F) {
	for _, s := range []string{"apt-get update && apt-get install -y a", "sh -c \"$(curl x)\"", "cat <<E\nE\n", "echo a:b | chpasswd", "chmod u+s,777 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c Checker
		c.Step(&Step{Kind: "RUN", Text: text})
		for _, finding := range c.Findings {
			if len(finding.Title) > 400 || !slices.Contains([]string{"info", "low", "medium"}, finding.Severity) {
				t.Errorf("%+v", finding)
			}
		}
	})
}
