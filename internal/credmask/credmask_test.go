package credmask_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/internal/credmask"
)

// secret is not told to a Masker: the text around it says that it is one.
const secret = "Zq7mPlk29xYw81Bd"

// revealing are texts with a credential in the place of %s.
var revealing = []string{
	`Get "https://user:%s@registry.example/v2/": EOF`,
	`https://%s@registry.example/v2/`,
	`parse "https://user:pa/%s@registry.example": invalid port ":pa" after host`,
	`parse "https://user:%s@x@registry.example": invalid character`,
	`(user:%s@registry.example/app:1)`,
	`https://a:b@one.example,https://user:%s@two.example`,
	`Get "https://cdn.example/blob?X-Amz-Algorithm=AWS4&X-Amz-Signature=%s": EOF`,
	`https://cdn.example/blob?verify=%s`,
	`https://cdn.example?sig=%s&se=2030`,
	`X-Amz-Signature=%s&X-Amz-Date=1`,
	`sig=%s`,
	`redirect_uri=https%%3A%%2F%%2Fa%%2F%%3Ftoken%%3D%s%%26x%%3D1`,
	`{"token":"%s","expires_in":300}`,
	`{\"refresh_token\": \"%s\"}`,
	`map[password:x access_token=%s]`,
	`you sent Authorization: Basic %s`,
	`you sent Bearer %s, which is wrong`,
	`file:///you%%20sent%%20Bearer%%20%s`,
	`{"password": "correct horse %s"}`,
	`Proxy-Authorization: Negotiate %s`,
	`Set-Cookie: session=%s; Path=/`,
	`X-Auth-Token: %s`,
	`<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>%s</SignatureProvided></Error>`,
	`<AWSAccessKeyId>%s</AWSAccessKeyId>`,
	`jwt eyJhbGciOiJIUzI1NiJ9.%s.c2ln`,
}

func TestPatterns(t *testing.T) {
	var s credmask.Masker
	for _, format := range revealing {
		text := fmt.Sprintf(format, secret)
		if got := s.Text(text); strings.Contains(got, secret) {
			t.Errorf("%s\nbecame %s", text, got)
		}
	}
	for _, text := range []string{
		"registry.example/app:1@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		"https://registry.example:5000/v2/app/manifests/1: no such host",
		"http://[::1]:5000/v2/: connection refused",
		"layer 0: its content has digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		"no token in bearer response",
		"basic authentication failed",
		`Bearer realm="https://auth.example/token",service="registry.example"`,
		"mail admin@example.org",
		`Get "https://auth.example/token": EOF`,
		"unexpected status code 401 Unauthorized",
		"",
	} {
		if got := s.Text(text); got != text {
			t.Errorf("%s\nbecame %s", text, got)
		}
	}
}

