package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestDelayCollection checks that the first collection restores the settings of the garbage collector.
func TestDelayCollection(t *testing.T) {
	percent := debug.SetGCPercent(70)
	limit := debug.SetMemoryLimit(8 << 30)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	delayCollection()
	if now := debug.SetMemoryLimit(-1); now != firstCollection {
		t.Errorf("the limit is %d before the first collection", now)
	}
	for end := time.Now().Add(10 * time.Second); debug.SetMemoryLimit(-1) != 8<<30; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("the first collection does not restore the limit")
		}
	}
	if now := debug.SetGCPercent(70); now != 70 {
		t.Errorf("GOGC is %d after the first collection", now)
	}
	debug.SetGCPercent(-1) // as GOGC=off
	delayCollection()
	if now := debug.SetMemoryLimit(-1); now != 8<<30 {
		t.Errorf("the limit is %d with GOGC=off", now)
	}
}
