package walk

import "io"

// A meter reports the number of bytes read through it, at most once per MiB.
type meter struct {
	r              io.Reader
	report         func(int64)
	read, reported int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.read += int64(n); m.read-m.reported >= 1<<20 {
		m.reported = m.read
		m.report(m.read)
	}
	return n, err
}

// A rangeMeter reads a part of a layer and reports the number of bytes read of all parts.
type rangeMeter struct {
	io.ReadCloser
	read   *int64
	report func(int64)
}

func (m *rangeMeter) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	*m.read += int64(n)
	m.report(*m.read)
	return n, err
}
