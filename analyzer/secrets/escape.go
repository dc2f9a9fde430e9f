package secrets

import "strconv"

// unescape replaces the escape sequences of JSON, YAML and programs. places has the index in b of each byte, and that of the end.
func unescape(b []byte) (text []byte, places []int) {
	text, places = make([]byte, 0, len(b)), make([]int, 0, len(b)+1)
	for i := 0; i < len(b); {
		c, n := b[i], 1
		if c == '\\' && i+1 < len(b) {
			n = 2
			switch c = b[i+1]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case '"', '\'', '\\', '/', '`', '$', '=', ':', '!', '&', ' ':
			case '\n': // a line that goes on
				i += 2
				continue
			case 'x', 'u':
				digits := 2
				if c == 'u' {
					digits = 4
				}
				c, n = '\\', 1
				if i+2+digits <= len(b) {
					if v, err := strconv.ParseUint(string(b[i+2:i+2+digits]), 16, 32); err == nil {
						c, n = 0xff, 2+digits
						if v < 0x80 {
							c = byte(v)
						}
					}
				}
			default:
				c, n = '\\', 1
			}
		}
		text, places = append(text, c), append(places, i)
		i += n
	}
	return text, append(places, len(b))
}
