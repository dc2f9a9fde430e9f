package distro

import "strings"

// maxCut bounds the text that Cut reads, in bytes.
const maxCut = 128

// Cut splits a text that names a distribution and a release, as package URLs and other tools do: "debian-12",
// "rocky-linux-8.6", "ubuntu-mantic", "amzn2", "Debian GNU/Linux 12 (bookworm)". The name is the longest one that [Lookup]
// knows. The version may be "", and may have any form that [ReleaseOf] reads. Cut reports false if the text doesn't begin with
// a known name.
func Cut(text string) (id, version string, ok bool) {
	if len(text) > maxCut {
		return "", "", false
	}
	for i := len(text); i > 0; i-- {
		if i < len(text) && !cutsAt(text, i) {
			continue
		}
		if d := find(text[:i]); d != nil {
			return d.ID, strings.TrimLeft(text[i:], separators), true
		}
	}
	return "", "", false
}

const separators = "-_:/@ "

// cutsAt reports whether a name may end before text[i]: at a separator, or at the first digit after a letter.
func cutsAt(text string, i int) bool {
	if strings.IndexByte(separators, text[i]) >= 0 {
		return true
	}
	letter := text[i-1] | 0x20
	return '0' <= text[i] && text[i] <= '9' && 'a' <= letter && letter <= 'z'
}
