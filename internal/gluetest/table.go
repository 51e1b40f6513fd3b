package gluetest

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
)

// The members of the Glue API reference that tests look at.
type (
	column struct {
		Name       string
		Type       string            `json:",omitempty"`
		Comment    string            `json:",omitempty"`
		Parameters map[string]string `json:",omitempty"`
	}
	serDe struct {
		Name                 string            `json:",omitempty"`
		SerializationLibrary string            `json:",omitempty"`
		Parameters           map[string]string `json:",omitempty"`
	}
	storage struct {
		Columns                []column          `json:",omitempty"`
		Location               string            `json:",omitempty"`
		InputFormat            string            `json:",omitempty"`
		OutputFormat           string            `json:",omitempty"`
		Compressed             bool              `json:",omitempty"`
		NumberOfBuckets        int               `json:",omitempty"`
		SerdeInfo              *serDe            `json:",omitempty"`
		Parameters             map[string]string `json:",omitempty"`
		StoredAsSubDirectories bool              `json:",omitempty"`
	}
	tableInput struct {
		Name              string
		Description       string            `json:",omitempty"`
		Owner             string            `json:",omitempty"`
		Retention         int               `json:",omitempty"`
		TableType         string            `json:",omitempty"`
		PartitionKeys     []column          `json:",omitempty"`
		StorageDescriptor *storage          `json:",omitempty"`
		Parameters        map[string]string `json:",omitempty"`
		ViewOriginalText  string            `json:",omitempty"`
		ViewExpandedText  string            `json:",omitempty"`
	}
)

// database is a database of the catalog.
type database struct {
	Name        string
	Description string `json:",omitempty"`
	Tables      map[string]*table

	// Partitions outlive their table: Glue deletes them some time later.
	Partitions map[string]map[string]*partition
}

// table is a table of the catalog.
type table struct {
	tableInput
	version int
}

func (s *Server) database(name string) (*database, error) {
	if d := s.databases[strings.ToLower(name)]; d != nil {
		return d, nil
	}
	return nil, fail("EntityNotFoundException", "Database %s not found.", name)
}

func (s *Server) table(databaseName, name string) (*database, *table, error) {
	d, err := s.database(databaseName)
	if err != nil {
		return nil, nil, err
	}
	if t := d.Tables[strings.ToLower(name)]; t != nil {
		return d, t, nil
	}
	return nil, nil, fail("EntityNotFoundException", "Entity Not Found: table %s", name)
}

type databaseRequest struct{ Name string }

func (s *Server) getDatabase(in *databaseRequest, _ *Fault) (any, error) {
	d, err := s.database(in.Name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Database": map[string]any{"Name": d.Name, "Description": d.Description, "CreateTime": 1.7e9}}, nil
}

type createDatabaseRequest struct {
	DatabaseInput struct{ Name, Description string }
}

func (s *Server) createDatabase(in *createDatabaseRequest, _ *Fault) (any, error) {
	name := strings.ToLower(in.DatabaseInput.Name)
	if err := checkName("database", name); err != nil {
		return nil, err
	}
	if s.databases[name] != nil {
		return nil, fail("AlreadyExistsException", "Database already exists.")
	}
	s.databases[name] = &database{
		Name: name, Description: in.DatabaseInput.Description, Tables: make(map[string]*table), Partitions: make(map[string]map[string]*partition),
	}
	return struct{}{}, nil
}

type tableRequest struct{ DatabaseName, Name string }

func (s *Server) getTable(in *tableRequest, _ *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Table": struct {
		tableInput
		DatabaseName, VersionId string
		CreateTime              float64
	}{t.tableInput, d.Name, strconv.Itoa(t.version), 1.7e9}}, nil
}

type createTableRequest struct {
	DatabaseName string
	TableInput   tableInput
}

func (s *Server) createTable(in *createTableRequest, _ *Fault) (any, error) {
	d, err := s.database(in.DatabaseName)
	if err != nil {
		return nil, err
	}
	if err := in.TableInput.check(); err != nil {
		return nil, err
	}
	if d.Tables[in.TableInput.Name] != nil {
		return nil, fail("AlreadyExistsException", "Table already exists.")
	}
	d.Tables[in.TableInput.Name] = &table{in.TableInput, 1}
	return struct{}{}, nil
}

type updateTableRequest struct {
	DatabaseName string
	TableInput   tableInput
	VersionId    *string
	SkipArchive  bool
}

func (s *Server) updateTable(in *updateTableRequest, _ *Fault) (any, error) {
	if err := in.TableInput.check(); err != nil {
		return nil, err
	}
	_, t, err := s.table(in.DatabaseName, in.TableInput.Name)
	if err != nil {
		return nil, err
	}
	if in.VersionId == nil || *in.VersionId != strconv.Itoa(t.version) {
		return nil, fail("ConcurrentModificationException", "Update table failed due to concurrent modifications.")
	}
	if t.TableType != in.TableInput.TableType || asText(t.PartitionKeys) != asText(in.TableInput.PartitionKeys) {
		return nil, fail("InvalidInputException", "type and partition keys of a table can't be changed")
	}
	t.tableInput = in.TableInput
	t.version++
	return struct{}{}, nil
}

func (s *Server) deleteTable(in *tableRequest, _ *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	delete(d.Tables, t.Name)
	return struct{}{}, nil
}

// Dump returns all that the catalog holds as JSON, without versions and times, so that two catalogs can be compared.
func (s *Server) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.MarshalIndent(s.databases, "", "  ")
	if err != nil {
		return err.Error() // of plain maps there is none
	}
	return string(text)
}

func asText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Edit sets parameters of a table, as someone else would.
func (s *Server) Edit(databaseName, name string, parameters map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.databases[databaseName].Tables[name]
	t.Parameters = maps.Clone(t.Parameters)
	maps.Copy(t.Parameters, parameters)
	t.version++
}

// Drop deletes a table with its partitions, as someone else would.
func (s *Server) Drop(databaseName, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.databases[databaseName].Tables, name)
	delete(s.databases[databaseName].Partitions, name)
}

// Forget deletes a database, as someone else would.
func (s *Server) Forget(databaseName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.databases, databaseName)
}
