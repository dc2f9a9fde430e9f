package plugin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/hullmark/hullmark/analyzer"
)

// A Process is a plugin that was started: one process, or several of the same program. It may be used by many scans at
// once.
type Process struct {
	command *Command
	infos   []analyzer.Info
	joins   []bool
	slots   *semaphore.Weighted // files under way
	starts  chan struct{}       // held while a process is being started

	mu       sync.Mutex
	children []*child
	restarts int   // left
	dead     error // why there will be no other process
	tasks    sync.WaitGroup
}

var errClosed = errors.New("it was closed")

// Start starts a plugin. The context bounds the start only; the plugin runs until Close is called.
//
// Errors wrap [ErrDigest], [ErrProtocol], [ErrClaim], the context's error, [errors.ErrUnsupported] where the system cannot
// give what the Command asks for, or what starting the program returned. For a scan that is to go on without the plugin,
// but not in silence, see [Unavailable].
func Start(ctx context.Context, command Command) (*Process, error) {
	command, err := command.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Process{
		command: &command, restarts: command.Restarts,
		slots: semaphore.NewWeighted(int64(command.Concurrency)), starts: make(chan struct{}, 1),
	}
	c, err := startChild(ctx, p.command)
	if err != nil {
		return nil, p.wrap(err)
	}
	p.infos, p.joins = c.infos, c.joins
	p.add(c)
	return p, nil
}

// named says whose error it is.
func (p *Process) wrap(err error) error { return fmt.Errorf("plugin %s: %w", p.command.Name, err) }

// Analyzers returns the analyzers of the plugin, for a Scanner. Their Info.Build is the digest of the executable and, if it
// has arguments, an environment or a build of its own, a digest of those.
//
// That a plugin does not work is an error that wraps [analyzer.ErrUnavailable].
func (p *Process) Analyzers() []analyzer.Analyzer {
	var list []analyzer.Analyzer
	for i, info := range p.infos {
		a := analyzer.Func(info, func(ctx context.Context, f *analyzer.File) (result *analyzer.Result, err error) {
			err = p.retry(ctx, func(c *child) error {
				result, err = c.analyze(ctx, i, f)
				return err
			})
			return result, err
		})
		if p.joins[i] {
			a = &joiner{a, p, i}
		}
		list = append(list, a)
	}
	return list
}

// Close ends the plugin's processes, and what they have started. Files that are under way are not answered. Nothing is left
// when it returns.
func (p *Process) Close() error {
	p.mu.Lock()
	if p.dead == nil || !errors.Is(p.dead, errClosed) {
		p.dead = errClosed
	}
	children := p.children
	p.children = nil
	p.mu.Unlock()
	for _, c := range children {
		p.tasks.Go(func() { c.close(true) })
	}
	p.tasks.Wait()
	p.starts <- struct{}{} // a start that was going on has ended, and finds itself closed
	<-p.starts
	return nil
}

// retry does something with a process, and again with another one where the first ended under it.
func (p *Process) retry(ctx context.Context, do func(*child) error) error {
	for weight := int64(1); ; weight = int64(p.command.Concurrency) {
		if err := p.slots.Acquire(ctx, weight); err != nil {
			return err
		}
		err := p.try(ctx, do)
		p.slots.Release(weight)
		var ended *endedError
		if !errors.As(err, &ended) {
			return err
		}
		// Which of the files under way it ended under is not known. Each is tried once more, alone.
		if gone := p.deadErr(); gone != nil {
			return &unavailableError{p.wrap(gone)}
		}
		if weight > 1 || p.command.Concurrency == 1 {
			return &unavailableError{p.wrap(ended.cause)}
		}
	}
}

func (p *Process) try(ctx context.Context, do func(*child) error) error {
	c, err := p.child(ctx)
	if err != nil {
		return err
	}
	err = do(c)
	var ended *endedError
	if errors.As(err, &ended) {
		return &endedError{p.remove(c, ended.cause)}
	}
	return err
}

// gone is why there will be no other process.
func (p *Process) deadErr() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// child returns the process that has least to do, and starts another where there is none, or where there may be more and
// all are busy.
func (p *Process) child(ctx context.Context) (*child, error) {
	for {
		best, load, full, err := p.leastLoaded()
		if err != nil {
			return nil, &endedError{err}
		}
		if best != nil && (load == 0 || full) {
			return best, nil
		}
		if best != nil {
			select {
			case p.starts <- struct{}{}:
			default:
				return best, nil // another one is on its way
			}
		} else {
			select {
			case p.starts <- struct{}{}:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if again, _, _, err := p.leastLoaded(); again != nil || err != nil { // somebody was first
				<-p.starts
				continue
			}
		}
		c, err := p.startAnother(ctx)
		<-p.starts
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		p.countFailure(err)
	}
}

func (p *Process) leastLoaded() (best *child, load int, full bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead != nil {
		return nil, 0, false, p.dead
	}
	for _, c := range p.children {
		if l := c.load(); best == nil || l < load {
			best, load = c, l
		}
	}
	return best, load, len(p.children) >= p.command.Processes, nil
}

// another starts one more process.
func (p *Process) startAnother(ctx context.Context) (*child, error) {
	c, err := startChild(ctx, p.command)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(c.infos, p.infos) || !slices.Equal(c.joins, p.joins) {
		c.close(false)
		return nil, fmt.Errorf("it is not what it was when it was started first: %w", ErrRejected)
	}
	if err := p.add(c); err != nil {
		c.close(false)
		return nil, err
	}
	return c, nil
}

// add takes a process in, and waits for its end.
func (p *Process) add(c *child) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead != nil {
		return p.dead
	}
	p.children = append(p.children, c)
	p.tasks.Go(func() {
		<-c.ended
		p.remove(c, c.cause())
	})
	return nil
}

// lose takes out a process that ended, frees what belongs to it, and returns why it did.
func (p *Process) remove(c *child, cause error) error {
	c.removing.Do(func() {
		if errors.Is(cause, errClosed) {
			c.endErr = cause
			return
		}
		c.endErr = c.explain(cause)
		p.mu.Lock()
		for i := range p.children {
			if p.children[i] == c {
				p.children = append(p.children[:i:i], p.children[i+1:]...)
				break
			}
		}
		p.mu.Unlock()
		c.close(false)
		p.countFailure(c.endErr)
	})
	return c.endErr
}

// fail counts a process that ended, or did not start.
func (p *Process) countFailure(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.dead != nil:
	case errors.Is(err, ErrRejected), errors.Is(err, ErrDigest), errors.Is(err, ErrProtocol):
		p.dead = err
	case p.restarts == 0:
		p.dead = err
		if p.command.Restarts > 0 {
			p.dead = fmt.Errorf("%w (it was started %d times)", err, p.command.Restarts+1)
		}
	default:
		p.restarts--
	}
}

// An unavailableError says that there is no plugin. It is one error, whatever it wraps.
type unavailableError struct{ cause error }

func (e *unavailableError) Error() string        { return e.cause.Error() }
func (e *unavailableError) Unwrap() error        { return e.cause }
func (e *unavailableError) Is(target error) bool { return target == analyzer.ErrUnavailable }

// Unavailable returns an analyzer that stands for a plugin that did not start: it wants no files, and the reports of scans
// that it takes part in say once that it was not available, and why.
func Unavailable(name string, err error) analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: name, Unavailable: err.Error()}, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
		return nil, &unavailableError{err}
	})
}
