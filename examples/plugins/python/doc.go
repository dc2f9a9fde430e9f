// Package python holds plugins in Python and their tests: plugin.py reads files, and setuid.py entries.
package python
