package plugin

import (
	"context"
	"errors"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hullmark/hullmark/internal/pluginpb"
)

// ProtocolVersion is the version of the protocol that Serve and Start speak; see proto/README.md.
const ProtocolVersion = 1

// handshake is what both sides must agree on before they speak.
func handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   "HULLMARK_PLUGIN",
		MagicCookieValue: "analyzer",
	}
}

// sets is the service of each version of the protocol, in the form that go-plugin asks for.
func pluginSets(server pluginpb.AnalyzerPluginServer) map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{ProtocolVersion: {"analyzer": &service{server: server}}}
}

// A service registers the analyzers of a plugin; a host dials by itself.
type service struct {
	goplugin.NetRPCUnsupportedPlugin
	server pluginpb.AnalyzerPluginServer
}

func (s *service) GRPCServer(_ *goplugin.GRPCBroker, r *grpc.Server) error {
	pluginpb.RegisterAnalyzerPluginServer(r, s.server)
	return nil
}

func (s *service) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}
