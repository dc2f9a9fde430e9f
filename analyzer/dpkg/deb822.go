package dpkg

import (
	"bytes"
	"iter"

	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A field is a field of a paragraph. Its value is a part of the text, including line ends and indents.
type field struct {
	name, value []byte
	line        int
	at          int // offset in the text
}

// paragraphs reads deb822(5): paragraphs of "Name: value" fields, separated by blank lines. An indented line continues the
// value above it. paragraphs reports other lines to bad and skips them with the lines that continue them. It copies nothing;
// the slice of fields is valid until the next paragraph.
func paragraphs(text []byte, bad *diagnostic.List) iter.Seq[[]field] {
	return func(yield func([]field) bool) {
		fields := make([]field, 0, 32)
		open := true // a continuation belongs to the last field, not to a skipped line
		for line, start := 1, 0; start < len(text); line++ {
			end := start + bytes.IndexByte(text[start:], '\n') + 1
			if end == start {
				end = len(text)
			}
			row := text[start:end]
			switch c := row[0]; {
			case c == '\n' || c == '\r' || isBlank(c) && len(bytes.TrimSpace(row)) == 0:
				if len(fields) > 0 && !yield(fields) {
					return
				}
				fields, open = fields[:0], true
			case isBlank(c) && open && len(fields) > 0:
				f := &fields[len(fields)-1]
				f.value = f.value[:len(f.value)+len(row)] // the row follows it in text
			case isBlank(c):
				if open {
					bad.Line(line, "continuation without a field")
				}
			case c == '#':
				open = false
			default:
				colon := bytes.IndexByte(row, ':')
				switch {
				case colon < 0:
					bad.Line(line, "no colon")
					open = false
				case !isFieldName(row[:colon]):
					bad.Line(line, "not the name of a field: %.40q", row[:colon])
					open = false
				default:
					fields = append(fields, field{row[:colon], row[colon+1:], line, start})
					open = true
				}
			}
			start = end
		}
		if len(fields) > 0 {
			yield(fields)
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isFieldName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}
