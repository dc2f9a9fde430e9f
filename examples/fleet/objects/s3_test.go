package objects

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// TestSign has the examples of the documentation of signature version 4 for S3.
func TestSign(t *testing.T) {
	c := &Credentials{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ target, ranges, want string }{
		{"/test.txt", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"/?lifecycle", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"/?max-keys=2&prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		r, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com"+test.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.ranges != "" {
			r.Header.Set("Range", test.ranges)
		}
		sign(r, nil, c, "us-east-1", now)
		if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+test.want) {
			t.Errorf("%s: %s, want %s", test.target, got, test.want)
		}
	}
}

// A bucket is an S3 service with one bucket, in the process. It refuses a request unless its signature is that of all headers, its date is
// of this hour, and its hash is that of its body.
type bucket struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[int][]byte
	busy    int            // requests to answer with 503
	seen    map[string]int // requests by kind
	broken  bool           // joining parts fails after the status
}

func newBucket(t *testing.T) (*bucket, *S3) {
	b := &bucket{t: t, objects: make(map[string][]byte), uploads: make(map[string]map[int][]byte), seen: make(map[string]int)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}
	s, err := OpenS3("s3://bucket/some/prefix?endpoint="+url.QueryEscape(server.URL)+"&region=here-1", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return b, s
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

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	if b.busy > 0 {
		b.busy--
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
	content, found := b.objects[key]
	etag := func(content []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(content)) }
	kind := r.Method
	switch {
	case q.Get("list-type") == "2":
		b.list(w, q)
	case q.Has("uploads"):
		kind = "start"
		id := "id " + strconv.Itoa(len(b.seen)) + "+/="
		b.uploads[id] = make(map[int][]byte)
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case q.Has("uploadId"):
		upload := b.uploads[q.Get("uploadId")]
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
			delete(b.uploads, q.Get("uploadId"))
			w.WriteHeader(http.StatusNoContent)
		default:
			kind = "complete"
			b.complete(w, key, q.Get("uploadId"), body, etag)
		}
	case r.Method == http.MethodPut:
		b.objects[key] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !found:
		fail(http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", etag(content))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content)) // ranges and If-Match
	}
	b.seen[kind]++
}

func (b *bucket) complete(w http.ResponseWriter, key, id string, body []byte, etag func([]byte) string) {
	var list struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil || b.broken {
		fmt.Fprint(w, "<Error><Code>InternalError</Code></Error>") // with status 200
		return
	}
	var all []byte
	for i, p := range list.Part {
		part := b.uploads[id][p.PartNumber]
		if p.PartNumber != i+1 || p.ETag != etag(part) || i+1 < len(list.Part) && len(part) < 100 {
			fmt.Fprint(w, "<Error><Code>InvalidPart</Code></Error>")
			return
		}
		all = append(all, part...)
	}
	delete(b.uploads, id)
	b.objects[key] = all
	fmt.Fprint(w, "<CompleteMultipartUploadResult><Key>x</Key></CompleteMultipartUploadResult>")
}

func (b *bucket) list(w http.ResponseWriter, q url.Values) {
	keys := slices.Sorted(maps.Keys(b.objects))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, q.Get("prefix")) || k <= q.Get("continuation-token") })
	more := len(keys) > 2
	keys = keys[:min(2, len(keys))]
	fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%t</IsTruncated>", more)
	if more {
		fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", keys[1])
	}
	for _, k := range keys {
		fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><LastModified>2026-11-01T00:00:00.000Z</LastModified></Contents>", k, len(b.objects[k]))
	}
	fmt.Fprint(w, "</ListBucketResult>")
}

