// Clamav is a plugin that sends every file to a ClamAV daemon (INSTREAM; see clamd(8)) and reports the signatures that the
// daemon finds.
//
//	go build ./examples/plugins/clamav
//	hullmark scan --plugin ./clamav IMAGE
//
// Its argument is the daemon's socket. The default is /run/clamav/clamd.ctl. Reports list the version of the signatures, or the reason
// why no file was searched.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/plugin"
)

// maxSize is the default of clamd's StreamMaxLength. Larger files are reported as too large.
const maxSize = 100 << 20

// versionTimeout is shorter than a host waits for the start of a plugin.
const versionTimeout = 10 * time.Second

func main() {
	socket := "/run/clamav/clamd.ctl"
	if len(os.Args) > 1 {
		socket = os.Args[1]
	}
	plugin.Serve(analyzer.Func(describe(socket), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
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

// describe asks clamd for the version of its signatures, on which results depend. It does not change while the plugin runs, so restart
// the plugin after an update.
func describe(socket string) analyzer.Info {
	info := analyzer.Info{
		Name: "clamav", Version: 2, Patterns: []string{"**"}, MaxSize: maxSize, ContentOnly: true, Finds: []string{"malware"},
	}
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	answer, err := ask(ctx, socket, "VERSION", nil)
	switch {
	case err != nil:
		info.Unavailable = fmt.Sprintf("no connection to clamd: %v", err)
	case !strings.HasPrefix(answer, "ClamAV "):
		info.Unavailable = fmt.Sprintf("clamd does not state the version of its signatures: %.100q", answer)
	default:
		info.Build, info.Data = answer, dataVersion(answer)
	}
	return info
}

// dataVersion returns the version in clamd's answer to VERSION, such as "ClamAV 1.4.6/27833/Sat Nov 28 09:30:00 2026". A daemon without
// the daily signatures states only its own.
func dataVersion(answer string) string {
	rest, date, dated := cutLast(answer)
	program, signatures, ok := cutLast(rest)
	if !dated || !ok {
		return fmt.Sprintf("%.100s without the daily signatures", answer)
	}
	name, _, _ := strings.Cut(program, " ")
	t, err := time.Parse(time.ANSIC, date)
	if err != nil {
		return fmt.Sprintf("%s %.100s", name, signatures)
	}
	return fmt.Sprintf("%s %.100s of %s", name, signatures, t.Format(time.DateOnly))
}

// cutLast cuts a text at its last slash.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
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
	case strings.Contains(answer, "Can't allocate memory"): // says nothing about the file
		return nil, fmt.Errorf("clamav: %s: %w", answer, analyzer.ErrUnavailable)
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
