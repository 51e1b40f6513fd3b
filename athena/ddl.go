package athena

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varlake/varlake/export"
)

// Limits of Athena and Glue, in bytes.
const (
	maxStatement = 262_144
	maxComment   = 255
)

var (
	// ErrName is the error of a database name or table prefix that Athena would
	// change or refuse.
	ErrName = errors.New("bad name for Athena")
	// ErrLocation is the error of a dataset that Athena can't reach.
	ErrLocation = errors.New("bad location for Athena")
	// ErrTooLong is the error of a table with more columns than a statement holds.
	ErrTooLong = fmt.Errorf("statement longer than Athena's limit of %d bytes", maxStatement)
)

// chromColumn is the partition column of every record table.
var chromColumn = export.Column{Name: "chrom", Type: "string", Source: "CHROM"}

// DDLOptions says what the tables are called and where Athena finds them.
type DDLOptions struct {
	Database    string
	TablePrefix string
	Location    string // of the dataset: s3://bucket/prefix
	Replace     bool   // drop the tables first (their files stay); else CREATE TABLE fails on one that is there
}

// DDL returns the statements that describe a dataset to Athena, in the order to
// run them and each within Athena's length limit: the database, the tables, their
// partitions, and the views last. They carry no semicolon. The errors are
// ErrName, ErrLocation, ErrTooLong and ErrType.
func DDL(m *export.Manifest, opt DDLOptions) ([]string, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	statements := []string{"CREATE DATABASE IF NOT EXISTS " + AthenaDDL.Name(opt.Database)}
	for _, t := range m.Tables {
		name := AthenaDDL.Name(opt.Database, opt.TablePrefix+t.Name)
		if opt.Replace {
			statements = append(statements, "DROP TABLE IF EXISTS "+name)
		}
		create, err := opt.createTable(name, m, &t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		statements = append(statements, create)
		statements = append(statements, opt.addPartitions(name, &t)...)
	}
	views, err := Views(m, AthenaSQL, opt.Database, opt.TablePrefix)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		s := "CREATE OR REPLACE VIEW " + AthenaSQL.Name(opt.Database, opt.TablePrefix+v.Name) + " AS\n" + v.Query
		if len(s) > maxStatement {
			return nil, fmt.Errorf("view %s: %w", v.Name, ErrTooLong)
		}
		statements = append(statements, s)
	}
	return statements, nil
}

var athenaName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,127}$`)

func (opt DDLOptions) check() error {
	if err := checkNames(opt.Database, opt.TablePrefix); err != nil {
		return err
	}
	if bucket, ok := strings.CutPrefix(opt.Location, "s3://"); !ok || strings.Trim(bucket, "/") == "" {
		return fmt.Errorf("%w: %q; Athena reads from s3://bucket/prefix only, copy the dataset there", ErrLocation, opt.Location)
	}
	return nil
}

// checkNames finds names that Athena would change or refuse.
func checkNames(database, tablePrefix string) error {
	if !athenaName.MatchString(database) {
		return fmt.Errorf("%w: database %q; use lower-case letters, digits and _", ErrName, database)
	}
	if tablePrefix != "" && !athenaName.MatchString(tablePrefix) {
		return fmt.Errorf("%w: table prefix %q; use lower-case letters, digits and _", ErrName, tablePrefix)
	}
	return nil
}

// folder returns the location of a folder of the dataset, with a slash at its end.
func (opt DDLOptions) folder(name string) string {
	return strings.TrimRight(opt.Location, "/") + "/" + name + "/"
}

// createTable writes a CREATE TABLE, without comments where it is too long with them.
func (opt DDLOptions) createTable(name string, m *export.Manifest, t *export.Table) (string, error) {
	for _, withComments := range []bool{true, false} {
		var b strings.Builder
		fmt.Fprintf(&b, "CREATE EXTERNAL TABLE %s (\n", name)
		for i, c := range t.Columns {
			typ, err := ParseType(c.Type)
			if err != nil {
				return "", fmt.Errorf("column %s: %w", c.Name, err)
			}
			fmt.Fprintf(&b, "  %s %s", AthenaDDL.Name(c.Name), typ)
			if comment := Comment(c); withComments && comment != "" {
				b.WriteString(" COMMENT " + AthenaDDL.Text(comment))
			}
			if i < len(t.Columns)-1 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
		}
		b.WriteString(")\n")
		if t.Partition != "" {
			fmt.Fprintf(&b, "PARTITIONED BY (%s string)\n", AthenaDDL.Name(t.Partition))
		}
		fmt.Fprintf(&b, "STORED AS PARQUET\nLOCATION %s\n", AthenaDDL.Text(opt.folder(path.Join(export.RunPath(m.Run), t.Name))))
		fmt.Fprintf(&b, "TBLPROPERTIES ('classification' = 'parquet', 'parquet.compression' = 'ZSTD', 'varlake.dataset' = %s, 'varlake.run' = %s)",
			AthenaDDL.Text(strings.TrimRight(opt.Location, "/")), AthenaDDL.Text(m.Run))
		if b.Len() <= maxStatement {
			return b.String(), nil
		}
	}
	return "", ErrTooLong
}

// addPartitions writes as few ALTER TABLE as hold all partitions.
func (opt DDLOptions) addPartitions(name string, t *export.Table) []string {
	begin := "ALTER TABLE " + name + " ADD IF NOT EXISTS"
	var statements []string
	var b strings.Builder
	for _, p := range Partitions(t) {
		clause := fmt.Sprintf("\n  PARTITION (%s = %s) LOCATION %s",
			AthenaDDL.Name(t.Partition), AthenaDDL.Text(p.Value), AthenaDDL.Text(opt.folder(p.Folder)))
		if b.Len()+len(clause) > maxStatement {
			statements = append(statements, b.String())
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteString(begin)
		}
		b.WriteString(clause)
	}
	if b.Len() > 0 {
		statements = append(statements, b.String())
	}
	return statements
}

// Partition is a partition of a table.
type Partition struct {
	Value  string // contig, as the VCF spells it
	Folder string // relative to the root of the dataset
}

// Partitions returns the partitions of a table in the order of its files; none
// for a table without partitions.
func Partitions(t *export.Table) []Partition {
	if t.Partition == "" {
		return nil
	}
	var partitions []Partition
	seen := make(map[string]bool)
	for _, f := range t.Files {
		if !seen[f.Chrom] {
			seen[f.Chrom] = true
			partitions = append(partitions, Partition{Value: f.Chrom, Folder: path.Dir(f.Path)})
		}
	}
	return partitions
}

// Comment returns what Athena and Glue show beside a column: its source and
// description in one line of at most 255 bytes.
func Comment(c export.Column) string {
	text := c.Source
	if text != "" && c.Description != "" {
		text += ": "
	}
	text += c.Description
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= maxComment {
		return text
	}
	end := maxComment - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
