package json

import (
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// skipReason returns the code for what version 1 wrote in English.
func (p *parser) skipReason(text matcher.SkipReason) matcher.SkipReason {
	if p.version > 1 || text == "" {
		return text
	}
	switch text {
	case "owned by a package of the distribution":
		return matcher.OwnedByDistro
	case "declared, not installed":
		return matcher.OnlyDeclared
	case "no version":
		return matcher.NoVersion
	}
	p.fail("skipped: unknown reason %q", text)
	return text
}

// reason returns the code of a hidden match. Version 1 wrote English only.
func (p *parser) reason(s *suppressed) report.ReasonCode {
	if p.version > 1 {
		return s.Code
	}
	switch {
	case strings.HasSuffix(s.Why, "says a VEX statement"):
		return report.ReasonVEX
	case strings.HasPrefix(s.Why, "policy "):
		return report.ReasonPolicy
	case strings.HasPrefix(s.Why, "status "):
		return report.ReasonStatus
	case strings.HasPrefix(s.Why, "no fix is known"):
		return report.ReasonNoFix
	case strings.HasPrefix(s.Why, "not new"):
		return report.ReasonNotNew
	}
	p.fail("suppressed: unknown reason %q", s.Why)
	return ""
}
