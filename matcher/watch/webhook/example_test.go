package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A receiver gets an event and checks its signature.
func Example() {
	ctx := context.Background()
	secret := webhook.NewSecret()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = webhook.Verify(r.Header, body, time.Now(), secret)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Printf("%s\n", body)
	}))
	defer receiver.Close()

	subscription := webhook.Subscription{ID: "team", URL: receiver.URL, Secrets: []string{secret}, Repositories: []string{"registry.example/team/*"}}
	sender := webhook.Sender{
		Outbox: new(webhook.Memory),
		Find:   func(context.Context, string) (*webhook.Subscription, error) { return &subscription, nil },
		Client: http.DefaultClient, // because the receiver of this example has no public address
	}
	event := webhook.Message{
		ID: "1", Kind: watch.Exploited, Time: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), Vulnerability: "CVE-2026-1",
		Images: []webhook.Image{{Repository: "registry.example/team/app", Tag: "1.2"}, {Repository: "registry.example/other/app", Tag: "3"}},
	}
	if err := sender.Queue(ctx, []webhook.Subscription{subscription}, event); err != nil {
		log.Fatal(err)
	}
	if err := sender.Send(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: {"type":"hullmark.exploited","timestamp":"2026-11-30T00:00:00Z","data":{"events":[{"id":"1","kind":"exploited","time":"2026-11-30T00:00:00Z","vulnerability":"CVE-2026-1","images":[{"repository":"registry.example/team/app","tag":"1.2"}]}]}}
}

// An event is written to the catalog with the change that it is about, in one transaction, and queued later. A crash at any point loses no
// event and repeats none, because the catalog and the outbox know the IDs.
func ExampleSender_Queue() {
	ctx := context.Background()
	var store catalog.Memory
	event := webhook.Message{ID: "1", Kind: webhook.TagMoved, Time: time.Now(), Images: []webhook.Image{{Repository: "registry.example/app", Tag: "1"}}}
	body, err := json.Marshal(event)
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Write(ctx, &catalog.Batch{
		Tags:    []catalog.Tag{{Name: "registry.example/app:1", Since: event.Time}},
		Notices: []catalog.Notice{{ID: event.ID, Kind: string(event.Kind), Body: body, Created: event.Time}},
	}); err != nil {
		log.Fatal(err)
	}

	sender := webhook.Sender{Outbox: new(webhook.Memory)}
	subscriptions := []webhook.Subscription{{ID: "a"}, {ID: "b"}}
	notices, err := store.Notices(ctx, 100)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range notices {
		var m webhook.Message
		if err := json.Unmarshal(n.Body, &m); err != nil {
			log.Fatal(err)
		}
		if err := sender.Queue(ctx, subscriptions, m); err != nil {
			log.Fatal(err)
		}
		if err := store.Write(ctx, &catalog.Batch{Delivered: []string{n.ID}}); err != nil {
			log.Fatal(err)
		}
	}
	queued, err := sender.Outbox.List(ctx, webhook.Pending, "", 100)
	fmt.Println(len(queued), "deliveries,", err)
	// Output: 2 deliveries, <nil>
}
