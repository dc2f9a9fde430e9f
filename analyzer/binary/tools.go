package binary

import "strings"

// tools are programs of a command line, and of containers.
func tools() []class {
	return []class{
		{name: "git", cpe: "git-scm:git", files: "git git-* scalar", finds: []find{at("git/", `\bgit/([0-9]+\.[0-9]+\.[0-9]+)`), at("git version ", `git version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "wget", cpe: "gnu:wget", files: "wget", finds: []find{at("\x001.", `\x00(1\.[12][0-9](?:\.[0-9]+)*)\x00`)}},
		{name: "rsync", cpe: "samba:rsync", files: "rsync", finds: []find{at("\x003.", `\x00(3\.[0-9]{1,2}\.[0-9]{1,2}(?:pre[0-9]+)?)\x00`)}},
		{name: "sudo", cpe: "sudo_project:sudo", files: "sudo sudoers.so visudo", finds: []find{at("\x001.", `\x00(1\.[789]\.[0-9]{1,2}(?:p[0-9]{1,2})?)\x00`)}},
		{name: "tar", cpe: "gnu:tar", files: "tar", finds: []find{at("\x001.", `\x00(1\.[0-9]{2}(?:\.[0-9]+)?)\x00`)}},
		{name: "coreutils", cpe: "gnu:coreutils", files: "coreutils ls", finds: []find{at("ambiguous argument %s for %s", `[^0-9A-Za-z.]([89]\.[0-9]{1,2})\x00`)}},
		{name: "util-linux", cpe: "kernel:util-linux", files: "getopt mount umount lsblk su", finds: []find{at("util-linux ", `\x00util-linux ([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00`)}},
		{name: "gzip", cpe: "gnu:gzip", files: "gzip", finds: []find{at("file size changed while zipping", `zipping\n\x00([0-9]+\.[0-9]+)\x00`)}},
		{name: "gawk", cpe: "gnu:gawk", files: "gawk gawk-*", finds: []find{at("GNU Awk ", `GNU Awk ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "make", cpe: "gnu:make", files: "make gmake", finds: []find{at("$(strip $(VPATH))", `\x00([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00\$\(strip`)}},
		{name: "cmake", cpe: "kitware:cmake", files: "cmake", finds: []find{at("UNKNOWN_DEFINED_", `\bUNKNOWN_READ_ACCUNKNOWN_DEFINED_([0-9]+\.[0-9]+\.[0-9]+)\x00`)}},
		{name: "gnupg", cpe: "gnupg:gnupg", files: "gpg gpg2 gpgsm", finds: []find{at("OpenPGP server ", `OpenPGP server ([0-9]+\.[0-9]+\.[0-9]+) ready`)}},
		{name: "ghostscript", cpe: "artifex:ghostscript", files: "gs libgs.so*", named: `^libgs\.so\.([0-9]+\.[0-9]{2})$`},
		{name: "nmap", cpe: "nmap:nmap", files: "nmap", finds: []find{at("https://nmap.org", `https?://nmap\.org\x00([0-9]+\.[0-9]+)\x00`)}},
		{name: "tcpdump", cpe: "tcpdump:tcpdump", files: "tcpdump", finds: []find{at("%s version 4.", `%s version (4\.[0-9]+\.[0-9]+)`), at("\x004.", `\x00(4\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "socat", cpe: "dest-unreach:socat", files: "socat socat1 socat2", finds: []find{at("\x001.", `\x00(1\.[78]\.[0-9]+\.[0-9]+)\x00`), at("socat version ", `socat version ([0-9]+(?:\.[0-9]+)+)`)}},
		{name: "tmux", cpe: "tmux_project:tmux", files: "tmux", finds: []find{at("\x003.", `\x00(3\.[0-9][a-z]?)\x00`)}},
		{name: "tini", cpe: "tini_project:tini", files: "tini tini-static docker-init", finds: []find{at("tini version ", `tini version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "crun", cpe: "crun_project:crun", files: "crun", finds: []find{at("%s version %s", `\x00([0-9]+\.[0-9]+(?:\.[0-9]+)*)\x00%s version %s`)}},
		{name: "chromium", cpe: "google:chrome", files: "chrome chromium chromium-browser headless_shell chrome-headless-shell", finds: []find{at("Chrome/", `Chrome/([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)`), at("\x00Chromium ", `\x00Chromium ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)`), at(".0.", `\x00([0-9]{2,3}\.0\.[0-9]{4,5}\.[0-9]{1,3})\x00`)}},
		{name: "fluent-bit", cpe: "treasuredata:fluent_bit", files: "fluent-bit", finds: []find{at("Fluent-Bit v", `Fluent-Bit v([0-9]+\.[0-9]+\.[0-9]+)`), at("Fluent Bit v", `Fluent Bit v([0-9]+\.[0-9]+\.[0-9]+)`)}},

		// Programs in Go state the version that the linker wrote, beside that of Go.
		goProgram("docker", "docker:docker", "docker dockerd", ""),
		goProgram("containerd", "linuxfoundation:containerd", "containerd containerd-shim-runc-v2 ctr", ""),
		goProgram("runc", "linuxfoundation:runc", "runc", ""),
		goProgram("buildkit", "mobyproject:buildkit", "buildkitd buildctl", ""),
		goProgram("kubernetes", "kubernetes:kubernetes", "kubectl kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubeadm", ""),
		goProgram("ingress-nginx", "kubernetes:ingress-nginx", "nginx-ingress-controller", ""),
		goProgram("helm", "helm:helm", "helm", ""),
		goProgram("prometheus", "prometheus:prometheus", "prometheus promtool", ""),
		goProgram("grafana", "grafana:grafana", "grafana grafana-server grafana-cli", ""),
		goProgram("traefik", "traefik:traefik", "traefik", ""),
		goProgram("gitlab-runner", "gitlab:runner", "gitlab-runner", ""),
		goProgram("influxdb", "influxdata:influxdb", "influxd", ""),
		goProgram("consul", "hashicorp:consul", "consul", `CONSUL_VERSION: ([0-9]+\.[0-9]+\.[0-9]+)`),
		goProgram("skopeo", "skopeo_project:skopeo", "skopeo", `skopeo/([0-9]+\.[0-9]+\.[0-9]+)`),
	}
}

// goProgram is the class of a program in Go. The linker writes texts from its command line, such as the version, beside that of Go.
func goProgram(name, cpe, files, expression string) class {
	c := class{name: name, cpe: cpe, files: files}
	if expression != "" {
		c.finds = append(c.finds, at(literalOf(expression), expression))
		return c
	}
	c.finds = append(c.finds, find{text: "\x00go1.", version: `\x00v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)[.0-9]*)?)(?:[+~-][0-9A-Za-z.+~-]*)?\x00`, window: 512})
	return c
}

// literalOf returns the text that an expression begins with.
func literalOf(expression string) string {
	text, _, _ := strings.Cut(expression, "(")
	return text
}

// kernels are Linux and its modules. A version has the release, as of uname: "6.1.0-21-amd64".
func kernels() []class {
	return []class{
		{name: "linux", cpe: "linux:linux_kernel", files: "vmlinuz vmlinuz-* vmlinux vmlinux-* bzImage* *.ko", finds: []find{
			at("vermagic=", `vermagic=([0-9]+\.[0-9]+(?:\.[0-9]+)?[^ \x00]{0,64}) `), at(" SMP", `([0-9]+\.[0-9]+(?:\.[0-9]+)?[^ \x00]{0,64}) \([^\x00]{1,128}\) (?:\([^\x00]{1,200}\) )?#[0-9]+[^\x00]{0,16} SMP`),
			at("Linux version ", `Linux version ([0-9]+\.[0-9]+(?:\.[0-9]+)?[^ \x00]{0,64}) `),
		}},
	}
}
