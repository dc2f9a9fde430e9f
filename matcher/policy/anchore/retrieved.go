package anchore

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// content returns the record and the content of a retrieved file, and why some of the content may be missing. The index is -1 without the file.
func (e *evaluation) content(path string) (i int, text, missing string) {
	path = strings.TrimPrefix(path, "/")
	i = slices.IndexFunc(e.in.Report.Records, func(r analyzer.FileRecord) bool {
		return r.Kind == "retrieved-file" && r.Path == path && !r.Hidden
	})
	if i < 0 {
		return -1, "", "/" + path + " was not retrieved"
	}
	f := e.in.Report.Records[i].Fields
	text, ok := f["content"]
	switch {
	case !ok:
		return i, "", "the content of /" + path + " was left out: " + f["omitted"]
	case f["encoding"] == "base64":
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return i, "", "the content of /" + path + " is not base64"
		}
		text = string(b)
	}
	switch {
	case f["truncated"] == "true":
		missing = "the content of /" + path + " is cut off"
	case f["redacted"] == "true":
		missing = "the content of /" + path + " has secrets, which are left out"
	}
	return i, text, missing
}

// retrievedMissing is retrieved_files.content_not_available.
func (e *evaluation) retrievedMissing(r *rule) error {
	path := r.values["path"].text
	i, _, _ := e.content(path)
	if i >= 0 {
		if _, ok := e.in.Report.Records[i].Fields["content"]; ok {
			return nil
		}
	}
	f := onImage()
	f.Place, f.Message, f.also = strings.TrimPrefix(path, "/"), "Cannot locate file in the image analysis", []string{r.trigger.Name + "+" + path}
	e.fire(r, f)
	if e.options.Compat && !slices.ContainsFunc(e.in.Report.Records, func(r analyzer.FileRecord) bool { return r.Kind == "retrieved-file" }) {
		e.fire(r, f)
	}
	return nil
}

// retrievedContent is retrieved_files.content_regex.
func (e *evaluation) retrievedContent(r *rule) error {
	path, re, check := r.values["path"].text, r.values["regex"], r.values["check"].text
	i, text, missing := e.content(path)
	if i < 0 {
		if e.absent(path) {
			return nil // for which there is content_not_available
		}
		return e.factsMissing(r, "%s", missing)
	}
	lines := strings.Lines(text)
	if e.options.Compat {
		lines = slices.Values(strings.Fields(text))
	}
	matches := false
	for line := range lines {
		if matches = re.MatchString(strings.TrimRight(line, "\r\n")); matches {
			break
		}
	}
	if missing != "" && !matches {
		return e.factsMissing(r, "%s", missing)
	}
	if matches == (check == "match") {
		f := e.onRecord(i)
		f.Trigger = r.id + "+file://" + path
		f.Message = fmt.Sprintf("Content regex '%s' check '%s' found in retrieved file '%s'", re.text, check, path)
		e.fire(r, f)
	}
	return nil
}

// absent reports whether the list of files shows that the image does not have a file.
func (e *evaluation) absent(path string) bool {
	if e.in.Report.Files == nil {
		return false
	}
	path = strings.TrimPrefix(path, "/")
	for f := range e.in.Report.Files.All() {
		if f.Path == path {
			return false
		}
	}
	return true
}
