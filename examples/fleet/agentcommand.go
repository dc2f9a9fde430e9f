package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/agent"
)

func agentCommand(ctx context.Context, p *program, c *call) error {
	a := new(agent.Agent)
	c.flags.StringVar(&a.Socket, "socket", agent.FindSocket(), "`SOCKET` of the daemon of Docker or Podman; empty for none")
	c.flags.StringVar(&a.Alerts, "falco", "", "send the alerts that Falco writes to `FILE` as JSON")
	c.flags.StringVar(&a.State, "state", "fleet-agent.json", "remember in `FILE` how far the alerts were sent")
	c.flags.DurationVar(&a.Every, "every", 30*time.Second, "look at the containers after this `TIME`")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	if a.Socket == "" && a.Alerts == "" {
		return usageError("there is no daemon and no file of alerts. Pass --socket SOCKET or --falco FILE")
	}
	a.Client, a.Log = asked, slog.New(slog.NewTextHandler(p.stderr, nil))
	return a.Run(ctx)
}
