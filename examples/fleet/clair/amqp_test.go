package clair_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// freePort returns a port that nothing listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// broker starts Debian's rabbitmq-server with files and ports of its own, and returns its URI.
func broker(t *testing.T) string {
	t.Helper()
	const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	if _, err := os.Stat(program); err != nil {
		t.Skip("rabbitmq-server is not installed")
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/.erlang.cookie", []byte(rand.Text()), 0o400); err != nil { // Erlang makes one that it refuses, by umask
		t.Fatal(err)
	}
	port, dist, mapper := freePort(t), freePort(t), freePort(t)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "HOME="+dir, "RABBITMQ_NODENAME=test"+strconv.Itoa(port)+"@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT="+strconv.Itoa(port),
		"RABBITMQ_DIST_PORT="+strconv.Itoa(dist), "ERL_EPMD_PORT="+strconv.Itoa(mapper), "RABBITMQ_MNESIA_BASE="+dir+"/data", "RABBITMQ_LOG_BASE="+dir+"/log", "RABBITMQ_LOGS=-",
		"RABBITMQ_PID_FILE="+dir+"/pid", "RABBITMQ_ENABLED_PLUGINS_FILE="+dir+"/plugins", "RABBITMQ_CONFIG_FILE="+dir+"/none", "RABBITMQ_CONF_ENV_FILE="+dir+"/none",
		"ERL_CRASH_DUMP="+dir+"/crash")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan bool, 1), make(chan struct{})
	var log strings.Builder
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "started TCP listener") {
				started <- true
			}
		}
		io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		// The script's child is the server, which ends by itself when it is asked to.
		if raw, err := os.ReadFile(dir + "/pid"); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil {
				if p, err := os.FindProcess(pid); err == nil {
					p.Signal(os.Interrupt)
					p.Kill()
				}
			}
		}
		cmd.Process.Kill()
		<-ended
		cmd.Wait()
		mapperEnd := exec.Command("epmd", "-port", strconv.Itoa(mapper), "-kill")
		mapperEnd.Run() // it has ended if no node registered
	})
	select {
	case <-started:
	case <-ended:
		t.Skipf("rabbitmq-server does not start here:\n%s", log.String())
	case <-time.After(3 * time.Minute):
		t.Fatal("rabbitmq-server does not start in 3 minutes")
	}
	return fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port)
}

// TestAMQP sends deliveries of an outbox to a broker.
func TestAMQP(t *testing.T) {
	uri := broker(t)
	conn, err := amqp.Dial(uri)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	to := &clair.AMQP{URIs: []string{fmt.Sprintf("amqp://guest:secret@127.0.0.1:%d/", freePort(t)), uri}, Exchange: "clair", RoutingKey: "notifications"}
	sub := webhook.Subscription{ID: "s", Format: webhook.Clair("https://clair.example" + noticePath), Deliver: to.Deliver}
	sender := &webhook.Sender{Outbox: new(webhook.Memory), Now: func() time.Time { return now }, Schedule: []time.Duration{time.Minute, time.Minute, time.Minute},
		Find: func(context.Context, string) (*webhook.Subscription, error) { return &sub, nil }}
	must(sender.Queue(t.Context(), []webhook.Subscription{sub}, delivery(1).Messages[0]))
	list, err := sender.Outbox.List(t.Context(), webhook.Pending, "", 10)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	id := list[0].ID
	send := func(want webhook.DeliveryState, reason string) {
		t.Helper()
		must(sender.Send(t.Context()))
		d, err := sender.Outbox.Get(t.Context(), id)
		if err != nil || d.State != want || !strings.Contains(d.Error, reason) || strings.Contains(d.Error, "secret") {
			t.Fatalf("%+v, %v", d, err)
		}
		now = now.Add(time.Hour)
	}
	send(webhook.Pending, "no exchange")
	must(ch.ExchangeDeclare("clair", "topic", true, false, false, false, nil))
	send(webhook.Pending, "no queue takes the message")
	queue, err := ch.QueueDeclare("quay", true, false, false, false, nil)
	must(err)
	must(ch.QueueBind(queue.Name, "notifications", "clair", false, nil))
	send(webhook.Sent, "")
	m, ok, err := ch.Get(queue.Name, true)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var body struct {
		ID       string `json:"notification_id"`
		Callback string
	}
	if err := json.Unmarshal(m.Body, &body); err != nil || body.ID != webhook.ClairID(id) || body.Callback != "https://clair.example"+noticePath+"/"+body.ID {
		t.Errorf("body %s", m.Body)
	}
	if m.MessageId != id || m.DeliveryMode != amqp.Persistent || m.ContentType != "application/json" {
		t.Errorf("message %+v", m)
	}
	if _, ok, _ := ch.Get(queue.Name, true); ok {
		t.Error("a second message")
	}
	refused := &clair.AMQP{URIs: []string{strings.Replace(uri, "guest:guest", "guest:secret", 1)}}
	if err := refused.Deliver(t.Context(), "x", &webhook.Body{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestAMQPSilent has a broker that accepts and never answers: the context ends the delivery.
func TestAMQPSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			close(accepted)
			io.Copy(io.Discard, c)
		}
	}()
	go func() {
		<-accepted
		cancel()
	}()
	start := time.Now()
	err = (&clair.AMQP{URIs: []string{"amqp://a:b@" + l.Addr().String()}}).Deliver(ctx, "x", &webhook.Body{})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if err := (&clair.AMQP{}).Deliver(t.Context(), "x", &webhook.Body{}); err == nil {
		t.Error("no broker is no error")
	}
}
