package attribute

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	sets := []Set{
		{},
		{Mode: fs.ModeSetuid | 0o755, UID: 1000, GID: -1, Time: -5, Size: 1 << 40},
		{Mode: fs.ModeDir | fs.ModeSticky | 0o777, Time: 1 << 33},
		{Mode: fs.ModeDevice | fs.ModeCharDevice | 0o600, Major: 1, Minor: 3},
		{Mode: fs.ModeSymlink | 0o777, Xattrs: map[string]string{"security.capability": "\x01\x00", "user.a": ""}},
		{Mode: 0o644, Size: 3, Digests: []Digest{{"md5", strings.Repeat("m", 16)}, {"sha512", strings.Repeat("s", 64)}}},
	}
	var b []byte
	before := int64(0)
	for i := range sets {
		b = Append(b, &sets[i], before)
		before = sets[i].Time
	}
	r, before := Reader{Rest: string(b)}, int64(0)
	for _, want := range sets {
		var got Set
		r.Set(&got, before)
		before = got.Time
		if !reflect.DeepEqual(got, want) || r.Bad {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if r.Rest != "" {
		t.Errorf("%d bytes are left", len(r.Rest))
	}
}

// Digests that the form has no room for are left out. They must not damage what follows.
func TestUnknownDigests(t *testing.T) {
	md5 := Digest{"md5", strings.Repeat("m", 16)}
	for _, digests := range [][]Digest{{{"sha384", strings.Repeat("x", 48)}, md5}, {{"md5", "short"}, md5}, {md5, {"sha256", ""}}} {
		r := Reader{Rest: string(Append(Append(nil, &Set{Size: 3, Digests: digests}, 0), &Set{Size: 7}, 0))}
		var first, second Set
		r.Set(&first, 0)
		if !reflect.DeepEqual(first.Digests, []Digest{md5}) {
			t.Errorf("%q: got %q", digests, first.Digests)
		}
		if r.Set(&second, 0); r.Bad || second.Size != 7 || r.Rest != "" {
			t.Errorf("%q: the next entry is %+v", digests, second)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("")
	f.Add(string(Append(nil, &Set{Mode: 0o644, Size: 3, Xattrs: map[string]string{"a": "b"}, Digests: []Digest{{"md5", strings.Repeat("m", 16)}}}, 7)))
	f.Fuzz(func(t *testing.T, s string) {
		r := Reader{Rest: s}
		for n := 0; r.Rest != "" && !r.Bad; n++ {
			before := len(r.Rest)
			r.Set(new(Set), 1)
			if len(r.Rest) >= before {
				t.Fatal("nothing was read")
			}
		}
	})
}
