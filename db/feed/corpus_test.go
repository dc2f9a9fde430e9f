package feed_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus loads real data from files, and from a server that delivers them whole and cut off.
func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	date := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		feed    feed.Feed
		path    string
		records int
	}{
		{debian.Feed(), "debian/tracker-2019-09-01/data.json.zst", 28890},
		{osv.Feed(), "osv/all-zip-samples/rust/all.zip", 3},
		{osv.Feed(), "osv/go-vulndb-2020-2022.tar.zst", 684},
		{osv.Feed(), "osv/npm-santatracker/vulns.json", 170},
	} {
		t.Run(tt.path, func(t *testing.T) {
			name := filepath.Join(dir, "feeds", tt.path)
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(content)))
				n := len(content)
				if r.URL.Path == "/half" {
					n /= 2
				}
				w.Write(content[:n])
			}))
			defer server.Close()
			load := func(location string) ([]byte, error) {
				var b db.Builder
				rep, err := feed.Load(t.Context(), &b, feed.Input{Feed: tt.feed, Location: location, Date: date}, feed.Options{})
				if err != nil {
					return nil, err
				}
				if rep.Records != tt.records || rep.Bad != 0 {
					t.Errorf("%s: %+v", location, rep)
				}
				var buf bytes.Buffer
				if _, err := b.WriteTo(&buf); err != nil {
					t.Fatal(err)
				}
				return buf.Bytes(), nil
			}
			file, err := load(name)
			if err != nil {
				t.Fatal(err)
			}
			served, err := load(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			// The files differ in the URL, which is in the index; the blocks before it are the same.
			d, err := db.Open(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			blocks := len(file) - d.Info().IndexSize - 64
			if blocks <= 8 || !bytes.Equal(file[:blocks], served[:blocks]) {
				t.Error("the server's data make another database")
			}
			if _, err := load(server.URL + "/half"); err == nil {
				t.Error("half of it is accepted")
			}
		})
	}
}
