package npm

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/digestsize"
)

// setIntegrity sets digests in the form of subresource integrity, "sha512-BASE64 sha1-BASE64?option". It ignores unknown
// algorithms and digests with a wrong length.
func setIntegrity(p *analyzer.Package, integrity string) {
	for word := range strings.FieldsSeq(integrity) {
		algorithm, encoded, ok := strings.Cut(word, "-")
		encoded, _, _ = strings.Cut(encoded, "?")
		if !ok || len(encoded) > 128 {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(sum) != digestsize.Of(algorithm) || len(sum) == 0 {
			continue
		}
		setHash(p, algorithm, hex.EncodeToString(sum))
	}
}

// setHexHash sets a hexadecimal digest. It ignores one with a wrong length.
func setHexHash(p *analyzer.Package, algorithm, sum string) {
	if b, err := hex.DecodeString(sum); err == nil && len(b) == digestsize.Of(algorithm) {
		setHash(p, algorithm, strings.ToLower(sum))
	}
}

// setHash sets the digest of an algorithm unless it is set. Further digests are of alternative files.
func setHash(p *analyzer.Package, algorithm, sum string) {
	if p.Hashes == nil {
		p.Hashes = make(map[string]string, 1)
	}
	if _, ok := p.Hashes[algorithm]; !ok {
		p.Hashes[strings.Clone(algorithm)] = sum
	}
}

// setSource sets the qualifier "vcs_url" to a repository in the form of SPDX, "git+https://host/repository@commit", or
// "download_url" to the URL of an archive. It ignores registries.
func setSource(p *analyzer.Package, resolved string) {
	switch {
	case isGit(resolved):
		if u := gitURL(resolved); u != "" {
			setQualifier(p, "vcs_url", u)
		}
	case isRemote(resolved) && !isRegistryTarball(resolved):
		resolved, _, _ = strings.Cut(resolved, "#")
		if u, err := url.Parse(resolved); err == nil && u.Host != "" {
			u.User = nil
			setQualifier(p, "download_url", u.String())
		}
	}
}

func setQualifier(p *analyzer.Package, key, value string) {
	if p.Qualifiers == nil {
		p.Qualifiers = make(map[string]string, 1)
	}
	p.Qualifiers[key] = value
}

// isLocal reports whether a specifier or resolution names a directory or archive of the application.
func isLocal(s string) bool {
	for _, protocol := range []string{"file:", "link:", "workspace:", "portal:", "exec:", "root:"} {
		if strings.HasPrefix(s, protocol) {
			return true
		}
	}
	return false
}

func isRemote(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// isRegistryTarball reports whether a URL is that of an archive in a registry: ".../name/-/name-1.0.0.tgz", or
// ".../download/..." of some mirrors and forges, but not ".../releases/download/...".
func isRegistryTarball(s string) bool {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	return strings.Contains(s, "/-/") && strings.HasSuffix(s, ".tgz") ||
		strings.Contains(s, "/download/") && !strings.Contains(s, "/releases/")
}

// isGit reports whether a specifier or resolution names a git repository: by its scheme, by the short name of a forge,
// "github:owner/name#commit", or by a URL that ends in ".git".
func isGit(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok {
		return false
	}
	switch scheme {
	case "git", "git+ssh", "git+https", "git+http", "git+file", "ssh", "github", "gitlab", "bitbucket", "gist":
		return true
	}
	s, _, _ = strings.Cut(s, "#")
	return isRemote(s) && strings.HasSuffix(s, ".git") || strings.HasPrefix(s, "git@")
}

// gitURL returns the URL of a repository in the form of SPDX. It removes credentials except the customary user "git".
func gitURL(s string) string {
	repository, fragment, _ := strings.Cut(s, "#")
	commit := ""
	for part := range strings.SplitSeq(fragment, "&") { // yarn writes "workspace=x&commit=y"
		if c, ok := strings.CutPrefix(part, "commit="); ok {
			commit = c
		} else if !strings.Contains(part, "=") && !strings.HasPrefix(part, "semver:") && commit == "" {
			commit = part
		}
	}
	scheme, rest, _ := strings.Cut(repository, ":")
	switch scheme {
	case "github", "gitlab", "bitbucket":
		host := scheme + ".com"
		if scheme == "bitbucket" {
			host = "bitbucket.org"
		}
		repository = "git+https://" + host + "/" + rest + ".git"
	case "gist":
		repository = "git+https://gist.github.com/" + rest + ".git"
	case "git", "ssh", "https", "http":
		if !strings.HasPrefix(rest, "//") {
			return ""
		}
		if scheme != "git" {
			repository = "git+" + repository
		}
	}
	if at, path, ok := strings.Cut(strings.TrimPrefix(repository, "git@"), ":"); ok && strings.HasPrefix(repository, "git@") {
		repository = "git+ssh://git@" + at + "/" + path // the form of scp
	}
	head, tail, ok := strings.Cut(repository, "://")
	if !ok {
		return ""
	}
	host, path, _ := strings.Cut(tail, "/")
	if user, h, ok := strings.Cut(host, "@"); ok {
		host = h
		if user == "git" {
			host = "git@" + h
		}
	}
	u := head + "://" + host + "/" + path
	if commit != "" {
		u += "@" + commit
	}
	return u
}
