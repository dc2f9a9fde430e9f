package version

import (
	"encoding/binary"
	"strings"
)

// Some ecosystems rewrite a version before they compare it: they drop zeros, fold spellings, fill gaps. Their schemes
// build a key in Parse, a string of bytes in the order of versions, so that comparing is comparing bytes, and what must
// hold of an order holds by construction. Each field of a key is either of fixed length, or a number or word as below,
// none of which is a prefix of another.

// keySize is the room for a key on the stack; a longer one costs a second allocation.
const keySize = 96

func compareKeys(a, b string) int { return strings.Compare(a, b) }

// appendNumber appends a run of digits so that the byte order is the numeric order: the count of digits without leading
// zeros, then the digits. It never begins with the byte 0, so that a 0 can end a list of numbers.
func appendNumber(key []byte, number string) []byte {
	number = trimZeros(number)
	return append(appendCount(key, len(number)+1), number...)
}

// appendWord appends letters and digits, folded to lower case if wanted, and an end that comes before any of them.
func appendWord(key []byte, word string, fold bool) []byte {
	at := len(key)
	key = append(key, word...)
	if fold {
		for i := at; i < len(key); i++ {
			key[i] = lower(key[i])
		}
	}
	return append(key, 0)
}

// appendCount appends n so that the byte order is the numeric order.
func appendCount(key []byte, n int) []byte {
	if n < 0xff {
		return append(key, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(key, 0xff), uint64(n))
}

// numberLength is the length of the number at the beginning of a key, as appendNumber wrote it.
func numberLength(key string) int {
	if key[0] < 0xff {
		return int(key[0])
	}
	return 8 + int(binary.BigEndian.Uint64([]byte(key[1:9])))
}
