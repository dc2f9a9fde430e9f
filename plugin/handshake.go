package plugin

import (
	"context"
	"errors"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hullmark/hullmark/internal/pluginpb"
)

// protocolVersion is the version of the protocol that Serve and Start use; see proto/README.md.
const protocolVersion = 1

// handshake returns the configuration that host and plugin must share.
func handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{
		ProtocolVersion:  protocolVersion,
		MagicCookieKey:   "HULLMARK_PLUGIN",
		MagicCookieValue: "analyzer",
	}
}

// pluginSets returns the service for each version of the protocol, in go-plugin's form.
func pluginSets(server pluginpb.AnalyzerPluginServer) map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{protocolVersion: {"analyzer": &service{server: server}}}
}

// A service registers the analyzers of a plugin. The host does not use it, because child connects without go-plugin.
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
