package scan

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestRead asks that a file takes a sixteenth more memory than its content while it is read, and no more than its bytes justify if its header
// claims too much.
func TestRead(t *testing.T) {
	r, err := Scanner{}.start()
	if err != nil {
		t.Fatal(err)
	}
	const mib = 1 << 20
	for _, size := range []int64{0, 1, 4 * mib, 4*mib + 1, 64 * mib, 64*mib + 1, 200 * mib} {
		var data []byte
		peak := hostile.Peak(func() { data, err = r.read(hostile.Repeat("", "0123456789", "", size), size) })
		if err != nil || int64(len(data)) != size || size > 10 && !bytes.HasPrefix(data[size/10*10-10:], []byte("0123456789")) {
			t.Errorf("%d bytes: %d bytes, %v", size, len(data), err)
		}
		if most := size + size/16 + 6*mib; peak > uint64(most) {
			t.Errorf("%d MiB of heap for %d MiB", peak>>20, size>>20)
		}
		data = nil
		peak = hostile.Peak(func() { data, err = r.read(hostile.Repeat("", "0123456789", "", min(size, 4*mib)/2), 1<<30) })
		if err != io.ErrUnexpectedEOF || data != nil || peak > 6*mib {
			t.Errorf("a claim of 1 GiB: %d MiB of heap, %v", peak>>20, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	r, err := Scanner{}.start()
	if err != nil {
		b.Fatal(err)
	}
	content := make([]byte, 100<<20)
	for _, size := range []int64{1 << 10, 1 << 20, 100 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				data, err := r.read(bytes.NewReader(content), size)
				if err != nil {
					b.Fatal(err)
				}
				r.budget.buffers.put(data)
			}
		})
	}
}
