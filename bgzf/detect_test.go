package bgzf

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	vcf := []byte("##fileformat=VCFv4.2\n")
	bcf := append([]byte("BCF\x02\x02"), make([]byte, 64)...)
	whole := htsFile(t, vcf)
	tests := []struct {
		name string
		head []byte
		want Format
	}{
		{"nothing", nil, Empty},
		{"VCF", vcf, Text},
		{"VCF after a byte order mark", append([]byte("\ufeff"), vcf...), Text},
		{"table", []byte("sample\tpop\r\nHG00096\tGBR\r\n"), Text},
		{"Latin-1 text", []byte("##source=caf\xe9\n"), Text},
		{"text that goes on in binary", append(bytes.Repeat([]byte("a"), 512), 0), Text},
		{"UTF-16 text", []byte("\xff\xfe#\x00#\x00"), Unknown},
		{"binary", []byte("\x00\x01\x02\x03"), Unknown},
		{"BGZF", whole, BGZF},
		{"BGZF, first block cut", whole[:commonHeader], BGZF},
		{"BGZF, empty block first", append([]byte(endMarker), whole...), BGZF},
		{"BGZF, nothing but the end marker", []byte(endMarker), BGZF},
		{"BGZF, subfield before BC", handBlock(t, vcf, []byte("AB\x03\x00xyz"), nil), BGZF},
		{"BGZF header cut", whole[:commonHeader-1], Gzip},
		{"first byte of gzip", whole[:1], Gzip},
		{"gzip", gzipMember(t, vcf), Gzip},
		{"gzip with another subfield only", []byte(blockMagic + "\x00\x00\x00\x00\x00\xff\x04\x00AB\x00\x00\x03\x00"), Gzip},
		{"BCF", htsFile(t, bcf), BCF},
		{"BCF after an empty block", append([]byte(endMarker), htsFile(t, bcf)...), BCF},
		{"BCF in plain gzip", gzipMember(t, bcf), BCF},
		{"BCF, bare", bcf, BCF},
		{"BGZF inside gzip", gzipMember(t, htsFile(t, []byte("##fileformat=VCFv4.2\n"))), Nested},
		{"gzip inside BGZF", htsFile(t, gzipMember(t, []byte("##fileformat=VCFv4.2\n"))), Nested},
		{"BAM", htsFile(t, []byte("BAM\x01\x00\x00\x00\x00")), BAM},
		{"tabix index", htsFile(t, []byte("TBI\x01\x00\x00\x00\x00")), Index},
		{"CSI index", htsFile(t, []byte("CSI\x01\x00\x00\x00\x00")), Index},
		{"CRAM", []byte("CRAM\x03\x00"), CRAM},
		{"ZIP", []byte("PK\x03\x04\x14\x00"), ZIP},
		{"bzip2", []byte("BZh91AY&SY"), Bzip2},
		{"xz", []byte("\xfd7zXZ\x00\x00\x04"), XZ},
		{"zstd", []byte("\x28\xb5\x2f\xfd\x04\x00"), Zstd},
		{"HTML", []byte("\n <!DOCTYPE html>\n<html>"), HTML},
		{"S3 error", []byte("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), HTML},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Detect(tt.head); got != tt.want {
				t.Errorf("Detect = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestForeignContentIsRefused(t *testing.T) {
	tests := []struct {
		content []byte
		want    []string
	}{
		{htsFile(t, []byte("BCF\x02\x02\x00\x00\x00\x00")), []string{"a BCF file", "bcftools view -Oz"}},
		{gzipMember(t, htsFile(t, []byte("##fileformat=VCFv4.2\n"))), []string{"gzip inside gzip", "compressed twice", "gzip -dc"}},
		{[]byte("CRAM\x03"), []string{"a CRAM file"}},
		{[]byte("PK\x03\x04"), []string{"a ZIP file", "unzip"}},
		{[]byte("<html>"), []string{"HTML", "fetch it again"}},
		{nil, []string{"an empty file"}},
		{[]byte("\x00\x01"), []string{"00 01"}},
	}
	for _, tt := range tests {
		_, err := NewReader(context.Background(), bytes.NewReader(tt.content), "some.vcf.gz", Options{})
		if !errors.Is(err, ErrFormat) {
			t.Fatalf("%.8q: %v is not ErrFormat", tt.content, err)
		}
		for _, part := range append(tt.want, "some.vcf.gz") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
	}
}
