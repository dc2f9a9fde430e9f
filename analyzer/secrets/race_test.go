//go:build race

package secrets_test

const raceDetector = true
