package sbom

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/CycloneDX/cyclonedx-go"
)

// A part is a run of whole tokens of a JSON document without white space.
type part struct {
	text  []byte
	depth int              // of brackets that are open where it begins
	more  iter.Seq[[]byte] // texts after it, which are made anew each time, because all of them are too long to hold; or nil
}

// texts yields the texts of parts. Each is valid until the next one.
func texts(parts []part) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, p := range parts {
			if !yield(p.text) {
				return
			}
			if p.more == nil {
				continue
			}
			for text := range p.more {
				if !yield(text) {
					return
				}
			}
		}
	}
}

// marshal makes a document of parts of a bounded number of elements of its lists, in parallel. component returns each of its components, and
// more the text of further ones, if it is not nil.
func marshal(bom *cyclonedx.BOM, components int, component func(int) cyclonedx.Component, more iter.Seq[[]byte]) ([]part, error) {
	head := *bom
	head.Dependencies, head.Compositions, head.Vulnerabilities = nil, nil, nil
	text, err := compact(&head)
	if err != nil {
		return nil, err
	}
	chunks := appendRuns(nil, "components", components, func(w *jsonWriter, i int) {
		w.element = component(i)
		w.component(&w.element)
	})
	if more != nil {
		chunks[len(chunks)-1].more = more
	}
	chunks = appendChunks(chunks, "dependencies", bom.Dependencies)
	chunks = appendChunks(chunks, "compositions", bom.Compositions)
	return assemble(text, appendChunks(chunks, "vulnerabilities", bom.Vulnerabilities))
}

// assemble makes a document of the object that it begins with and of chunks of the lists that follow.
func assemble(head []byte, chunks []chunk) ([]part, error) {
	parts := []part{{text: head[:len(head)-1]}} // without the last bracket
	texts, errs := make([][]byte, len(chunks)), make([]error, len(chunks))
	writers := sync.Pool{New: func() any { return new(jsonWriter) }}
	parallel(len(chunks), func(i int) {
		w := writers.Get().(*jsonWriter)
		texts[i], errs[i] = chunks[i].compact(w)
		writers.Put(w)
	})
	for i, c := range chunks {
		if errs[i] != nil {
			return nil, errs[i]
		}
		inner := texts[i][1 : len(texts[i])-1]
		switch {
		case !c.first:
			parts = append(parts, part{text: []byte{','}, depth: 2})
		case len(inner) == 0 && c.more == nil:
			parts = append(parts, part{text: []byte(`,"` + c.name + `":[]`), depth: 1})
			continue
		default:
			parts = append(parts, part{text: []byte(`,"` + c.name + `":[`), depth: 1})
		}
		if len(inner) > 0 && c.more != nil {
			inner = append(inner, ',')
		}
		parts = append(parts, part{inner, 2, c.more})
		if c.last {
			parts = append(parts, part{text: []byte{']'}, depth: 2})
		}
	}
	return append(parts, part{text: []byte{'}'}, depth: 1}), nil
}

// A chunk is a run of the elements of a list.
type chunk struct {
	name        string
	from, to    int // bounds of the elements
	write       func(w *jsonWriter, i int)
	more        iter.Seq[[]byte] // text of further elements
	first, last bool
}

// appendRuns appends the chunks of a list of n elements. write writes each, and may be called for several at once.
func appendRuns(chunks []chunk, name string, n int, write func(w *jsonWriter, i int)) []chunk {
	const size = 64
	first := len(chunks)
	for from := 0; from < max(n, 1); from += size {
		chunks = append(chunks, chunk{name: name, from: from, to: min(from+size, n), write: write})
	}
	chunks[first].first, chunks[len(chunks)-1].last = true, true
	return chunks
}

func appendChunks[T any](chunks []chunk, name string, list *[]T) []chunk {
	if list == nil {
		return chunks
	}
	return appendRuns(chunks, name, len(*list), func(w *jsonWriter, i int) {
		switch e := any(&(*list)[i]).(type) {
		case *cyclonedx.Dependency:
			w.dependency(e)
		default:
			w.other(e, false)
		}
	})
}

// compact returns the JSON of the list without white space. It reuses the buffer of w.
func (c *chunk) compact(w *jsonWriter) ([]byte, error) {
	w.b = w.b[:0]
	w.begin("", '[')
	for i := c.from; i < c.to; i++ {
		c.write(w, i)
	}
	w.end(']')
	return bytes.Clone(w.b[:len(w.b)-1]), w.err // without the last comma
}

func compact(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes()[:buf.Len()-1], nil // without the line break
}

// parallel calls do for 0 to n-1, on every processor.
func parallel(n int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
}

// writeParts writes a document, indented by two spaces if indented is set, and a line break.
func writeParts(w io.Writer, parts []part, indented bool) error {
	if !indented {
		for text := range texts(parts) {
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
		_, err := w.Write([]byte{'\n'})
		return err
	}
	lines := make([][]byte, 9) // indented at a time, so that not all of the longer form is held
	for batch := range slices.Chunk(parts, len(lines)-1) {
		parallel(len(batch), func(i int) { lines[i] = indent(lines[i][:0], batch[i]) })
		for i := range batch {
			if _, err := w.Write(lines[i]); err != nil {
				return err
			}
			if batch[i].more == nil {
				continue
			}
			for text := range batch[i].more {
				last := &lines[len(lines)-1]
				*last = indent((*last)[:0], part{text: text, depth: batch[i].depth})
				if _, err := w.Write(*last); err != nil {
					return err
				}
			}
		}
	}
	_, err := w.Write([]byte{'\n'})
	return err
}

// indent appends a part with white space as json.Indent puts it. A bracket at the end of a part opens a list that is not
// empty.
func indent(dst []byte, p part) []byte {
	const margin = "                                                                "
	dst = slices.Grow(dst, len(p.text)*3/2) // an estimate
	depth := p.depth
	line := func() {
		dst = append(dst, '\n')
		n := 2 * depth
		for ; n > len(margin); n -= len(margin) {
			dst = append(dst, margin...)
		}
		dst = append(dst, margin[:n]...)
	}
	s := p.text
	from := 0 // start of the text that is not in dst yet
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			i = endOfString(s, i)
		case '{', '[':
			if i+1 < len(s) && s[i+1] == c+2 { // "]" and "}" are two after "[" and "{"
				i++
				continue
			}
			dst = append(dst, s[from:i+1]...)
			from = i + 1
			depth++
			line()
		case '}', ']':
			dst = append(dst, s[from:i]...)
			from = i
			depth--
			line()
		case ',':
			dst = append(dst, s[from:i+1]...)
			from = i + 1
			line()
		case ':':
			dst = append(append(dst, s[from:i+1]...), ' ')
			from = i + 1
		}
	}
	return append(dst, s[from:]...)
}

// endOfString returns the index of the quote that ends the string that begins at i.
func endOfString(s []byte, i int) int {
	for {
		i += 1 + bytes.IndexByte(s[i+1:], '"')
		escape := i
		for s[escape-1] == '\\' {
			escape--
		}
		if (i-escape)%2 == 0 {
			return i
		}
	}
}
