package serve

import (
	"net"
	"time"
)

const (
	writeTime = time.Minute
	writeSize = 64 << 10 // bytes that a client must take in writeTime
)

// stalling is a listener that ends connections whose client stops reading, so that an answer or a stream of events does not wait for it for ever. A
// slow client may go on: only its progress counts.
type stalling struct {
	net.Listener
	wait time.Duration
}

// Accept implements [net.Listener].
func (l stalling) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return stallingConn{c, l.wait}, nil
}

type stallingConn struct {
	net.Conn
	wait time.Duration
}

// Write implements [net.Conn].
func (c stallingConn) Write(b []byte) (int, error) {
	done := 0
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.wait)); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(b[done:min(done+writeSize, len(b))])
		done += n
		if err != nil || done == len(b) {
			return done, err
		}
	}
}
