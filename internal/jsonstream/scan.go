package jsonstream

import (
	"fmt"
	"io"
)

// scan reads over one value. The caller has skipped the space before it.
func (r *Reader) scan() error {
	r.open = r.open[:0]
	for {
		c, err := r.next()
		if err != nil {
			return err
		}
		switch c {
		case '{', '[':
			r.pos++
			if r.open = append(r.open, c); r.depth+len(r.open) > r.maxDepth {
				return r.tooDeep()
			}
			if err := r.spendAt(containerCost); err != nil {
				return err
			}
			if c, err = r.next(); err != nil {
				return err
			}
			if c != r.open[len(r.open)-1]+2 { // not empty
				if err := r.memberName(); err != nil {
					return err
				}
				continue
			}
		default:
			if err := r.scalar(c); err != nil {
				return err
			}
			if err := r.spendAt(scalarCost); err != nil {
				return err
			}
		}
		if done, err := r.close(); done || err != nil {
			return err
		}
	}
}

// close reads what follows a member of the innermost array or object: a comma and the next name, or closing brackets. It reports
// whether the value is complete.
func (r *Reader) close() (bool, error) {
	for len(r.open) > 0 {
		open := r.open[len(r.open)-1]
		c, err := r.next()
		if err != nil {
			return false, err
		}
		if c == open+2 {
			r.pos++
			r.open = r.open[:len(r.open)-1]
			continue
		}
		if err := r.comma(open, c); err != nil {
			return false, err
		}
		return false, r.memberName()
	}
	return true, nil
}

// comma reads the comma before the next member, for which c was seen.
func (r *Reader) comma(open, c byte) error {
	if c == ',' {
		r.pos++
		return nil
	}
	if open == '{' {
		return r.invalid(c, "after object key:value pair")
	}
	return r.invalid(c, "after array element")
}

// memberName reads the name of the next member of the value that is being scanned, if that is in an object.
func (r *Reader) memberName() error {
	if r.open[len(r.open)-1] == '[' {
		return nil
	}
	if err := r.scanName(); err != nil {
		return err
	}
	if err := r.spendAt(scalarCost); err != nil {
		return err
	}
	return r.colon()
}

func (r *Reader) scanName() error {
	c, err := r.next()
	if err != nil {
		return err
	}
	if c != '"' {
		return r.invalid(c, "looking for beginning of object key string")
	}
	return r.quoted()
}

func (r *Reader) colon() error {
	c, err := r.next()
	if err != nil {
		return err
	}
	if c != ':' {
		return r.invalid(c, "after object key")
	}
	r.pos++
	return nil
}

func (r *Reader) spendAt(n int64) error {
	if err := r.spend(n); err != nil {
		return r.at(err)
	}
	return nil
}

// scalar reads over a value that is no array or object and that begins with c.
func (r *Reader) scalar(c byte) error {
	switch {
	case c == '"':
		return r.quoted()
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	case c == 't':
		return r.literal("true")
	case c == 'f':
		return r.literal("false")
	case c == 'n':
		return r.literal("null")
	}
	return r.invalid(c, "looking for beginning of value")
}

func (r *Reader) literal(want string) error {
	for i := range len(want) {
		c, err := r.readByte()
		if err != nil {
			return r.at(err)
		}
		if c != want[i] {
			r.pos--
			return r.invalid(c, "in literal "+want)
		}
	}
	return nil
}

// quoted reads over a string with its quotes.
func (r *Reader) quoted() error {
	start := r.Offset()
	r.pos++
	for {
		for r.pos < len(r.buf) && r.buf[r.pos] >= ' ' && r.buf[r.pos] != '"' && r.buf[r.pos] != '\\' {
			r.pos++
		}
		if r.pos == len(r.buf) {
			if r.Offset()-start > r.limit {
				return r.at(fmt.Errorf("a string of more than %d bytes: %w", r.limit, ErrLimit))
			}
			if err := r.fill(); err != nil {
				return r.at(err)
			}
			continue
		}
		switch c := r.buf[r.pos]; c {
		case '"':
			r.pos++
			return nil
		case '\\':
			r.pos++
			if err := r.escape(); err != nil {
				return err
			}
		default:
			return r.invalid(c, "in string literal")
		}
	}
}

// escape reads over an escape sequence, but for the backslash.
func (r *Reader) escape() error {
	c, err := r.readByte()
	if err != nil {
		return r.at(err)
	}
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			if c, err = r.readByte(); err != nil {
				return r.at(err)
			}
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				r.pos--
				return r.invalid(c, "in \\u hexadecimal character escape")
			}
		}
		return nil
	}
	r.pos--
	return r.invalid(c, "in string escape code")
}

// number reads over a number, RFC 8259 section 6.
func (r *Reader) number() error {
	start := r.Offset()
	c, err := r.readByte()
	if err == nil && c == '-' {
		c, err = r.readByte()
	}
	if err != nil {
		return r.at(err)
	}
	switch {
	case c == '0':
	case c >= '1' && c <= '9':
		if err := r.digits(start); err != nil {
			return err
		}
	default:
		r.pos--
		return r.invalid(c, "in numeric literal")
	}
	if r.oneOf('.', '.') {
		if err := r.fraction(start); err != nil {
			return err
		}
	}
	if r.oneOf('e', 'E') {
		r.oneOf('+', '-')
		return r.fraction(start)
	}
	return nil
}

// fraction reads over at least one digit.
func (r *Reader) fraction(start int64) error {
	c, err := r.readByte()
	if err != nil {
		return r.at(err)
	}
	if c < '0' || c > '9' {
		r.pos--
		return r.invalid(c, "in numeric literal")
	}
	return r.digits(start)
}

// digits reads over any number of digits of the number that begins at start.
func (r *Reader) digits(start int64) error {
	for {
		for r.pos < len(r.buf) {
			if c := r.buf[r.pos]; c < '0' || c > '9' {
				return nil
			}
			r.pos++
			if r.Offset()-start > maxNumber {
				return r.at(fmt.Errorf("a number of more than %d bytes: %w", maxNumber, ErrLimit))
			}
		}
		switch err := r.fill(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return r.at(err)
		}
	}
}

// oneOf reads a byte if it is a or b. The reader notices an error of src afterwards.
func (r *Reader) oneOf(a, b byte) bool {
	if r.pos == len(r.buf) && r.fill() != nil {
		return false
	}
	if c := r.buf[r.pos]; c != a && c != b {
		return false
	}
	r.pos++
	return true
}
