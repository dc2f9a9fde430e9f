package plugin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// ErrProtocol reports a program that is not a plugin or uses another version of the protocol.
var ErrProtocol = errors.New("incompatible plugin protocol")

// gracePeriod is the time that a process has to exit after its standard input is closed. Then it is killed.
const gracePeriod = time.Second

// maxSocketDir is the length of the longest directory of a socket. Systems allow paths of at least 104 bytes, which leaves 40
// for the name.
const maxSocketDir = 64

// A child is a process of a plugin with its connection.
type child struct {
	*pipe
	process  *process
	dir      string // holds the socket and the working directory
	infos    []analyzer.Info
	joins    []bool
	digest   string
	stop     context.CancelFunc // ends the stream
	conn     *grpc.ClientConn
	tasks    sync.WaitGroup
	closing  sync.Once
	removing sync.Once
	endErr   error // why the process ended
}

// startChild starts a process and reads its analyzers. The context bounds the start only.
func startChild(ctx context.Context, command *Command) (_ *child, err error) {
	starting, cancel := context.WithTimeoutCause(ctx, command.StartTimeout, fmt.Errorf("not started within %v", command.StartTimeout))
	defer cancel()
	c := new(child)
	if c.digest, err = command.verify(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp(command.SocketDir, "hm"); err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && len(c.dir) > maxSocketDir {
		os.Remove(c.dir)
		return nil, fmt.Errorf("socket directory %s: path too long", filepath.Dir(c.dir))
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	defer func() {
		if err != nil {
			err = c.explain(err)
			c.close(false)
			if cause := context.Cause(starting); cause != nil {
				err = cause
			}
		}
	}()
	certificate, pem, err := newCertificate()
	if err != nil {
		return nil, err
	}
	if c.process, err = newProcess(command, c.dir); err != nil {
		return nil, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		RootCAs:      x509.NewCertPool(), // go-plugin adds the plugin's certificate
		ServerName:   "localhost",
		MinVersion:   tls.VersionTLS12,
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: pluginSets(nil),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     command.StartTimeout + time.Second, // after the context's
		TLSConfig:        config,
		SkipHostEnv:      true,
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: c.dir},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		Stderr:           &c.process.stderr,
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			c.process.env = append(slices.Clone(spec.Env), "PLUGIN_CLIENT_CERT="+pem)
			return c.process, nil
		},
	})
	// Client.Kill is not used: it would connect and wait without a limit. The client's goroutines end when the process has ended
	// and its pipes are closed.
	var addr net.Addr
	started := make(chan error, 1)
	go func() {
		var err error
		addr, err = client.Start()
		started <- err
	}()
	select {
	case err = <-started:
	case <-starting.Done():
		c.process.kill()
		<-started
		err = context.Cause(starting)
	}
	if err != nil {
		return nil, err
	}
	c.tasks.Go(func() { c.supervise() })
	if err := c.connect(starting, running, addr, config, command); err != nil {
		return nil, err
	}
	return c, nil
}

// connect opens the connection and the streams, which last as long as the process.
func (c *child) connect(starting, running context.Context, addr net.Addr, config *tls.Config, command *Command) (err error) {
	c.conn, err = grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, addr.Network(), addr.String())
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithMaxHeaderListSize(64<<10), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(), grpc.WithNoProxy())
	if err != nil {
		return err
	}
	client := pluginpb.NewAnalyzerPluginClient(c.conn)
	described, err := client.Describe(starting, new(pluginpb.DescribeRequest))
	if err != nil {
		return err
	}
	for _, i := range described.Analyzers {
		info := pluginpb.DecodeInfo(i)
		info.Build = command.build(c.digest, info.Build)
		info.Concurrent = command.Concurrency
		if info.Unavailable != "" { // the analyzer gets no files
			info.Patterns, info.Siblings, info.Config, info.List, info.Digests, info.DigestsIf = nil, nil, false, false, nil, nil
		}
		c.infos, c.joins = append(c.infos, info), append(c.joins, i.Joins)
	}
	if err := command.checkAnalyzers(c.infos); err != nil {
		return err
	}
	stream, err := client.Analyze(running)
	if err != nil {
		return err
	}
	c.pipe = newPipe(command, c.infos, stream, &c.tasks)
	c.tasks.Go(func() { copyOutput(running, c.conn, c.process.out) })
	return nil
}

// supervise kills the process if its output exceeds the limit. It returns when the process has ended.
func (c *child) supervise() {
	select {
	case <-c.process.out.over:
		c.process.fail(fmt.Errorf("%w: %w", errOutput, ErrRejected))
	case <-c.process.exited:
	}
}

// explain replaces an error of the connection with a better one, if any: the reason of a kill, a bad handshake, or the exit
// status with the last output.
func (c *child) explain(err error) error {
	if c.process == nil {
		return err
	}
	if failed := c.process.failure(); failed != nil {
		return failed
	}
	if errors.Is(err, ErrRejected) || errors.Is(err, errTimeout) {
		return err
	}
	line := c.process.firstLine()
	s, isStatus := status.FromError(err)
	switch {
	case c.conn == nil && line != "":
		return explainHandshake(line, err)
	case isStatus && (s.Code() == codes.Unimplemented || s.Code() == codes.Internal || s.Code() == codes.ResourceExhausted):
		return fmt.Errorf("%.200s: %w: %w", s.Message(), ErrProtocol, ErrRejected)
	}
	// The connection breaks shortly before the end of the process is known.
	select {
	case <-c.process.exited:
		if death := c.process.exitErr(); death != nil {
			return death
		}
	case <-time.After(gracePeriod / 4):
	}
	if c.conn == nil {
		return fmt.Errorf("no handshake on standard output: %w", ErrProtocol)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("process closed the stream of answers")
	}
	if isStatus {
		return fmt.Errorf("%.200s", s.Message())
	}
	return err
}

// close ends the process and frees its resources. If gently is set, the process has gracePeriod to exit.
func (c *child) close(gently bool) {
	c.closing.Do(func() {
		if c.pipe != nil {
			c.pipe.end(errClosed)
		}
		if c.process != nil {
			c.process.stop(gently)
		}
		c.stop()
		if c.conn != nil {
			c.conn.Close()
		}
		c.tasks.Wait()
		os.RemoveAll(c.dir)
	})
}
