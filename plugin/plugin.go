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

// A Process is a running plugin: one process or several of the same program. It is safe for concurrent use by many scans.
type Process struct {
	command *Command
	infos   []analyzer.Info
	joins   []bool
	slots   *semaphore.Weighted // limits files in progress
	starts  chan struct{}       // held during the start of a process

	mu       sync.Mutex
	children []*child
	restarts int   // remaining restarts
	dead     error // why no further process starts
	tasks    sync.WaitGroup
}

var errClosed = errors.New("closed")

// Start starts a plugin. The context bounds the start only; the plugin runs until Close.
//
// Errors wrap [ErrDigest], [ErrProtocol], [ErrRejected], the context's error, the error of starting the program, or
// [errors.ErrUnsupported] if the system lacks a feature of the Command. [StartAll] lets a scan continue without the plugin,
// and the report mentions it.
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

// wrap adds the name of the plugin to an error.
func (p *Process) wrap(err error) error { return fmt.Errorf("plugin %s: %w", p.command.Name, err) }

// Analyzers returns the analyzers of the plugin for a Scanner. Info.Build has the digest of the executable and, if the Command
// has arguments or an environment or the plugin has its own Build, a digest of these.
//
// If the plugin fails, Analyze returns an error that wraps [analyzer.ErrUnavailable]. If the plugin states that an analyzer is
// unavailable, the analyzer has no Patterns.
func (p *Process) Analyzers() []analyzer.Analyzer {
	var list []analyzer.Analyzer
	for i, info := range p.infos {
		a := analyzer.Func(info, func(ctx context.Context, f *analyzer.File) (result *analyzer.Result, err error) {
			if info.Unavailable != "" {
				return nil, &unavailableError{p.wrap(errors.New(info.Unavailable))}
			}
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

// Close ends the plugin's processes and their children, and waits for their end. Files in progress fail.
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
	p.starts <- struct{}{} // waits for a start in progress, which then sees p.dead
	<-p.starts
	return nil
}

// retry calls do with a process, and once more with another process if the first ends meanwhile.
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
		// The file that ended the process is not known. Each file in progress is retried alone.
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

// deadErr returns the error why no further process starts, or nil.
func (p *Process) deadErr() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// child returns the least loaded process. It starts a process if none runs, or if all are busy and Processes allows another.
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
				return best, nil // a process is being started
			}
		} else {
			select {
			case p.starts <- struct{}{}:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if again, _, _, err := p.leastLoaded(); again != nil || err != nil { // started by another call
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

// startAnother starts another process.
func (p *Process) startAnother(ctx context.Context) (*child, error) {
	c, err := startChild(ctx, p.command)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(c.infos, p.infos) || !slices.Equal(c.joins, p.joins) {
		c.close(false)
		return nil, fmt.Errorf("analyzers differ from the first start: %w", ErrRejected)
	}
	if err := p.add(c); err != nil {
		c.close(false)
		return nil, err
	}
	return c, nil
}

// add adds a process and removes it when it ends.
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

// remove removes a process that ended, frees its resources, and returns the reason of its end.
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

// countFailure counts a process that ended or did not start. It sets p.dead if no restart remains or the error is permanent.
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
			p.dead = fmt.Errorf("%w (started %d times)", err, p.command.Restarts+1)
		}
	default:
		p.restarts--
	}
}

// An unavailableError reports a plugin that does not work. It is not a joined error, so it becomes one diagnostic.
type unavailableError struct{ cause error }

func (e *unavailableError) Error() string        { return e.cause.Error() }
func (e *unavailableError) Unwrap() error        { return e.cause }
func (e *unavailableError) Is(target error) bool { return target == analyzer.ErrUnavailable }

// unavailable returns an analyzer for a plugin that did not start, see [StartAll].
func unavailable(name string, err error) analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: name, Unavailable: err.Error()}, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
		return nil, &unavailableError{err}
	})
}
