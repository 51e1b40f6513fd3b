package main

import (
	"fmt"
	"runtime"
)

// version is that of the program; datasets name it.
const version = "0.1.0"

type versionCommand struct{}

func (versionCommand) Help() string {
	return "Example:\n\n\tvarlake version\n\n" + exitCodes
}

func (versionCommand) Run(std *streams) error {
	_, err := fmt.Fprintf(std.out, "varlake %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
