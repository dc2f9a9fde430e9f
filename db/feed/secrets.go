package feed

import (
	"net/url"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/scrub"
)

// secretsOf returns a Scrubber of the credentials in the URLs among some locations, nil if there are none.
func secretsOf(locations []string) *scrub.Scrubber {
	var secrets *scrub.Scrubber
	for _, name := range locations {
		u, err := url.Parse(name)
		if err != nil || !location.IsURL(name) || u.User == nil && u.RawQuery == "" {
			continue
		}
		if secrets == nil {
			secrets = new(scrub.Scrubber)
		}
		secrets.URL(u)
	}
	return secrets
}

// scrub removes the credentials of the URLs from an error, because a document may repeat them.
func (l *loader) scrub(err error) error {
	if l.secrets == nil {
		return err
	}
	return l.secrets.Error(err)
}
