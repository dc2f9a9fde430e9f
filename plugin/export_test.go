package plugin

const ProtocolVersion = protocolVersion

var NewUnavailable = unavailable
