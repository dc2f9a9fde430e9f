package api

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// alerts answers the operations of Falco's alerts, which package falco has.
func (c *call) alerts() (*reply, error) {
	if c.s.Alerts == nil {
		return nil, &problem{Status: http.StatusNotFound, Code: "no-falco", Detail: "the service takes no alerts of Falco"}
	}
	if c.op.Body == "upload" {
		defer c.deadline(bodyTime)()
	}
	rep, err := c.pass(c.s.Alerts)
	if action, subject := c.alertDecision(); err == nil && action != "" && c.sent < http.StatusMultipleChoices {
		if err := c.audit(action, subject); err != nil {
			c.log().ErrorContext(c.ctx(), "an entry of the audit was lost", "action", action, "subject", subject, "error", err)
		}
	}
	return rep, err
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
