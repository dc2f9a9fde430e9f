package pluginpb

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
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
func through(t *testing.T, answers []*Answer) (*analyzer.Result, []error) {
	t.Helper()
	r := new(analyzer.Result)
	var problems []error
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
		problems = DecodeAnswer(got, r, problems)
	}
	return r, problems
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
		got, problems := through(t, EncodeAnswer(7, want, nil))
		if !reflect.DeepEqual(got, want) || len(problems) != 0 {
			t.Errorf("%d packages, %v, want %d packages: they differ", len(got.Packages), problems, len(want.Packages))
		}
	}
	if n := len(EncodeAnswer(7, large, nil)); n < 5 {
		t.Errorf("%d answers for 10 MB", n)
	}
}

// TestProblems asks that an error has the text and kind in both homes, and that joined errors stay apart.
func TestProblems(t *testing.T) {
	kinds := []error{analyzer.ErrTooLarge, analyzer.ErrUnsupported, analyzer.ErrPanic, analyzer.ErrUnavailable}
	for _, err := range []error{
		nil, errors.New("plain \xff"), fmt.Errorf("x: %w", analyzer.ErrTooLarge), fmt.Errorf("x: %w", errors.ErrUnsupported),
		fmt.Errorf("x: %w", analyzer.ErrUnsupported), fmt.Errorf("x: %w", analyzer.ErrPanic), fmt.Errorf("x: %w", analyzer.ErrUnavailable),
		fmt.Errorf("x: %w: %w", analyzer.ErrUnavailable, errors.New("refused")),
		errors.Join(errors.New("a"), errors.Join(fmt.Errorf("b: %w", analyzer.ErrTooLarge), errors.New("c"))),
	} {
		want := parts(err)
		_, problems := through(t, EncodeAnswer(7, nil, err))
		got := parts(Problems(problems))
		if len(got) != len(want) {
			t.Fatalf("%v became %q", err, got)
		}
		for i := range got {
			if got[i].Error() != want[i].Error() {
				t.Errorf("%q became %q", want[i], got[i])
			}
			for _, kind := range kinds {
				is := errors.Is(want[i], kind) || kind == analyzer.ErrUnsupported && errors.Is(want[i], errors.ErrUnsupported)
				if errors.Is(got[i], kind) != is {
					t.Errorf("%q: is %v: %t", got[i], kind, !is)
				}
			}
		}
	}
}

func TestInfo(t *testing.T) {
	var want analyzer.Info
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	want.Concurrent, want.Unavailable = 0, "" // which are the host's
	if got := DecodeInfo(EncodeInfo(analyzer.Func(want, nil))); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
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
