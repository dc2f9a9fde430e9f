// Package buckettest has an S3-compatible service for tests.
package buckettest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Bucket is an S3 service with one bucket, in the process. It refuses a request unless its signature is that of all headers, its date is
// of this hour, and its hash is that of its body. Fields may be used while no request is under way.
type Bucket struct {
	Address string // for objects.OpenS3
	Objects map[string][]byte
	Uploads map[string]map[int][]byte
	Busy    int            // requests to answer with 503
	Seen    map[string]int // requests by kind
	Broken  bool           // joining parts fails after the status

	mu    sync.Mutex
	fault Fault
}

// A Fault answers a request in place of the service, or changes its answer.
type Fault func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)

// Fail lets a fault answer all further requests; nil ends that.
func (b *Bucket) Fail(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

// Keys returns the names of the objects that begin with a prefix.
func (b *Bucket) Keys(prefix string) (keys []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.Objects {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// New starts a service, which ends with the test.
func New(t testing.TB) *Bucket {
	b := &Bucket{Objects: make(map[string][]byte), Uploads: make(map[string]map[int][]byte), Seen: make(map[string]int)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.Address = "s3://bucket/some/prefix?endpoint=" + url.QueryEscape(server.URL) + "&region=here-1"
	return b
}

// Getenv returns the variables of the credentials.
func Getenv(name string) string {
	return map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}[name]
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

// verify returns a reason to refuse a request.
func verify(r *http.Request, body []byte, id, secret, region string) string {
	var credential, signed, signature string
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	for field := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch k {
		case "Credential":
			credential = v
		case "SignedHeaders":
			signed = v
		case "Signature":
			signature = v
		default:
			return "AuthorizationHeaderMalformed"
		}
	}
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if !ok || err != nil || time.Since(at).Abs() > 15*time.Minute {
		return "RequestTimeTooSkewed"
	}
	scope := date[:8] + "/" + region + "/s3/aws4_request"
	if credential != id+"/"+scope {
		return "InvalidAccessKeyId"
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	if r.Header.Get("X-Amz-Content-Sha256") != hash {
		return "XAmzContentSHA256Mismatch"
	}
	names := strings.Split(signed, ";")
	for _, name := range []string{"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"} {
		if !slices.Contains(names, name) {
			return "AccessDenied"
		}
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if (strings.HasPrefix(name, "x-amz-") || name == "range" || name == "if-match") && !slices.Contains(names, name) {
			return "AccessDenied"
		}
	}
	if !slices.IsSorted(names) || r.Header.Get("X-Amz-Security-Token") != "session" {
		return "AccessDenied"
	}
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var query []string
	for k, v := range r.URL.Query() {
		query = append(query, escape(k)+"="+escape(v[0]))
	}
	slices.Sort(query)
	canonical := r.Method + "\n" + strings.ReplaceAll(escape(r.URL.Path), "%2F", "/") + "\n" + strings.Join(query, "&") + "\n"
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	canonical += "\n" + signed + "\n" + hash
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, scope, sha256.Sum256([]byte(canonical)))
	key := mac(mac(mac(mac([]byte("AWS4"+secret), date[:8]), region), "s3"), "aws4_request")
	if hex.EncodeToString(mac(key, text)) != signature {
		return "SignatureDoesNotMatch"
	}
	return ""
}

// ServeHTTP implements [http.Handler].
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	fault := b.fault
	b.mu.Unlock()
	if fault != nil {
		fault(w, r, b.answer)
		return
	}
	b.answer(w, r)
}

func (b *Bucket) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	fail := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>text</Message></Error>", code)
	}
	if code := verify(r, body, "id", "secret", "here-1"); code != "" || err != nil {
		fail(http.StatusForbidden, code)
		return
	}
	if b.Busy > 0 {
		b.Busy--
		fail(http.StatusServiceUnavailable, "SlowDown")
		return
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/bucket")
	if !ok {
		fail(http.StatusNotFound, "NoSuchBucket")
		return
	}
	key = strings.TrimPrefix(key, "/")
	q := r.URL.Query()
	content, found := b.Objects[key]
	etag := func(content []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(content)) }
	kind := r.Method
	switch {
	case q.Get("list-type") == "2":
		b.list(w, q)
	case q.Has("uploads"):
		kind = "start"
		id := "id " + strconv.Itoa(len(b.Seen)) + "+/="
		b.Uploads[id] = make(map[int][]byte)
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case q.Has("uploadId"):
		upload := b.Uploads[q.Get("uploadId")]
		number, _ := strconv.Atoi(q.Get("partNumber"))
		switch {
		case upload == nil:
			fail(http.StatusNotFound, "NoSuchUpload")
		case r.Method == http.MethodPut:
			kind = "part"
			upload[number] = body
			w.Header().Set("ETag", etag(body))
		case r.Method == http.MethodDelete:
			kind = "abort"
			delete(b.Uploads, q.Get("uploadId"))
			w.WriteHeader(http.StatusNoContent)
		default:
			kind = "complete"
			b.complete(w, key, q.Get("uploadId"), body, etag)
		}
	case r.Method == http.MethodPut:
		b.Objects[key] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(b.Objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !found:
		fail(http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", etag(content))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content)) // ranges and If-Match
	}
	b.Seen[kind]++
}

func (b *Bucket) complete(w http.ResponseWriter, key, id string, body []byte, etag func([]byte) string) {
	var list struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil || b.Broken {
		fmt.Fprint(w, "<Error><Code>InternalError</Code></Error>") // with status 200
		return
	}
	var all []byte
	for i, p := range list.Part {
		part := b.Uploads[id][p.PartNumber]
		if p.PartNumber != i+1 || p.ETag != etag(part) || i+1 < len(list.Part) && len(part) < 100 {
			fmt.Fprint(w, "<Error><Code>InvalidPart</Code></Error>")
			return
		}
		all = append(all, part...)
	}
	delete(b.Uploads, id)
	b.Objects[key] = all
	fmt.Fprint(w, "<CompleteMultipartUploadResult><Key>x</Key></CompleteMultipartUploadResult>")
}

func (b *Bucket) list(w http.ResponseWriter, q url.Values) {
	keys := slices.Sorted(maps.Keys(b.Objects))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, q.Get("prefix")) || k <= q.Get("continuation-token") })
	more := len(keys) > 2
	keys = keys[:min(2, len(keys))]
	fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%t</IsTruncated>", more)
	if more {
		fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", keys[1])
	}
	for _, k := range keys {
		fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><LastModified>2026-11-01T00:00:00.000Z</LastModified></Contents>", k, len(b.Objects[k]))
	}
	fmt.Fprint(w, "</ListBucketResult>")
}
