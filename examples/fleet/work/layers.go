package work

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// maxLayer is the most bytes of results of one layer that the store keeps. A scan reads layers with more again.
const maxLayer = 256 << 20

// Layers is a cache of the results of layers that all processes share, so that one of them reads a layer, once. A process holds a layer by
// a claim that ends unless it is extended, so that another continues if the process dies.
type Layers struct {
	Store *store.Store
	Log   *slog.Logger
	Lease time.Duration // 20 seconds if zero; another process continues after this time
}

var _ scan.Claimer = (*Layers)(nil)

// Get implements [scan.Cache].
func (l *Layers) Get(ctx context.Context, key string) ([]byte, error) { return l.Store.Layer(ctx, key) }

// Put implements [scan.Cache].
func (l *Layers) Put(ctx context.Context, key string, value []byte) error {
	if len(value) > maxLayer {
		return fmt.Errorf("work: results of a layer: %d bytes, more than %d", len(value), maxLayer)
	}
	return l.Store.PutLayer(ctx, key, value)
}

// Claim implements [scan.Claimer]. If the database fails, the caller reads the layer without a claim.
func (l *Layers) Claim(ctx context.Context, key string) (release func(), err error) {
	lease := l.Lease
	if lease == 0 {
		lease = 20 * time.Second
	}
	name, holder := "layer/"+key, store.NewID()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		held, err := l.Store.Claim(ctx, name, holder, lease)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			l.Log.WarnContext(ctx, "claiming a layer failed", "error", err)
			return func() {}, nil
		}
		if held {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(lease / 4):
				if _, err := l.Store.Claim(ctx, name, holder, lease); err != nil && ctx.Err() == nil {
					l.Log.WarnContext(ctx, "extending a claim failed", "error", err)
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done // so that no extension comes after the release
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := l.Store.Release(ctx, name, holder); err != nil {
			l.Log.WarnContext(ctx, "releasing a claim failed", "error", err)
		}
	}, nil
}
