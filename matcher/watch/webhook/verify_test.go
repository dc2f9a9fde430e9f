package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// TestVerify has the example of Standard Webhooks' libraries, and changes of it.
func TestVerify(t *testing.T) {
	const secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`
	const id, signature = "msg_p5jXN8AQM9LWM0D4loKWxJek", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	at := time.Unix(1614265330, 0)
	other := webhook.NewSecret()
	for name, c := range map[string]struct {
		id, timestamp, signature, body string
		now                            time.Time
		secrets                        []string
		valid                          bool
	}{
		"valid":                       {id, "1614265330", signature, body, at, []string{secret}, true},
		"without the prefix":          {id, "1614265330", signature, body, at, []string{strings.TrimPrefix(secret, "whsec_")}, true},
		"one of several secrets":      {id, "1614265330", signature, body, at, []string{other, secret}, true},
		"one of several signatures":   {id, "1614265330", "v1a,AAAA v1,AAAA v1,!  " + signature, body, at, []string{secret}, true},
		"five minutes later":          {id, "1614265330", signature, body, at.Add(5 * time.Minute), []string{secret}, true},
		"more than five minutes":      {id, "1614265330", signature, body, at.Add(5*time.Minute + 1), []string{secret}, false},
		"of the future":               {id, "1614265330", signature, body, at.Add(-301 * time.Second), []string{secret}, false},
		"no secret":                   {id, "1614265330", signature, body, at, nil, false},
		"another secret":              {id, "1614265330", signature, body, at, []string{other}, false},
		"another body":                {id, "1614265330", signature, body + " ", at, []string{secret}, false},
		"another ID":                  {id + "1", "1614265330", signature, body, at, []string{secret}, false},
		"another time":                {id, "1614265331", signature, body, at, []string{secret}, false},
		"another way to write it":     {id, "01614265330", signature, body, at, []string{secret}, false},
		"no signature":                {id, "1614265330", "", body, at, []string{secret}, false},
		"no scheme":                   {id, "1614265330", strings.TrimPrefix(signature, "v1,"), body, at, []string{secret}, false},
		"an empty signature":          {id, "1614265330", "v1,", body, at, []string{secret}, false},
		"no time":                     {id, "", signature, body, at, []string{secret}, false},
		"a time of 500 million years": {id, "16142653301614265330", signature, body, at, []string{secret}, false},
		"no ID":                       {"", "1614265330", signature, body, at, []string{secret}, false},
	} {
		h := http.Header{}
		h.Set("webhook-id", c.id)
		h.Set("webhook-timestamp", c.timestamp)
		h.Set("webhook-signature", c.signature)
		if err := webhook.Verify(h, []byte(c.body), c.now, c.secrets...); (err == nil) != c.valid || err != nil && !errors.Is(err, webhook.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", "whsec_" + strings.Repeat("A", 100), "whsec_%"} {
		h := http.Header{}
		h.Set("webhook-id", id)
		h.Set("webhook-timestamp", "1614265330")
		if err := webhook.Verify(h, nil, at, bad); err == nil || errors.Is(err, webhook.ErrSignature) {
			t.Errorf("secret %q: %v", bad, err)
		}
	}
}

// FuzzVerify requires that no header passes that the sender did not write.
func FuzzVerify(f *testing.F) {
	const secret, id, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	f.Add(id, "1614265330", want, body)
	f.Add(id, "1614265330", "v1a,x "+want+" v1,", body)
	f.Add("", "-1", "v1", "")
	f.Fuzz(func(t *testing.T, gotID, timestamp, signature, gotBody string) {
		h := http.Header{}
		h.Set("webhook-id", gotID)
		h.Set("webhook-timestamp", timestamp)
		h.Set("webhook-signature", signature)
		err := webhook.Verify(h, []byte(gotBody), time.Unix(1614265330, 0), secret)
		if err == nil && (gotID+"."+timestamp+"."+gotBody != id+".1614265330."+body || !strings.Contains(signature, want[3:20])) {
			t.Errorf("%q %q %q %q passes", gotID, timestamp, signature, gotBody)
		}
	})
}
