package anchore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/matcher/version"
)

// always is always.always.
func (e *evaluation) always(r *rule) error {
	f := onImage()
	f.Trigger, f.Message = "always", "Unconditional trigger match"
	e.fire(r, f)
	return nil
}

// malware returns the findings of scanners for malware: those of analyzers that looked for it.
func (e *evaluation) malware() []int {
	scanners := map[string]bool{"clamav": true}
	for i := range e.in.Report.Examined {
		if x := &e.in.Report.Examined[i]; slices.Contains(x.Finds, "malware") {
			scanners[x.Analyzer] = true
		}
	}
	var list []int
	for i := range e.in.Report.Findings {
		if f := &e.in.Report.Findings[i]; scanners[f.Analyzer] && !(f.Hidden && e.options.Compat) {
			list = append(list, i)
		}
	}
	return list
}

// malwareScans is malware.scans.
func (e *evaluation) malwareScans(r *rule) error {
	for _, i := range e.malware() {
		found := &e.in.Report.Findings[i]
		scanner, signature, ok := strings.Cut(found.Rule, ":")
		if !ok {
			scanner, signature = found.Analyzer, found.Rule
		}
		path := "/" + found.Path
		f := e.onFinding(i)
		f.Trigger = scanner + "+" + signature + "+" + digest(path)
		f.Message = fmt.Sprintf("Malware scan finding: scanner=%s file=%s signature=%s", scanner, path, signature)
		e.fire(r, f)
	}
	if why := e.missedKind("malware"); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	return nil
}

// malwareNotRun is malware.scan_not_run.
func (e *evaluation) malwareNotRun(r *rule) error {
	if why := e.missedKind("malware"); why != "" {
		f := onImage()
		f.Message = "No malware scans found for image"
		f.Evidence = append(f.Evidence, evidence("reason", why))
		e.fire(r, f)
	}
	return nil
}

// metadata is metadata.attribute.
func (e *evaluation) metadata(r *rule) error {
	attribute, check, value := r.values["attribute"].text, r.values["check"].text, r.values["value"]
	texts, number, numeric, why := e.attribute(attribute)
	switch {
	case why != "":
		return e.factsMissing(r, "%s", why)
	case e.options.Compat && numeric && (check == "exists" || check == "not_exists") && value.text == "":
		return fmt.Errorf("%s of %s without a value", check, attribute)
	}
	holds := false
	if numeric {
		n := strconv.FormatInt(number, 10)
		texts = []string{n}
		switch check {
		case "=", "!=", "<", ">", "<=", ">=":
			holds = ordered(check, cmp.Compare(number, value.number))
		case "exists":
			holds = number != 0
		case "not_exists":
			holds = number == 0
		default:
			holds = compare(check, n, &value)
		}
	} else {
		holds = compareTexts(check, texts, &value, e.options.Compat)
	}
	if holds {
		shown := value.text
		if numeric && value.list == nil && value.text != "" {
			shown = strconv.FormatInt(value.number, 10)
		}
		f := onImage()
		f.Message = fmt.Sprintf("Attribute check for attribute: '%s' check: '%s' check_value: '%s' matched image value: '%s'", attribute, check, shown, texts[0])
		f.also = []string{r.trigger.Name + "+" + attribute}
		e.fire(r, f)
	}
	return nil
}

// attribute returns a property of the image: its texts, first the one that Anchore has, or a number.
func (e *evaluation) attribute(name string) (texts []string, number int64, numeric bool, why string) {
	rep := e.in.Report
	switch name {
	case "size":
		if len(rep.Layers) == 0 {
			return nil, 0, true, "the report has no layers"
		}
		for i := range rep.Layers {
			if rep.Layers[i].Lazy {
				return nil, 0, true, "a layer was read by its table of contents, so that its size is not known"
			}
			number += rep.Layers[i].Bytes
		}
		return nil, number, true, ""
	case "layer_count":
		if len(rep.Layers) == 0 {
			return nil, 0, true, "the report has no layers"
		}
		return nil, int64(len(rep.Layers)), true, ""
	case "architecture", "os_type":
		system, arch, _ := strings.Cut(rep.Image.Platform, "/")
		arch, _, _ = strings.Cut(arch, "/")
		if system == "" {
			return nil, 0, false, "the platform of the image is not known"
		}
		if name == "os_type" {
			return []string{system}, 0, false, ""
		}
		return []string{arch}, 0, false, ""
	}
	d := rep.Distro
	switch {
	case d == nil:
		return []string{""}, 0, false, ""
	case name == "distro":
		return []string{d.ID}, 0, false, ""
	case name == "distro_version":
		return []string{d.VersionID}, 0, false, ""
	}
	return append([]string{strings.Join(d.Like, ",")}, d.Like...), 0, false, "" // like_distro
}

// compareTexts compares the texts of an attribute. One of several suffices, or none for a negation.
func compareTexts(check string, texts []string, v *value, compat bool) bool {
	if compat {
		texts = texts[:1]
	}
	some := func(holds func(string) bool) bool { return slices.ContainsFunc(texts, holds) }
	switch check {
	case "exists":
		return texts[0] != ""
	case "not_exists":
		return texts[0] == ""
	case "!=", "not_in", "not_like":
		positive := map[string]string{"!=": "=", "not_in": "in", "not_like": "like"}[check]
		return !some(func(s string) bool { return compare(positive, s, v) })
	case "<", ">", "<=", ">=":
		return some(func(s string) bool {
			n, err := version.Compare("cpe", s, v.text) // numbers with dots, as the versions of distributions are
			if err != nil || s == "" || compat {
				n = strings.Compare(s, v.text)
			}
			return ordered(check, n)
		})
	}
	return some(func(s string) bool { return compare(check, s, v) })
}

// ordered reports whether a comparison holds for the sign of an order.
func ordered(check string, n int) bool {
	switch check {
	case "=":
		return n == 0
	case "!=":
		return n != 0
	case "<":
		return n < 0
	case ">":
		return n > 0
	case "<=":
		return n <= 0
	case ">=":
		return n >= 0
	}
	return false
}
