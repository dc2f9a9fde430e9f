package feed_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/testing/credentialtest"
)

// TestNoCredentials has a server send the credentials of a URL back in every place. They are in no error, and in nothing that
// Progress is told.
func TestNoCredentials(t *testing.T) {
	for _, way := range credentialtest.Ways() {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			s := (&credentialtest.Server{Way: way, Stage: "GET /", Inner: http.NotFoundHandler()}).Start(t)
			location := "http://" + url.UserPassword(credentialtest.Username, credentialtest.Password).String() + "@" + s.Host() + "/data.json?token=" + credentialtest.Token
			o := feed.Options{Limits: feed.Limits{Retry: feed.Retry{Attempts: 2, Pause: time.Millisecond}}, Progress: func(p feed.Progress) {
				credentialtest.Check(t, p.Err)
				credentialtest.Text(t, p.Location)
			}}
			in := feed.Input{Feed: osv.Feed(), Location: location}
			var b db.Builder
			r, err := feed.Load(t.Context(), &b, in, o)
			if err == nil && len(r.Errors) == 0 {
				t.Errorf("no error: %+v", r)
			}
			credentialtest.Check(t, err)
			credentialtest.Text(t, r.Location)
			for _, err := range r.Errors {
				credentialtest.Check(t, err)
			}
			u, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{in.Feed}, feed.UpdateOptions{Options: o, Inputs: []feed.Input{in}})
			credentialtest.Check(t, err)
			for _, s := range u.Datasets {
				credentialtest.Check(t, s.Err)
				for _, err := range s.Errors {
					credentialtest.Check(t, err)
				}
			}
		})
	}
}

// TestNoRedirectCredentials has a server repeat the signature of the URL to which it redirects, in a document that can't be read.
func TestNoRedirectCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			http.Redirect(w, r, r.URL.Path+"?X-Amz-Signature="+credentialtest.Signature, http.StatusFound)
			return
		}
		fmt.Fprintf(w, `{"id":"A-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":%q,"name":"a"}}]}`, credentialtest.Signature)
	}))
	t.Cleanup(server.Close)
	in := feed.Input{Feed: osv.Feed(), Location: server.URL + "/data.json"}
	o := feed.Options{Limits: feed.Limits{Retry: feed.Retry{Attempts: 1}}}
	var b db.Builder
	r, err := feed.Load(t.Context(), &b, in, o)
	if err == nil && len(r.Errors) == 0 {
		t.Errorf("no error: %+v", r)
	}
	credentialtest.Check(t, err)
	for _, err := range r.Errors {
		credentialtest.Check(t, err)
	}
	u, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{in.Feed}, feed.UpdateOptions{Options: o, Inputs: []feed.Input{in}})
	credentialtest.Check(t, err)
	for _, s := range u.Datasets {
		credentialtest.Check(t, s.Err)
		for _, err := range s.Errors {
			credentialtest.Check(t, err)
		}
	}
}
