package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// copyOutput receives the standard output and standard error of a plugin that uses go-plugin, which sends them through a stream
// as messages with a channel (1: output, 2: error) and data. Other plugins may lack this service.
func copyOutput(ctx context.Context, conn *grpc.ClientConn, out *output) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
	if err != nil || stream.SendMsg(new(emptypb.Empty)) != nil || stream.CloseSend() != nil {
		return
	}
	channels := map[uint64]*lineWriter{1: {out: out}, 2: {out: out}}
	defer func() {
		channels[1].flush()
		channels[2].flush()
	}()
	for {
		var m emptypb.Empty // keeps the fields as unknown fields
		if stream.RecvMsg(&m) != nil {
			return
		}
		if channel, data := stdioData(m.ProtoReflect().GetUnknown()); channels[channel] != nil {
			channels[channel].Write(data)
		}
	}
}

// stdioData reads the message StdioData, which has an enumeration as field 1 and bytes as field 2.
func stdioData(b []byte) (channel uint64, data []byte) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return 0, nil
		}
		b = b[n:]
		switch {
		case number == 1 && kind == protowire.VarintType:
			channel, n = protowire.ConsumeVarint(b)
		case number == 2 && kind == protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return 0, nil
		}
		b = b[n:]
	}
	return channel, data
}
