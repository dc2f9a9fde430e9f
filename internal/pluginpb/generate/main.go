// Generate writes the Go code of plugin/proto/analyzer.proto. go.mod pins the versions of its tools.
//
// Unlike other code for proto3, the Go code does not check that text is UTF-8. Text in files of images often is not, and a
// report must not depend on the process of an analyzer. The encoding is the same.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	source  = "../../../plugin/proto/analyzer.proto"
	name    = "hullmark/plugin/v1/analyzer.proto"
	goName  = "github.com/hullmark/hullmark/internal/pluginpb"
	edition = `edition = "2023";
option features.field_presence = IMPLICIT;
option features.utf8_validation = NONE;
`
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), `syntax = "proto3";`, edition, 1)
	if changed == string(text) {
		return fmt.Errorf("%s is not proto3", source)
	}
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: changed})},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(context.Background(), name)
	if err != nil {
		return err
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{name},
		ProtoFile:      []*descriptorpb.FileDescriptorProto{protoutil.ProtoFromFileDescriptor(files[0])},
	}
	for _, generator := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		parameter := "module=" + goName + ",M" + name + "=" + goName
		request.Parameter = &parameter
		if err := generate(generator, request); err != nil {
			return fmt.Errorf("%s: %w", generator, err)
		}
	}
	return nil
}

// generate runs a generator and writes its files to the parent directory.
func generate(generator string, request *pluginpb.CodeGeneratorRequest) error {
	in, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "tool", generator)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return err
	}
	if response.Error != nil {
		return fmt.Errorf("%s", response.GetError())
	}
	for _, f := range response.File {
		if err := os.WriteFile(filepath.Join("..", filepath.Base(f.GetName())), []byte(f.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
