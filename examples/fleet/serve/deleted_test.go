package serve_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestDeletedMeanwhile deletes an image during its analysis: the submission fails, no tag points at nothing, and another submission brings the
// image back.
func TestDeletedMeanwhile(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		r := fleettest.NewRegistry(t)
		layer := fleettest.Debian(t, "libc6 2.36-9 glibc")
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, layer))
		blob := layerDigest(t, layer)
		reading, deleted := make(chan struct{}), make(chan struct{})
		var once sync.Once
		r.Before = func(d string) {
			if d == blob {
				once.Do(func() {
					close(reading)
					<-deleted
				})
			}
		}
		s := fleettest.Start(t, serve.Options{Database: address})
		c := s.Client(t, "team")
		first := c.Submit(ref)
		<-reading
		c.Do("DELETE", "/v1/images/"+digest, nil).Want(http.StatusNoContent)
		close(deleted)
		if m := c.Wait(first.ID); m.State != "failed" || m.Reason != "deleted" {
			t.Errorf("%+v", m)
		}
		c.Do("GET", "/v1/images/"+digest, nil).Want(http.StatusNotFound)
		if m, err := s.Service.Store.Pointed(t.Context(), "team", ref); err == nil {
			t.Errorf("the tag points at %+v", m)
		}
		if got := c.Analyze(ref); got != digest {
			t.Errorf("again: %s, want %s", got, digest)
		}
		c.Do("GET", "/v1/images/"+digest, nil).Want(http.StatusOK)
	})
}
