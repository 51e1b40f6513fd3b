//go:build cgo

package main

const hasEngine = true
