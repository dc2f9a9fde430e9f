package zipwalk

import (
	"bytes"
	"context"
	"io"
)

// Contains reports whether r is an archive, perhaps behind other bytes, with a member that is wanted. It returns false for another kind
// of file. The error is that of ctx or of reading.
func Contains(ctx context.Context, r io.ReaderAt, size int64, hold func(int64) error, wanted func(name []byte) bool) (bool, error) {
	const end = 22 + 1<<16 // bytes of the end record with the longest comment
	tail := make([]byte, min(size, end))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return false, err
	}
	if !bytes.Contains(tail, []byte("PK\x05\x06")) {
		return false, nil
	}
	found := false
	kind := func(name []byte) Kind {
		found = found || wanted(name)
		return Skip
	}
	err := Walk(ctx, r, size, Limits{Depth: 1, Hold: hold}, kind, func(*Archive) {}, func(error) {})
	return found && err == nil, ctx.Err()
}
