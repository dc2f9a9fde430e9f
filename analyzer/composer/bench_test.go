package composer

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkInstalled(b *testing.B) {
	var s strings.Builder
	s.WriteString(`{"packages": [`)
	for i := range 500 {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"name": "vendor/package-%d", "version": "v1.2.3", "version_normalized": "1.2.3.0",
			"source": {"type": "git", "url": "https://git.example/vendor/package.git", "reference": "b9c31def6a83f84b4d4a40d35996d375755f0e08"},
			"dist": {"type": "zip", "url": "https://files.example/zipball/b9c31def", "shasum": ""},
			"require": {"php": ">=8.1", "vendor/a": "^1.0", "vendor/b": "~2.7|~3.0"}, "require-dev": {"phpunit/phpunit": "^9"},
			"time": "2024-10-18T22:15:13+00:00", "type": "library", "extra": {"branch-alias": {"dev-main": "1.2-dev"}},
			"autoload": {"psr-4": {"Vendor\\Package\\": "src/"}}, "license": ["MIT"],
			"authors": [{"name": "A. U. Thor", "email": "a@example.org"}], "description": "A package."}`, i)
	}
	s.WriteString(`], "dev": true, "dev-package-names": []}`)
	text := []byte(s.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := parseInstalled(text, nil); err != nil || len(r.Packages) != 500 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkRegistry(b *testing.B) {
	var s strings.Builder
	s.WriteString(`a:3:{s:4:"name";s:1:"A";s:7:"version";a:1:{s:7:"release";s:1:"1";}s:8:"filelist";a:500:{`)
	for range 500 {
		s.WriteString(`s:8:"SMTP.php";a:3:{s:4:"role";s:3:"php";s:6:"md5sum";s:32:"8210c33901d415a2692944291632bf34";s:12:"installed_as";s:27:"/usr/share/php/Net/SMTP.php";}`)
	}
	s.WriteString(`}}`)
	text := s.String()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := parseRegistry(text, "a.reg", nil); err != nil || len(r.Packages) != 1 {
			b.Fatal(r, err)
		}
	}
}