// TestBucket: small and large objects, failures that pass and that stay.
func TestBucket(t *testing.T) {
	b, s := newBucket(t)
	s.part = 100
	ctx := t.Context()
	for name, size := range map[string]int{"index/empty": 0, "index/small:1": 99, "upload/equal": 100, "upload/large": 1234, "upload/twice": 200} {
		content := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		if n, err := s.Put(ctx, name, iotest.HalfReader(bytes.NewReader(content))); err != nil || n != int64(size) {
			t.Fatal(name, n, err)
		}
		if got := b.objects["some/prefix/"+name]; !bytes.Equal(got, content) {
			t.Errorf("%s: the bucket has %d bytes", name, len(got))
		}
	}
	if b.seen["part"] != 1+13+2 || b.seen["PUT"] != 2 || len(b.uploads) != 0 {
		t.Errorf("requests %v", b.seen)
	}
	b.objects["some/prefixed"], b.objects["other"] = []byte("x"), []byte("x")
	list, err := s.List(ctx)
	var names []string
	for _, o := range list {
		names = append(names, o.Name)
	}
	if want := "index/empty index/small:1 upload/equal upload/large upload/twice"; err != nil || strings.Join(names, " ") != want || list[3].Size != 1234 || list[0].Modified.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	o, err := s.Open(ctx, "upload/large")
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 10)
	if n, err := o.ReadAt(part, 1230); n != 4 || err != io.EOF || string(part[:4]) != "0123" {
		t.Errorf("%d %q %v", n, part, err)
	}
	before := b.seen["GET"]
	if all, err := io.ReadAll(o.Reader()); err != nil || len(all) != 1234 || b.seen["GET"] > before+2 {
		t.Errorf("%d bytes in %d requests, %v", len(all), b.seen["GET"]-before, err)
	}
	b.busy = 2
	if _, err := o.ReadAt(part, 0); err != nil {
		t.Errorf("a busy bucket: %v", err)
	}
	if _, err := s.Put(ctx, "upload/large", strings.NewReader("replaced")); err != nil {
		t.Error(err)
	}
	if _, err := o.ReadAt(part, 0); err == nil {
		t.Error("a replaced object is read")
	}
	if _, err := s.Put(ctx, "upload/failed", io.MultiReader(bytes.NewReader(make([]byte, 250)), iotest.ErrReader(errors.New("lost")))); err == nil || b.seen["abort"] != 1 || len(b.uploads) != 0 {
		t.Errorf("a reader that fails: %v, %v", err, b.seen)
	}
	b.broken = true
	if _, err := s.Put(ctx, "upload/failed", bytes.NewReader(make([]byte, 250))); err == nil || !strings.Contains(err.Error(), "InternalError") || len(b.uploads) != 0 {
		t.Errorf("an error with status 200: %v", err)
	}
	b.broken = false
	if _, err := s.Open(ctx, "upload/failed"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	wrong := *s
	wrong.credentials = func() (Credentials, error) { return Credentials{"id", "wrong", "session"}, nil }
	if _, err := wrong.Open(ctx, "upload/twice"); err == nil || strings.Contains(err.Error(), "wrong") || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a wrong secret: %v", err)
	}
	missing := *s
	missing.bucket = "none"
	if _, err := missing.List(ctx); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing bucket: %v", err)
	}
}

func TestOpenS3(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("# keys\n[other]\naws_access_key_id = x\n[default]\naws_access_key_id = id\naws_secret_access_key=secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ address, want string }{
		{"s3://bucket?endpoint=https://s3.example&credentials=" + file, ""},
		{"s3://bucket/a/b?endpoint=https://s3.example/path&region=r&credentials=" + file, ""},
		{"s3://bucket?endpoint=https://s3.example", "no credentials"},
		{"s3://bucket?endpoint=https://s3.example&credentials=/none", "no such file"},
		{"s3://bucket", "no endpoint"},
		{"s3://bucket?endpoint=ftp://s3.example", "no endpoint"},
		{"s3://bucket?endpoint=https://user:secret@s3.example", "no endpoint"},
		{"s3://bucket?endpoint=https://s3.example&key=secret", "unknown parameter"},
		{"s3:///a?endpoint=https://s3.example", "is not s3://"},
		{"s3://bucket/../a?endpoint=https://s3.example&credentials=" + file, "malformed name"},
		{"https://bucket", "is not s3://"},
	} {
		s, err := OpenS3(test.address, func(string) string { return "" })
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret@")) {
			t.Errorf("%s: %v, want %q", test.address, err, test.want)
		}
		if err == nil {
			if c, err := s.credentials(); err != nil || c != (Credentials{ID: "id", Secret: "secret"}) {
				t.Errorf("%+v, %v", c, err)
			}
		}
	}
}
