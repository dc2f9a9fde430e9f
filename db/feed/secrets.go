package feed

import (
	"net/url"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/credmask"
)

// secretsOf returns a Masker of the credentials in the URLs among some locations. Clients add those of their requests.
func secretsOf(locations []string) *credmask.Masker {
	secrets := new(credmask.Masker)
	for _, name := range locations {
		if u, err := url.Parse(name); err == nil && location.IsURL(name) {
			secrets.URL(u)
		}
	}
	return secrets
}

func (l *loader) scrub(err error) error { return scrubbed(l.secrets, err) }

// scrubbed removes the credentials of requests from an error, because a document may repeat them.
func scrubbed(secrets *credmask.Masker, err error) error {
	if secrets.Empty() {
		return err
	}
	return secrets.Error(err)
}
