package pluginpb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// fill gives every field that v reaches a value of its own, so that one that is forgotten makes a difference. Text is not
// UTF-8.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("\xff", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("the test does not know how to fill a " + v.Kind().String())
	}
}

// through sends answers over the wire.
func through(t *testing.T, answers []*Answer) (r *analyzer.Result, failed error) {
	t.Helper()
	r = new(analyzer.Result)
	for i, a := range answers {
		b, err := proto.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 4*answerSize {
			t.Errorf("answer %d of %d has %d bytes", i, len(answers), len(b))
		}
		got := new(Answer)
		if err := proto.Unmarshal(b, got); err != nil {
			t.Fatal(err)
		}
		if got.File != 7 || got.More != (i < len(answers)-1) {
			t.Errorf("answer %d of %d is of file %d, more %t", i, len(answers), got.File, got.More)
		}
		failed = cmp.Or(failed, DecodeAnswer(got, r))
	}
	return r, failed
}

func TestAnswer(t *testing.T) {
	full, n := new(analyzer.Result), 0
	fill(reflect.ValueOf(full).Elem(), &n)
	large := new(analyzer.Result)
	for i := range 30_000 {
		p := analyzer.Package{Type: "generic", Name: fmt.Sprint(i)}
		for k := range 10 {
			p.Files = append(p.Files, fmt.Sprint("usr/share/doc/", i, "/", k))
		}
		large.Packages = append(large.Packages, p)
	}
	for _, want := range []*analyzer.Result{full, large, {}} {
		got, err := through(t, EncodeAnswer(7, want, nil))
		if !reflect.DeepEqual(got, want) || err != nil {
			t.Errorf("%d packages, %v, want %d packages: they differ", len(got.Packages), err, len(want.Packages))
		}
	}
	if n := len(EncodeAnswer(7, large, nil)); n < 5 {
		t.Errorf("%d answers for 10 MB", n)
	}
}

// TestProblems asks that diagnostics and errors are the same in both homes.
func TestProblems(t *testing.T) {
	want := &analyzer.Result{Diagnostics: []analyzer.Diagnostic{
		{Code: analyzer.Malformed, Line: 3, Message: "no colon"}, {Code: analyzer.TooLarge, Message: "too large"},
		{Code: analyzer.Unsupported, Message: "unsupported"}, {Code: analyzer.Panicked, Message: "panic"}, {Code: "no-version", Message: "none"},
	}}
	for _, err := range []error{
		nil, errors.New("plain \xff"), fmt.Errorf("x: %w", analyzer.ErrTooLarge), fmt.Errorf("x: %w", errors.ErrUnsupported),
		fmt.Errorf("x: %w", analyzer.ErrUnsupported), fmt.Errorf("x: %w", analyzer.ErrUnavailable),
		fmt.Errorf("x: %w: %w", analyzer.ErrUnavailable, errors.New("refused")),
	} {
		got, failed := through(t, EncodeAnswer(7, want, err))
		if !reflect.DeepEqual(got, want) || (failed == nil) != (err == nil) || err != nil && diagnostic.Of(failed) != diagnostic.Of(err) {
			t.Errorf("got %v, %v, want %v, %v", got.Diagnostics, failed, want.Diagnostics, err)
		}
	}
	many := &analyzer.Result{Diagnostics: make([]analyzer.Diagnostic, 1000)}
	if got, err := through(t, EncodeAnswer(7, many, nil)); err != nil || len(got.Diagnostics) != diagnostic.Max+1 {
		t.Errorf("%d diagnostics, %v, want %d", len(got.Diagnostics), err, diagnostic.Max+1)
	}
}

