package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ofAll are the functions whose queries are about all tenants, and why.
var ofAll = map[string]string{
	"TokenOf":             "finds the tenant of a request",
	"Start":               "chooses the tenant whose turn it is",
	"Lost":                "looks for dead workers",
	"Turns":               "counts jobs",
	"Working":             "looks for lost work of a worker",
	"listed":              "returns tenants with their images, for events",
	"DeleteImage":         "asks whether another tenant has the image",
	"Names":               "returns tenants with their images, for events",
	"Stale":               "marks the images that advisories are about",
	"StaleImages":         "finds marked images",
	"AllSubscriptions":    "delivers events",
	"DisableSubscription": "disables a receiver that is gone",
	"ForgetAnswers":       "deletes old answers",
	"TenantNames":         "lists tenants",
	"addTenant":           "adds a tenant",
	"Unsettled":           "continues what a dead process began",
	"Used":                "asks whether a tenant uses the content of an image",
	"Referenced":          "looks for objects that no row names",
	"Forget":              "deletes rows that have no use",
	"ForgetSubmissions":   "deletes old submissions",
	"ForgetAudit":         "deletes old entries",
	"Ended":               "wakes requests of all tenants",
	"DueWatches":          "looks at the repositories of all tenants",
}

// shared are the tables that have no rows of a tenant.
var shared = []string{"fleet_schema", "fleet_claims", "fleet_layers", "fleet_objects", "fleet_object_parts", "fleet_generations", "fleet_indexed", "fleet_settings",
	"fleet_files", "fleet_feeds", "fleet_usage", "fleet_trash", "fleet_submission_counts"}

var (
	tables  = regexp.MustCompile(`\bfleet_\w+`)
	queries = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)\b`)
	limited = regexp.MustCompile(`(?s)\bWHERE\b.*\btenant = \?|^\s*INSERT INTO \w+ \([^)]*\btenant\b`)
)

// TestTenants lists the queries of tables of tenants that are not limited to one. Each is in a function that ofAll names.
func TestTenants(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen, used := 0, make(map[string]bool)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			where := "variables"
			if f, ok := d.(*ast.FuncDecl); ok {
				where = f.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				text, ok := literal(n)
				if !ok {
					return true
				}
				ours := slices.DeleteFunc(tables.FindAllString(text, -1), func(s string) bool { return slices.Contains(shared, s) })
				if !queries.MatchString(text) || len(ours) == 0 {
					return true
				}
				if seen++; !limited.MatchString(text) {
					if used[where] = true; ofAll[where] == "" {
						t.Errorf("%s: %s has a query without a tenant: %s", e.Name(), where, text)
					}
				}
				return false
			})
		}
	}
	if seen < 40 {
		t.Errorf("%d queries", seen)
	}
	for where := range ofAll {
		if !used[where] {
			t.Errorf("%s has no query of all tenants", where)
		}
	}
}

// literal returns the text of a string, or of several with a + between them, in which other operands are "...".
func literal(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(n.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		if n.Op != token.ADD {
			return "", false
		}
		x, okX := literal(n.X)
		y, okY := literal(n.Y)
		if !okX {
			x = "..."
		}
		if !okY {
			y = "..."
		}
		return x + y, okX || okY
	}
	return "", false
}
