// Fleet is a service that scans images and answers questions about all of them.
package main

func main() {}
