package license

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ declared, want string }{
		// SPDX
		{"MIT", "MIT"},
		{"mit", "MIT"},
		{"Apache-2.0 or mit", "Apache-2.0 OR MIT"},
		{"( Apache-2.0 OR MIT ) AND MPL-2.0", "(Apache-2.0 OR MIT) AND MPL-2.0"},
		{"MIT AND (ISC AND Zlib)", "MIT AND ISC AND Zlib"},
		{"GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1"},
		{"GPL-2.0", "GPL-2.0-only"},
		{"LGPL-2.1+", "LGPL-2.1-or-later"},
		{"GPL-2.0-with-GCC-exception", "GPL-2.0-with-GCC-exception"},
		{"Apache-2.0+", "Apache-2.0+"},
		{"LicenseRef-Some.Thing-1 AND MIT", "LicenseRef-Some.Thing-1 AND MIT"},
		{"DocumentRef-a:LicenseRef-b", "DocumentRef-a:LicenseRef-b"},
		// DEP-5
		{"Expat", "MIT"},
		{"GPL-2+", "GPL-2.0-or-later"},
		{"LGPL-2", "LGPL-2.0-only"},
		{"GPL-1+ or Artistic, and BSD-3-clause", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause"},
		{"MPL-1.1 or GPL-2+ or LGPL-2.1+", "MPL-1.1 OR GPL-2.0-or-later OR LGPL-2.1-or-later"},
		{"GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"},
		{"GPL-3+ with Autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-3.0"},
		{"GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"},
		// Python's classifiers and habits
		{"MIT License", "MIT"},
		{"The MIT License", "MIT"},
		{"Apache License, Version 2.0", "Apache-2.0"},
		{"GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"},
		{"GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"},
		{"GNU General Public License, version 2", "GPL-2.0-only"},
		{"Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"},
		{"ISC License (ISCL)", "ISC"},
		{"Python Software Foundation License", "PSF-2.0"},
		{"LGPL v3", "LGPL-3.0-only"},
		{"GPL2+", "GPL-2.0-or-later"},
		{"3-Clause BSD License", "BSD-3-Clause"},
		{"Eclipse Public License v2.0", "EPL-2.0"},
	} {
		if got, ok := Normalize(c.declared); got != c.want || !ok {
			t.Errorf("Normalize(%q) = %q, %t; want %q", c.declared, got, ok, c.want)
		}
		if got, ok := Normalize(c.want); got != c.want || !ok {
			t.Errorf("Normalize(%q) = %q, %t: not stable", c.want, got, ok)
		}
	}
}

// TestDeclared asks that what is ambiguous or unknown stays what it was.
func TestDeclared(t *testing.T) {
	for _, s := range []string{
		"", "BSD", "MIT/X11", "GPL", "LGPL", "Apache Software License", "public-domain", "Copyright only", "GPL-9+", "MIT AND", "AND", "(MIT", "MIT)",
		"MIT OR Nonsense", "MIT BSD GPL2+", "GPL-2+ with distribution exception", "LicenseRef-", "LicenseRef-a b", "ISC and/or LGPL-2.1+",
		"GPL-2.0-only+", strings.Repeat("(", 100) + "MIT" + strings.Repeat(")", 100),
	} {
		if got, ok := Normalize(s); got != s || ok {
			t.Errorf("Normalize(%q) = %q, %t; want it unchanged, false", s, got, ok)
		}
	}
	if got, ok := Normalize(" a\n  b\t"); got != "a b" || ok {
		t.Errorf("got %q, %t", got, ok)
	}
}

func TestDetect(t *testing.T) {
	const bsd = "Redistributions of source code must retain the above copyright\n * notice ... Redistributions in binary form must reproduce"
	for _, c := range []struct {
		text string
		want []string
	}{
		{"Licensed under the Apache License, Version 2.0 (the \"License\");", []string{"Apache-2.0"}},
		{"This Source Code Form is subject to the terms of the Mozilla Public\n# License, v. 2.0.", []string{"MPL-2.0"}},
		{strings.ReplaceAll(bsd, "\n * ", "\n"), []string{"BSD-2-Clause"}},
		{strings.ReplaceAll(bsd, "\n * ", "\n") + " may be used to endorse or promote products", []string{"BSD-3-Clause"}},
		{"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\")", []string{"MIT"}},
		{"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files. Except as contained in this notice, the name of", []string{"X11"}},
		{"under the terms of the GNU General Public\nLicense as published by the Free Software Foundation; either\nversion 2 of the License, or (at your option) any later version.", []string{"GPL-2.0-or-later"}},
		{"GNU Lesser General Public License as published by the Free Software Foundation; version 2.1. See the GNU General Public License for any later version", []string{"LGPL-2.1-only"}},
		{"All rights reserved. See the GNU General Public License.", nil},
	} {
		if got := Detect([]byte(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("Detect(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// TestLists checks the properties that search relies on.
func TestLists(t *testing.T) {
	listed := 0
	for _, list := range []string{licenses, exceptions} {
		words := strings.Fields(list)
		if n := len(strings.Join(words, " ")) + 2; n != len(list) {
			t.Errorf("%d bytes for words of %d: not one byte between two words", len(list), n)
		}
		for i, w := range words {
			id, newer := strings.CutSuffix(w, "*")
			if words[i] = id; !newer {
				listed++
			}
			if Listed(id) == newer {
				t.Errorf("Listed(%q) = %t", id, !newer)
			}
		}
		if !slices.IsSortedFunc(words, compareFold) {
			t.Error("not sorted")
		}
		for _, w := range words {
			if got, ok := find(list, strings.ToUpper(w)); got != w || !ok {
				t.Errorf("find(%q) = %q, %t", w, got, ok)
			}
		}
		for _, w := range []string{"", "!", "~", "M", "MITT", "*", "Zeeff*", "zzz"} {
			if got, ok := find(list, w); ok {
				t.Errorf("find(%q) = %q", w, got)
			}
		}
	}
	if listed != 530 { // in spdx.schema.json of cyclonedx-go, see the tests of package sbom
		t.Errorf("%d identifiers without a star", listed)
	}
}

func BenchmarkDetect(b *testing.B) {
	text := []byte(strings.Repeat("This program is free software; you can redistribute it and/or modify\n * it under the terms of the GNU General Public License\n", 500))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Detect(text)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add([]byte("GNU Affero General Public License as published by the Free Software Foundation, version 3 or later version"))
	f.Add([]byte("Redistributions of source code must retain the above copyright notice\n# Redistributions in binary form must reproduce"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, id := range Detect(text) {
			if got, ok := Normalize(id); got != id || !ok {
				t.Errorf("%q is no identifier", id)
			}
		}
	})
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"MIT OR (GPL-2+ with Bison exception, and ISC)", "GNU GPL v2 or later (x)", "((", "LGPL-", "a, b, and c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := Normalize(s)
		if again, still := Normalize(got); ok && (again != got || !still) {
			t.Errorf("%q: %q, then %q, %t", s, got, again, still)
		}
	})
}

func ExampleNormalize() {
	fmt.Println(Normalize("GPL-1+ or Artistic, and Expat"))
	fmt.Println(Normalize("BSD"))
	// Output:
	// (GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT true
	// BSD false
}
