// Package retrieve keeps the content of chosen files in the report, and searches files for expressions. Both produce records, which policies judge.
//
// Secrets in the content are replaced unless the options ask for raw content. Package internal/redact says which secrets it knows. A binary file has no
// text in which to find them, so its content needs Raw.
package retrieve

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
)

// Options choose the files whose content the report has.
type Options struct {
	// Paths are patterns in the form of analyzer.Info.Patterns. A slash in front does not matter: "/etc/passwd". They select regular
	// files; a link has no content of its own.
	Paths []string

	MaxFile    int64 // size in bytes of the largest file that is read; 16 MiB by default. The scan reports larger ones
	MaxContent int64 // bytes of content in a record; 64 KiB by default. The rest is cut off
	MaxTotal   int64 // bytes of the records of all files of an image; 64 MiB by default. Diagnostics name the files whose content is left out
	Raw        bool  // keep secrets, and the content of binary files
	Hidden     bool  // also files that upper layers delete or replace; scan.Limits.Results bounds their records
}

// Defaults of Options and SearchOptions.
const (
	defaultFile    = 16 << 20
	defaultContent = 64 << 10
)

// slack is the number of bytes beyond MaxContent in which the end of a secret is looked for.
const slack = 64 << 10

// New returns the analyzer "retrieve". For each file it has one record of the kind "retrieved-file" with these fields:
//
//	size       bytes of the file
//	sha256     digest of the file
//	content    its content
//	encoding   form of content: "text", or "base64" if it is not UTF-8
//	charset    "utf-16le" or "utf-16be", if the content was converted from it
//	truncated  "true" if the content goes on
//	redacted   "true" if secrets were replaced
//	omitted    why there is no content: "binary", or "total" if MaxTotal is reached
//
// The options are part of the keys under which caches keep the results.
func New(o Options) analyzer.Analyzer {
	o.MaxFile, o.MaxContent, o.MaxTotal = positive(o.MaxFile, defaultFile), positive(o.MaxContent, defaultContent), positive(o.MaxTotal, defaultTotal)
	o.Paths = relative(o.Paths)
	return bounded{analyzer.Func(analyzer.Info{
		Name: "retrieve", Version: 2, Patterns: o.Paths, MaxSize: o.MaxFile, ContentOnly: true, Hidden: o.Hidden,
		Finds: []string{"retrieved-files"}, Build: fingerprint(o),
	}, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r, err := retrieved(ctx, f, o.MaxContent, o.Raw)
		if err != nil {
			return nil, fmt.Errorf("retrieve: %w", err)
		}
		result := &analyzer.Result{Records: []analyzer.Record{r}}
		return result, addSizeFact(result)
	}), o.MaxTotal}
}

const kindFile = "retrieved-file"

// retrieved returns the record of a file.
func retrieved(ctx context.Context, f *analyzer.File, maxContent int64, raw bool) (analyzer.Record, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f.Open()); err != nil {
		return analyzer.Record{}, err
	}
	fields := map[string]string{"size": strconv.FormatInt(f.Size(), 10), "sha256": hex.EncodeToString(h.Sum(nil))}
	record := analyzer.Record{Kind: kindFile, Fields: fields}

	wanted := min(f.Size(), maxContent+slack)
	if err := f.Hold(ctx, 6*wanted); err != nil { // the bytes, their text, the text without secrets
		return record, err
	}
	b := make([]byte, wanted)
	if _, err := io.ReadFull(f.Open(), b); err != nil {
		return record, err
	}
	content, charset := decoded(b)
	if charset != "" && !raw {
		fields["charset"] = charset
	}
	switch {
	case raw:
		content = string(b)
	case charset == "" && !isText(content):
		fields["omitted"] = "binary"
		return record, nil
	default:
		if clean := redact.Text(content); clean != content {
			content, fields["redacted"] = clean, "true"
		}
	}
	cut := shorten(content, maxContent)
	if len(cut) < len(content) || wanted < f.Size() {
		fields["truncated"] = "true"
	}
	fields["encoding"], fields["content"] = "text", cut
	if !utf8.ValidString(cut) || strings.ContainsRune(cut, 0) {
		fields["encoding"], fields["content"] = "base64", base64.StdEncoding.EncodeToString([]byte(cut))
	}
	return record, nil
}

// shorten returns the first bytes of a text. It does not cut a character of UTF-8 in two.
func shorten(s string, limit int64) string {
	if int64(len(s)) <= limit {
		return s
	}
	end := int(limit)
	for i := range utf8.UTFMax {
		if end-i <= 0 {
			break
		}
		if utf8.RuneStart(s[end-i]) {
			end -= i
			break
		}
	}
	return s[:end]
}

// relative returns patterns without slashes in front.
func relative(patterns []string) []string {
	list := make([]string, len(patterns))
	for i, p := range patterns {
		list[i] = strings.TrimLeft(p, "/")
	}
	return list
}

func positive(n, byDefault int64) int64 {
	if n <= 0 {
		return byDefault
	}
	return n
}

// fingerprint returns a hash of options, for Info.Build.
func fingerprint(options ...any) string {
	h := sha256.New()
	for _, o := range options {
		fmt.Fprintf(h, "%#v\n", o)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
