package gluetest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

const (
	pageSize       = 7 // small, so that tests see many
	maxBatch       = 100
	maxDeleteBatch = 25
)

// partition is a partition of a table.
type partition struct {
	Values            []string
	StorageDescriptor *storage          `json:",omitempty"`
	Parameters        map[string]string `json:",omitempty"`
}

// check finds what Glue would refuse.
func (p *partition) check(t *table) error {
	if len(p.Values) != len(t.PartitionKeys) {
		return fail("InvalidInputException", "The number of partition keys do not match the number of partition values")
	}
	for _, v := range p.Values {
		if v == "" || len(v) > 1024 {
			return fail("InvalidInputException", "partition value %q", v)
		}
	}
	if p.StorageDescriptor == nil {
		return fail("InvalidInputException", "no StorageDescriptor")
	}
	return p.StorageDescriptor.check()
}

type (
	entryError struct {
		PartitionValues    []string `json:",omitempty"`
		PartitionValueList []string `json:",omitempty"` // as BatchUpdatePartition names it
		ErrorDetail        struct{ ErrorCode, ErrorMessage string }
	}
	batchResult struct {
		Errors []entryError `json:",omitempty"`
	}
)

// add adds the error of an entry.
func (r *batchResult) add(values []string, update bool, err error) {
	e := entryError{PartitionValues: values}
	if update {
		e = entryError{PartitionValueList: values}
	}
	e.ErrorDetail.ErrorCode, e.ErrorDetail.ErrorMessage, _ = strings.Cut(err.Error(), ": ")
	r.Errors = append(r.Errors, e)
}

// entryFault returns the error of an entry that a fault strikes.
func entryFault(f *Fault, values []string) error {
	if f == nil || !slices.Contains(values, f.Entry) {
		return nil
	}
	return fail(f.Code, "made by a test")
}

func key(values []string) string { return strings.Join(values, "/") }

func checkBatch(n, limit int) error {
	if n == 0 || n > limit {
		return fail("ValidationException", "1 validation error detected: Value failed to satisfy constraint: Member must have length between 1 and %d; it has %d", limit, n)
	}
	return nil
}

type getPartitionsRequest struct {
	DatabaseName, TableName string
	NextToken               string
	MaxResults              int
}

func (s *Server) getPartitions(in *getPartitionsRequest, _ *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(d.Partitions[t.Name]))
	from := 0
	if in.NextToken != "" {
		after, err := base64.StdEncoding.DecodeString(in.NextToken)
		last, ok := strings.CutPrefix(string(after), t.Name+" after ")
		if err != nil || !ok {
			return nil, fail("InvalidInputException", "NextToken %q is of another request", in.NextToken)
		}
		from = sort.Search(len(keys), func(i int) bool { return keys[i] > last })
	}
	to := min(from+pageSize, len(keys))
	if in.MaxResults > 0 {
		to = min(to, from+in.MaxResults)
	}
	out := struct {
		Partitions []*partition
		NextToken  string `json:",omitempty"`
	}{Partitions: []*partition{}}
	for _, k := range keys[from:to] {
		out.Partitions = append(out.Partitions, d.Partitions[t.Name][k])
	}
	if to < len(keys) {
		out.NextToken = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s after %s", t.Name, keys[to-1]))
	}
	return out, nil
}

type batchCreateRequest struct {
	DatabaseName, TableName string
	PartitionInputList      []partition
}

func (s *Server) batchCreatePartition(in *batchCreateRequest, f *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(len(in.PartitionInputList), maxBatch); err != nil {
		return nil, err
	}
	var result batchResult
	for _, p := range in.PartitionInputList {
		err := entryFault(f, p.Values)
		if err == nil {
			err = p.check(t)
		}
		if err == nil && d.Partitions[t.Name][key(p.Values)] != nil {
			err = fail("AlreadyExistsException", "Partition already exists.")
		}
		if err != nil {
			result.add(p.Values, false, err)
			continue
		}
		if d.Partitions[t.Name] == nil {
			d.Partitions[t.Name] = make(map[string]*partition)
		}
		d.Partitions[t.Name][key(p.Values)] = &p
	}
	return result, nil
}

type batchUpdateRequest struct {
	DatabaseName, TableName string
	Entries                 []struct {
		PartitionValueList []string
		PartitionInput     partition
	}
}

func (s *Server) batchUpdatePartition(in *batchUpdateRequest, f *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(len(in.Entries), maxBatch); err != nil {
		return nil, err
	}
	var result batchResult
	for _, e := range in.Entries {
		err := entryFault(f, e.PartitionValueList)
		if err == nil {
			err = e.PartitionInput.check(t)
		}
		if err == nil && d.Partitions[t.Name][key(e.PartitionValueList)] == nil {
			err = fail("EntityNotFoundException", "Partition not found.")
		}
		if err != nil {
			result.add(e.PartitionValueList, true, err)
			continue
		}
		delete(d.Partitions[t.Name], key(e.PartitionValueList))
		d.Partitions[t.Name][key(e.PartitionInput.Values)] = &e.PartitionInput
	}
	return result, nil
}

type batchDeleteRequest struct {
	DatabaseName, TableName string
	PartitionsToDelete      []struct{ Values []string }
}

func (s *Server) batchDeletePartition(in *batchDeleteRequest, f *Fault) (any, error) {
	d, t, err := s.table(in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(len(in.PartitionsToDelete), maxDeleteBatch); err != nil {
		return nil, err
	}
	var result batchResult
	for _, p := range in.PartitionsToDelete {
		err := entryFault(f, p.Values)
		if err == nil && d.Partitions[t.Name][key(p.Values)] == nil {
			err = fail("EntityNotFoundException", "Partition not found.")
		}
		if err != nil {
			result.add(p.Values, false, err)
			continue
		}
		delete(d.Partitions[t.Name], key(p.Values))
	}
	if len(d.Partitions[t.Name]) == 0 {
		delete(d.Partitions, t.Name)
	}
	return result, nil
}
