package retrieve

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/redact"
)

// SearchOptions choose the files to search, and the texts to look for.
type SearchOptions struct {
	Expressions []Expression

	// Paths are patterns in the form of analyzer.Info.Patterns; all regular files by default.
	Paths []string

	MaxFile    int64 // size in bytes of the largest file that is searched; 1 MiB by default. The scan reports larger ones
	MaxMatches int   // matches of an expression in a file; 16 by default. A diagnostic reports that there are more
	MaxText    int64 // bytes of a match in a record; 256 by default. The rest is cut off
	MaxTotal   int64 // bytes of the records of all files of an image; 64 MiB by default. Diagnostics name the files whose matches are left out
	Keep       bool  // keep the content of files with a match, as Options with the same Raw do
	Raw        bool  // keep secrets
	Hidden     bool  // also search files that upper layers delete or replace; scan.Limits.Results bounds their records
}

// Defaults of SearchOptions.
const (
	defaultSearched = 1 << 20
	defaultMatches  = 16
	defaultText     = 256
)

// Search returns the analyzer "search". For each match it has one record of the kind "content-match". Its key is "NAME:LINE:COLUMN", and it has these
// fields:
//
//	expression  the name of the expression
//	match       the matched text, without the secrets in it
//	column      bytes before the match in its line, plus 1
//	offset      bytes before the match in the file, or in its text if that was converted
//	charset     "utf-16le" or "utf-16be", if the text was converted from it
//	truncated   "true" if the matched text goes on
//	redacted    "true" if secrets were replaced
//
// An expression is applied to the whole content of a file, be it text or not, and to the text of UTF-16 as well. The time for a file grows with its size, and with the
// number and the length of the expressions.
func Search(o SearchOptions) analyzer.Analyzer {
	o.MaxFile, o.MaxText, o.MaxTotal = positive(o.MaxFile, defaultSearched), positive(o.MaxText, defaultText), positive(o.MaxTotal, defaultTotal)
	if o.MaxMatches <= 0 {
		o.MaxMatches = defaultMatches
	}
	if o.Paths == nil {
		o.Paths = []string{"**"}
	}
	o.Paths = relative(o.Paths)
	info := analyzer.Info{
		Name: "search", Version: 2, Patterns: o.Paths, MaxSize: o.MaxFile, ContentOnly: true, Hidden: o.Hidden, Finds: []string{"content-matches"},
	}
	build := []any{o.Paths, o.MaxFile, o.MaxMatches, o.MaxText, o.Keep, o.Raw, o.Hidden}
	for _, e := range o.Expressions {
		if e.Regexp == nil {
			info.Unavailable = fmt.Sprintf("expression %q has no Regexp", e.Name)
			return analyzer.Func(info, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
				return nil, fmt.Errorf("search: %s: %w", info.Unavailable, analyzer.ErrUnavailable)
			})
		}
		build = append(build, e.Name, e.Regexp.String(), e.Secret)
	}
	info.Data = expressionNames(o.Expressions)
	info.Build, info.Contains = fingerprint(build...), literals(o.Expressions)
	if len(o.Expressions) == 0 {
		info.Patterns = nil
	}
	return bounded{analyzer.Func(info, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r, err := o.search(ctx, f)
		if err != nil {
			return r, fmt.Errorf("search: %w", err)
		}
		return r, nil
	}), o.MaxTotal}
}

func (o *SearchOptions) search(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if err := f.Hold(ctx, 4*f.Size()); err != nil { // the content as a string, converted, and its secrets
		return nil, err
	}
	b, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	var r analyzer.Result
	var bad diagnostic.List
	views := []view{{text: string(b)}}
	// Zeros in front of a text can make it look like UTF-16, so both views are searched.
	if text, charset := decoded(b); charset != "" {
		views[0].doubtful = true
		views = append(views, view{text: text, charset: charset})
	}
	found := false
	for i := range views {
		for _, e := range o.Expressions {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			list, more := views[i].matches(e, o)
			r.Records = append(r.Records, list...)
			found = found || len(list) > 0
			if more {
				bad.Add(fmt.Errorf("more than %d matches of %s: %w", o.MaxMatches, e.Name, analyzer.ErrTooLarge))
			}
		}
	}
	r.Diagnostics = bad.Diagnostics()
	if found && o.Keep {
		record, err := retrieved(ctx, f, defaultContent, o.Raw)
		if err != nil {
			return &r, err
		}
		r.Records = append(r.Records, record)
	}
	if r.Records == nil {
		return nil, nil
	}
	return &r, addSizeFact(&r)
}

// A view is the content of a file as a text.
type view struct {
	text     string
	charset  string
	doubtful bool // these are the bytes of a file that may be UTF-16
	known    bool // secrets is set
	secrets  []redact.Span
}

// manyDoubtful limits how many matches are looked at for each that is wanted, in bytes that may be UTF-16.
const manyDoubtful = 64

// matches returns records of the matches of an expression, and whether there are more.
func (v *view) matches(e Expression, o *SearchOptions) (list []analyzer.Record, more bool) {
	line, lineStart, counted := 1, 0, 0
	most := o.MaxMatches + 1
	if v.doubtful {
		most *= manyDoubtful
	}
	for _, at := range e.Regexp.FindAllStringIndex(v.text, most) {
		start, end := at[0], at[1]
		if start == end || v.doubtful && (end == start+1 || strings.IndexByte(v.text[start:end], 0) >= 0) {
			continue // nothing, or a character of UTF-16
		}
		if len(list) == o.MaxMatches {
			return list, true
		}
		if n := strings.Count(v.text[counted:start], "\n"); n > 0 {
			line, lineStart = line+n, strings.LastIndexByte(v.text[:start], '\n')+1
		}
		counted = start
		fields := map[string]string{
			"expression": e.Name,
			"column":     strconv.Itoa(start - lineStart + 1),
			"offset":     strconv.Itoa(start),
		}
		if v.charset != "" {
			fields["charset"] = v.charset
		}
		text := v.shown(start, end, e.Secret, o.Raw)
		if text != v.text[start:end] {
			fields["redacted"] = "true"
		}
		if cut := shorten(text, o.MaxText); len(cut) < len(text) {
			text, fields["truncated"] = cut, "true"
		}
		fields["match"] = strings.ToValidUTF8(text, "\ufffd")
		list = append(list, analyzer.Record{
			Kind: "content-match", Key: e.Name + ":" + strconv.Itoa(line) + ":" + fields["column"], Line: line, Fields: fields,
		})
	}
	return list, false
}

// shown returns a part of the text without the secrets in it, or the parts of secrets: a password without its key is one, too.
func (v *view) shown(start, end int, secret, raw bool) string {
	switch {
	case raw:
		return v.text[start:end]
	case secret:
		return redact.Mark
	}
	if !v.known {
		v.secrets, v.known = redact.Spans(v.text), true
	}
	var b strings.Builder
	for _, s := range v.secrets {
		if s.End <= start || s.Start >= end {
			continue
		}
		if s.Start > start {
			b.WriteString(v.text[start:s.Start])
		}
		b.WriteString(redact.Mark)
		start = min(s.End, end)
	}
	b.WriteString(v.text[start:end])
	return b.String()
}

// maxNames bounds the bytes of names in Examination.Data.
const maxNames = 4096

// expressionNames returns the names for Examination.Data: "expressions AWS_KEY, PIPE".
func expressionNames(list []Expression) string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name
	}
	if text := "expressions " + strings.Join(names, ", "); len(list) > 0 && len(text) <= maxNames {
		return text
	}
	return ""
}
