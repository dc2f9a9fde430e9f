package main

import (
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

func TestThreatWord(t *testing.T) {
	day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for want, threat := range map[string]matcher.Threat{
		"":                     {Weaknesses: []string{"CWE-79"}},
		"ransomware, EPSS 94%": {Exploited: day, Ransomware: true, Exploits: []string{"1"}, EPSS: 0.943},
		"exploited":            {Exploited: day, Exploits: []string{"1"}},
		"exploit known":        {Exploits: []string{"1"}},
		"EPSS <1%":             {EPSS: 0.00043},
	} {
		if got := threatWord(&threat); got != want {
			t.Errorf("%+v: %q, want %q", threat, got, want)
		}
	}
}
