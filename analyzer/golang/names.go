package golang

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
	"github.com/hullmark/hullmark/internal/executable"
	"github.com/hullmark/hullmark/internal/symbols"
)

const (
	maxNames   = 1 << 18   // names of a program whose functions are recorded; large ones have 100,000
	maxSymbols = 256 << 10 // bytes of the sets of functions of all its modules
	nameSize   = 16        // bytes of memory for a name, about
)

// names sets the Functions of the modules of a program, which are in list, by the names of its functions. It leaves all of them unknown if the program
// has no such names, or if they may not be those that the modules have: see [homes].
func names(ctx context.Context, f *analyzer.File, r *io.SectionReader, info *debug.BuildInfo, list []analyzer.Package) error {
	t, ok := table(f, r)
	if !ok {
		return nil
	}
	size := t.Names.End - t.Names.Start
	if err := f.Hold(ctx, size+maxNames*nameSize); err != nil {
		return err
	}
	text := make([]byte, size)
	if _, err := r.ReadAt(text, t.Names.Start); err != nil && err != io.EOF {
		return err
	}
	h := newHomes(info, list)
	complete, count := false, 0
	for len(text) > 0 {
		name, rest, _ := bytes.Cut(text, []byte{0})
		text = rest
		if count++; count > maxNames || !h.add(name, t.Old) {
			return nil
		}
		complete = complete || string(name) == entry
	}
	if !complete {
		return nil
	}
	inlined := symbols.Pack(h.inlined)
	packed := make([]string, len(list))
	total := len(inlined)
	for i, hashes := range h.hashes {
		packed[i] = symbols.Pack(hashes)
		total += len(packed[i])
	}
	if total > maxSymbols {
		return nil
	}
	for i, set := range packed {
		if set != "" {
			list[i].Functions = &analyzer.Functions{Linked: set, Inlined: inlined}
		}
	}
	return nil
}

// entry is a function that every program has, unless its packages are in shared libraries (-linkshared).
const entry = "runtime.goexit"

// table returns the table of names of a program, and not that of a program that it embeds. It begins a section of its own, or it is in data that
// has addresses, which a position-independent program of Go 1.25 and older relocates. Embedded files are constants.
func table(f *analyzer.File, r *io.SectionReader) (t executable.NameTable, ok bool) {
	tables := stream.Names(f)
	if len(tables) > executable.MaxTables {
		return t, false
	}
	if executable.FormatOf(r) != executable.ELF {
		return onlyTable(tables)
	}
	var head [executable.HeadSize]byte
	n, _ := r.ReadAt(head[:], 0)
	_, data := executable.Segments(head[:n], r.Size())
	var own []executable.NameTable
	for _, t := range tables {
		for _, s := range data {
			if s.Start <= t.Start && t.Names.End <= s.End {
				own = append(own, t)
			}
		}
	}
	if len(own) == 0 {
		for _, t := range tables {
			if executable.BeginsSection(r, t.Start) {
				own = append(own, t)
			}
		}
	}
	return onlyTable(own)
}

func onlyTable(tables []executable.NameTable) (t executable.NameTable, ok bool) {
	if len(tables) != 1 {
		return t, false
	}
	return tables[0], true
}

// moduleIndex tells the modules that packages are in. A name of a package that is in no module shows that a tool such as garble has rewritten names.
type moduleIndex struct {
	modules map[string]int // by path; main modules and dependencies, whatever replaces them
	stdlib  int
	main    string // path of the program's package

	last   string // the path of a package
	at     home   // of last
	known  map[string]home
	hashes [][]symbols.Hash // of each module

	inlined []symbols.Hash
}

// A home is the index of a package's module, or one of those below, and the hash of its path within the module.
type home struct {
	module int
	path   symbols.Hash
}

const (
	nowhere = -1 // not a package of a module, which is right
	foreign = -2 // not a package of a module, which is wrong
)

func newHomes(info *debug.BuildInfo, list []analyzer.Package) *moduleIndex {
	h := &moduleIndex{modules: make(map[string]int), stdlib: nowhere, main: info.Path, known: make(map[string]home), hashes: make([][]symbols.Hash, len(list))}
	next := 0
	if _, ok := toolchain(info.GoVersion); ok {
		h.stdlib, next = 0, 1
	}
	for _, m := range append(info.Deps[:len(info.Deps):len(info.Deps)], &info.Main) { // in the order of packages
		if m == nil || m.Path == "" {
			continue
		}
		h.modules[m.Path] = next
		next++
	}
	return h
}

// add adds the name of a function. It returns false if that cannot be a name that the Go toolchain gave.
func (h *moduleIndex) add(name []byte, old bool) bool {
	pkg, name, ok := split(name, old)
	if !ok {
		return true
	}
	if string(pkg) != h.last {
		h.last = string(pkg)
		at, ok := h.known[h.last]
		if !ok {
			at = h.find(h.last)
			h.known[h.last] = at
		}
		h.at = at
	}
	if h.at.module < 0 {
		return h.at.module == nowhere
	}
	h.hashes[h.at.module] = h.symbol(h.hashes[h.at.module], h.at.path, name)
	return true
}