// TestEncodings asks for configured credentials in every form in which a server may send them back.
func TestEncodings(t *testing.T) {
	for _, credential := range []string{"correct-horse", `p"a\ss<w>&ö/?#%+ 1`, "two\nlines", "pw", "x"} {
		var s credmask.Masker
		s.Add(credential)
		for name, form := range map[string]string{
			"plain": credential, "query": url.QueryEscape(credential), "lower case": strings.ToLower(url.QueryEscape(credential)),
			"quoted": fmt.Sprintf("%q", credential), "base64": base64.StdEncoding.EncodeToString([]byte(credential)),
		} {
			if name == "base64" && len(credential) < 4 || name == "lower case" && strings.ContainsAny(credential, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
				continue
			}
			got := s.Text("the server says " + form + " is wrong")
			if strings.Contains(strings.Trim(form, `"`), strings.Trim(got, `"`)) || !strings.Contains(got, "***") || strings.Contains(got, form) {
				t.Errorf("%s of %q: %s", name, credential, got)
			}
		}
	}
	var s credmask.Masker
	s.Add("pw", "abcd", "cdef", "abcdefgh")
	if got, want := s.Text("pwd and pw of abcdefgh, abcdef"), "pwd and *** of ***, ***"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRequest asks for credentials that only a request had.
func TestRequest(t *testing.T) {
	var s credmask.Masker
	s.Add("configured-for-life")
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-me"}, "service": {"registry.example"}}
	r, err := http.NewRequest(http.MethodPost, "https://ada:from%20the%20url@cdn.example/b?verify=123-abcdefg&scope=repository:app:pull", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ada:from-a-header")))
	r.Header.Set("X-Api-Key", "an-api-key")
	s.Request(r)
	const text = "from the url from-a-header an-api-key 123-abcdefg refresh-me registry.example repository:app:pull"
	if got, want := s.Text(text), "*** *** *** *** *** registry.example repository:app:pull"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 1000 {
		r.URL.RawQuery = fmt.Sprintf("verify=another-%d", i)
		s.Request(r)
	}
	if got := s.Text("configured-for-life another-999"); got != "*** ***" {
		t.Errorf("after many requests: %q", got)
	}
}

func TestShape(t *testing.T) {
	var s credmask.Masker
	if got := s.Text("  one\x1b[31m\rtwo\nthree"); got != "one [31m two" {
		t.Errorf("%q", got)
	}
	if got := s.Text(strings.Repeat("ö", 1000)); len(got) > 400 || !strings.HasSuffix(got, "ö...") {
		t.Errorf("%q", got)
	}
}

type codeError struct{ text string }

func (e *codeError) Error() string { return e.text }

func TestError(t *testing.T) {
	var s credmask.Masker
	s.Add(secret)
	if s.Error(nil) != nil {
		t.Error("an error of none")
	}
	dns := &net.DNSError{Err: "no such host", Name: "registry.example"}
	limit := &net.OpError{Op: "dial", Err: syscall.EMFILE}
	err := s.Error(errors.Join(
		&url.Error{Op: "Get", URL: "https://registry.example/?token=" + secret, Err: dns},
		fmt.Errorf("%w, %s", limit, secret),
		&codeError{"code " + secret},
		fmt.Errorf("first: %w", &codeError{"second"}),
		fs.ErrNotExist,
		context.DeadlineExceeded,
	))
	for _, target := range []error{dns, syscall.EMFILE, fs.ErrNotExist, context.DeadlineExceeded} {
		if !errors.Is(err, target) || !errors.Is(s.Errorf("again: %w", err), target) {
			t.Errorf("it is no longer %v", target)
		}
	}
	var op *net.OpError
	var code *codeError
	if !errors.As(err, &op) || op != limit || !errors.As(err, &code) || code.text != "second" {
		t.Errorf("as: %v, %v", op, code)
	}
	reveals(t, err, secret)
}

// reveals fails the test if an error or any cause of it has a credential in it.
func reveals(t *testing.T, err error, credential string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
		if strings.Contains(text, credential) {
			t.Errorf("%T: %s", err, text)
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		reveals(t, e.Unwrap(), credential)
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			reveals(t, cause, credential)
		}
	}
}

// FuzzText puts a credential into a text, and a token that only its surroundings give away.
func FuzzText(f *testing.F) {
	for i, format := range revealing {
		f.Add(i, "before "+format, "hunter2-hunter2", "after")
	}
	f.Add(0, "a?b/c", `qu"o\te`, strings.Repeat("x", 500))
	f.Fuzz(func(t *testing.T, i int, before, credential, after string) {
		letters := func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}
		var s credmask.Masker
		if len(strings.Map(letters, credential)) >= 4 && !strings.Contains(credential, "*") {
			s.Add(credential)
			for _, form := range []string{credential, url.QueryEscape(credential), fmt.Sprintf("%q", credential)} {
				got := s.Text(before + form + after)
				if strings.Contains(got, credential) {
					t.Fatalf("%q is in %q", credential, got)
				}
				if again := s.Text(got); again != got {
					t.Fatalf("%q becomes %q", got, again)
				}
				reveals(t, s.Error(fmt.Errorf("%s: %w", before, errors.New(form+after))), credential)
			}
		}
		token := "q7" + strings.Map(letters, credential)
		if len(token) < 10 || len(before) > 100 {
			return
		}
		text := before + " " + fmt.Sprintf(revealing[uint(i)%uint(len(revealing))], token) + " " + after
		if strings.Contains(before+after, token) || strings.ContainsAny(before, "<>\"'`\n") || strings.Contains(before, "://") {
			return // it changes what is around the token
		}
		if got := s.Text(text); strings.Contains(got, token) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
