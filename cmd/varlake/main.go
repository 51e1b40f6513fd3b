// Command varlake turns VCFs into typed Parquet tables, and answers questions about them in SQL.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

const description = "Turns VCFs into typed Parquet tables with QC, for Athena, DuckDB and whatever else reads Parquet."

// commandLine is the grammar: a field a command.
type commandLine struct {
	Export   exportCommand   `cmd:"" help:"Convert VCFs into a dataset of Parquet tables."`
	Inspect  inspectCommand  `cmd:"" help:"Show what a VCF is: compression, samples, contigs, fields and the columns they become."`
	Plan     planCommand     `cmd:"" help:"Foresee an export without reading more than a sample: schema, records, bytes, shards, what queries would scan."`
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
	jsonErrors     bool         // what went wrong is said as a line of JSON
	about          func() []any // what such a line names beside it, as arguments of slog; nil: nothing
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
	ctx, interrupt, stop := interruptible(context.Background())
	defer stop()
	std.jsonErrors = asksForJSON(args)
	err := command(ctx, args, std, interrupt)
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	if code == exitInterrupted {
		err = context.Cause(ctx)
	}
	std.sayError(err, code)
	return code
}

// sayError says why the command ends. As JSON it is a line of log; what was interrupted is no error there, since to run it again is all there is to do.
func (std *streams) sayError(err error, code int) {
	text := oneLine(err.Error())
	if !std.jsonErrors {
		fmt.Fprintln(std.err, "varlake: "+text)
		return
	}
	level := slog.LevelError
	if code == exitInterrupted {
		level = slog.LevelWarn
	}
	args := []any{"exit_code", code}
	if std.about != nil {
		args = append(args, std.about()...)
	}
	newLog(std.err, "json").Log(context.Background(), level, text, args...)
}

// asksForJSON finds --log json before the arguments are parsed: it holds for what is wrong in them, too.
func asksForJSON(args []string) bool {
	i := slices.Index(args, "--log")
	return slices.Contains(args, "--log=json") || i >= 0 && i+1 < len(args) && args[i+1] == "json"
}

func command(ctx context.Context, args []string, std *streams, interrupt interrupter) error {
	parser, err := kong.New(&commandLine{},
		kong.Name("varlake"), kong.Description(description+"\n\n"+exitCodes),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Writers(std.out, std.err),
		kong.Vars{"formats": "table,csv,tsv,json"},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std, interrupt))
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
