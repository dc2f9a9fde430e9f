package plugin_test

func behaviours() map[string]func() { return map[string]func(){} }
