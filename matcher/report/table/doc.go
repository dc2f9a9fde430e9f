// Package table writes an Assessment, or Explanations, as text for a person at a terminal.
//
// Text from the image is escaped, so that it cannot move the cursor, change colours or hide anything.
package table
