package version

import (
	"encoding/binary"
	"strings"
)

// Some ecosystems normalize versions before comparing them: they drop zeros, unify spellings, fill gaps. Their schemes build a
// key in Parse. Keys compare as bytes, so the order is total by construction. A field of a key has a fixed length or is a
// number or word as below. None of these is a prefix of another.

// keySize is the size of the buffer for a key on the stack. A longer key costs a second allocation.
const keySize = 96

func compareKeys(a, b string) int { return strings.Compare(a, b) }

// appendNumber appends a run of digits such that the order of bytes is numeric: the count of digits without leading zeros, then
// the digits. The first byte is never 0, so a 0 can end a list of numbers.
func appendNumber(key []byte, number string) []byte {
	number = trimZeros(number)
	return append(appendCount(key, len(number)+1), number...)
}

// appendWord appends letters and digits, in lower case if fold is set, and an end that precedes any character.
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

// appendCount appends n such that the order of bytes is numeric.
func appendCount(key []byte, n int) []byte {
	if n < 0xff {
		return append(key, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(key, 0xff), uint64(n))
}

// numberLength returns the length of the number at the beginning of a key, in the form of appendNumber.
func numberLength(key string) int {
	if key[0] < 0xff {
		return int(key[0])
	}
	return 8 + int(binary.BigEndian.Uint64([]byte(key[1:9])))
}
