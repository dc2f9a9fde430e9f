package objects

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

const (
	partSize    = 8 << 20 // of an upload in parts; a bucket takes 10,000 parts
	maxParts    = 10_000
	maxAnswer   = 8 << 20
	s3Attempts  = 4
	s3Timeout   = 2 * time.Minute // of a request
	readForward = 1 << 20         // bytes of a request when a whole object is read
)

// S3 keeps objects in an S3-compatible bucket. It signs requests itself, because it needs six of them, and the client libraries are larger
// than this service.
type S3 struct {
	bucket      string
	prefix      string // "" or "path/"
	region      string
	endpoint    *url.URL
	credentials func() (Credentials, error)
	client      *http.Client
	part        int
	now         func() time.Time
}

// OpenS3 returns the bucket of an address s3://BUCKET/PREFIX?endpoint=URL, with region=NAME (default us-east-1) and credentials=FILE as further
// parameters. Without a file of credentials, they are those of $AWS_ACCESS_KEY_ID and others, see [Credentials]. Getenv is os.Getenv but
// for tests.
func OpenS3(address string, getenv func(string) string) (*S3, error) {
	malformed := func(text string) (*S3, error) { return nil, fmt.Errorf("objects: the address of the bucket %s", text) }
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return malformed("is not s3://BUCKET/PREFIX?endpoint=URL")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return malformed("has a malformed query")
	}
	for k := range q {
		if k != "endpoint" && k != "region" && k != "credentials" {
			return malformed("has an unknown parameter " + strconv.Quote(k))
		}
	}
	endpoint, err := url.Parse(q.Get("endpoint"))
	if err != nil || endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.Host == "" || endpoint.User != nil || endpoint.RawQuery != "" {
		return malformed("has no endpoint=https://HOST")
	}
	s := &S3{bucket: u.Host, prefix: strings.Trim(u.Path, "/"), region: q.Get("region"), endpoint: endpoint, part: partSize, now: time.Now,
		credentials: credentialsOf(q.Get("credentials"), getenv), client: &http.Client{Timeout: s3Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if s.prefix != "" {
		if err := check(s.prefix); err != nil {
			return nil, err
		}
		s.prefix += "/"
	}
	if s.region == "" {
		s.region = "us-east-1"
	}
	_, err = s.credentials()
	return s, err
}

// An s3Error is an error of the service.
type s3Error struct {
	status int
	Code   string `xml:"Code"`
}

func (e *s3Error) Error() string { return fmt.Sprintf("status %d %s", e.status, e.Code) }

// Is makes a missing object fs.ErrNotExist.
func (e *s3Error) Is(target error) bool {
	return target == fs.ErrNotExist && e.status == http.StatusNotFound && e.Code != "NoSuchBucket"
}

func (e *s3Error) temporary() bool {
	return e.status >= 500 || e.status == http.StatusTooManyRequests || e.status == http.StatusRequestTimeout
}

// do sends a request, again if the service is busy or does not answer, and returns the whole answer.
func (s *S3) do(ctx context.Context, method, name string, query url.Values, header http.Header, body []byte, limit int64) (*http.Response, []byte, error) {
	for try := 1; ; try++ {
		response, answer, err := s.once(ctx, method, name, query, header, body, limit)
		e, known := errors.AsType[*s3Error](err)
		if err == nil || try == s3Attempts || ctx.Err() != nil || known && !e.temporary() {
			return response, answer, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(100 * time.Millisecond << (2 * (try - 1))):
		}
	}
}

func (s *S3) once(ctx context.Context, method, name string, query url.Values, header http.Header, body []byte, limit int64) (*http.Response, []byte, error) {
	u := *s.endpoint
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + s.bucket
	if name != "" {
		u.Path += "/" + s.prefix + name
	}
	u.RawQuery = canonicalQuery(query)
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range header {
		r.Header[k] = v
	}
	c, err := s.credentials()
	if err != nil {
		return nil, nil, err
	}
	sign(r, body, &c, s.region, s.now())
	response, err := s.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(answer)) > limit {
		err = fmt.Errorf("an answer of more than %d bytes", limit)
	}
	if response.StatusCode >= 300 {
		e := &s3Error{status: response.StatusCode}
		if xml.Unmarshal(answer, e) != nil {
			e.Code = ""
		}
		e.Code = printableCode(e.Code)
		return nil, nil, e
	}
	return response, answer, err
}

// printableCode shortens the code of an error, which another program made.
func printableCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 100)]
}

func (s *S3) wrap(name string, err error) error {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = unavailable(err)
	}
	return s.about(name, err)
}

// about is wrap for errors of others.
func (s *S3) about(name string, err error) error {
	if err != nil {
		return fmt.Errorf("objects: bucket %s: %s: %w", s.bucket, name, err)
	}
	return nil
}

