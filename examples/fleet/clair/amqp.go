package clair

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// An AMQP publishes to a broker of AMQP 0.9.1. Its method Deliver is that of a [webhook.Subscription], so that the outbox repeats what fails.
type AMQP struct {
	URIs       []string // "amqps://user:password@broker.example/vhost"; the first that answers is used
	TLS        *tls.Config
	Exchange   string // must exist; "" is the default exchange
	RoutingKey string

	// Dial connects; nil connects to any address. A service whose tenants name brokers gives one that refuses private addresses.
	Dial func(network, address string) (net.Conn, error)
}

const dialTime = 10 * time.Second

// ErrUnroutable reports that the exchange has no queue for the message, which would be lost.
var ErrUnroutable = errors.New("clair: amqp: no queue takes the message")

// Deliver publishes a body as a persistent message, and waits until the broker has confirmed that a queue has it. The identifier is that of
// the message, so that consumers recognize repetitions.
func (a *AMQP) Deliver(ctx context.Context, id string, b *webhook.Body) (err error) {
	ctx, span := telemetry.Start(ctx, "webhook delivery", attribute.String("messaging.system", "rabbitmq"))
	defer span.Done(&err)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseDeadline(time.Now().Add(time.Second))
	if err := a.publish(ctx, conn, id, b); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if errors.Is(err, ErrUnroutable) {
			return err
		}
		return fmt.Errorf("clair: amqp: %w", err)
	}
	return nil
}

func (a *AMQP) publish(ctx context.Context, conn *amqp.Connection, id string, b *webhook.Body) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if a.Exchange != "" { // fails if the exchange does not exist, which publish alone tells too late
		if err := ch.ExchangeDeclarePassive(a.Exchange, "direct", false, false, false, false, nil); err != nil {
			return err
		}
	}
	if err := ch.Confirm(false); err != nil {
		return err
	}
	returned := ch.NotifyReturn(make(chan amqp.Return, 1))
	confirm, err := ch.PublishWithDeferredConfirmWithContext(ctx, a.Exchange, a.RoutingKey, true, false, amqp.Publishing{
		ContentType: b.ContentType, MessageId: id, DeliveryMode: amqp.Persistent, AppId: "hullmark", Body: b.Content,
	})
	if err != nil {
		return err
	}
	ok, err := confirm.WaitContext(ctx)
	if err != nil {
		return err
	}
	// The broker returns an unroutable message before it confirms it.
	select {
	case r, open := <-returned:
		if open {
			return fmt.Errorf("%w: %s", ErrUnroutable, r.ReplyText)
		}
	default:
	}
	if !ok {
		return errors.New("the broker refused the message")
	}
	return nil
}

func (a *AMQP) connect(ctx context.Context) (*amqp.Connection, error) {
	dial := a.Dial
	if dial == nil {
		dial = func(network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: dialTime}
			return d.DialContext(ctx, network, address)
		}
	}
	config := amqp.Config{TLSClientConfig: a.TLS, Dial: func(network, address string) (net.Conn, error) {
		c, err := dial(network, address)
		if err != nil {
			return nil, err
		}
		// The library has no context for the handshake, and ends without an answer only when the connection does.
		context.AfterFunc(ctx, func() { c.Close() })
		return c, c.SetDeadline(time.Now().Add(dialTime)) // the library removes it after the handshake
	}}
	var errs []error
	for i, uri := range a.URIs {
		conn, err := amqp.DialConfig(uri, config)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("clair: amqp: %w", ctx.Err())
		}
		errs = append(errs, fmt.Errorf("broker %d: %w", i+1, hide(err)))
	}
	if len(errs) == 0 {
		return nil, errors.New("clair: amqp: no broker is configured")
	}
	return nil, fmt.Errorf("clair: amqp: %w", errors.Join(errs...))
}

// hide removes the address from an error, which may have the password.
func hide(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	if e, ok := errors.AsType[*amqp.Error](err); ok {
		return e
	}
	return errors.New("the connection failed")
}
