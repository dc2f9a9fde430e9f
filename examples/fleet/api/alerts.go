package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// alerts answers the operations of Falco's alerts, which package falco has.
func (c *call) alerts() (*reply, error) {
	if c.s.Alerts == nil {
		return nil, &problem{Status: http.StatusNotFound, Code: "no-falco", Detail: "the service takes no alerts of Falco"}
	}
	if c.op.Body == "upload" {
		defer c.deadline(bodyTime)()
	}
	if c.op.ID == "listAlerts" && c.streams() {
		defer c.whileValid()()
	}
	rep, err := c.pass(c.s.Alerts)
	if action, subject := c.alertDecision(); err == nil && action != "" && c.sent < http.StatusMultipleChoices {
		if err := c.audit(action, subject); err != nil {
			c.log().ErrorContext(c.ctx(), "an entry of the audit was lost", "action", action, "subject", subject, "error", err)
		}
	}
	return rep, err
}

// streams reports whether the client wants server-sent events.
func (c *call) streams() bool { return strings.Contains(c.r.Header.Get("Accept"), "text/event-stream") }

// whileValid ends the context of the request as soon as its token does not count any more.
func (c *call) whileValid() (stop func()) {
	ctx, cancel := context.WithCancel(c.ctx())
	c.r = c.r.WithContext(ctx)
	again := *c
	go func() {
		defer cancel()
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				if _, ended := errors.AsType[*problem](again.authenticate()); ended {
					return
				}
			}
		}
	}()
	return cancel
}

// alertDecision returns the entry of the audit for an operation that decides which alerts count, or "".
func (c *call) alertDecision() (action, subject string) {
	var in struct {
		Name, Image, Rule string
		On                bool
	}
	json.Unmarshal(c.received, &in) // the operation was successful, or there is no entry
	switch c.op.ID {
	case "setMonitoring":
		return "set-monitoring", fmt.Sprintf("%s: %t", in.Name, in.On)
	case "addAlertMark":
		return "add-alert-mark", fmt.Sprintf("%s %s", in.Rule, in.Image)
	case "deleteAlertMark":
		return "delete-alert-mark", c.r.PathValue("alertMark")
	}
	return "", ""
}
