package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A process is the operating system process of a child. It implements runner.Runner for go-plugin.
type process struct {
	command *Command
	dir     string
	env     []string // variables that go-plugin adds
	cmd     *exec.Cmd
	group   *group
	stdin   *os.File // stays open until the host closes it or dies
	pipes   [2]*os.File
	stdout  handshakeReader
	stderr  lineWriter    // go-plugin writes to it
	drained chan struct{} // receives a value at the end of standard output and of standard error
	out     *output
	exited  chan struct{}

	mu          sync.Mutex
	started     bool
	killed      bool
	exitedAlone bool  // ended without being killed
	failed      error // why it was killed
}

func newProcess(command *Command, dir string) (*process, error) {
	p := &process{command: command, dir: dir, drained: make(chan struct{}, 2), exited: make(chan struct{})}
	p.out = &output{line: command.Output, limit: command.Limits.Output, over: make(chan struct{})}
	p.stderr.out, p.stdout.rest.out = p.out, p.out
	return p, nil
}

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	err := p.start()
	if err != nil {
		p.mu.Lock()
		p.failed = err
		p.mu.Unlock()
	}
	return err
}

func (p *process) start() (err error) {
	work := p.command.Dir
	if work == "" {
		work = filepath.Join(p.dir, "work")
		if err := os.Mkdir(work, 0o700); err != nil {
			return err
		}
	}
	cmd := exec.Command(p.command.Path, p.command.Args...)
	cmd.Dir = work
	cmd.Env = append(append([]string{}, p.command.Env...), p.env...)
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			p.closePipes()
			p.group.remove()
		}
	}()
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	in, stdin := pipe()
	out, stdout := pipe()
	errs, stderr := pipe()
	if err != nil {
		return err
	}
	theirs = append(theirs, in, stdout, stderr)
	p.stdin, p.pipes = stdin, [2]*os.File{out, errs}
	p.stdout.src = p.drain(out)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, stdout, stderr
	if p.group, err = newGroup(p.command, filepath.Base(p.dir)); err != nil {
		return err
	}
	if err := p.begin(cmd); err != nil {
		return explainStart(p.command.Path, err)
	}
	go p.wait()
	return nil
}

// begin starts the command with its limits, unless the process was killed before.
func (p *process) begin(cmd *exec.Cmd) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return errClosed
	}
	if err := startLimited(cmd, p.command, p.group); err != nil {
		return err
	}
	p.cmd, p.started = cmd, true
	return nil
}

// wait waits for the end of the process and kills its children. It reads their remaining output for up to 200 ms.
func (p *process) wait() {
	p.cmd.Wait()
	p.mu.Lock()
	p.exitedAlone = !p.killed
	p.mu.Unlock()
	p.killAll()
	for _, f := range p.pipes {
		f.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	}
	late := time.After(200 * time.Millisecond)
	for range p.pipes {
		select {
		case <-p.drained:
		case <-late:
		}
	}
	p.closePipes()
	close(p.exited)
}

// drain returns a reader of f that signals p.drained at its end.
func (p *process) drain(f *os.File) io.ReadCloser {
	return &drainReader{f: f, done: sync.OnceFunc(func() { p.drained <- struct{}{} })}
}

// A drainReader calls done at the end of its file.
type drainReader struct {
	f    *os.File
	done func()
}

func (t *drainReader) Read(b []byte) (int, error) {
	n, err := t.f.Read(b)
	if err != nil {
		defer t.done()
	}
	return n, err
}

func (t *drainReader) Close() error {
	t.done()
	return t.f.Close()
}

// fail kills the process. Failure returns the error of the first call.
func (p *process) fail(err error) {
	p.mu.Lock()
	if p.failed == nil {
		p.failed = err
	}
	p.mu.Unlock()
	p.kill()
}

func (p *process) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// kill kills the process and its children.
func (p *process) kill() {
	p.mu.Lock()
	p.killed = true
	started := p.started
	p.mu.Unlock()
	if !started {
		return
	}
	select {
	case <-p.exited: // another process may have the ID now
	default:
		p.cmd.Process.Kill()
		p.killAll()
	}
}

