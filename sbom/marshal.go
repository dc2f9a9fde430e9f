package sbom

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/CycloneDX/cyclonedx-go"
)

// A part is a run of whole tokens of a JSON document without white space.
type part struct {
	text  []byte
	depth int // of brackets that are open where it begins
}

// marshal makes a document of parts of a bounded number of elements of its lists, in parallel.
func marshal(bom *cyclonedx.BOM) ([]part, error) {
	head := *bom
	head.Components, head.Dependencies, head.Compositions, head.Vulnerabilities = nil, nil, nil, nil
	text, err := compact(&head)
	if err != nil {
		return nil, err
	}
	var chunks []chunk
	chunks = appendChunks(chunks, "components", bom.Components)
	chunks = appendChunks(chunks, "dependencies", bom.Dependencies)
	chunks = appendChunks(chunks, "compositions", bom.Compositions)
	return assemble(text, appendChunks(chunks, "vulnerabilities", bom.Vulnerabilities))
}

// assemble makes a document of the object that it begins with and of chunks of the lists that follow.
func assemble(head []byte, chunks []chunk) ([]part, error) {
	parts := []part{{text: head[:len(head)-1]}} // without the last bracket
	texts, errs := make([][]byte, len(chunks)), make([]error, len(chunks))
	parallel(len(chunks), func(i int) { texts[i], errs[i] = compact(chunks[i].list) })
	for i, c := range chunks {
		if errs[i] != nil {
			return nil, errs[i]
		}
		inner := texts[i][1 : len(texts[i])-1]
		switch {
		case !c.first:
			parts = append(parts, part{[]byte{','}, 2})
		case len(inner) == 0:
			parts = append(parts, part{[]byte(`,"` + c.name + `":[]`), 1})
			continue
		default:
			parts = append(parts, part{[]byte(`,"` + c.name + `":[`), 1})
		}
		parts = append(parts, part{inner, 2})
		if c.last {
			parts = append(parts, part{[]byte{']'}, 2})
		}
	}
	return append(parts, part{[]byte{'}'}, 1}), nil
}

// A chunk is a run of the elements of a list.
type chunk struct {
	name        string
	list        any
	first, last bool
}

func appendChunks[T any](chunks []chunk, name string, list *[]T) []chunk {
	if list == nil {
		return chunks
	}
	const size = 512
	first := len(chunks)
	for c := range slices.Chunk(*list, size) {
		chunks = append(chunks, chunk{name: name, list: c})
	}
	if len(chunks) == first {
		chunks = append(chunks, chunk{name: name, list: *list})
	}
	chunks[first].first, chunks[len(chunks)-1].last = true, true
	return chunks
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

// writeParts writes a document, indented by two spaces where it is asked for, and a line break.
func writeParts(w io.Writer, parts []part, indented bool) error {
	if !indented {
		for _, p := range parts {
			if _, err := w.Write(p.text); err != nil {
				return err
			}
		}
		_, err := w.Write([]byte{'\n'})
		return err
	}
	texts := make([][]byte, 32) // indented at a time, so that not all of the longer form is held
	for batch := range slices.Chunk(parts, len(texts)) {
		parallel(len(batch), func(i int) { texts[i] = indent(texts[i][:0], batch[i]) })
		for i := range batch {
			if _, err := w.Write(texts[i]); err != nil {
				return err
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
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '"':
			end := i + 1
			for s[end] != '"' {
				if s[end] == '\\' {
					end++
				}
				end++
			}
			dst = append(dst, s[i:end+1]...)
			i = end + 1
			continue
		case '{', '[':
			dst = append(dst, c)
			if i+1 < len(s) && s[i+1] == c+2 { // "]" and "}" are two after "[" and "{"
				dst = append(dst, c+2)
				i += 2
				continue
			}
			depth++
			line()
		case '}', ']':
			depth--
			line()
			dst = append(dst, c)
		case ',':
			dst = append(dst, ',')
			line()
		case ':':
			dst = append(dst, ':', ' ')
		default:
			dst = append(dst, c)
		}
		i++
	}
	return dst
}