// symbol appends the hashes of a function or method, as advisories name it: "Transport.RoundTrip" for "(*Transport).RoundTrip", and its type. The
// name of a function within it, such as "(*Transport).RoundTrip.func1", stands for it, too, whose code it is part of.
//
// Other parts of such a name are functions from which the compiler moved the function to the one before, when it inlined them: "main.Handler.func1" is a
// function in Handler, of any package, which is now in main. Handler itself may have left nothing else.
func (h *moduleIndex) symbol(list []symbols.Hash, pkg symbols.Hash, name []byte) []symbols.Hash {
	e, rest := first(bytes.TrimSuffix(name, []byte("-fm"))) // a method value
	function := pkg.Of(e.name)
	if e.receiver != nil {
		receiver := pkg.Of(e.receiver)
		list = append(list, receiver)
		function = receiver.Of(e.name)
	}
	list = append(list, function)
	if !moved(rest) {
		if e.receiver == nil && len(rest) > 0 {
			e, _ = first(rest)
			list = append(list, function.Of(e.name)) // a method of a type without a pointer
		}
		return list
	}
	before := e
	for second := true; len(rest) > 0; second = false {
		if e, rest = first(rest); e.generated() {
			before = element{}
			continue
		}
		if second && before.receiver == nil {
			list = append(list, function.Of(e.name)) // a method of a type without a pointer
		}
		any := symbols.In(symbols.Any)
		if e.receiver != nil {
			any = any.Of(e.receiver)
		} else if before.receiver == nil && before.name != nil { // perhaps its type
			h.inlined = append(h.inlined, any.Of(before.name).Of(e.name))
		}
		h.inlined = append(h.inlined, any.Of(e.name))
		before = e
	}
	return list
}

// find returns the home of a package.
func (h *moduleIndex) find(pkg string) home {
	if i := strings.IndexByte(pkg, '%'); i >= 0 {
		path, err := url.PathUnescape(pkg) // the linker escapes points of the last element
		if err != nil {
			return home{module: foreign}
		}
		pkg = path
	}
	if pkg == "main" {
		if pkg = h.main; pkg == "" || pkg == "command-line-arguments" {
			return home{module: nowhere}
		}
	}
	for prefix := pkg; ; {
		if m, ok := h.modules[prefix]; ok {
			return home{m, symbols.In(strings.TrimPrefix(pkg[len(prefix):], "/"))}
		}
		i := strings.LastIndexByte(prefix, '/')
		if i < 0 {
			break
		}
		prefix = prefix[:i]
	}
	first, _, _ := strings.Cut(pkg, "/")
	if !standard[first] || strings.HasPrefix(pkg, "plugin/unnamed") {
		return home{module: foreign}
	}
	return home{h.stdlib, symbols.In(withoutFIPSVersion(pkg))}
}

// withoutFIPSVersion returns the path of a package without the version of the FIPS 140 module. GOFIPS140 links a frozen copy of it.
func withoutFIPSVersion(pkg string) string {
	const module = "crypto/internal/fips140/"
	rest, ok := strings.CutPrefix(pkg, module)
	version, rest, _ := strings.Cut(rest, "/")
	if ok && len(version) > 1 && version[0] == 'v' && '0' <= version[1] && version[1] <= '9' {
		return module + rest
	}
	return pkg
}

// standard has the first elements of the paths of the standard library and the Go toolchain.
var standard = set("archive arena bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors expvar flag fmt " +
	"go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime simd slices sort strconv strings structs " +
	"sync syscall testing text time unicode unique unsafe uuid vendor weak")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// split returns the path of a function's package, and the name in it, of a name in a table. It returns false for functions of the compiler and
// of C.
func split(name []byte, old bool) (pkg, rest []byte, ok bool) {
	prefixes := [...]string{"type:", "go:"}
	if old {
		prefixes = [...]string{"type.", "go."}
	}
	for _, p := range prefixes {
		if bytes.HasPrefix(name, []byte(p)) {
			return nil, nil, false
		}
	}
	if i := bytes.IndexByte(name, '['); i >= 0 { // type arguments, with paths of other packages
		if j := bytes.LastIndexByte(name, ']'); j > i {
			name = append(name[:i:i], name[j+1:]...)
		}
	}
	slash := bytes.LastIndexByte(name, '/') + 1
	point := bytes.IndexByte(name[slash:], '.')
	if point < 0 {
		return nil, nil, false
	}
	point += slash
	pkg, rest = name[:point], name[point+1:]
	part, _, _ := bytes.Cut(rest, []byte("."))
	if point == 0 || bytes.IndexByte(pkg, '(') >= 0 || slash == 0 && compilerOfC[string(part)] {
		return nil, nil, false
	}
	return pkg, rest, true
}

// compilerOfC has the words that compilers of C append to a function's name for a part or a variant of it: "x_cgo_munmap.cold". The linker of Go takes such
// functions of package runtime/cgo into a program, and names sections "net(.text)".
var compilerOfC = set("cold constprop isra llvm localalias lto_priv part")

// moved reports whether a function may be within another: the compiler gave it the last part of its name.
func moved(rest []byte) bool {
	i := bytes.LastIndexByte(rest, '.')
	return len(rest) > 0 && element{name: rest[i+1:]}.generated()
}

// An element is a part of a function's name: "F" or, with a pointer receiver, "(*T).M".
type element struct{ receiver, name []byte }

// first returns the first element of a name and the rest. The body of a loop over a function, "F-range1", is part of F.
func first(name []byte) (e element, rest []byte) {
	if receiver, ok := bytes.CutPrefix(name, []byte("(")); ok {
		if i := bytes.Index(receiver, []byte(").")); i >= 0 {
			e.receiver, name = bytes.TrimPrefix(receiver[:i], []byte("*")), receiver[i+2:]
		}
	}
	e.name, rest, _ = bytes.Cut(name, []byte("."))
	if i := bytes.IndexByte(e.name, '-'); i >= 0 {
		e.name, _, _ = bytes.Cut(e.name, []byte("-range"))
	}
	return e, rest
}

// generated reports whether the compiler gave a name to a function within another: "func1", "gowrap2", "0".
func (e element) generated() bool {
	if e.receiver != nil {
		return false
	}
	switch string(bytes.TrimRight(e.name, "0123456789")) {
	case "", "func", "gowrap", "deferwrap", "init", "glob":
		return true
	}
	return false
}
