package redhat

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
)

// Repositories reads Red Hat's mapping from the repositories, or content sets, that packages of an image come from to the CPEs of
// products, https://security.access.redhat.com/data/metrics/repository-to-cpe.json.
func Repositories(r io.Reader) (map[string][]string, error) {
	cpes := make(map[string][]string)
	j := jsonstream.New(r)
	err := j.Object(func(key string) error {
		if key != "data" {
			return j.Skip()
		}
		return j.Object(func(repository string) error {
			raw, err := j.Raw()
			if err != nil {
				return err
			}
			var v struct {
				CPEs []string `json:"cpes"`
			}
			if err := json.Unmarshal(raw, &v); err != nil {
				return fmt.Errorf("%.80s: %w", repository, err)
			}
			cpes[repository] = v.CPEs
			return nil
		})
	})
	if err == nil {
		err = j.End()
	}
	if err != nil {
		return nil, fmt.Errorf("redhat: repositories: %w", err)
	}
	return cpes, nil
}

// Release returns the release under which advisories of a product are filed, by its CPE: "8" for all repositories of RHEL 8,
// "9/openshift:4.16" for a product that is installed on RHEL 9.
func Release(cpe string) (string, bool) {
	p, ok := platformOf(cpe)
	return p.release, ok
}
