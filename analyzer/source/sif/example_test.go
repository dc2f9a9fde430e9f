package sif_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer/source/sif"
)

func Example() {
	img, err := sif.Open(context.Background(), "example_test.go")
	if errors.Is(err, sif.ErrNotSIF) {
		fmt.Println(err)
		return
	}
	defer img.Close() // and let a Scanner scan it
	// Output:
	// sif: example_test.go: not a Singularity image
}
