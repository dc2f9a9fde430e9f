package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestAlerts pages through alerts of Falco by rule and priority, the newest first.
func TestAlerts(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Neighbours: serve.Neighbours{Falco: true}})
		c := s.Client(t, "team")
		var lines []string
		for i := range 6 {
			lines = append(lines, fmt.Sprintf(`{"rule": "rule %d", "priority": %q, "time": "2026-11-01T00:00:0%dZ", "output_fields": {"container.id": "host"}}`, i%2, []string{"Notice", "Error", "Critical"}[i%3], i))
		}
		c.Do("POST", "/v1/falco/alerts", []byte(strings.Join(lines, "\n")+"\nno alert")).Want(http.StatusOK)
		type item struct {
			Time   string
			Events int
		}
		type page struct {
			Items []item
			Next  string
		}
		for query, want := range map[string]string{
			"":                                "0 1 2 3 4 5",
			"order=newest":                    "5 4 3 2 1 0",
			"rule=rule+1":                     "1 3 5",
			"order=newest&rule=rule+1":        "5 3 1",
			"priority=Error":                  "1 4",
			"order=newest&priority=Error":     "4 1",
			"order=newest&priority=Emergency": "",
			"rule=rule+0&priority=Critical":   "2",
			"image=sha256:00":                 "",
		} {
			var got []string
			for cursor := ""; ; {
				var p page
				c.Get("/v1/falco/events?limit=2&"+query+cursor, &p)
				for _, e := range p.Items {
					got = append(got, e.Time[18:19])
				}
				if p.Next == "" {
					break
				}
				cursor = "&cursor=" + p.Next
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q: %v, want %s", query, got, want)
			}
		}
		var counts page
		c.Get("/v1/falco/counts", &counts)
		if len(counts.Items) != 6 || slices.ContainsFunc(counts.Items, func(x item) bool { return x.Events != 1 }) {
			t.Errorf("%+v", counts)
		}
		for _, bad := range []string{"priority=Loud", "order=x", "limit=0", "container=zz", "none=1"} {
			c.Do("GET", "/v1/falco/events?"+bad, nil).Want(http.StatusBadRequest)
		}
		without := fleettest.Start(t, serve.Options{Database: address}).Client(t, "team")
		if a := without.Do("GET", "/v1/falco/events", nil).Want(http.StatusNotFound); !strings.Contains(string(a.Body), "takes no alerts") {
			t.Errorf("%s", a.Body)
		}
	})
}
