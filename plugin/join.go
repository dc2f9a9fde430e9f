package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// Join implements pluginpb.AnalyzerPluginServer.
func (s *server) Join(stream grpc.BidiStreamingServer[pluginpb.JoinRequest, pluginpb.JoinResponse]) error {
	var facts []analyzer.Fact
	var joiner analyzer.Joiner
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if int64(request.Analyzer) < int64(len(s.analyzers)) {
			joiner, _ = s.analyzers[request.Analyzer].(analyzer.Joiner)
		}
		if joiner == nil {
			return fmt.Errorf("plugin: analyzer %d does not join", request.Analyzer)
		}
		for _, f := range request.Facts {
			facts = append(facts, analyzer.Fact{Path: string(f.Path), Data: f.Data})
		}
	}
	if joiner == nil {
		return errors.New("plugin: nothing to join")
	}
	joined, crash := callJoin(stream.Context(), joiner, facts)
	if crash != "" {
		return stream.Send(&pluginpb.JoinResponse{Panic: crash})
	}
	response := new(pluginpb.JoinResponse)
	size := 0
	for i, j := range joined {
		if i >= len(facts) || j.Result == nil && j.Diagnostics == nil && j.Err == nil {
			continue
		}
		var result analyzer.Result
		if j.Result != nil {
			result = *j.Result
		}
		result.Diagnostics = slices.Concat(result.Diagnostics, j.Diagnostics)
		for _, a := range pluginpb.EncodeAnswer(uint64(i), &result, j.Err) {
			a.Keep = j.Result == nil
			response.Answers = append(response.Answers, a)
			if size += proto.Size(a); size >= answerBatch {
				if err := stream.Send(response); err != nil {
					return err
				}
				response, size = new(pluginpb.JoinResponse), 0
			}
		}
	}
	return stream.Send(response)
}

func callJoin(ctx context.Context, j analyzer.Joiner, facts []analyzer.Fact) (joined []analyzer.Joined, crash string) {
	defer func() {
		if p := recover(); p != nil {
			joined, crash = nil, fmt.Sprintf("%v", p)
		}
	}()
	return j.Join(ctx, facts), ""
}

// A joiner is an analyzer in a plugin that implements analyzer.Joiner.
type joiner struct {
	analyzer.Analyzer
	plugin *Process
	index  int
}

// Join implements analyzer.Joiner.
func (j *joiner) Join(ctx context.Context, facts []analyzer.Fact) []analyzer.Joined {
	var joined []analyzer.Joined
	err := j.plugin.retry(ctx, func(c *child) (err error) {
		joined, err = c.join(ctx, j.index, facts)
		return err
	})
	var crashed joinPanic
	switch {
	case err == nil:
		return joined
	case errors.As(err, &crashed):
		panic(string(crashed))
	}
	joined = make([]analyzer.Joined, len(facts))
	for i := range joined {
		joined[i].Err = err
	}
	return joined
}

// A joinPanic reports a panic of the Joiner in the plugin. The host's Joiner panics with its text, so that the engine handles
// both alike.
type joinPanic string

func (e joinPanic) Error() string { return string(e) }

// join calls Join in the process. It ends the process after an error other than a panic.
func (c *child) join(ctx context.Context, index int, facts []analyzer.Fact) ([]analyzer.Joined, error) {
	command := c.command
	calling, cancel := context.WithTimeoutCause(ctx, command.CallTimeout, fmt.Errorf("%w (%v)", errTimeout, command.CallTimeout))
	defer cancel()
	joined, err := c.exchange(calling, index, facts)
	var crashed joinPanic
	switch {
	case err == nil, errors.As(err, &crashed):
		return joined, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case calling.Err() != nil:
		err = context.Cause(calling)
	}
	c.pipe.end(err)
	return nil, &endedError{c.pipe.cause()}
}

// sendFacts sends the facts in chunks, and returns the bytes of their data. It stops after an error, which Recv returns.
func sendFacts(stream pluginpb.AnalyzerPlugin_JoinClient, index uint32, facts []analyzer.Fact) (size int64) {
	request, room := &pluginpb.JoinRequest{Analyzer: index}, chunk
	for i := range facts {
		f := &facts[i]
		request.Facts = append(request.Facts, &pluginpb.Fact{Path: []byte(f.Path), Data: f.Data})
		size += int64(len(f.Data))
		if room -= len(f.Data) + len(f.Path) + 16; room <= 0 || i == len(facts)-1 {
			if stream.Send(request) != nil {
				break
			}
			request, room = &pluginpb.JoinRequest{Analyzer: index}, chunk
		}
	}
	return size
}

func (c *child) exchange(ctx context.Context, index int, facts []analyzer.Fact) ([]analyzer.Joined, error) {
	stream, err := pluginpb.NewAnalyzerPluginClient(c.conn).Join(ctx)
	if err != nil {
		return nil, err
	}
	size := sendFacts(stream, uint32(index), facts)
	stream.CloseSend()
	joined := make([]analyzer.Joined, len(facts))
	credit := c.command.Limits.Answer + 4<<10*int64(len(facts)) + 16*size
	for {
		response, err := stream.Recv()
		if err == io.EOF {
			return joined, nil
		}
		if err != nil {
			return nil, err
		}
		if response.Panic != "" {
			return nil, joinPanic(response.Panic)
		}
		for _, a := range response.Answers {
			if a.File >= uint64(len(facts)) {
				return nil, fmt.Errorf("answer to file %d of %d: %w", a.File, len(facts), ErrRejected)
			}
			if credit -= answerCost(a); credit < 0 {
				return nil, fmt.Errorf("answers exceed Limits.Answer: %w", ErrRejected)
			}
			if err := c.command.checkAnswer(a); err != nil {
				return nil, err
			}
			j := &joined[a.File]
			result := j.Result
			if result == nil {
				result = new(analyzer.Result)
			}
			j.Err = cmp.Or(j.Err, pluginpb.DecodeAnswer(a, result))
			if a.Keep {
				j.Diagnostics = append(j.Diagnostics, result.Diagnostics...)
			} else {
				j.Result = result
			}
		}
	}
}