// stop ends the process and waits for its end. If gently is set, it closes standard input and waits up to gracePeriod before it
// kills the process.
func (p *process) stop(gently bool) {
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	if !started {
		p.closePipes()
		return
	}
	if gently {
		p.stdin.Close()
		select {
		case <-p.exited:
		case <-time.After(gracePeriod):
		}
	}
	p.kill()
	<-p.exited
	killEscaped(p.dir)
	p.group.remove()
}

func (p *process) closePipes() {
	for _, f := range []*os.File{p.stdin, p.pipes[0], p.pipes[1]} {
		if f != nil {
			f.Close()
		}
	}
}

// exitErr waits for the end of the process and returns its exit status as an error, or nil if the process was killed.
func (p *process) exitErr() error {
	<-p.exited
	p.mu.Lock()
	alone := p.exitedAlone
	p.mu.Unlock()
	if !alone {
		return nil
	}
	how := p.cmd.ProcessState.String()
	if line := p.out.reason(); line != "" {
		return fmt.Errorf("process ended: %s: %s", how, line)
	}
	return fmt.Errorf("process ended: %s", how)
}

// firstLine returns the first line of standard output.
func (p *process) firstLine() string { return p.stdout.first() }

// Wait implements runner.Runner.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return nil
}

// Kill implements runner.Runner. go-plugin calls it after a failed handshake, which may mean that the process is exiting.
func (p *process) Kill(context.Context) error {
	select {
	case <-p.exited:
	case <-time.After(gracePeriod / 4):
	}
	p.kill()
	return nil
}

// Stdout implements runner.Runner.
func (p *process) Stdout() io.ReadCloser { return &p.stdout }

// Stderr implements runner.Runner.
func (p *process) Stderr() io.ReadCloser { return p.drain(p.pipes[1]) }

// Name implements runner.Runner.
func (p *process) Name() string { return p.command.Name }

// ID implements runner.Runner.
func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return ""
	}
	return strconv.Itoa(p.cmd.Process.Pid)
}

// Diagnose implements runner.Runner.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner. It rejects addresses other than sockets in p.dir and loopback addresses.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		if rel, err := filepath.Rel(p.dir, address); err == nil && filepath.IsLocal(rel) {
			return network, address, nil
		}
	case "tcp":
		if host, _, err := net.SplitHostPort(address); err == nil && net.ParseIP(host).IsLoopback() {
			return network, address, nil
		}
	}
	return "", "", fmt.Errorf("address %.100q is neither a socket in the plugin's directory nor a loopback address", network+" "+address)
}

// HostToPlugin implements runner.Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// explainHandshake returns the error of a plugin's first line.
func explainHandshake(line string, err error) error {
	parts := strings.Split(strings.TrimSpace(line), "|")
	switch {
	case len(parts) < 5 || parts[0] != "1":
		return fmt.Errorf("first line %.100q is not a handshake: %w", line, ErrProtocol)
	case parts[1] != strconv.Itoa(protocolVersion):
		return fmt.Errorf("protocol version %.10q, want %d: %w", parts[1], protocolVersion, ErrProtocol)
	case parts[4] != "grpc":
		return fmt.Errorf("protocol %.20q, want grpc: %w", parts[4], ErrProtocol)
	}
	return fmt.Errorf("%.300s: %w", err, ErrProtocol)
}

// A handshakeReader returns the first line of standard output, which is the handshake, and writes the rest to output.
type handshakeReader struct {
	src   io.ReadCloser
	rest  lineWriter
	whole bool // the line has been read
	mu    sync.Mutex
	line  []byte
}

var errLongLine = errors.New("handshake line too long")

// Read implements io.Reader.
func (r *handshakeReader) Read(b []byte) (int, error) {
	if r.whole {
		io.Copy(&r.rest, r.src)
		r.rest.flush()
		return 0, io.EOF
	}
	n, err := r.src.Read(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range b[:n] {
		if c == '\n' {
			r.whole = true
			r.rest.Write(b[i+1 : n])
			return i + 1, nil
		}
		if r.line = append(r.line, c); len(r.line) > 16<<10 {
			return 0, errLongLine
		}
	}
	return n, err
}

// Close implements io.Closer.
func (r *handshakeReader) Close() error { return r.src.Close() }

func (r *handshakeReader) first() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.line)
}
