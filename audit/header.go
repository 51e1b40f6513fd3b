package audit

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/varlake/varlake/vcf"
)

// headerName is where the header of an input is kept.
func headerName(run string, input int) string {
	return path.Join(run, fmt.Sprintf("_headers/%05d.vcf", input))
}

// headers compares the headers of the inputs with their digests in the manifest, and the samples of all headers with one another.
func (v *verifier) headers(context.Context) (Check, error) {
	c := Check{Name: "headers"}
	name := path.Join(v.run, "_header.vcf")
	merged, ok := v.header(&c, name)
	if ok && int64(len(merged.Samples)) != v.m.Samples {
		v.fault(&c, name, distrust, "has %d samples, the manifest says %d", len(merged.Samples), v.m.Samples)
	}
	for i, in := range v.m.Inputs {
		name := headerName(v.run, i)
		if v.bad[name] {
			continue
		}
		if v.sums[name] != in.Header {
			v.fault(&c, name, distrust, "has the SHA-256 %q, the manifest says %q of the header of %s", v.sums[name], in.Header, in.URI)
			continue
		}
		if own, same := v.header(&c, name); same && ok && !slices.Equal(own.Samples, merged.Samples) {
			v.fault(&c, name, distrust, "has other samples than _header.vcf")
		}
	}
	c.Checked = plural(int64(len(v.m.Inputs)+1), "header", "headers") + ", " + plural(v.m.Samples, "sample", "samples")
	return c, nil
}

// header reads a header that is sound.
func (v *verifier) header(c *Check, name string) (*vcf.Header, bool) {
	if v.bad[name] {
		return nil, false
	}
	text, err := v.stored.ReadFile(name)
	if err != nil {
		v.fault(c, name, putBack, "can't be read: %v", err)
		return nil, false
	}
	header, err := vcf.ParseHeader(text)
	if err != nil {
		v.fault(c, name, distrust, "can't be read: %v", err)
		return nil, false
	}
	return header, true
}
