// Package pluginpb is the protocol of plugin/proto in Go.
package pluginpb

//go:generate go -C generate run .
