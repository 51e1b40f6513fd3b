package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
)

// athenaFlags say where in Athena a statement runs.
type athenaFlags struct {
	Athena      bool   `help:"Run the SQL in Athena, over the tables that are registered for DATASET." group:"Athena"`
	Database    string `placeholder:"NAME" help:"Database that the tables are registered in." group:"Athena"`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of the registered tables and views begin with." group:"Athena"`
	Workgroup   string `placeholder:"NAME" help:"Workgroup to run in (primary)." group:"Athena"`
	Output      string `placeholder:"s3://BUCKET/PREFIX" help:"Where Athena keeps results (where the workgroup says)." group:"Athena"`
}

// check finds flags that do not go together.
func (f athenaFlags) check(dataset string, maxDownload bool) error {
	flag := cmp.Or(f.Database, f.TablePrefix, f.Workgroup, f.Output)
	switch {
	case !f.Athena && flag != "":
		return fmt.Errorf("%w: --database, --table-prefix, --workgroup and --output are for Athena; give --athena too", errUsage)
	case !f.Athena:
		return nil
	case maxDownload:
		return fmt.Errorf("%w: --max-download is for queries on this machine; Athena copies nothing, leave it out", errUsage)
	case f.Database == "":
		return fmt.Errorf("%w: --athena needs the database that the tables are in; give --database, as to varlake register or ddl", errUsage)
	case !bucket.Is(dataset):
		return fmt.Errorf("%w: Athena does not read %s; give the s3://BUCKET/PREFIX that is registered", errUsage, dataset)
	case f.Output != "":
		if _, _, err := bucket.Split(f.Output); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	return nil
}

// inAthena runs the statement in Athena. What the reader of the result must know, and what it cost, goes to stderr.
func (c *queryCommand) inAthena(ctx context.Context, std *streams, dataset *export.Dataset) (err error) {
	client, err := cloud.Athena(ctx, c.cloud())
	if err != nil {
		return err
	}
	remote := athena.Remote{Client: client, Workgroup: cmp.Or(c.Workgroup, "primary"), Output: c.Output, Database: c.Database, TablePrefix: c.TablePrefix}
	notes, err := remote.Check(ctx, dataset, c.SQL)
	for _, note := range notes {
		fmt.Fprintf(std.err, "varlake: note: %s\n", oneLine(note))
	}
	if err != nil {
		return err
	}
	defer func() {
		if context.Cause(ctx) != nil && errors.Is(err, athena.ErrRunning) { // else that it was interrupted is all that is said
			fmt.Fprintf(std.err, "varlake: %s\n", oneLine(err.Error()))
		}
	}()
	query, err := remote.Start(ctx, c.SQL)
	if err != nil {
		return err
	}
	watch, end := c.followQuery(std, query)
	err = query.Wait(ctx, watch)
	end()
	switch {
	case query.Over():
		defer func() { fmt.Fprintf(std.err, "varlake: %s\n", bill(query)) }()
	case !errors.Is(err, athena.ErrRunning):
		fmt.Fprintf(std.err, "varlake: query %s was stopped; Athena bills what it scanned until then\n", query.ID)
	}
	if err != nil {
		return err
	}
	rows, err := query.Rows(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if len(rows.Columns) == 0 {
		return nil
	}
	return c.print(std, rows.Columns, rows.Next)
}

// bill says what a query read and what that costs.
func bill(query *athena.Execution) string {
	text := fmt.Sprintf("query %s: %s in the engine, %s scanned", query.ID, query.Engine.Round(time.Millisecond), count(query.Scanned, "byte", "bytes"))
	if query.Billed() == 0 {
		return text + ", nothing billed"
	}
	return fmt.Sprintf("%s, billed as %s MB: about %.6f USD on demand, at %d USD per TB (us-east-1; it may differ in other regions)",
		text, grouped(query.Billed()/1e6), query.Cost(), athena.PricePerTerabyte)
}
