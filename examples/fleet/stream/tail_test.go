package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A sequence has numbers with gaps, and counts how often it is read.
type sequence struct {
	mu    sync.Mutex
	list  []int
	reads int
	err   error
}

func (s *sequence) add(n ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, n...)
}

func (s *sequence) read(_ context.Context, after int) ([]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	i, found := slices.BinarySearch(s.list, after)
	if found {
		i++
	}
	return slices.Clone(s.list[i:min(len(s.list), i+AtOnce)]), s.err
}

func (s *sequence) tail(size int) *Tail[int, int] {
	return &Tail[int, int]{Key: func(n *int) int { return *n }, Size: func(*int) int { return size }, Read: s.read, Log: slog.New(slog.DiscardHandler), Last: func(context.Context) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.list) == 0 {
			return 0, s.err
		}
		return s.list[len(s.list)-1], s.err
	}}
}

// collect reads n items of a tail.
func collect(t *testing.T, tail *Tail[int, int], after, n int, behind func(context.Context, int) ([]int, error)) (list []int) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	defer tail.Join(ctx)()
	for {
		items, next, more, err := tail.Next(ctx, after, behind)
		if err != nil {
			t.Error(err)
			return list
		}
		list, after = append(list, items...), next
		if len(list) >= n {
			return list
		}
		if len(items) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			t.Errorf("%d items of %d", len(list), n)
			return list
		case <-more:
		}
	}
}

// TestTail: clients with old and new keys get each item once, in order, while the tail forgets most of them.
func TestTail(t *testing.T) {
	var s sequence
	for n := range 500 {
		s.add(3 * n)
	}
	tail := s.tail(maxTail / 100) // holds 100 items
	var wg sync.WaitGroup
	for i := range 50 {
		after := 30*i - 1
		wg.Go(func() {
			want := 1000 - 10*i
			got := collect(t, tail, after, want, s.read)
			if len(got) != want || got[0] != 30*i || got[want-1] != 3*999 || !slices.IsSorted(got) {
				t.Errorf("after %d: %d items", after, len(got))
			}
		})
	}
	for n := 500; n < 1000; n++ {
		s.add(3 * n)
		time.Sleep(2 * time.Millisecond)
	}
	wg.Wait()
	if tail.users != 0 || tail.items != nil {
		t.Errorf("the tail has %d users and %d items", tail.users, len(tail.items))
	}
}

// TestTailCost: a client that waits does not read, however many there are. One whose condition leaves all old items out reads them once.
func TestTailCost(t *testing.T) {
	var s sequence
	s.add(1, 2, 3)
	tail := s.tail(1)
	var mu sync.Mutex
	filtered := 0
	none := func(context.Context, int) ([]int, error) {
		mu.Lock()
		defer mu.Unlock()
		filtered++
		return nil, nil
	}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() { collect(t, tail, 0, 3, none) })
	}
	time.Sleep(time.Second)
	for n := range 3 {
		s.add(10 + n)
		time.Sleep(2 * poll)
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if filtered > 2*200 || s.reads > 30 {
		t.Errorf("%d reads by clients, %d by the tail", filtered, s.reads)
	}
}

// TestTailAgain: a tail that no client reads for a while begins again, and so does one whose sequence fails.
func TestTailAgain(t *testing.T) {
	var s sequence
	tail := s.tail(1)
	for round := range 3 {
		first := 10 * (round + 1)
		s.mu.Lock()
		s.err = errors.New("down")
		s.mu.Unlock()
		go func() {
			time.Sleep(2 * poll)
			s.mu.Lock()
			s.err = nil
			s.mu.Unlock()
			s.add(first, first+1)
		}()
		got := collect(t, tail, first-1, 2, func(ctx context.Context, after int) ([]int, error) { list, _ := s.read(ctx, after); return list, nil })
		if fmt.Sprint(got) != fmt.Sprint([]int{first, first + 1}) {
			t.Errorf("round %d: %v", round, got)
		}
		s.add(first + 5) // while there is no client
	}
}

// TestSend: the form of a stream, which begins without an item, and ends with its context. A failure before the start is the caller's to answer.
func TestSend(t *testing.T) {
	var s sequence
	s.add(1, 2, 3)
	tail := s.tail(1)
	view := func(n *int) (*Message, error) {
		if *n == 2 {
			return nil, nil
		}
		return &Message{ID: fmt.Sprint(*n), Kind: "number", Data: map[string]string{"text": "<a>\nb"}}, nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if began, err := tail.Send(ctx, w, 0, s.read, view); !began || err != nil {
			t.Errorf("%t, %v", began, err)
		}
	}))
	defer server.Close()
	a, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if want := "id: 1\nevent: number\ndata: {\"text\":\"<a>\\nb\"}\n\nid: 3\nevent: number\ndata: {\"text\":\"<a>\\nb\"}\n\n"; err != nil || string(body) != want {
		t.Errorf("%v, %q", err, body)
	}
	w := httptest.NewRecorder()
	s.err = errors.New("down")
	if began, err := tail.Send(t.Context(), w, 0, s.read, view); began || err == nil || strings.Contains(w.Body.String(), "id") {
		t.Errorf("%t, %v, %s", began, err, w.Body)
	}
}
