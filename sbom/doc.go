// Package sbom writes CycloneDX.
package sbom
