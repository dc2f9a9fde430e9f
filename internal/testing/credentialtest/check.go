package credentialtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
)

// Check fails the test if an error or a cause of it has a credential in its text.
func Check(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	Text(t, err.Error())
	Text(t, fmt.Sprintf("%+v", err))
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		Check(t, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			Check(t, cause)
		}
	}
}

// Text fails the test if a text has a credential in it.
func Text(t testing.TB, text string) {
	t.Helper()
	for _, c := range []string{Password, Token, Signature, base64.StdEncoding.EncodeToString([]byte(Username + ":" + Password))} {
		quoted, _ := json.Marshal(c) // a string
		for _, form := range []string{
			c, url.QueryEscape(c), url.PathEscape(c), string(quoted[1 : len(quoted)-1]), html.EscapeString(c), fmt.Sprintf("%q", c), base64.StdEncoding.EncodeToString([]byte(c)),
		} {
			if strings.Contains(text, form) {
				t.Errorf("%q is in %q", form, text)
				return
			}
		}
	}
}
