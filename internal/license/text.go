package license

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Detect finds licences that a free text names or quotes by phrases which occur in one licence only, and returns their
// SPDX identifiers in order. It compares no whole texts: what it finds is stated there, what it does not find may still
// be.
func Detect(text []byte) []string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	words := slices.DeleteFunc(bytes.Fields(bytes.ToLower(text)), func(w []byte) bool {
		return len(bytes.Trim(w, "#*/.>;-")) == 0 // what comments and folded fields put at the start of a line
	})
	plain := bytes.Join(words, []byte{' '})
	var found []string
	for _, p := range phrases() {
		if bytes.Contains(plain, []byte(p.text)) && !slices.Contains(found, p.id) {
			found = append(found, p.id)
		}
	}
	has := func(s string) bool { return bytes.Contains(plain, []byte(s)) }
	if has("redistributions of source code must retain the above copyright notice") && has("redistributions in binary form must reproduce") {
		switch { // the clauses that were dropped over time tell the BSD licences apart
		case has("all advertising materials mentioning features"):
			found = append(found, "BSD-4-Clause")
		case has("may be used to endorse or promote products"):
			found = append(found, "BSD-3-Clause")
		default:
			found = append(found, "BSD-2-Clause")
		}
	}
	for id := range gnuNotices(string(plain)) {
		if !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found
}

// gnuNotices finds the notices by which programs put themselves under a licence of the GNU family: "under the terms of
// the GNU General Public License as published by the Free Software Foundation; either version 2 of the License, or (at
// your option) any later version".
func gnuNotices(plain string) iter.Seq[string] {
	const name = "general public license"
	return func(yield func(string) bool) {
		for {
			i := strings.Index(plain, name)
			if i < 0 {
				return
			}
			before := plain[max(0, i-40):i]
			plain = plain[i+len(name):]
			family := "gpl"
			switch last := strings.TrimRight(before, " "); {
			case strings.HasSuffix(last, "lesser"), strings.HasSuffix(last, "library"):
				family = "lgpl"
			case strings.HasSuffix(last, "affero"):
				family = "agpl"
			}
			after := plain[:min(len(plain), 240)]
			if end := strings.Index(after, name); end >= 0 {
				after = after[:end] // the next one is looked at by itself
			}
			_, after, ok := strings.Cut(after, " as published by the free software foundation")
			if !ok {
				continue
			}
			_, after, ok = strings.Cut(after[:min(len(after), 160)], "version ")
			if !ok {
				continue
			}
			n := 0
			for n < len(after) && (isDigit(after[n]) || after[n] == '.') {
				n++
			}
			notice := family + "-" + strings.TrimRight(after[:n], ".")
			if rest := after[n:]; strings.Contains(rest[:min(len(rest), 80)], "later version") {
				notice += "+"
			}
			if id, ok := gnu(notice); ok && !yield(id) {
				return
			}
		}
	}
}

// maxText bounds how much of a text is looked at.
const maxText = 1 << 20

type phrase struct{ text, id string }

// phrases lists words that are in a licence, in lower case with single blanks.
func phrases() []phrase {
	return []phrase{
		{"permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"software\"), to deal in the software without restriction", "MIT"},
		{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies", "ISC"},
		{"permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies", "ISC"},
		{"licensed under the apache license, version 2.0", "Apache-2.0"},
		{"apache license version 2.0, january 2004", "Apache-2.0"},
		{"mozilla public license, v. 2.0", "MPL-2.0"},
		{"mozilla public license version 2.0", "MPL-2.0"},
		{"eclipse public license v 2.0", "EPL-2.0"},
		{"eclipse public license v 1.0", "EPL-1.0"},
		{"boost software license version 1.0", "BSL-1.0"},
		{"this is free and unencumbered software released into the public domain", "Unlicense"},
		{"altered source versions must be plainly marked as such, and must not be misrepresented as being the original software", "Zlib"},
		{"cc0 1.0 universal", "CC0-1.0"},
		{"python software foundation license version 2", "PSF-2.0"},
		{"microsoft public license (ms-pl)", "MS-PL"},
	}
}
