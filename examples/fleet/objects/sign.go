package objects

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Credentials of a bucket come from a file in the form of the AWS shared credentials file, whose section [default] counts, or from
// $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY and $AWS_SESSION_TOKEN, or from the file $AWS_SHARED_CREDENTIALS_FILE.
type Credentials struct {
	ID, Secret, Session string
}

// credentialsOf returns a function that reads credentials at each call, since another program may renew them.
func credentialsOf(file string, getenv func(string) string) func() (Credentials, error) {
	return func() (Credentials, error) {
		if file == "" && getenv("AWS_ACCESS_KEY_ID") != "" && getenv("AWS_SECRET_ACCESS_KEY") != "" {
			return Credentials{getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN")}, nil
		}
		name := file
		if name == "" {
			name = getenv("AWS_SHARED_CREDENTIALS_FILE")
		}
		if name == "" {
			return Credentials{}, errors.New("objects: there are no credentials of the bucket in the environment")
		}
		return readCredentials(name)
	}
}

func readCredentials(name string) (c Credentials, err error) {
	f, err := os.Open(name)
	if err != nil {
		return c, fmt.Errorf("objects: credentials: %w", err)
	}
	defer f.Close()
	section := "default"
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[] ")
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if section != "default" {
			continue
		}
		switch strings.TrimSpace(key) {
		case "aws_access_key_id":
			c.ID = value
		case "aws_secret_access_key":
			c.Secret = value
		case "aws_session_token":
			c.Session = value
		}
	}
	if err := lines.Err(); err != nil {
		return c, fmt.Errorf("objects: credentials: %w", err)
	}
	if c.ID == "" || c.Secret == "" {
		return c, fmt.Errorf("objects: credentials: %s has no key in its section [default]", name)
	}
	return c, nil
}

// sign signs a request by signature version 4, with all of its headers.
func sign(r *http.Request, body []byte, c *Credentials, region string, now time.Time) {
	now = now.UTC()
	sum := sha256.Sum256(body)
	payload := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	r.Header.Set("X-Amz-Content-Sha256", payload)
	if c.Session != "" {
		r.Header.Set("X-Amz-Security-Token", c.Session)
	}
	headers := map[string]string{"host": r.URL.Host}
	names := []string{"host"}
	for k, v := range r.Header {
		name := strings.ToLower(k)
		names = append(names, name)
		headers[name] = strings.Join(v, ",")
	}
	slices.Sort(names)
	var canonical strings.Builder
	fmt.Fprintf(&canonical, "%s\n%s\n%s\n", r.Method, encode(r.URL.Path, true), canonicalQuery(r.URL.Query()))
	for _, name := range names {
		fmt.Fprintf(&canonical, "%s:%s\n", name, strings.Join(strings.Fields(headers[name]), " "))
	}
	signed := strings.Join(names, ";")
	fmt.Fprintf(&canonical, "\n%s\n%s", signed, payload)
	day := now.Format("20060102")
	scope := day + "/" + region + "/s3/aws4_request"
	sum = sha256.Sum256([]byte(canonical.String()))
	text := "AWS4-HMAC-SHA256\n" + now.Format("20060102T150405Z") + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + c.Secret)
	for _, part := range []string{day, region, "s3", "aws4_request", text} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%x", c.ID, scope, signed, key))
}

// canonicalQuery returns a query in the order and form in which it is signed.
func canonicalQuery(q url.Values) string {
	var list []string
	for k, values := range q {
		for _, v := range values {
			list = append(list, encode(k, false)+"="+encode(v, false))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "&")
}

// encode encodes all bytes but letters, digits and -._~, and slashes in a path.
func encode(s string, path bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || path && c == '/' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
