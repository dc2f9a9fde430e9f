// Package journal writes what happens to the images of a catalog: analyses, tags that move, verdicts that change, marks that expire, and the
// effects of changed advisories. Each change and its event are one transaction, so a crash loses neither, and an event that is computed again
// afterwards has the same ID and is ignored.
//
// Events are stored once, with the package versions that they are about. [Journal.Images] finds the images in an index when a subscriber
// reads the event, so the number of rows doesn't depend on the size of the fleet.
package journal
