package cvrf

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher"
)

const document = `<?xml version="1.0" encoding="UTF-8"?>
<cvrfdoc xmlns="http://www.icasi.org/CVRF/schema/cvrf/1.1">
  <DocumentTitle>Security update for tool</DocumentTitle>
  <DocumentTracking>
    <Identification><ID>EX-2024:1</ID><Alias>none</Alias></Identification>
    <InitialReleaseDate>2024-01-02T00:00:00Z</InitialReleaseDate>
    <CurrentReleaseDate>2024-01-03T00:00:00Z</CurrentReleaseDate>
  </DocumentTracking>
  <DocumentReferences>
    <Reference Type="Self"><URL>https://example.org/EX-2024:1</URL><Description>self</Description></Reference>
    <Reference><URL>https://example.org/more</URL></Reference>
  </DocumentReferences>
  <ProductTree>
    <Branch Type="Product Family" Name="Example Linux">
      <Branch Type="Product Name" Name="Example Linux 9">
        <FullProductName ProductID="Example Linux 9" CPE="cpe:/o:example:linux:9">Example Linux 9</FullProductName>
      </Branch>
    </Branch>
    <Branch Type="Product Version" Name="tool-1.2-3">
      <FullProductName ProductID="tool-1.2-3">tool-1.2-3</FullProductName>
    </Branch>
    <Relationship ProductReference="tool-1.2-3" RelationType="Default Component Of" RelatesToProductReference="Example Linux 9">
      <FullProductName ProductID="Example Linux 9:tool-1.2-3">tool-1.2-3 as component of Example Linux 9</FullProductName>
    </Relationship>
  </ProductTree>
  <Vulnerability Ordinal="1">
    <Notes><Note Type="General">A flaw.</Note><Note Type="General">More of it.</Note></Notes>
    <CVE>CVE-2024-1</CVE>
    <ProductStatuses><Status Type="Fixed"><ProductID>Example Linux 9:tool-1.2-3</ProductID><ProductID>other</ProductID></Status></ProductStatuses>
    <Threats><Threat Type="Exploit Status"><Description>none</Description></Threat><Threat Type="Impact"><Description>important</Description></Threat></Threats>
    <CVSSScoreSets><ScoreSet><BaseScore>7.5</BaseScore><Vector>AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N</Vector></ScoreSet></CVSSScoreSets>
  </Vulnerability>
</cvrfdoc>`

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	want := &Document{
		ID: "EX-2024:1", Title: "Security update for tool", Initial: "2024-01-02T00:00:00Z", Current: "2024-01-03T00:00:00Z",
		URLs: []string{"https://example.org/EX-2024:1", "https://example.org/more"},
		Products: []Product{
			{ID: "Example Linux 9", Name: "Example Linux 9", CPE: "cpe:/o:example:linux:9", Branch: "Product Name"},
			{ID: "tool-1.2-3", Name: "tool-1.2-3", Branch: "Product Version"},
		},
		Relationships: []Relationship{{ID: "Example Linux 9:tool-1.2-3", Package: "tool-1.2-3", Product: "Example Linux 9"}},
		Vulnerabilities: []Vulnerability{{
			CVE: "CVE-2024-1", Impact: "important",
			Statuses: map[string][]string{"Fixed": {"Example Linux 9:tool-1.2-3", "other"}},
			Scores:   []Score{{"7.5", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	for doc, want := range map[string]string{
		"":                               "unexpected EOF",
		"<html></html>":                  `"html" instead of "cvrfdoc"`,
		document[:len(document)/2]:       "unexpected EOF",
		document + "<more/>":             "",
		`{"not": "xml"}`:                 "",
		"<cvrfdoc><a></b></a></cvrfdoc>": "",
	} {
		if _, err := Read(strings.NewReader(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", doc, err, want)
		}
	}
}

func TestSeverities(t *testing.T) {
	const vector = "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
	for _, tt := range []struct {
		v    Vulnerability
		want []matcher.Severity
		bad  bool
	}{
		{v: Vulnerability{Impact: "important", Scores: []Score{{"7.5", vector}}}, want: []matcher.Severity{{Source: "x", Level: matcher.High, Word: "important", Vector: "CVSS:3.1/" + vector}}},
		{v: Vulnerability{Impact: "low", Scores: []Score{{"2", "AV:N/AC:L/Au:N/C:N/I:N/A:P"}}}, want: []matcher.Severity{{Source: "x", Level: matcher.Low, Word: "low", Vector: "AV:N/AC:L/Au:N/C:N/I:N/A:P"}}},
		{v: Vulnerability{Impact: "moderate", Scores: []Score{{"5.5", ""}}}, want: []matcher.Severity{{Source: "x", Level: matcher.Medium, Word: "moderate", Score: 5.5}}},
		{v: Vulnerability{Impact: "moderate", Scores: []Score{{"55", ""}, {"much", ""}, {"NaN", ""}}}, want: []matcher.Severity{{Source: "x", Level: matcher.Medium, Word: "moderate"}}},
		{v: Vulnerability{Impact: "dreadful"}, want: []matcher.Severity{{Source: "x", Word: "dreadful"}}, bad: true},
	} {
		got, err := tt.v.Severities("x")
		if !reflect.DeepEqual(got, tt.want) || (err != nil) != tt.bad {
			t.Errorf("%+v: %+v, %v", tt.v, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(document)
	f.Add("<cvrfdoc><Vulnerability/></cvrfdoc>")
	f.Fuzz(func(t *testing.T, doc string) {
		d, err := Read(io.LimitReader(strings.NewReader(doc), 1<<20))
		if err != nil {
			return
		}
		for i := range d.Vulnerabilities {
			d.Vulnerabilities[i].Severities("x")
		}
	})
}
