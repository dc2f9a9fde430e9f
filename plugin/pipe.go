package plugin

import (
	"cmp"
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

// A pipe streams files to a process and receives answers. Files that are queued while a message is being sent share the next
// message, so that many small files need few messages.
type pipe struct {
	command *Command
	infos   []analyzer.Info
	stream  grpc.BidiStreamingClient[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]
	wake    chan struct{} // signals that queue is not empty
	ended   chan struct{} // closed when err is set

	mu        sync.Mutex
	queue     []*call          // not yet sent
	waiting   map[uint64]*call // partly or fully sent, without an answer
	cancelled map[uint64]bool  // cancelled while being sent; an answer may still come
	numbers   uint64
	progress  time.Time // time of the last message or answer
	credit    int64     // bytes of answers that the plugin may still send
	err       error
}

// An endedError reports that the pipe ended before the answer to a file.
type endedError struct{ cause error }

func (e *endedError) Error() string { return e.cause.Error() }
func (e *endedError) Unwrap() error { return e.cause }

var errTimeout = errors.New("no answer")

// newPipe starts sending and receiving. The caller must end the stream after the pipe.
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

// end ends the pipe and all calls with an error. Only the first call of end has an effect.
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

// cause returns the error that ended the pipe.
func (p *pipe) cause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// load returns the number of files in progress.
func (p *pipe) load() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) + len(p.waiting)
}

// partSize returns the approximate size of a part in a message in bytes.
func partSize(p *pluginpb.Part) int {
	n := 64 + len(p.Data)
	if p.Entry != nil {
		n += proto.Size(p.Entry)
	}
	return n
}

// analyze sends a file and waits for the answer. An *endedError concerns the process rather than the file.
func (p *pipe) analyze(ctx context.Context, index int, f *analyzer.File) (*analyzer.Result, error) {
	if n := pluginpb.EntrySize(f.Entry); n > maxEntry {
		return nil, fmt.Errorf("an entry of %d bytes, mostly extended attributes, exceeds the plugin protocol's limit of %d: %w", n, maxEntry, analyzer.ErrTooLarge)
	}
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
		return q.result, q.failed
	case <-ctx.Done():
		q.drop()
		return nil, context.Cause(ctx)
	}
}

// send sends queued files until the pipe ends.
func (p *pipe) send() {
	var current *call // partly sent
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
			room -= partSize(part)
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
			return // receive returns the error
		}
		p.mu.Lock()
		p.progress = time.Now()
		p.mu.Unlock()
	}
}

// take moves the next call from queue to waiting and returns it, or nil.
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

// cancel ends a call that is partly sent.
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

// receive receives answers until the stream ends.
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

// answer handles an answer.
func (p *pipe) answer(a *pluginpb.Answer) error {
	size := answerCost(a)
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
		return fmt.Errorf("answer to unknown file %d: %w", a.File, ErrRejected)
	}
	if q.answered += size; over || q.answered > p.command.Limits.Answer {
		return fmt.Errorf("answers exceed Limits.Answer: %w", ErrRejected)
	}
	if err := p.command.checkAnswer(a); err != nil {
		return err
	}
	if !q.isDropped() {
		q.failed = cmp.Or(q.failed, pluginpb.DecodeAnswer(a, q.result))
	}
	if a.More {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = time.Now()
	if p.waiting[a.File] == nil {
		return nil // the pipe ended meanwhile
	}
	delete(p.waiting, a.File)
	close(q.done)
	return nil
}

// watch ends the pipe after a timeout. Either nothing was sent or answered for CallTimeout, or a file has no answer in time. A
// file has CallTimeout for itself and for each file that was in progress before it.
func (p *pipe) watch() {
	tick := time.NewTicker(max(p.command.CallTimeout/16, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case now := <-tick.C:
			if p.isLate(now) {
				p.end(fmt.Errorf("%w within %v", errTimeout, p.command.CallTimeout))
				return
			}
		}
	}
}

func (p *pipe) isLate(now time.Time) bool {
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
