package feed

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// get sends the request and leaves the body in d.
func (d *Data) get(client *http.Client) error {
	if client == nil {
		client = http.DefaultClient
	}
	req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, d.Location, nil)
	if err != nil {
		return err
	}
	d.URL = req.URL.Redacted()
	req.Header.Set("User-Agent", "hullmark")
	res, err := client.Do(req)
	if err != nil {
		var u *url.Error // which names the place that was redirected to
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("%s: %w", d.URL, err)
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return fmt.Errorf("%s: %s", d.URL, res.Status)
	}
	if res.ContentLength > d.limits.Download {
		res.Body.Close()
		return fmt.Errorf("%s: %w: body of %d bytes", d.URL, ErrTooLarge, res.ContentLength)
	}
	d.body, d.Size, d.ETag = res.Body, res.ContentLength, res.Header.Get("ETag")
	if t, err := http.ParseTime(res.Header.Get("Last-Modified")); err == nil {
		d.Modified = t
	}
	return nil
}
