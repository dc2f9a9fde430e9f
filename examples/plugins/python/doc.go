// Package python holds plugin.py, a plugin in Python, and its test.
package python
