package athena

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/varlake/varlake/export"
)

// ErrForeign is wrapped by the error for a table that has the name of one of the dataset's but was made by someone else.
var ErrForeign = errors.New("not of this dataset")

// GlueAPI is what Register needs of the Glue API (glue.Client has it). Requests that Glue throttles are for the client to repeat.
type GlueAPI interface {
	GetDatabase(context.Context, *glue.GetDatabaseInput, ...func(*glue.Options)) (*glue.GetDatabaseOutput, error)
	CreateDatabase(context.Context, *glue.CreateDatabaseInput, ...func(*glue.Options)) (*glue.CreateDatabaseOutput, error)
	GetTable(context.Context, *glue.GetTableInput, ...func(*glue.Options)) (*glue.GetTableOutput, error)
	CreateTable(context.Context, *glue.CreateTableInput, ...func(*glue.Options)) (*glue.CreateTableOutput, error)
	UpdateTable(context.Context, *glue.UpdateTableInput, ...func(*glue.Options)) (*glue.UpdateTableOutput, error)
	DeleteTable(context.Context, *glue.DeleteTableInput, ...func(*glue.Options)) (*glue.DeleteTableOutput, error)
	GetPartitions(context.Context, *glue.GetPartitionsInput, ...func(*glue.Options)) (*glue.GetPartitionsOutput, error)
	BatchCreatePartition(context.Context, *glue.BatchCreatePartitionInput, ...func(*glue.Options)) (*glue.BatchCreatePartitionOutput, error)
	BatchUpdatePartition(context.Context, *glue.BatchUpdatePartitionInput, ...func(*glue.Options)) (*glue.BatchUpdatePartitionOutput, error)
	BatchDeletePartition(context.Context, *glue.BatchDeletePartitionInput, ...func(*glue.Options)) (*glue.BatchDeletePartitionOutput, error)
}

// GlueOptions say what the tables of a dataset are called in Glue.
type GlueOptions struct {
	Location    string // of the dataset: s3://bucket/prefix
	Database    string
	TablePrefix string
	Adopt       bool // take over tables of these names that were not made from this dataset
}

// Check finds what can be told without asking Glue. The errors are ErrName and ErrLocation.
func (opt GlueOptions) Check() error {
	return DDLOptions{Database: opt.Database, TablePrefix: opt.TablePrefix, Location: opt.Location}.check()
}

// Registration is what Register found and did.
type Registration struct {
	NewDatabase bool
	Tables      []RegisteredTable // tables, then views, then what the dataset no longer has
}

// RegisteredTable is a table or view in Glue.
type RegisteredTable struct {
	Name       string // with the prefix
	View       bool
	Partitions int
	Change     Change
}

// Change says what Register did with a table.
type Change string

// Tables of which only partitions changed are updated too.
const (
	Unchanged Change = "unchanged"
	Created   Change = "created"
	Updated   Change = "updated"
	Deleted   Change = "deleted"
)

// Register describes a dataset to Glue: the database, where it is missing, the tables with their partitions, and the views. What is there is brought up to date, what
// the dataset no longer has is deleted, and what is as it should be is not written. A table's parameter varlake.state is "loading" until all partitions are in place, then
// "ready"; views come last. After any failure the same call completes what is missing.
//
// Errors are ErrName, ErrLocation, ErrType, ErrTooLong, and ErrForeign, before anything is written; and those of GlueError.
func Register(ctx context.Context, api GlueAPI, m *export.Manifest, opt GlueOptions) (*Registration, error) {
	if err := opt.Check(); err != nil {
		return nil, err
	}
	entries, err := glueEntries(m, opt)
	if err != nil {
		return nil, err
	}
	r := newRegistrar(api, opt)
	r.run = m.Run
	if err := r.look(ctx, entries); err != nil {
		return nil, err
	}
	if err := r.ensureDatabase(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *glueEntry) error{r.begin, r.fill, r.finish, r.remove} {
		for _, e := range entries {
			if err := step(ctx, e); err != nil {
				return nil, err
			}
		}
	}
	return r.result(entries), nil
}

// RegisterCurrent is Register of the run that readers see, which is that of d at first. Another command may publish and register its run meanwhile, and be overtaken by this one: so it
// looks again, and registers anew until it has registered what is current. It returns the last registration.
func RegisterCurrent(ctx context.Context, api GlueAPI, d *export.Dataset, opt GlueOptions) (*Registration, error) {
	for {
		r, err := Register(ctx, api, d.Manifest, opt)
		if err != nil {
			return nil, err
		}
		now, err := d.Now()
		if err != nil {
			return nil, fmt.Errorf("registered is run %s, and whether it is current is not known: %w", d.Manifest.Run, err)
		}
		if now == d {
			return r, nil
		}
		d = now
	}
}

