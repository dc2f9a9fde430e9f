package license

import (
	"maps"
	"slices"
	"strings"
)

// Detect returns the sorted SPDX identifiers of licences that a text names or quotes. It searches for phrases that occur in one
// licence or family only. It does not compare whole texts, so it may miss licences, and it detects a licence even if the text
// changes the words after a phrase.
func Detect(text []byte) []string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	plain := plainText(text)
	var byLetter [256][]phrase
	for _, p := range phrases() {
		byLetter[p.text[0]] = append(byLetter[p.text[0]], p)
	}
	found := make(map[string]bool)
	for i := 0; i < len(plain); { // i is the start of a word, where phrases begin
		for _, p := range byLetter[plain[i]] {
			if !strings.HasPrefix(plain[i:], p.text) {
				continue
			}
			if p.id != notice {
				found[p.id] = true
			} else if id, ok := gnuNotice(plain[max(0, i-40):i], plain[i+len(p.text):]); ok {
				found[id] = true
			}
		}
		next := strings.IndexByte(plain[i:], ' ')
		if next < 0 {
			break
		}
		i += next + 1
	}
	if found[bsdSource] && found[bsdBinary] {
		switch { // the BSD licences differ in these clauses
		case found[bsdAdvertising]:
			found["BSD-4-Clause"] = true
		case found[bsdEndorse]:
			found["BSD-3-Clause"] = true
		default:
			found["BSD-2-Clause"] = true
		}
	}
	if found[mitGrant] { // X11 is MIT with an additional clause
		found["MIT"], found["X11"] = !found[x11Names], found[x11Names]
	}
	for _, clause := range []string{bsdSource, bsdBinary, bsdAdvertising, bsdEndorse, mitGrant, x11Names} {
		delete(found, clause)
	}
	maps.DeleteFunc(found, func(_ string, yes bool) bool { return !yes })
	return slices.Sorted(maps.Keys(found))
}

// Identifiers of phrases that need further phrases to detect a licence.
const (
	notice         = "notice" // a GNU licence; see gnuNotice
	bsdSource      = "1"      // clauses of the BSD licences
	bsdBinary      = "2"
	bsdAdvertising = "3"
	bsdEndorse     = "4"
	mitGrant       = "5"
	x11Names       = "6"
)

// plainText returns the words of a text in lower case, separated by single blanks. It omits words without a letter or digit,
// which begin lines in comments and folded fields.
func plainText(text []byte) string {
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(text); {
		start, said := i, false
		for i < len(text) && text[i] > ' ' {
			c := text[i]
			said = said || c >= 0x80 || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			i++
		}
		if said {
			if out.Len() > 0 {
				out.WriteByte(' ')
			}
			for _, c := range text[start:i] {
				out.WriteByte(lower(c))
			}
		}
		for i < len(text) && text[i] <= ' ' {
			i++
		}
	}
	return out.String()
}

// gnuNotice returns the GNU licence of a notice by the text before and after "general public license". A notice reads "under
// the terms of the GNU General Public License as published by the Free Software Foundation; either version 2 of the License, or
// (at your option) any later version".
func gnuNotice(before, after string) (string, bool) {
	family := "gpl"
	switch last := strings.TrimRight(before, " "); {
	case strings.HasSuffix(last, "lesser"), strings.HasSuffix(last, "library"):
		family = "lgpl"
	case strings.HasSuffix(last, "affero"):
		family = "agpl"
	}
	after = after[:min(len(after), 240)]
	if end := strings.Index(after, "general public license"); end >= 0 {
		after = after[:end] // Detect handles the next phrase separately
	}
	_, after, ok := strings.Cut(after, " as published by the free software foundation")
	if !ok {
		return "", false
	}
	if _, after, ok = strings.Cut(after[:min(len(after), 160)], "version "); !ok {
		return "", false
	}
	n := 0
	for n < len(after) && (isDigit(after[n]) || after[n] == '.') {
		n++
	}
	name := family + "-" + strings.TrimRight(after[:n], ".")
	if rest := after[n:]; strings.Contains(rest[:min(len(rest), 80)], "later version") {
		name += "+"
	}
	return gnu(name)
}

// maxText is the number of bytes of a text that Detect reads.
const maxText = 1 << 20

type phrase struct{ text, id string }

// phrases returns phrases of licences in the form of plainText.
func phrases() []phrase {
	return []phrase{
		{"permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files", mitGrant},
		{"except as contained in this notice, the name", x11Names},
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
		{"redistributions of source code must retain the above copyright notice", bsdSource},
		{"redistributions in binary form must reproduce", bsdBinary},
		{"all advertising materials mentioning features", bsdAdvertising},
		{"may be used to endorse or promote products", bsdEndorse},
		{"general public license", notice},
	}
}
