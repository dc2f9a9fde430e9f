package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// copyOutput takes what a plugin made with go-plugin writes to standard output and standard error: go-plugin sends that
// through a stream of its own, as messages of a channel (1: output, 2: error) and data. A plugin that is not made with it
// need not have such a service.
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
		var m emptypb.Empty // its fields are kept as unknown ones
		if stream.RecvMsg(&m) != nil {
			return
		}
		if channel, data := stdioData(m.ProtoReflect().GetUnknown()); channels[channel] != nil {
			channels[channel].Write(data)
		}
	}
}

// stdioData reads the message StdioData: an enumeration 1, and bytes 2.
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
