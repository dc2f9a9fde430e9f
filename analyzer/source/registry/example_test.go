package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
)

// The same options serve source.Open, db/oci and sbom/attach. Here a mirror has the image.
func Example() {
	mirror := httptest.NewServer(fake.New(fake.Logger(log.New(io.Discard, "", 0))))
	defer mirror.Close()
	host := strings.TrimPrefix(mirror.URL, "http://")
	img, err := random.Image(100, 1)
	if err != nil {
		log.Fatal(err)
	}
	ref, err := name.ParseReference(host + "/app:1")
	if err != nil {
		log.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		log.Fatal(err)
	}

	o := registry.Options{Mirrors: map[string][]string{"registry.example": {host}}, StallTimeout: 30 * time.Second}
	opened, err := source.Open(context.Background(), "registry.example/app:1", source.Options{Registry: o})
	if err != nil {
		log.Fatal(err)
	}
	defer opened.Close()
	fmt.Println(opened.Ref)
	// Output: registry:registry.example/app:1
}

func ExampleEvent() {
	fmt.Println(registry.Event{Host: "registry.example", Action: "read-manifest"})
	fmt.Println(registry.Event{Host: "registry.example", Action: "read-manifest", Pause: 4 * time.Second, Err: errors.New("503 Service Unavailable")})
	// Output:
	// reading manifest from registry.example
	// registry.example: retrying in 4s: 503 Service Unavailable
}
