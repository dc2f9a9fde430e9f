package dockerfile

import "testing"

// TestReports has inputs after faults that users reported of other programs.
func TestReports(t *testing.T) {
	for _, c := range []struct{ report, text, want string }{
		{"aquasecurity/trivy#8283: a rule misses a command in a here document", "FROM alpine:3.21\nRUN <<EOF\napk add curl=8\nEOF\n", "2 package-cache"},
		{"bridgecrewio/checkov#5090: lines of a here document are read as instructions", "FROM ubuntu:22.04\nRUN <<EOF\necho \"Hello\"\nmkdir -p /hello\n# why\napt-get update\nEOF\nRUN apt-get update\n",
			"2 update-alone, 8 update-alone"},
		{"hadolint/language-docker#99: a comment right after a here document is an error", "FROM a:1\nCOPY <<EOF /x\ny\nEOF\n#\nRUN <<EOF\nsudo x\nEOF\n# end", "6 sudo"},
		{"Checkmarx/kics#4591: an argument before FROM counts as a stage, and findings have line -1", "ARG ARCH=\nFROM ${ARCH}alpine\n\nRUN sudo x\n", "2 unpinned-base, 4 sudo"},
		{"hadolint/hadolint#806: the shell of a here document is that of its first line", "FROM a:1\nRUN <<EOF\n#!/usr/bin/env bash\nset -eux -o pipefail\ncurl x | bash\nEOF\nRUN bash <<EOF\nsudo x\nEOF\nRUN <<EOF\n#!/usr/bin/python3\nsudo = 1\nEOF\n",
			"2 download-to-shell, 7 sudo"},
		{"airvzxf/ftp-deployment-action#263: a here document after && ends the parse", "FROM a:1\nRUN true && \\\n  cat > /etc/x <<'EOF'\nauth required x.so\nsudo x\nEOF\nRUN sudo y\n", "7 sudo"},
		{"hadolint/hadolint#585: pip has no cache by the environment", "FROM a:1\nENV PIP_NO_CACHE_DIR=1\nRUN pip3 install a==1\nFROM b:1\nRUN pip3 install a==1\n", "5 package-cache"},
		{"hadolint/hadolint#497: a cache mount", "FROM a:1\nRUN --mount=type=cache,target=/root/.cache/pip set -x && pip install a==1\n", ""},
		{"hadolint/hadolint#671: a cache mount of apk", "FROM a:1\nRUN --mount=type=cache,target=/var/cache/apk apk add -U curl=7.77.0-r1\n", ""},
		{"hadolint/hadolint#157: an option before a package", "FROM a:1\nRUN pip install --no-cache-dir --ignore-installed pip==9.0.1\n", ""},
		{"hadolint/hadolint#500: pipenv is no pip", "FROM a:1\nRUN pip install --no-cache-dir pipenv==1 && pipenv install requests\n", ""},
		{"hadolint/hadolint#181: python -m pip", "FROM a:1\nRUN python -m pip install --no-cache-dir git+https://example.com/x@123abcdef && pip install --no-cache-dir a==\"$V\"\n", ""},
		{"hadolint/hadolint#1137: the command follows the here document", "FROM a:1\nRUN <<EOF bash\n  sudo x\nEOF\nRUN sudo y\n", "2 sudo, 5 sudo"},
		{"hadolint/hadolint#1051: the end of a here document is escaped", "FROM a:1\nCOPY <<-\\EOT /data.txt\n  sudo x\nEOT\nRUN sudo x\n", "5 sudo"},
		{"hadolint/hadolint#1019: a here document after a continuation line", "FROM a:1\nRUN sudo foo && \\\n    bar <<BAR\nsudo blah\nBAR\nRUN sudo y\n", "2 sudo, 6 sudo"},
		{"aquasecurity/trivy#6516: commands divided by semicolons", "FROM a:1\nRUN \\\n    sed -i x /etc/apt/sources.list ;\\\n    apt-get update ;\\\n    apt-get -y install \\\n        git=1 \\\n        sudo=1 \\\n    ;\\\n    rm -r /var/lib/apt/lists\n", ""},
		{"aquasecurity/trivy#8274: an argument without a value in the base image", "ARG REGISTRY\nFROM ${REGISTRY}/ubuntu\n", "2 unpinned-base"},
		{"moby/buildkit#5410, #6501: public keys, paths and versions are no secrets", "FROM a:1\nENV PUBLIC_TOKEN=y SESSION_SECRET_FILE=/x AUTH_TOKEN_VERSION=1.2\n", ""},
		{"tigerblue77/Dell_iDRAC_fan_controller_Docker#287: everyone may write, also by COPY", "FROM a:1\nRUN chmod 0777 /a\nCOPY --chmod=777 a /a\n", "2 writable-by-everyone, 3 writable-by-everyone"},
	} {
		if got := rulesOf(t, c.text, false); got != c.want {
			t.Errorf("%s: got %s, want %s", c.report, got, c.want)
		}
	}
}
