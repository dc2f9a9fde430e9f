package plugin

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// Serve runs analyzers as a plugin. It is the whole main function of a plugin. It returns when the host closes the plugin or
// ends. If no host started the program, Serve prints an explanation to standard error and exits with 1.
//
// Serve calls Analyze from several goroutines, like a Scanner. A panic becomes a diagnostic of the file. The host receives the
// lines that the program writes to standard output and standard error.
func Serve(analyzers ...analyzer.Analyzer) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: pluginSets(newServer(analyzers)),
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(maxMessage),
				grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window))...)
			go func() {
				io.Copy(io.Discard, os.Stdin) // until the host closes it or dies
				s.Stop()
			}()
			return s
		},
	})
}

// A server is the plugin's side of the protocol.
type server struct {
	pluginpb.UnimplementedAnalyzerPluginServer
	analyzers []analyzer.Analyzer
	infos     []*pluginpb.Info
}

func newServer(analyzers []analyzer.Analyzer) *server {
	s := &server{analyzers: analyzers}
	for _, a := range analyzers {
		s.infos = append(s.infos, pluginpb.EncodeInfo(a))
	}
	return s
}

// Describe implements pluginpb.AnalyzerPluginServer.
func (s *server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return &pluginpb.DescribeResponse{Analyzers: s.infos}, nil
}

// Analyze implements pluginpb.AnalyzerPluginServer.
func (s *server) Analyze(stream grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	answers := make(chan *pluginpb.Answer, 64)
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	var tasks, sending sync.WaitGroup
	sending.Go(func() { cancel(sendAnswers(stream, answers)) })
	defer sending.Wait()
	defer close(answers)
	defer tasks.Wait()
	var in incoming
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, part := range request.Parts {
			f, err := in.add(part, len(s.analyzers))
			if err != nil {
				return err
			}
			if f == nil {
				continue
			}
			select {
			case workers <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			tasks.Go(func() {
				defer func() { <-workers }()
				for _, a := range s.answer(ctx, f) {
					select {
					case answers <- a:
					case <-ctx.Done():
						return
					}
				}
			})
		}
	}
}

// errNoEntries reports a host from before Info.Entries.
var errNoEntries = fmt.Errorf("the host does not send entries; a newer version of it does: %w", analyzer.ErrUnavailable)

// answer analyzes a file. It answers even if the analyzer panics.
func (s *server) answer(ctx context.Context, f *incomingFile) (answers []*pluginpb.Answer) {
	defer func() {
		if p := recover(); p != nil {
			answers = pluginpb.EncodeAnswer(f.number, crashed(p), nil)
		}
	}()
	info := s.infos[f.analyzer]
	switch {
	case info.Unavailable != "": // an older host sends files
		return pluginpb.EncodeAnswer(f.number, nil, fmt.Errorf("%s: %w", info.Unavailable, analyzer.ErrUnavailable))
	case info.Entries && f.entry == nil && f.path != "":
		return pluginpb.EncodeAnswer(f.number, nil, errNoEntries)
	}
	result, err := s.analyzers[f.analyzer].Analyze(ctx, f.file())
	return pluginpb.EncodeAnswer(f.number, result, err)
}

// crashed returns the result of an analyzer that panicked with a value.
func crashed(value any) *analyzer.Result {
	return &analyzer.Result{Diagnostics: []analyzer.Diagnostic{{Code: analyzer.Panicked, Message: fmt.Sprint(value)}}}
}

// sendAnswers sends answers until the channel is closed. Answers that are ready share a message.
func sendAnswers(stream grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse], answers <-chan *pluginpb.Answer) error {
	for a := range answers {
		batch := []*pluginpb.Answer{a}
		size := proto.Size(a)
	more:
		for len(batch) < maxBatch && size < answerBatch {
			select {
			case next, ok := <-answers:
				if !ok {
					break more
				}
				batch = append(batch, next)
				size += proto.Size(next)
			default:
				break more
			}
		}
		if err := stream.Send(&pluginpb.AnalyzeResponse{Answers: batch}); err != nil {
			return err
		}
	}
	return nil
}
