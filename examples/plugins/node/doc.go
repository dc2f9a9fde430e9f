// Package node holds plugin.js, a plugin in JavaScript, and its test.
package node
