package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"text/template"
	"time"
)

// Mail is an e-mail of plain text, with its headers; Subscription.Deliver sends it. Sender and receiver are addresses such as
// "Fleet <fleet@example.org>". The template gets a [Summary]; if it is nil, the mail has the title and the lines. The Message-ID is made from the
// webhook-id, so that the second of two equal mails can be dropped.
func Mail(from, to string, t *template.Template) Format {
	return func(d *Delivery) (*Body, error) {
		sender, err := mail.ParseAddress(from)
		if err != nil {
			return nil, fmt.Errorf("sender: %w", err)
		}
		receiver, err := mail.ParseAddress(to)
		if err != nil {
			return nil, fmt.Errorf("receiver: %w", err)
		}
		s := Summarize(d)
		text := strings.Join(append([]string{s.Title, ""}, s.Lines...), "\n") + "\n"
		if t != nil {
			var b bytes.Buffer
			if err := t.Execute(&b, s); err != nil {
				return nil, err
			}
			text = b.String()
		}
		_, domain, ok := strings.Cut(sender.Address, "@")
		if !ok {
			return nil, errors.New("sender: an address without a domain")
		}
		var b bytes.Buffer
		for _, h := range [][2]string{
			{"From", sender.String()}, {"To", receiver.String()}, {"Subject", folded(s.Title)},
			{"Date", d.Created.UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + d.ID + "@" + domain + ">"}, {"MIME-Version", "1.0"},
			{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}, {"Auto-Submitted", "auto-generated"},
		} {
			fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		}
		b.WriteString("\r\n")
		w := quotedprintable.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return &Body{ContentType: "message/rfc822", Content: b.Bytes()}, nil
	}
}

// folded returns the value of a header with each encoded word on a line of its own.
func folded(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}
