package migrate_test

import (
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/examples/fleet/internal/migrate"
)

// TestMigrate refuses tables of a later version, and reports a script that is missing. TestMigrations of package store runs the scripts of the service.
func TestMigrate(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	schema := func(latest int) *migrate.Schema {
		return &migrate.Schema{Table: "test_schema", Scripts: embed.FS{}, Latest: latest}
	}
	if err := schema(1).Migrate(t.Context(), db, sqlstore.SQLite); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a script: %v", err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO test_schema (version) VALUES (3)"); err != nil {
		t.Fatal(err)
	}
	if err := schema(3).Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
		t.Errorf("tables of the same version: %v", err)
	}
	if err := schema(2).Migrate(t.Context(), db, sqlstore.SQLite); err == nil || err.Error() != "the tables have version 3, and this program knows versions up to 2" {
		t.Errorf("tables of a later version: %v", err)
	}
}
