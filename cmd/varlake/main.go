// Command varlake turns VCFs into typed Parquet tables, and answers questions about them in SQL.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

const description = "Turns VCFs into typed Parquet tables with QC, for Athena, DuckDB and whatever else reads Parquet."

// commandLine is the grammar: a field a command.
type commandLine struct {
	Export   exportCommand   `cmd:"" help:"Convert VCFs into a dataset of Parquet tables."`
	Inspect  inspectCommand  `cmd:"" help:"Show what a VCF is: compression, samples, contigs, fields and the columns they become."`
	Tables   tablesCommand   `cmd:"" help:"List the tables and views of a dataset with their columns."`
	Preview  previewCommand  `cmd:"" help:"Print the first rows of a table."`
	Query    queryCommand    `cmd:"" help:"Run SQL over the tables of a dataset."`
	Restore  restoreCommand  `cmd:"" help:"Write the VCF again, from the dataset alone."`
	Register registerCommand `cmd:"" help:"Describe a dataset in S3 to Glue, for Athena: database, tables, partitions and views."`
	DDL      ddlCommand      `cmd:"" name:"ddl" help:"Print the Athena statements that describe a dataset."`
	Verify   verifyCommand   `cmd:"" help:"Compare every file of a dataset with its manifest."`
	Clean    cleanCommand    `cmd:"" help:"Delete what killed and replaced exports left in a dataset."`
	Version  versionCommand  `cmd:"" help:"Print the version of this program."`
}

// streams are where results and messages go.
type streams struct {
	out, err       io.Writer
	terminalOutput bool // out is a terminal: what it prints must not steer it
	terminalErrors bool
}

func main() {
	std := &streams{
		out: os.Stdout, terminalOutput: term.IsTerminal(int(os.Stdout.Fd())),
		err: os.Stderr, terminalErrors: term.IsTerminal(int(os.Stderr.Fd())),
	}
	os.Exit(run(os.Args[1:], std))
}

// run runs a command line and returns the exit code of the process. It says what went wrong, in one line.
func run(args []string, std *streams) int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	err := command(ctx, args, std)
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	if code == exitInterrupted {
		err = errInterrupted
	}
	fmt.Fprintln(std.err, "varlake: "+oneLine(err.Error()))
	return code
}

func command(ctx context.Context, args []string, std *streams) error {
	parser, err := kong.New(&commandLine{},
		kong.Name("varlake"), kong.Description(description+"\n\n"+exitCodes),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Writers(std.out, std.err),
		kong.Vars{"formats": "table,csv,tsv,json"},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return noCommand(parser)
	}
	selected, err := parser.Parse(args)
	if err != nil {
		return wrongArguments(parser, err)
	}
	return selected.Run()
}
