// Package ci has recipes for pipelines of several platforms; see README.md. It has no code but the tests, which run the recipes' shell lines and
// check the files by the platforms' schemas.
package ci
