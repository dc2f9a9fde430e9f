package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Body is the content of a request.
type Body struct {
	Method      string // POST if it is ""
	ContentType string
	Header      http.Header // further headers
	Content     []byte
}

// A Format makes the body of a delivery. The same delivery gives the same body. After an error the delivery is dead.
type Format func(d *Delivery) (*Body, error)

const typeJSON = "application/json"

// typeOf returns the type of a delivery's body: the kind of its message, or "digest", in the characters that Standard Webhooks recommends.
func typeOf(d *Delivery) string {
	if len(d.Messages) != 1 {
		return "hullmark.digest"
	}
	return "hullmark." + strings.ReplaceAll(string(d.Messages[0].Kind), "-", "_")
}

// timeOf returns the time of the latest message.
func timeOf(d *Delivery) time.Time {
	var t time.Time
	for i := range d.Messages {
		if d.Messages[i].Time.After(t) {
			t = d.Messages[i].Time
		}
	}
	return t.UTC()
}

// events is the data of [JSON] and CloudEvents.
type events struct {
	Events []Message `json:"events"`
}

func eventsOf(d *Delivery) events { return events{append([]Message{}, d.Messages...)} }

// marshal returns the JSON form of a value as a body. Markup in names is left to the escaping of JSON.
func marshal(contentType string, v any) (*Body, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return &Body{ContentType: contentType, Content: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}, nil
}

// JSON is the form of Standard Webhooks: "type", "timestamp" and "data". The data has the list "events", each a [Message].
func JSON(d *Delivery) (*Body, error) {
	return marshal(typeJSON, struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      events    `json:"data"`
	}{typeOf(d), timeOf(d), eventsOf(d)})
}

// A cloudEvent has the attributes of CloudEvents 1.0.
type cloudEvent struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject,omitempty"`
	Time        string `json:"time"`
	DataType    string `json:"datacontenttype,omitempty"`
	Data        events `json:"data,omitzero"`
}

func cloudEventOf(d *Delivery, source string) cloudEvent {
	e := cloudEvent{SpecVersion: "1.0", ID: d.ID, Source: source, Type: typeOf(d), Time: timeOf(d).Format(time.RFC3339Nano)}
	if len(d.Messages) == 1 {
		e.Subject = d.Messages[0].Vulnerability
	}
	return e
}

// CloudEvents is the structured mode of CloudEvents 1.0 in JSON. The source is a URI reference that names this sender.
func CloudEvents(source string) Format {
	return func(d *Delivery) (*Body, error) {
		e := cloudEventOf(d, source)
		e.DataType, e.Data = typeJSON, eventsOf(d)
		return marshal("application/cloudevents+json; charset=utf-8", e)
	}
}

// CloudEventsBinary is the binary mode of CloudEvents 1.0 over HTTP: attributes are headers.
func CloudEventsBinary(source string) Format {
	return func(d *Delivery) (*Body, error) {
		body, err := marshal(typeJSON, eventsOf(d))
		if err != nil {
			return nil, err
		}
		e := cloudEventOf(d, source)
		body.Header = make(http.Header)
		for _, a := range [][2]string{{"specversion", e.SpecVersion}, {"id", e.ID}, {"source", e.Source}, {"type", e.Type}, {"subject", e.Subject}, {"time", e.Time}} {
			if a[1] != "" {
				body.Header.Set("ce-"+a[0], headerValue(a[1]))
			}
		}
		return body, nil
	}
}

// headerValue encodes an attribute as the HTTP binding of CloudEvents wants: every byte of a character outside printable ASCII, the space, the
// double quote and the percent sign become "%XX".
func headerValue(s string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
