// Package inflate decompresses DEFLATE (RFC 1951), zlib (RFC 1950) and gzip (RFC 1952). It is made for large inputs that
// are read once, in order: image layers, archives, feeds. It needs neither assembly nor package unsafe, and its errors are
// those of the standard library.
//
// A Reader returns its output in chunks, which are parts of its window, so nothing is copied. It owns its input buffer, so
// it reads members, trailers and trailing bytes itself.
//
// Techniques, most effective first:
//
//   - The next 56 bits or more are in a word, which one load of eight bytes refills (fast.go). Most symbols need no test for
//     the end of the input.
//   - A table yields a symbol's base value, the length of its code and its extra bits in one load (table.go).
//   - A round of the decoding loop has limits for its input and output, and tests for them once (fast.go).
//   - Each lookup comes before the refill or the copy next to it. The processor then does both at once.
//   - Matches are copied 16 bytes at a time. A match that repeats fewer than eight bytes is written from a register.
//   - Where literals are frequent, an entry of the table holds two (pair.go).
//   - Array pointers and masked indices free the loop from bounds checks.
package inflate
