package pip

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// parseDirectURL reads direct_url.json (PEP 610), which holds the URL of a distribution that did not come from an index. It
// removes credentials, which the URL should not contain.
func parseDirectURL(text []byte, p *analyzer.Package) error {
	var d struct {
		URL string `json:"url"`
		VCS struct {
			Name   string `json:"vcs"`
			Commit string `json:"commit_id"`
		} `json:"vcs_info"`
		Archive struct {
			Hash   string            `json:"hash"`
			Hashes map[string]string `json:"hashes"`
		} `json:"archive_info"`
		Dir struct {
			Editable bool `json:"editable"`
		} `json:"dir_info"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("pip: direct URL: %w", err)
	}
	u, err := url.Parse(d.URL)
	if err != nil || d.URL == "" {
		return fmt.Errorf("pip: direct URL: not a URL: %.80q", d.URL)
	}
	if u.Scheme != "file" {
		u.User = nil
	}
	p.Qualifiers = make(map[string]string)
	switch {
	case d.VCS.Name != "":
		p.Qualifiers["vcs_url"] = d.VCS.Name + "+" + u.String()
		if d.VCS.Commit != "" {
			p.Qualifiers["vcs_url"] += "@" + d.VCS.Commit
		}
	default:
		p.Qualifiers["download_url"] = u.String()
	}
	if d.Dir.Editable {
		p.Qualifiers["editable"] = "true"
	}
	if name, digest, ok := strings.Cut(d.Archive.Hash, "="); ok && d.Archive.Hashes == nil {
		d.Archive.Hashes = map[string]string{name: digest}
	}
	for name, digest := range d.Archive.Hashes {
		if isHex(digest) {
			if p.Hashes == nil {
				p.Hashes = make(map[string]string)
			}
			p.Hashes[strings.ToLower(name)] = strings.ToLower(digest)
		}
	}
	return nil
}

func isHex(s string) bool {
	return s != "" && len(s) <= 128 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
