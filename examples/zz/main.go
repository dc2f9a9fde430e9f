package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/source"
)

func main() {
	ctx := context.Background()
	img, err := source.Open(ctx, os.Args[1], source.Options{})
	if err != nil { panic(err) }
	defer img.Close()
	f, _ := os.Create("/tmp/try/cpu.prof")
	pprof.StartCPUProfile(f)
	var c analyzer.Cache
	if len(os.Args) > 2 { c = &analyzer.DirCache{Dir: os.Args[2]} }
	for i := 0; i < 5; i++ {
	t := time.Now()
	r, err := analyzer.Scanner{Analyzers: all.All(), Cache: c}.Scan(ctx, img)
	if err != nil { panic(err) }
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	fmt.Println(time.Since(t), len(r.Components), len(r.Diagnostics), u.Maxrss/1024, "MB", time.Duration(u.Utime.Nano()))
	}
	pprof.StopCPUProfile()
	m, _ := os.Create("/tmp/try/mem.prof")
	pprof.Lookup("allocs").WriteTo(m, 0)
}