// Put sends a large object in parts, which appear as a whole. It implements [Store].
func (s *S3) Put(ctx context.Context, name string, r io.Reader) (n int64, err error) {
	if err := check(name); err != nil {
		return 0, err
	}
	part := make([]byte, s.part)
	k, err := io.ReadFull(canceled{ctx, r}, part)
	switch err {
	case io.EOF, io.ErrUnexpectedEOF:
		_, _, err = s.do(ctx, http.MethodPut, name, nil, nil, part[:k], maxAnswer)
		return int64(k), s.wrap(name, err)
	case nil:
	default:
		return 0, s.about(name, err)
	}
	var started struct{ UploadId string }
	_, answer, err := s.do(ctx, http.MethodPost, name, url.Values{"uploads": {""}}, nil, nil, maxAnswer)
	if err == nil {
		err = xml.Unmarshal(answer, &started)
	}
	if err == nil && started.UploadId == "" {
		err = errors.New("the upload has no ID")
	}
	if err != nil {
		return 0, s.wrap(name, err)
	}
	upload := url.Values{"uploadId": {started.UploadId}}
	defer func() {
		if err != nil { // the parts would cost space
			_, _, abort := s.do(context.WithoutCancel(ctx), http.MethodDelete, name, upload, nil, nil, maxAnswer)
			err = errors.Join(err, s.wrap(name, abort))
		}
	}()
	type sent struct {
		XMLName    xml.Name `xml:"Part"`
		PartNumber int
		ETag       string
	}
	var list struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Parts   []sent
	}
	for number := 1; k > 0; number++ {
		if number > maxParts {
			return n, s.about(name, fmt.Errorf("more than %d parts", maxParts))
		}
		query := url.Values{"uploadId": {started.UploadId}, "partNumber": {strconv.Itoa(number)}}
		response, _, err := s.do(ctx, http.MethodPut, name, query, nil, part[:k], maxAnswer)
		if err != nil {
			return n, s.wrap(name, err)
		}
		list.Parts = append(list.Parts, sent{PartNumber: number, ETag: response.Header.Get("ETag")})
		n += int64(k)
		if k < len(part) {
			break
		}
		if k, err = io.ReadFull(canceled{ctx, r}, part); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return n, s.about(name, err)
		}
	}
	body, err := xml.Marshal(&list)
	if err != nil {
		return n, s.wrap(name, err)
	}
	_, answer, err = s.do(ctx, http.MethodPost, name, upload, http.Header{"Content-Type": {"application/xml"}}, body, maxAnswer)
	if err == nil {
		failed := struct { // the status comes before the service has joined the parts
			XMLName xml.Name
			Code    string
		}{}
		if err = xml.Unmarshal(answer, &failed); err == nil && failed.XMLName.Local != "CompleteMultipartUploadResult" {
			err = &s3Error{http.StatusOK, printableCode(failed.Code)}
		}
	}
	return n, s.wrap(name, err)
}

// Open implements [Store]. Each read is a request, until ctx ends. An object that was replaced meanwhile is an error.
func (s *S3) Open(ctx context.Context, name string) (*Object, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	response, _, err := s.do(ctx, http.MethodHead, name, nil, nil, nil, maxAnswer)
	if err == nil && (response.ContentLength < 0 || response.Header.Get("ETag") == "") {
		err = errors.New("the object has no size or no ETag")
	}
	if err != nil {
		return nil, s.wrap(name, err)
	}
	o := &s3Object{ctx, s, name, response.Header.Get("ETag"), response.ContentLength}
	return &Object{at: o, Size: o.size, forward: readForward, close: func() error { return nil }}, nil
}

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	_, _, err := s.do(ctx, http.MethodDelete, name, nil, nil, nil, maxAnswer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.wrap(name, err)
}

// List implements [Store].
func (s *S3) List(ctx context.Context) (list []store.ObjectInfo, err error) {
	query := url.Values{"list-type": {"2"}, "prefix": {s.prefix}}
	for {
		var page struct {
			Contents []struct {
				Key          string
				Size         int64
				LastModified time.Time
			}
			IsTruncated           bool
			NextContinuationToken string
		}
		_, answer, err := s.do(ctx, http.MethodGet, "", query, nil, nil, maxAnswer)
		if err == nil {
			err = xml.Unmarshal(answer, &page)
		}
		if err == nil && page.IsTruncated && (page.NextContinuationToken == "" || page.NextContinuationToken == query.Get("continuation-token")) {
			err = errors.New("a page without a next one")
		}
		if err != nil {
			return nil, s.wrap("list", err)
		}
		for _, o := range page.Contents {
			name, ok := strings.CutPrefix(o.Key, s.prefix)
			if ok && check(name) == nil {
				list = append(list, store.ObjectInfo{Name: name, Size: o.Size, Modified: o.LastModified})
			}
		}
		if !page.IsTruncated {
			return list, nil
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
}

// An s3Object reads ranges of an object.
type s3Object struct {
	ctx  context.Context
	s    *S3
	name string
	etag string
	size int64
}

func (o *s3Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("objects: %s: offset %d", o.name, off)
	}
	want := min(int64(len(p)), o.size-off)
	if want <= 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", off, off+want-1)}, "If-Match": {o.etag}}
	response, answer, err := o.s.do(o.ctx, http.MethodGet, o.name, nil, header, nil, want)
	if err == nil && (response.StatusCode != http.StatusPartialContent || int64(len(answer)) != want) {
		err = fmt.Errorf("status %d with %d bytes of %d", response.StatusCode, len(answer), want)
	}
	if err != nil {
		return 0, o.s.wrap(o.name, err)
	}
	n := copy(p, answer)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
