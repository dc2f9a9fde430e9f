package api

import "net/http"

// alerts answers the operations of Falco's alerts, which package falco has.
func (c *call) alerts() (*reply, error) {
	if c.s.Alerts == nil {
		return nil, &problem{Status: http.StatusNotFound, Code: "no-falco", Detail: "the service takes no alerts of Falco"}
	}
	if c.op.Body == "upload" {
		defer c.deadline(bodyTime)()
	}
	return c.pass(c.s.Alerts)
}
