package sqlstore

import (
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
)

// TestDatabases runs the tests of the module in testdata/databases, which has the drivers.
func TestDatabases(t *testing.T) {
	environment := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	build := exec.CommandContext(t.Context(), "go", "vet", ".")
	build.Dir, build.Env = "testdata/databases", environment
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("drivers are not in the module cache (go mod download in testdata/databases): no databases\n%s", out)
	}
	run := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", ".")
	run.Dir, run.Env = "testdata/databases", environment
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// TestFields requires that a stored image has all fields of its description.
func TestFields(t *testing.T) {
	var info analyzer.ImageInfo
	v := reflect.ValueOf(&info).Elem()
	for i := range v.NumField() {
		v.Field(i).SetString(v.Type().Field(i).Name)
	}
	var got analyzer.ImageInfo
	if err := decodeInfo(encodeInfo(&info), &got); err != nil || got != info {
		t.Errorf("%+v, %v, want %+v", got, err, info)
	}
}

// FuzzDecode decodes columns of a damaged database.
func FuzzDecode(f *testing.F) {
	refs, err := appendRef(nil, numbered{"chunk", -1, 77})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(refs)
	f.Add(encodeInfo(&analyzer.ImageInfo{ID: "x"}))
	f.Add(encodeScope(&catalog.Scope{Images: []string{"a", ""}, Layers: []string{"b"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var info analyzer.ImageInfo
		_ = decodeInfo(b, &info)
		var scope, reread catalog.Scope
		if decodeScope(b, &scope) == nil {
			if err := decodeScope(encodeScope(&scope), &reread); err != nil || !reflect.DeepEqual(scope, reread) {
				t.Fatal(scope, reread, err)
			}
		}
		list, err := decodeRefs(b)
		if err != nil {
			return
		}
		again := []byte{}
		for _, r := range list {
			if again, err = appendRef(again, r); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := decodeRefs(again); err != nil || !reflect.DeepEqual(got, list) {
			t.Errorf("%v, %v, want %v", got, err, list)
		}
	})
}
