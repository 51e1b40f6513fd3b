package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is that of the program; datasets name it.
const version = "0.1.0"

// revision is the commit that an image was built from, set by the linker: its build has no repository to ask. Datasets don't name it.
var revision string

type versionCommand struct{}

func (versionCommand) Help() string {
	return "Example:\n\n\tvarlake version\n\n" + exitCodes
}

func (versionCommand) Run(std *streams) error {
	built := runtime.Version()
	if commit := builtFrom(); commit != "" {
		built = commit + ", " + built
	}
	_, err := fmt.Fprintf(std.out, "varlake %s (%s, %s/%s)\n", version, built, runtime.GOOS, runtime.GOARCH)
	return err
}

// builtFrom is the commit that the program was built from; empty where nobody noted it.
func builtFrom() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var commit, modified string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " and changes"
		}
	}
	return commit + modified
}
