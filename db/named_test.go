package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// Named agrees with a look at all advisories: for the types at both ends of the file and in between, and for names that many
// namespaces have, or none.
func TestNamed(t *testing.T) {
	as := many(2000)
	for i := range 3000 {
		for _, typ := range []string{"aaa", "maven", "zzz"} {
			as = append(as, matcher.Advisory{ID: fmt.Sprint("X-", i), Feed: "x", Key: matcher.Key{Type: typ, Namespace: fmt.Sprint("org.", i%100), Name: fmt.Sprint("name-", i%70)}})
		}
	}
	d := open(t, build(t, as...))
	for _, typ := range []string{"aaa", "maven", "zzz", "deb", "none", ""} {
		for _, name := range []string{"name-0", "name-69", "name-70", "package-00000", ""} {
			var want []matcher.Key
			for _, a := range as {
				if k := a.Key; k.Type == typ && k.Name == name {
					k.Release = ""
					want = append(want, k)
				}
			}
			slices.SortFunc(want, matcher.CompareKeys)
			want = slices.Compact(want)
			for range 2 { // from the file, and from memory
				got, err := d.Named(t.Context(), []matcher.Key{{Type: typ, Name: name}, {Type: typ, Namespace: "ignored", Name: name}})
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s %q: %v, %v; want %v", typ, name, got, err, want)
				}
			}
		}
	}
}

func TestNamedErrors(t *testing.T) {
	file := build(t, many(2000)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := []matcher.Key{{Type: "deb", Name: "package-00000"}}
	if _, err := open(t, file).Named(ctx, key); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	bad := slices.Clone(file)
	bad[len("HULLMARK")+20]++ // in the first block
	d, err := db.Open(bytes.NewReader(bad), int64(len(bad)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Named(t.Context(), key); !errors.Is(err, db.ErrCorrupt) {
		t.Errorf("damaged: %v", err)
	}
}
