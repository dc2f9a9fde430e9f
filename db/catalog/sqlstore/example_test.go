package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// A program imports the driver that it wants: _ "github.com/jackc/pgx/v5/stdlib" has "pgx", _ "modernc.org/sqlite" has "sqlite".
func Example() {
	ctx := context.Background()
	db, err := sql.Open("pgx", "host=/run/postgresql dbname=hullmark")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL)
	if err != nil {
		log.Fatal(err)
	}
	var scanned *analyzer.Report // of scan.Scanner
	if err := catalog.Put(ctx, store, catalog.Image{Digest: "sha256:..."}, scanned); err != nil {
		log.Fatal(err)
	}
	for image, err := range store.Images(ctx) {
		fmt.Println(image.Digest, image.Added, err)
	}
}
