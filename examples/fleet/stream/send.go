package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// heartbeat is the time between signs of life for clients and proxies.
const heartbeat = 15 * time.Second

// A Message is an event of a stream.
type Message struct {
	ID   string // which the client sends as Last-Event-ID to go on
	Kind string
	Data any // written as JSON
}

// Send sends the items after a key as server-sent events as they come, until ctx ends or the client is gone. View returns the message of an item, or nil
// for one that the client does not get. An error before the first byte is returned; a later one ends the stream and is returned, too, with began.
func (t *Tail[K, T]) Send(ctx context.Context, w http.ResponseWriter, after K, behind func(ctx context.Context, after K) ([]T, error), view func(*T) (*Message, error)) (began bool, err error) {
	defer t.Join(ctx)()
	rc := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for ctx.Err() == nil {
		list, next, more, err := t.Next(ctx, after, behind)
		if err != nil {
			return began, err
		}
		if !began {
			began = true
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
			rc.Flush() // the client learns that the stream began; if it is gone, so is ctx
		}
		if err := send(w, list, view); err != nil {
			return began, err
		}
		if len(list) > 0 && rc.Flush() != nil {
			return began, nil
		}
		if after = next; len(list) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-more:
		case <-beat.C:
			w.Write([]byte(": waiting\n\n")) // Flush finds out that the client is gone
			if rc.Flush() != nil {
				return began, nil
			}
		}
	}
	return began, nil
}

// send writes the messages of items. It holds one of them at a time, as a slow client may take long for each.
func send[T any](w http.ResponseWriter, list []T, view func(*T) (*Message, error)) error {
	for i := range list {
		m, err := view(&list[i])
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		var b bytes.Buffer
		b.WriteString("id: " + m.ID + "\nevent: " + m.Kind + "\ndata: ")
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false) // alerts stay as they are
		if err := e.Encode(m.Data); err != nil {
			return err
		}
		b.WriteString("\n")
		if _, err := w.Write(b.Bytes()); err != nil {
			return nil // the client is gone, as Flush finds out, too
		}
	}
	return nil
}
