package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestAuditedOrNothing: if the entry of the audit cannot be stored, nothing changes, whatever the request.
func TestAuditedOrNothing(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Role: serve.API, Neighbours: serve.Neighbours{Falco: true}})
		c := s.Client(t, "default")
		list, all := routes(t), bodies("registry.example/app:1")
		values := map[string]string{"{policy}": "p", "{advisory}": "X-1", "{feed}": "debian"}
		send := func(id string) *fleettest.Answer {
			o := list[slices.IndexFunc(list, func(o route) bool { return o.id == id })]
			path := parameter.ReplaceAllStringFunc(o.path, func(p string) string { return values[p] })
			if id == "deleteWatch" {
				path += "?repository=registry.example/team/app"
			}
			return c.Do(o.method, path, all[id])
		}
		id := func(operation string) string {
			var v struct {
				ID           string
				Token        struct{ ID string }
				Subscription struct{ ID string }
			}
			send(operation).Want(201).Into(&v)
			return v.ID + v.Token.ID + v.Subscription.ID
		}
		values["{token}"], values["{mark}"], values["{alertMark}"], values["{subscription}"] = id("createToken"), id("addMark"), id("addAlertMark"), id("addSubscription")
		for _, operation := range []string{"setPolicy", "setAdvisory", "setWatch", "setMonitoring"} {
			if a := send(operation); a.Status > 299 {
				t.Fatalf("%s: status %d %s", operation, a.Status, a.Body)
			}
		}
		rows := func() map[string]string {
			t.Helper()
			content := make(map[string]string)
			for table, columns := range map[string]string{"fleet_tokens": "id", "fleet_submissions": "id", "fleet_registries": "pattern", "fleet_credentials": "prefix", "fleet_policies": "body", "fleet_mappings": "pattern",
				"fleet_subscriptions": "id", "fleet_advisories": "id", "fleet_watches": "repository", "fleet_falco_marks": "id", "fleet_falco_monitoring": "monitored", "hullmark_marks": "id", "fleet_usage": "submissions"} {
				found, err := s.Store.DB.QueryContext(t.Context(), "SELECT "+columns+" FROM "+table)
				if err != nil {
					t.Fatal(err)
				}
				var lines []string
				for found.Next() {
					var v string
					if err := found.Scan(&v); err != nil {
						t.Fatal(err)
					}
					lines = append(lines, fmt.Sprintf("%q", v))
				}
				if err := found.Close(); err != nil {
					t.Fatal(err)
				}
				slices.Sort(lines)
				content[table] = strings.Join(lines, " ")
			}
			return content
		}
		before := rows()
		rename := func(from, to string) {
			t.Helper()
			if _, err := s.Store.DB.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
		all["setMonitoring"] = `{"name": "registry.example/team/app", "on": false}`
		all["setRegistries"] = `{"patterns": ["registry.example/**"]}`
		changes := []string{"createToken", "deleteToken", "submit", "upload", "importSBOM", "setRegistries", "setCredential", "setPolicy", "deletePolicy", "addMark", "withdrawMark", "addSubscription",
			"deleteSubscription", "setAdvisory", "withdrawAdvisory", "setWatch", "deleteWatch", "setMonitoring", "addAlertMark", "deleteAlertMark"}
		rename("fleet_audit", "fleet_audit_gone")
		for _, operation := range changes {
			if a := send(operation); a.Status < 500 {
				t.Errorf("%s without an audit: status %d %s", operation, a.Status, a.Body)
			}
			if after := rows(); !maps.Equal(after, before) {
				t.Fatalf("%s without an audit: %v became %v", operation, before, after)
			}
		}
		rename("fleet_audit_gone", "fleet_audit")
		for _, operation := range changes {
			if a := send(operation); a.Status > 299 {
				t.Errorf("%s: status %d %s", operation, a.Status, a.Body)
			}
		}
	})
}
