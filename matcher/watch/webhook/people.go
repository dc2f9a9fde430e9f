package webhook

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Bounds of forms for people.
const (
	maxLine  = 250 // characters
	maxLines = 30
	maxShown = 80 // characters of a name
)

// A Summary is a delivery for people. Its texts have no control characters, line breaks or hidden characters, and are cut with a mark.
// They may have markup.
type Summary struct {
	Title string   // one line
	Lines []string // more about it: the images of one message, or the messages of a digest
}

// Summarize returns the summary of a delivery.
func Summarize(d *Delivery) Summary {
	single := len(d.Messages) == 1
	shown := make([]Message, min(len(d.Messages), maxLines))
	for i := range shown {
		m := d.Messages[i]
		most := 0 // a digest has the number of images only
		if single {
			most = min(len(m.Images), maxLines)
		}
		m.More += len(m.Images) - most
		m.Images = m.Images[:most]
		shown[i] = mapped(m, func(s string, n int) string { return show(s, max(maxShown, n/4)) })
	}
	if single {
		m := &shown[0]
		s := Summary{Title: line(m.text())}
		for _, i := range m.Images {
			s.Lines = append(s.Lines, line(i.String()))
		}
		if m.More > 0 {
			s.Lines = append(s.Lines, "and "+english.Count(m.More, "other image"))
		}
		return s
	}
	s := Summary{Title: line(english.Count(len(d.Messages), "event") + counts(d))}
	for i := range shown {
		text := shown[i].text()
		if n := shown[i].More; n > 0 {
			text = cut(text, maxLine-30) + " (" + english.Count(n, "image") + ")"
		}
		s.Lines = append(s.Lines, line(text))
	}
	if rest := len(d.Messages) - len(shown); rest > 0 {
		s.Lines = append(s.Lines, "and "+english.Count(rest, "other event"))
	}
	return s
}

func line(s string) string { return cut(s, maxLine) }

// counts returns the number of messages of each kind, most frequent first: ": 3 new vulnerability, 1 fix available".
func counts(d *Delivery) string {
	by := make(map[watch.Kind]int)
	var kinds []watch.Kind
	for i := range d.Messages {
		k := d.Messages[i].Kind
		if by[k]++; by[k] == 1 {
			kinds = append(kinds, k)
		}
	}
	slices.SortFunc(kinds, func(a, b watch.Kind) int { return cmp.Or(by[b]-by[a], strings.Compare(string(a), string(b))) })
	var list []string
	for _, k := range kinds[:min(len(kinds), 10)] {
		list = append(list, fmt.Sprintf("%d %s", by[k], show(textOf(k), maxShown)))
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Slack is a message for an incoming webhook of Slack. All text is plain text, so names cannot mention anyone or be links.
func Slack(d *Delivery) (*Body, error) {
	type plain struct {
		Type  string `json:"type"`
		Text  string `json:"text"`
		Emoji bool   `json:"emoji"`
	}
	type block struct {
		Type string `json:"type"`
		Text plain  `json:"text"`
	}
	const maxHeader, maxSection = 150, 3000 // characters that Slack allows
	s := Summarize(d)
	title := slackEscapes.Replace(cut(s.Title, maxHeader))
	if len([]rune(title)) > maxHeader {
		title = slackEscapes.Replace(cut(s.Title, maxHeader/len("&amp;")))
	}
	blocks := []block{{"header", plain{"plain_text", title, false}}}
	section := ""
	flush := func() {
		if section != "" {
			blocks = append(blocks, block{"section", plain{"plain_text", section, false}})
		}
		section = ""
	}
	if title != slackEscapes.Replace(s.Title) {
		section = slackEscapes.Replace(s.Title)
	}
	for _, l := range s.Lines {
		l = slackEscapes.Replace(l)
		if len(section)+1+len(l) > maxSection {
			flush()
		}
		section = strings.TrimPrefix(section+"\n"+l, "\n")
	}
	flush()
	return marshal(typeJSON, struct {
		Text   string  `json:"text"` // text of the notification on a phone
		Blocks []block `json:"blocks"`
	}{slackEscapes.Replace(s.Title), blocks})
}

// Teams is a message with an Adaptive Card for Microsoft Teams. All text is in TextRun elements, which have no Markdown.
func Teams(d *Delivery) (*Body, error) {
	type run struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Weight string `json:"weight,omitempty"`
	}
	type block struct {
		Type    string `json:"type"`
		Inlines []run  `json:"inlines"`
	}
	type card struct {
		Schema  string  `json:"$schema"`
		Type    string  `json:"type"`
		Version string  `json:"version"`
		Body    []block `json:"body"`
	}
	type attachment struct {
		ContentType string `json:"contentType"`
		Content     card   `json:"content"`
	}
	const maxTeams = 20 << 10 // bytes of text; Teams refuses more than 28 KB
	s := Summarize(d)
	var blocks []block
	size := 0
	add := func(text, weight string) bool {
		for strings.Contains(text, "{{") { // TextRun has functions of dates
			text = strings.ReplaceAll(text, "{{", "{ {")
		}
		if size += 2*len(text) + 80; size > maxTeams {
			return false
		}
		blocks = append(blocks, block{"RichTextBlock", []run{{"TextRun", text, weight}}})
		return true
	}
	add(s.Title, "Bolder")
	for i, l := range s.Lines {
		if !add(l, "") {
			blocks = append(blocks, block{"RichTextBlock", []run{{"TextRun", "and " + english.Count(len(s.Lines)-i, "other line"), ""}}})
			break
		}
	}
	return marshal(typeJSON, struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{"application/vnd.microsoft.card.adaptive", card{"http://adaptivecards.io/schemas/adaptive-card.json", "AdaptiveCard", "1.4", blocks}}}})
}

// Matrix is the content of an m.room.message without HTML. It mentions no one, whatever names the text has. The URL of the subscription is
// that of a room, ".../rooms/ROOM/send/m.room.message/{id}": the server drops a second message of the same ID.
func Matrix(d *Delivery) (*Body, error) {
	s := Summarize(d)
	body, err := marshal(typeJSON, struct {
		Type     string   `json:"msgtype"`
		Body     string   `json:"body"`
		Mentions struct{} `json:"m.mentions"`
	}{Type: "m.notice", Body: strings.Join(append([]string{s.Title}, s.Lines...), "\n")})
	if err == nil {
		body.Method = http.MethodPut
	}
	return body, err
}
