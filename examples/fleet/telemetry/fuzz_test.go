package telemetry

import "testing"

func FuzzRejected(f *testing.F) {
	f.Add([]byte{0x0a, 0x02, 0x08, 0x05})
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{0x0a, 0x0b, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, answer []byte) {
		if n := rejected(answer); n < 0 {
			t.Errorf("%d spans", n)
		}
	})
}

func FuzzParseHeaders(f *testing.F) {
	for _, seed := range []string{"a=b", "a=b,c=%20", ",,", "=", "a=%", "a=b=c", "a\n=b", "a=%0a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseHeaders(text)
		if err == nil && CheckHeaders(list) != nil {
			t.Errorf("%q: %q", text, list)
		}
	})
}
