// Package certificate serves a certificate from files that another program renews.
package certificate

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery limits how often connections make a look at the files.
const lookEvery = time.Second

// Files are the files of a certificate, in PEM, and of its key. They may be replaced at any time.
type Files struct {
	certificate, key string
	log              *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	read    [2][]byte // the bytes of both files in current
	looked  time.Time
	now     func() time.Time
}

// Open reads the files.
func Open(certificate, key string, log *slog.Logger) (*Files, error) {
	f := &Files{certificate: certificate, key: key, log: log, now: time.Now}
	f.looked = f.now()
	if _, err := f.look(); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return f, nil
}

// look reads the files and reports whether they have changed. It compares bytes: a renewed file can have the size and time of the former one.
func (f *Files) look() (changed bool, err error) {
	var read [2][]byte
	for i, name := range []string{f.certificate, f.key} {
		if read[i], err = os.ReadFile(name); err != nil {
			return false, err
		}
	}
	if f.current != nil && bytes.Equal(read[0], f.read[0]) && bytes.Equal(read[1], f.read[1]) {
		return false, nil
	}
	c, err := tls.X509KeyPair(read[0], read[1])
	if err != nil {
		return false, err
	}
	f.current, f.read = &c, read
	return true, nil
}

// Get returns the certificate for a connection. If the files have changed, it reads them; if it cannot, the former certificate stays, and the
// next look tries again. It suits [tls.Config].GetCertificate.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= lookEvery {
		f.looked = now
		changed, err := f.look()
		switch {
		case err != nil:
			f.log.Warn("reloading the certificate failed", "error", err)
		case changed:
			f.log.Info("the certificate was reloaded", "file", f.certificate)
		}
	}
	return f.current, nil
}
