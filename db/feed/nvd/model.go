package nvd

import (
	"encoding/json"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// An item has the fields of a CVE that both models have.
type item struct {
	id                  string
	rejected            bool
	published, modified string
	description         string
	metrics             []metric
	weaknesses          []string
	references          []reference
	configurations      []configuration
}

type metric struct {
	source, vector, word string
	score                float64
}

// A configuration is vulnerable if a system has one of the matches of each group. Most configurations have one group.
type configuration struct{ groups [][]match }

type match struct {
	Vulnerable     bool   `json:"vulnerable"`
	Criteria       string `json:"criteria"` // model 2.0
	URI            string `json:"cpe23Uri"` // model 1.1
	StartIncluding string `json:"versionStartIncluding"`
	StartExcluding string `json:"versionStartExcluding"`
	EndIncluding   string `json:"versionEndIncluding"`
	EndExcluding   string `json:"versionEndExcluding"`
}

type reference struct {
	URL string `json:"url"`
}

type text struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

func english(texts []text) string {
	for _, t := range texts {
		if t.Lang == "en" {
			return t.Value
		}
	}
	return ""
}

type cvss struct {
	Version  string  `json:"version"`
	Vector   string  `json:"vectorString"`
	Score    float64 `json:"baseScore"`
	Severity string  `json:"baseSeverity"`
}

// parse2 parses an element of "vulnerabilities". With an error it returns the parts that it could parse.
func parse2(raw []byte) (*item, error) {
	var v struct {
		CVE struct {
			ID           string `json:"id"`
			Status       string `json:"vulnStatus"`
			Published    string `json:"published"`
			Modified     string `json:"lastModified"`
			Descriptions []text `json:"descriptions"`
			Weaknesses   []struct {
				Description []text `json:"description"`
			} `json:"weaknesses"`
			Metrics        map[string]json.RawMessage `json:"metrics"`
			References     []reference                `json:"references"`
			Configurations []struct {
				Operator string `json:"operator"`
				Nodes    []struct {
					Operator string  `json:"operator"`
					Negate   bool    `json:"negate"`
					Match    []match `json:"cpeMatch"`
				} `json:"nodes"`
			} `json:"configurations"`
		} `json:"cve"`
	}
	err := json.Unmarshal(raw, &v)
	c := &v.CVE
	it := &item{id: c.ID, rejected: c.Status == "Rejected", published: c.Published, modified: c.Modified, description: english(c.Descriptions), references: c.References}
	for _, version := range []string{"cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2"} {
		if c.Metrics[version] == nil {
			continue
		}
		var list []struct {
			Source   string `json:"source"`
			Severity string `json:"baseSeverity"` // version 2
			Data     cvss   `json:"cvssData"`
		}
		if e := json.Unmarshal(c.Metrics[version], &list); e != nil && err == nil {
			err = e
		}
		for _, m := range list {
			if m.Data.Severity == "" {
				m.Data.Severity = m.Severity
			}
			it.metrics = append(it.metrics, metric{source(m.Source), m.Data.Vector, m.Data.Severity, m.Data.Score})
		}
	}
	for _, w := range c.Weaknesses {
		for _, d := range w.Description {
			it.weaknesses = append(it.weaknesses, d.Value)
		}
	}
	for _, conf := range c.Configurations {
		var groups [][]match
		for _, n := range conf.Nodes {
			if n.Negate {
				continue // products that must be absent are not vulnerable
			}
			if n.Operator == "AND" {
				for _, m := range n.Match {
					groups = append(groups, []match{m})
				}
				continue
			}
			groups = append(groups, n.Match)
		}
		it.add(conf.Operator == "AND" || len(conf.Nodes) == 1, groups)
	}
	return it, err
}

// source returns the source of a severity, with a short name for NVD itself.
func source(s string) string {
	if s == "nvd@nist.gov" || s == "" {
		return feedName
	}
	return s
}

// add adds one configuration with all groups, or one for each group.
func (it *item) add(all bool, groups [][]match) {
	if all {
		it.configurations = append(it.configurations, configuration{groups})
		return
	}
	for _, g := range groups {
		it.configurations = append(it.configurations, configuration{[][]match{g}})
	}
}

// A node is a node of model 1.1. It has children if it combines other nodes.
type node struct {
	Operator string  `json:"operator"`
	Children []node  `json:"children"`
	Match    []match `json:"cpe_match"`
}

// parse1 parses an element of "CVE_Items". With an error it returns the parts that it could parse.
func parse1(raw []byte) (*item, error) {
	var v struct {
		CVE struct {
			Meta struct {
				ID string `json:"ID"`
			} `json:"CVE_data_meta"`
			Problem struct {
				Data []struct {
					Description []text `json:"description"`
				} `json:"problemtype_data"`
			} `json:"problemtype"`
			Description struct {
				Data []text `json:"description_data"`
			} `json:"description"`
			References struct {
				Data []reference `json:"reference_data"`
			} `json:"references"`
		} `json:"cve"`
		Configurations struct {
			Nodes []node `json:"nodes"`
		} `json:"configurations"`
		Impact struct {
			V3 *struct {
				CVSS cvss `json:"cvssV3"`
			} `json:"baseMetricV3"`
			V2 *struct {
				CVSS     cvss   `json:"cvssV2"`
				Severity string `json:"severity"`
			} `json:"baseMetricV2"`
		} `json:"impact"`
		Published string `json:"publishedDate"`
		Modified  string `json:"lastModifiedDate"`
	}
	err := json.Unmarshal(raw, &v)
	it := &item{id: v.CVE.Meta.ID, published: v.Published, modified: v.Modified, description: english(v.CVE.Description.Data), references: v.CVE.References.Data}
	it.rejected = strings.HasPrefix(it.description, "** REJECT **") || strings.HasPrefix(it.description, "Rejected reason:")
	if m := v.Impact.V3; m != nil {
		it.metrics = append(it.metrics, metric{feedName, m.CVSS.Vector, m.CVSS.Severity, m.CVSS.Score})
	}
	if m := v.Impact.V2; m != nil {
		it.metrics = append(it.metrics, metric{feedName, m.CVSS.Vector, m.Severity, m.CVSS.Score})
	}
	for _, p := range v.CVE.Problem.Data {
		for _, d := range p.Description {
			it.weaknesses = append(it.weaknesses, d.Value)
		}
	}
	for _, n := range v.Configurations.Nodes {
		groups := n.groups(0)
		it.add(n.Operator == "AND", groups)
	}
	return it, err
}

// maxChildren bounds how many nodes contain each other. Real children have no children.
const maxChildren = 8

// groups returns a group for the matches of the node, and one for each of its children.
func (n *node) groups(depth int) [][]match {
	var groups [][]match
	if len(n.Match) > 0 {
		groups = append(groups, n.Match)
	}
	for i := range n.Children {
		if depth < maxChildren {
			groups = append(groups, n.Children[i].groups(depth+1)...)
		}
	}
	return groups
}

// severities returns the metrics that have a vector or a score.
func (it *item) severities() []matcher.Severity {
	var out []matcher.Severity
	seen := make(map[matcher.Severity]bool)
	for _, m := range it.metrics {
		s := matcher.Severity{Source: m.source, Vector: strings.Trim(m.vector, "()"), Word: m.word, Score: m.score}
		s.Level, _ = levels.Parse(strings.ToLower(m.word))
		if (s.Vector != "" || s.Score > 0) && s.Score >= 0 && s.Score <= 10 && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
