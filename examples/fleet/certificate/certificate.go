// Package certificate serves a certificate from files that another program renews.
package certificate

import (
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
	stamps  [2]stamp
	looked  time.Time
	now     func() time.Time
}

// A stamp tells versions of a file apart.
type stamp struct {
	at   time.Time
	size int64
}

// Open reads the files.
func Open(certificate, key string, log *slog.Logger) (*Files, error) {
	f := &Files{certificate: certificate, key: key, log: log, now: time.Now}
	f.looked = f.now()
	var err error
	if f.stamps, err = f.look(); err == nil {
		err = f.read()
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return f, nil
}

func (f *Files) look() (stamps [2]stamp, err error) {
	for i, name := range []string{f.certificate, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, err
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	return stamps, nil
}

func (f *Files) read() error {
	c, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err == nil {
		f.current = &c
	}
	return err
}

// Get returns the certificate for a connection. If the files have changed, it reads them; if it cannot, the former certificate stays, and the
// next look tries again. It suits [tls.Config].GetCertificate.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= lookEvery {
		f.looked = now
		stamps, err := f.look()
		if err == nil && stamps != f.stamps {
			if err = f.read(); err == nil {
				f.stamps = stamps
				f.log.Info("the certificate was reloaded", "file", f.certificate)
			}
		}
		if err != nil {
			f.log.Warn("reloading the certificate failed", "error", err)
		}
	}
	return f.current, nil
}
