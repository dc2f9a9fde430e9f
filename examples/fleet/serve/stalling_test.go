package serve

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestStalling: an answer to a client that stops reading ends, and one to a client that reads slowly does not, though it takes longer.
func TestStalling(t *testing.T) {
	const wait = time.Second
	body := bytes.Repeat([]byte("x"), 16<<20) // more than the buffers of the sockets
	for _, test := range []struct {
		name  string
		pause time.Duration // between reads
		want  error
	}{
		{"does not read", time.Hour, os.ErrDeadlineExceeded},
		{"reads slowly", wait / 10, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, err := w.Write(body)
				ended <- err
			})}
			go server.Serve(stalling{l, wait})
			t.Cleanup(func() { server.Close() })
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: fleet\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			go func() {
				for part := make([]byte, 1<<20); ; time.Sleep(test.pause) {
					if _, err := io.ReadFull(c, part); err != nil {
						return
					}
				}
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
			case <-time.After(20 * time.Second):
				t.Error("the answer waits for the client")
			}
			if took := time.Since(begin); took < wait {
				t.Errorf("%v, too short to tell", took)
			}
		})
	}
}
