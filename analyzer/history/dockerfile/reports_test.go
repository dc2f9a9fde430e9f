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
	} {
		if got := rulesOf(t, c.text, false); got != c.want {
			t.Errorf("%s: got %s, want %s", c.report, got, c.want)
		}
	}
}
