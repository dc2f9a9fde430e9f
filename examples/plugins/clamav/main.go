// Clamav is a plugin that has every file scanned by a ClamAV daemon, to which it streams the content (INSTREAM; see
// clamd(8)), and reports the signatures that were found.
//
//	go build ./examples/plugins/clamav
//	hullmark scan --plugin ./clamav IMAGE
//
// Its argument is the daemon's socket, /run/clamav/clamd.ctl if there is none.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/plugin"
)

// maxSize is what clamd takes by default (StreamMaxLength). Larger files are reported as such.
const maxSize = 100 << 20

func main() {
	socket := "/run/clamav/clamd.ctl"
	if len(os.Args) > 1 {
		socket = os.Args[1]
	}
	// Answers depend on the signatures, whose version is part of what clamd answers here.
	version, err := ask(context.Background(), socket, "VERSION", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clamav: is clamd running?", err)
		os.Exit(1)
	}
	plugin.Serve(analyzer.Func(analyzer.Info{
		Name: "clamav", Version: 1, Patterns: []string{"**"}, MaxSize: maxSize, ContentOnly: true, Build: version,
	}, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		if f.Size() == 0 {
			return nil, nil
		}
		answer, err := ask(ctx, socket, "INSTREAM", f.Open())
		if err != nil {
			return nil, fmt.Errorf("clamav: %w: %w", analyzer.ErrUnavailable, err)
		}
		return judge(answer)
	}))
}

// judge reads clamd's answer about a stream.
func judge(answer string) (*analyzer.Result, error) {
	answer = strings.TrimPrefix(answer, "stream: ")
	signature, found := strings.CutSuffix(answer, " FOUND")
	switch {
	case answer == "OK":
		return nil, nil
	case found:
		return &analyzer.Result{Findings: []analyzer.Finding{{
			Rule: "clamav:" + signature, Title: "ClamAV found " + signature, Severity: "critical",
		}}}, nil
	case strings.Contains(answer, "size limit exceeded"):
		return nil, fmt.Errorf("clamav: %s: %w", answer, analyzer.ErrTooLarge)
	}
	return nil, fmt.Errorf("clamav: %s", answer)
}

// ask sends a command, and a stream if there is one, over a connection of its own, and returns the answer.
func ask(ctx context.Context, socket, command string, content io.Reader) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_, err = fmt.Fprintf(conn, "z%s\x00", command)
	chunk := make([]byte, 4+64<<10)
	for more := content != nil; more && err == nil; {
		n, end := io.ReadFull(content, chunk[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(chunk, uint32(n))
			_, err = conn.Write(chunk[:4+n])
		}
		if end != nil { // of the file, which is in memory
			more = false
			if err == nil {
				_, err = conn.Write(make([]byte, 4))
			}
		}
	}
	// An error of writing may have its reason in the answer.
	answer, readErr := io.ReadAll(io.LimitReader(conn, 4<<10))
	text := strings.TrimRight(string(answer), "\x00\n")
	switch {
	case text != "":
		return text, nil
	case err != nil:
		return "", err
	case readErr != nil:
		return "", readErr
	}
	return "", io.ErrUnexpectedEOF
}
