package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// A pipe is the stream of files to one process, and of answers back. Whatever files wait while a message is on its way go
// together in the next one, so that many small files cost a few messages.
type pipe struct {
	command *Command
	infos   []analyzer.Info
	stream  grpc.BidiStreamingClient[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]
	wake    chan struct{} // there is something to send
	ended   chan struct{} // closed when err is set

	mu        sync.Mutex
	queue     []*call          // to be sent
	waiting   map[uint64]*call // being sent or sent, and not answered
	cancelled map[uint64]bool  // cancelled while they were sent: an answer may come all the same
	numbers   uint64
	progress  time.Time // when something was last sent or answered
	credit    int64     // bytes that may be answered
	err       error
}

// An endedError says that a pipe ended before a file was answered.
type endedError struct{ cause error }

func (e *endedError) Error() string { return e.cause.Error() }
func (e *endedError) Unwrap() error { return e.cause }

var errTimeout = errors.New("it did not answer in time")

// newPipe starts to send and to receive. The stream must end soon after the pipe.
func newPipe(command *Command, infos []analyzer.Info, stream grpc.BidiStreamingClient[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse], tasks *sync.WaitGroup) *pipe {
	p := &pipe{
		command: command, infos: infos, stream: stream, wake: make(chan struct{}, 1), ended: make(chan struct{}),
		waiting: make(map[uint64]*call), cancelled: make(map[uint64]bool), credit: 4 * command.Limits.Answer,
	}
	tasks.Go(p.send)
	tasks.Go(func() { p.end(p.receive()) })
	tasks.Go(p.watch)
	return p
}

// end gives up, for the first reason that is given. All that wait are told.
func (p *pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	p.err = err
	close(p.ended)
	for _, q := range p.queue {
		q.err = &endedError{err}
		close(q.done)
	}
	for _, q := range p.waiting {
		q.err = &endedError{err}
		close(q.done)
	}
	p.queue, p.waiting = nil, nil
}

// cause is why the pipe ended.
func (p *pipe) cause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// load is how many files are under way.
func (p *pipe) load() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) + len(p.waiting)
}

// ask has a file analyzed. An error that is an *endedError is not about the file.
func (p *pipe) analyze(ctx context.Context, index int, f *analyzer.File) (*analyzer.Result, error) {
	q := newCall(index, &p.infos[index], f)
	p.mu.Lock()
	if p.err != nil {
		p.mu.Unlock()
		return nil, &endedError{p.err}
	}
	p.numbers++
	q.number = p.numbers
	if len(p.queue)+len(p.waiting) == 0 {
		p.progress = time.Now()
	}
	p.queue = append(p.queue, q)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	select {
	case <-q.done:
		q.drop()
		if q.err != nil {
			return nil, q.err
		}
		return q.result, pluginpb.Problems(q.problems)
	case <-ctx.Done():
		q.drop()
		return nil, context.Cause(ctx)
	}
}

// send sends what is in the queue until the pipe ends.
func (p *pipe) send() {
	var current *call // sent in part
	for {
		request := new(pluginpb.AnalyzeRequest)
		for room := chunk; room > 0 && len(request.Parts) < maxBatch; {
			if current == nil {
				if current = p.take(); current == nil {
					break
				}
			}
			part, err := current.part(room)
			if part.Cancel {
				p.cancel(current, err)
			}
			request.Parts = append(request.Parts, part)
			room -= len(part.Data) + 64
			if !part.More {
				current = nil
			}
		}
		if len(request.Parts) == 0 {
			select {
			case <-p.wake:
				continue
			case <-p.ended:
				return
			}
		}
		if p.stream.Send(request) != nil {
			return // receive knows why
		}
		p.mu.Lock()
		p.progress = time.Now()
		p.mu.Unlock()
	}
}

// take moves the next question from the queue to those that wait for an answer.
func (p *pipe) take() *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 {
		q := p.queue[0]
		p.queue = slices.Delete(p.queue, 0, 1)
		if q.isDropped() {
			continue
		}
		p.waiting[q.number] = q
		q.deadline = time.Now().Add(time.Duration(len(p.waiting)) * p.command.CallTimeout)
		p.credit = min(p.credit+4<<10+16*q.size, 4*p.command.Limits.Answer)
		return q
	}
	return nil
}

// cancel forgets a question that is not sent to its end.
func (p *pipe) cancel(q *call, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting[q.number] == nil {
		return
	}
	delete(p.waiting, q.number)
	p.cancelled[q.number] = true
	q.err = err
	close(q.done)
}

// receive takes answers until the stream ends.
func (p *pipe) receive() error {
	for {
		response, err := p.stream.Recv()
		if err != nil {
			return err
		}
		for _, a := range response.Answers {
			if err := p.answer(a); err != nil {
				return err
			}
		}
	}
}

// answer takes one answer.
func (p *pipe) answer(a *pluginpb.Answer) error {
	size := int64(proto.Size(a))
	p.mu.Lock()
	q := p.waiting[a.File]
	cancelled := q == nil && p.cancelled[a.File]
	p.credit -= size
	over := p.credit < 0
	if cancelled && !a.More {
		delete(p.cancelled, a.File)
	}
	p.mu.Unlock()
	switch {
	case cancelled:
		return nil
	case q == nil:
		return fmt.Errorf("it answers file %d, of which it was not asked: %w", a.File, ErrRejected)
	}
	if q.answered += size; over || q.answered > p.command.Limits.Answer {
		return fmt.Errorf("it says more than Limits.Answer allows: %w", ErrRejected)
	}
	if err := p.command.checkAnswer(a); err != nil {
		return err
	}
	if !q.isDropped() { // else nobody wants it
		q.problems = pluginpb.DecodeAnswer(a, q.result, q.problems)
	}
	if a.More {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = time.Now()
	if p.waiting[a.File] == nil {
		return nil // the pipe has ended
	}
	delete(p.waiting, a.File)
	close(q.done)
	return nil
}

// watch ends the pipe when the plugin keeps it waiting: when nothing was sent or answered for CallTimeout, and when a file
// was not answered in that time for itself and for each of those that were under way before it.
func (p *pipe) watch() {
	tick := time.NewTicker(max(p.command.CallTimeout/16, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case now := <-tick.C:
			if p.late(now) {
				p.end(fmt.Errorf("%w (%v)", errTimeout, p.command.CallTimeout))
				return
			}
		}
	}
}

func (p *pipe) late(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return false
	}
	if now.Sub(p.progress) > p.command.CallTimeout {
		return true
	}
	for _, q := range p.waiting {
		if now.After(q.deadline) {
			return true
		}
	}
	return false
}
