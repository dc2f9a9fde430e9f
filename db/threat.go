package db

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// AddThreat adds what a feed knows of a vulnerability, by its CVE identifier. What several feeds say is put together when
// it is looked up: the earliest day, the highest probability, all exploits, severities and weaknesses.
func (b *Builder) AddThreat(feed, cve string, t matcher.Threat) error {
	if err := checkThreat(feed, cve, &t); err != nil {
		return fmt.Errorf("db: threat of %.80q: %w", cve, err)
	}
	if b.threats == nil {
		b.threats = make(map[threatKey]matcher.Threat)
	}
	k := threatKey{feed, cve}
	b.threats[k] = mergeThreats(b.threats[k], t)
	return nil
}

type threatKey struct{ feed, cve string }

func checkThreat(feed, cve string, t *matcher.Threat) error {
	if feed == "" {
		return fmt.Errorf("no feed")
	}
	if !strings.HasPrefix(cve, "CVE-") {
		return fmt.Errorf("not a CVE identifier")
	}
	for _, p := range []float64{t.EPSS, t.Percentile} {
		if math.IsNaN(p) || p < 0 || p > 1 {
			return fmt.Errorf("probability %v", p)
		}
	}
	size := len(cve)
	for _, list := range [][]string{t.Exploits, t.Weaknesses} {
		for _, s := range list {
			size += len(s) + 8
		}
	}
	for _, s := range t.Severities {
		size += len(s.Source) + len(s.Vector) + len(s.Word) + 8
	}
	if size > maxString {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	}
	return nil
}

// mergeThreats is commutative and associative, so that the order of feeds makes no difference.
func mergeThreats(a, b matcher.Threat) matcher.Threat {
	m := matcher.Threat{
		Exploited:  earliest(a.Exploited, b.Exploited).UTC().Truncate(24 * time.Hour),
		Ransomware: a.Ransomware || b.Ransomware,
		EPSS:       max(a.EPSS, b.EPSS),
		Percentile: max(a.Percentile, b.Percentile),
		Exploits:   sorted(slices.Concat(a.Exploits, b.Exploits)),
		Weaknesses: sorted(slices.Concat(a.Weaknesses, b.Weaknesses)),
	}
	if n := len(a.Severities) + len(b.Severities); n > 0 {
		m.Severities = slices.Concat(a.Severities, b.Severities)
		slices.SortFunc(m.Severities, compareSeverities)
		m.Severities = slices.Compact(m.Severities)
	}
	return m
}
