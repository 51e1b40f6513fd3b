package restore

import (
	"fmt"
	"path"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/vcf"
)

// headers are the headers that a dataset keeps.
type headers struct {
	text    []byte // of the header that stands for all inputs
	merged  *vcf.Header
	encodes []bool // by input: its version percent-encodes values (VCF 4.3 §1.2)
}

func readHeaders(ds *export.Dataset) (*headers, error) {
	text, merged, err := readHeader(ds, "_header.vcf")
	if err != nil {
		return nil, err
	}
	h := &headers{text: text, merged: merged}
	for i := range ds.Manifest.Inputs {
		_, own, err := readHeader(ds, fmt.Sprintf("_headers/%05d.vcf", i))
		if err != nil {
			return nil, err
		}
		h.encodes = append(h.encodes, own.Version.AtLeast(4, 3))
	}
	return h, nil
}

func readHeader(ds *export.Dataset, name string) ([]byte, *vcf.Header, error) {
	text, err := ds.Files().ReadFile(runFile(ds, name))
	if err != nil {
		return nil, nil, fmt.Errorf("header of the dataset: %w", err)
	}
	h, err := vcf.ParseHeader(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", runFile(ds, name), err)
	}
	return text, h, nil
}

// runFile returns the path of a file in the folder of the current run, relative to the root of the dataset.
func runFile(ds *export.Dataset, name string) string {
	return path.Join(export.RunPath(ds.Manifest.Run), name)
}