// CheckGlue fails where Register would before it writes: if Glue can't be read, or has tables of others by the names that the tables of a dataset would have. The dataset
// need not be there yet; tables are those that it is to have, none: all.
func CheckGlue(ctx context.Context, api GlueAPI, opt GlueOptions, tables []string) error {
	if err := opt.Check(); err != nil {
		return err
	}
	if len(tables) == 0 {
		tables = []string{export.Variants, export.VariantAnnotations}
	}
	names := append([]string{export.SampleAnnotations}, tables...)
	if slices.Contains(tables, export.Variants) {
		names = append(names, Genotypes, Carriers)
	}
	slices.Sort(names)
	var entries []*glueEntry
	for _, name := range slices.Compact(names) {
		entries = append(entries, &glueEntry{name: opt.TablePrefix + name, want: new(types.TableInput)})
	}
	r := newRegistrar(api, opt)
	return r.look(ctx, entries)
}

// registrar registers one dataset.
type registrar struct {
	api         GlueAPI
	opt         GlueOptions
	dataset     string // what varlake.dataset is to be
	run         string
	newDatabase bool
}

func newRegistrar(api GlueAPI, opt GlueOptions) *registrar {
	return &registrar{api: api, opt: opt, dataset: strings.TrimRight(opt.Location, "/")}
}

// hasDatabase tells whether the database is there.
func (r *registrar) hasDatabase(ctx context.Context) (bool, error) {
	_, err := r.api.GetDatabase(ctx, &glue.GetDatabaseInput{Name: &r.opt.Database})
	var none *types.EntityNotFoundException
	if errors.As(err, &none) {
		return false, nil
	}
	return err == nil, GlueError(ctx, "look up database "+r.opt.Database, err)
}

// look reads what is there, and refuses what is not ours before anything is written.
func (r *registrar) look(ctx context.Context, entries []*glueEntry) error {
	there, err := r.hasDatabase(ctx)
	if r.newDatabase = err == nil && !there; err != nil || !there {
		return err
	}
	var foreign []string
	for _, e := range entries {
		if e.found, err = r.get(ctx, e.name); err != nil {
			return err
		}
		if e.found != nil && e.want == nil && !r.owns(e.found) {
			e.found = nil // not ours, and nothing of ours is to have its name
		}
		if !r.mayWrite(e.found) {
			foreign = append(foreign, e.name)
		}
	}
	if len(foreign) > 0 {
		return r.foreign(foreign...)
	}
	return nil
}

// get reads a table; nil: it is not there.
func (r *registrar) get(ctx context.Context, name string) (*types.Table, error) {
	out, err := r.api.GetTable(ctx, &glue.GetTableInput{DatabaseName: &r.opt.Database, Name: &name})
	var none *types.EntityNotFoundException
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, GlueError(ctx, "look up table "+r.full(name), err)
	}
	return out.Table, nil
}

// full is the name of a table with its database.
func (r *registrar) full(name string) string { return r.opt.Database + "." + name }

// owns tells whether a table was made from this dataset.
func (r *registrar) owns(t *types.Table) bool { return t.Parameters[datasetParameter] == r.dataset }

func (r *registrar) mayWrite(t *types.Table) bool { return t == nil || r.opt.Adopt || r.owns(t) }

func (r *registrar) foreign(names ...string) error {
	for i, name := range names {
		names[i] = r.full(name)
	}
	return fmt.Errorf("%w: %s in Glue; give another --table-prefix or --database, or take over what is there by varlake register --adopt", ErrForeign, strings.Join(names, ", "))
}

func (r *registrar) ensureDatabase(ctx context.Context) error {
	if !r.newDatabase {
		return nil
	}
	_, err := r.api.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{
		Name: &r.opt.Database, Description: aws.String("Made by varlake"),
	}})
	var exists *types.AlreadyExistsException
	if errors.As(err, &exists) { // someone was faster
		r.newDatabase = false
		return nil
	}
	return GlueError(ctx, "create database "+r.opt.Database, err)
}

func (r *registrar) result(entries []*glueEntry) *Registration {
	out := &Registration{NewDatabase: r.newDatabase}
	for _, e := range entries {
		if e.want == nil && e.change != Deleted {
			continue
		}
		out.Tables = append(out.Tables, RegisteredTable{Name: e.name, View: e.isView(), Partitions: len(e.partitions), Change: e.change})
	}
	return out
}

// appendMissing appends entries for those tables and views that a dataset can have but are not in the list. Views come first: what they read goes after them.
func appendMissing(entries []*glueEntry, prefix string) []*glueEntry {
	for _, name := range []string{Genotypes, Carriers, export.VariantAnnotations, export.Variants, export.SampleAnnotations} {
		if !slices.ContainsFunc(entries, func(e *glueEntry) bool { return e.name == prefix+name }) {
			entries = append(entries, &glueEntry{name: prefix + name, change: Unchanged})
		}
	}
	return entries
}
