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

// ErrProtocol is wrapped by errors about a program that is no plugin, or one of another version of the protocol.
var ErrProtocol = errors.New("it does not speak the protocol of this host")

// grace is how long a process has to end by itself when its standard input ends.
const gracePeriod = time.Second

// maxSocketDir leaves 40 bytes for the name of the socket, of the 104 that systems allow at least.
const maxSocketDir = 64

// A child is one process of a plugin.
type child struct {
	*pipe
	process  *process
	dir      string // for its socket, and its working directory
	infos    []analyzer.Info
	joins    []bool
	digest   string
	stop     context.CancelFunc // of the stream
	conn     *grpc.ClientConn
	tasks    sync.WaitGroup
	closing  sync.Once
	removing sync.Once
	endErr   error // why it ended
}

// startChild starts a process and asks it what analyzers it has. The context bounds the start only.
func startChild(ctx context.Context, command *Command) (_ *child, err error) {
	starting, cancel := context.WithTimeoutCause(ctx, command.StartTimeout, fmt.Errorf("it did not start in time (%v)", command.StartTimeout))
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
		return nil, fmt.Errorf("the path of its socket would be too long: Command.SocketDir should name another directory than %s", filepath.Dir(c.dir))
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
		RootCAs:      x509.NewCertPool(), // go-plugin puts the plugin's certificate here
		ServerName:   "localhost",
		MinVersion:   tls.VersionTLS12,
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: pluginSets(nil),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     command.StartTimeout + time.Second, // the context is first
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
	// The client is not asked to Kill: it would connect for that, and wait without a bound. Its goroutines end with the
	// process, whose pipes are closed.
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

// connect opens the connection, and the streams that live as long as the process.
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

// supervise ends the process when it writes too much, and what waits for it when it has ended.
func (c *child) supervise() {
	select {
	case <-c.process.out.over:
		c.process.fail(fmt.Errorf("%w: %w", errOutput, ErrRejected))
	case <-c.process.exited:
	}
}

// explain returns why a process does not work, with what it knows itself.
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
	// The connection breaks a moment before the process is known to have ended.
	select {
	case <-c.process.exited:
		if death := c.process.exitErr(); death != nil {
			return death
		}
	case <-time.After(gracePeriod / 4):
	}
	if c.conn == nil {
		return fmt.Errorf("it wrote no handshake to standard output: %w", ErrProtocol)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("it ended the stream of answers")
	}
	if isStatus {
		return fmt.Errorf("%.200s", s.Message())
	}
	return err
}

// close ends the process and frees all that belongs to it. With gently, it may end by itself first.
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