func TestInfo(t *testing.T) {
	var want analyzer.Info
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	want.Concurrent = 0 // the host sets it
	if got := DecodeInfo(EncodeInfo(analyzer.Func(want, nil))); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

type finisher struct{ analyzer.Analyzer }

func (finisher) Finish(context.Context, *analyzer.Report) error { return nil }

// An analyzer that changes the whole report says that it cannot do so in a plugin.
func TestFinisher(t *testing.T) {
	a := analyzer.Func(analyzer.Info{Name: "a"}, nil)
	if got := DecodeInfo(EncodeInfo(a)).Unavailable; got != "" {
		t.Error(got)
	}
	if got := DecodeInfo(EncodeInfo(finisher{a})).Unavailable; got == "" {
		t.Error("a Finisher is available")
	}
}

// entryOver returns an entry after its journey to a plugin.
func entryOver(t *testing.T, e *analyzer.Entry) *analyzer.Entry {
	t.Helper()
	b, err := proto.Marshal(EncodeEntry(e))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > EntrySize(e)+64 {
		t.Errorf("an entry of %d bytes was taken for one of %d", len(b), EntrySize(e))
	}
	got := new(Entry)
	if err := proto.Unmarshal(b, got); err != nil {
		t.Fatal(err)
	}
	return DecodeEntry(got)
}

func TestEntry(t *testing.T) {
	full, n := new(analyzer.Entry), 0
	fill(reflect.ValueOf(&full.Target).Elem(), &n)
	fill(reflect.ValueOf(&full.Link).Elem(), &n)
	fill(reflect.ValueOf(&full.Xattrs).Elem(), &n)
	full.UID, full.GID, full.Size, full.Major, full.Minor = 1, 2, 3, 4, 5
	full.Mode, full.ModTime = fs.ModeDir|fs.ModeSticky|0o777, time.Unix(1, 999_999_999).UTC()
	v := reflect.ValueOf(*full)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test does not fill %s", v.Type().Field(i).Name)
		}
	}
	for _, want := range []*analyzer.Entry{
		full, {},
		{UID: -1, GID: -2, Size: math.MaxInt64, Major: math.MinInt64, ModTime: time.Unix(math.MinInt64, 0).UTC()},
		{UID: 1 << 32, ModTime: time.Unix(math.MaxInt64, 0).UTC()}, // must not become root
		{Xattrs: map[string]string{"security.capability": "\x00\x00\x00\x02\xff"}},
		{Xattrs: map[string]string{"": "", "user.\xff": "\xfe", "user.empty": ""}},
	} {
		if got := entryOver(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v", want, got)
		}
	}
	if EncodeEntry(nil) != nil || DecodeEntry(nil) != nil {
		t.Error("no entry became one")
	}
}

// TestEntryMode compares the modes of entries with those of stat(2).
func TestEntryMode(t *testing.T) {
	for _, tt := range []struct {
		mode fs.FileMode
		want uint32
	}{
		{fs.ModeSetuid | 0o755, 0o104755}, {fs.ModeDir | fs.ModeSticky | 0o777, 0o041777}, {fs.ModeSymlink | 0o777, 0o120777},
		{fs.ModeDevice | 0o660, 0o060660}, {fs.ModeDevice | fs.ModeCharDevice | 0o666, 0o020666}, {fs.ModeNamedPipe | 0o600, 0o010600},
		{fs.ModeSocket | fs.ModeSetgid | 0o600, 0o142600}, {fs.ModeIrregular | 0o600, 0o600},
	} {
		e := &analyzer.Entry{Mode: tt.mode}
		if got := EncodeEntry(e).Mode; got != tt.want {
			t.Errorf("%v is %o, want %o", tt.mode, got, tt.want)
		}
		if got := entryOver(t, e).Mode; got != tt.mode {
			t.Errorf("%v became %v", tt.mode, got)
		}
	}
}

func TestMode(t *testing.T) {
	for _, want := range []fs.FileMode{0, 0o644, 0o777, fs.ModeSetuid | 0o755, fs.ModeSetgid | fs.ModeSticky | 0o700} {
		if got := DecodeMode(EncodeMode(want)); got != want {
			t.Errorf("%v became %v", want, got)
		}
	}
	if got := EncodeMode(fs.ModeSetuid | 0o755); got != 0o4755 {
		t.Errorf("set-user-ID is %o", got)
	}
}
