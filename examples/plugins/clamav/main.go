// Clamav is a plugin that sends every file to a ClamAV daemon (INSTREAM; see clamd(8)) and reports the signatures that the
// daemon finds.
//
//	go build ./examples/plugins/clamav
//	hullmark scan --plugin ./clamav IMAGE
//
// Its argument is the daemon's socket. The default is /run/clamav/clamd.ctl.
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

// maxSize is the default of clamd's StreamMaxLength. Larger files are reported as too large.
const maxSize = 100 << 20

func main() {
	socket := "/run/clamav/clamd.ctl"
	if len(os.Args) > 1 {
		socket = os.Args[1]
	}
	// Results depend on the signatures, and the answer to VERSION includes theirs.
	version, err := ask(context.Background(), socket, "VERSION", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clamav: no connection to clamd:", err)
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

// judge converts clamd's answer to INSTREAM.
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

// ask opens a connection, sends a command and the content unless it is nil, and returns the answer.
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
		if end != nil { // the end: content is in memory, so reading it does not fail
			more = false
			if err == nil {
				_, err = conn.Write(make([]byte, 4))
			}
		}
	}
	// The answer may explain an error of writing.
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
